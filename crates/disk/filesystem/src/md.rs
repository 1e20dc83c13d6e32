//! Members of Linux' software RAID (md), by their superblocks (include/uapi/linux/raid/md_p.h, drivers/md/md.c).
//!
//! A member of RAID1 has all of the array's bytes in one window; what is on it is read from there. Other levels are only
//! named.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;
use sparse::fields::{field, le16, le32, le64};

use crate::mapped::Map;
use crate::piece::piece;

const SECTOR: u64 = 512;
const MAGIC: u32 = 0xa92b_4efc;

/// Bytes of a superblock of version 0.90, and what is kept for it at the end of a device.
const OLD: u64 = 4096;
const RESERVED: u64 = 64 << 10;

/// Bytes of a superblock of version 1 before the roles of the devices, of which it has at most so many.
const HEADER: usize = 256;
const ROLES: u32 = 1920;

/// The features of version 1 that change what is read: the member is not filled yet, the array is being reshaped.
const RECOVERY: u32 = 2;
const RESHAPE: u32 = 4;

/// From this on, a role is not one of an active device (`MD_DISK_ROLE_MAX`): spares, failed ones, journals.
const SPARE: u32 = 0xff00;

/// Most devices of version 0.90, and the state of one that has all of the data (`MD_DISK_SYNC`).
const OLD_DEVICES: usize = 27;
const IN_SYNC: u32 = 1 << 2;

/// A device that is a member of an array.
pub struct MdMember {
    /// The array's name. Version 1 has the host's name before a colon, as blkid prints it: `host:boot`; version 0.90 has the
    /// number of the device: `md0`.
    pub name: String,
    /// The array's UUID, as blkid prints it.
    pub uuid: String,
    /// The version of the superblock: `0.90`, `1.0`, `1.1` or `1.2`.
    pub version: &'static str,
    /// The level: 0, 1, 4, 5, 6, 10, and -1 for linear.
    pub level: i32,
    /// How many devices the array has.
    pub devices: u32,
    /// How often the superblock was written. Of two members, that with the larger number is the newer one.
    pub events: u64,
    device: Arc<dyn BlockRead>,
    /// The device's place in the array.
    role: u32,
    /// Where its data is, in bytes.
    offset: u64,
    len: u64,
    /// Why its data is not that of the array.
    stale: Option<&'static str>,
}

impl MdMember {
    /// The member on `device`; `None` where there is none. A superblock at the end of the last partition is also at the end
    /// of the disk: that of a version before 1 fits to both, so a disk's partitions come first.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when the superblock's checksum is wrong, [`error::Kind::Unsupported`] for one of big-endian
    /// machines, [`error::Kind::Io`].
    pub fn open(device: Arc<dyn BlockRead>) -> Result<Option<Self>> {
        let end = device.size().map(|size| size / SECTOR);
        let last = end
            .and_then(|sectors| sectors.checked_sub(16))
            .map(|at| at & !7);
        let places = [("1.2", Some(8)), ("1.1", Some(0)), ("1.0", last)];
        for (version, place) in places {
            let Some(place) = place else {
                continue;
            };
            let head = piece(device.as_ref(), place * SECTOR, HEADER)?;
            // One of another device, in which this one is, is not for this place.
            let is_here = le32(&head, 0) == MAGIC && le32(&head, 4) == 1;
            if is_here && le64(&head, 144) == place {
                return new(device, version, place * SECTOR, &head).map(Some);
            }
        }
        old(device)
    }

    /// The array's name in GRUB: `md/boot`.
    pub fn grub_name(&self) -> String {
        let name = self
            .name
            .split_once(':')
            .map_or(&*self.name, |(_, name)| name);
        format!("md/{name}")
    }

    /// The array's UUID in GRUB: `mduuid/` and the digits.
    pub fn grub_id(&self) -> String {
        format!("mduuid/{}", self.uuid.replace('-', ""))
    }

    /// The array's bytes, as this member has them.
    ///
    /// # Errors
    /// [`error::Kind::Unsupported`] for another level than RAID1; [`error::Kind::Corrupt`] for a spare or a member that is
    /// not filled yet.
    pub fn open_content(&self) -> Result<Arc<dyn BlockRead>> {
        self.content().map_err(|error| error.at(self.device.name()))
    }

    fn content(&self) -> Result<Arc<dyn BlockRead>> {
        if self.level != 1 {
            return Err(Error::unsupported(format!(
                "a member of the {} array {}",
                level(self.level),
                self.name
            )));
        }
        let stale = match self.stale {
            None if self.role >= SPARE => Some("is a spare or has failed"),
            stale => stale,
        };
        if let Some(why) = stale {
            let text = format!("the member of the RAID1 array {} {why}", self.name);
            return Err(Error::corrupt(text));
        }
        let mut map = Map::default();
        map.push(self.len, Some(self.offset))?;
        let name = format!("{}: RAID1 {}", self.device.name(), self.name);
        Ok(Arc::new(map.over(
            Arc::clone(&self.device),
            &name,
            self.len,
        )?))
    }
}

/// A level in words.
fn level(level: i32) -> String {
    match level {
        -1 => "linear".into(),
        -4 => "multipath".into(),
        number => format!("RAID{number}"),
    }
}

/// The member with the superblock of version 1 at byte `at`.
fn new(
    device: Arc<dyn BlockRead>,
    version: &'static str,
    at: u64,
    head: &[u8],
) -> Result<MdMember> {
    let roles = le32(head, 220);
    if roles > ROLES {
        let text = format!("the md superblock at byte {at} has roles for {roles} devices");
        return Err(Error::corrupt(text));
    }
    let superblock = piece(device.as_ref(), at, HEADER + 2 * roles as usize)?;
    check(at, le32(&superblock, 216), sum(&superblock, 216))?;
    let features = le32(&superblock, 8);
    let number = le32(&superblock, 160);
    let role = if number < roles {
        le16(&superblock, HEADER + 2 * number as usize).into()
    } else {
        SPARE
    };
    let stale = match features {
        features if features & RECOVERY != 0 => Some("is not filled yet"),
        features if features & RESHAPE != 0 => Some("is being reshaped"),
        _ => None,
    };
    let sectors = match le64(&superblock, 80) {
        0 => le64(&superblock, 136),
        size => size,
    };
    let bytes = |sectors: u64| {
        let past = || Error::corrupt(format!("md data at sector {sectors} is past any disk"));
        sectors.checked_mul(SECTOR).ok_or_else(past)
    };
    Ok(MdMember {
        name: crate::name::text(&superblock[32..64]),
        uuid: crate::name::uuid(&field(&superblock, 16)),
        version,
        level: le32(&superblock, 72).cast_signed(),
        devices: le32(&superblock, 92),
        events: le64(&superblock, 200),
        role,
        offset: bytes(le64(&superblock, 128))?,
        len: bytes(sectors)?,
        stale,
        device,
    })
}

/// The member with a superblock of version 0.90, which is in the last 64 KiB that begin at a multiple of as many.
fn old(device: Arc<dyn BlockRead>) -> Result<Option<MdMember>> {
    let size = device.size().unwrap_or(0);
    let Some(at) = (size / RESERVED)
        .checked_sub(1)
        .map(|number| number * RESERVED)
    else {
        return Ok(None);
    };
    let superblock = piece(device.as_ref(), at, OLD as usize)?;
    if le32(&superblock, 0) == MAGIC.swap_bytes() && le32(&superblock, 4) == 0 {
        let text = format!("the md superblock at byte {at} is one of a big-endian machine");
        return Err(Error::unsupported(text));
    }
    if le32(&superblock, 0) != MAGIC || le32(&superblock, 4) != 0 || le32(&superblock, 8) < 90 {
        return Ok(None);
    }
    check(at, le32(&superblock, 152), sum(&superblock, 152))?;
    // Each of the four words is big-endian in the UUID.
    let words = [20, 52, 56, 60].map(|at| le32(&superblock, at).to_be_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(words.as_flattened());
    let len = match le32(&superblock, 32) {
        0 => at,
        kib => u64::from(kib) << 10,
    };
    // The number of this device, and what the table says of it.
    let number = le32(&superblock, 3968) as usize;
    let known = superblock
        .get(512 + 128 * number..)
        .filter(|_| number < OLD_DEVICES);
    let in_sync = known.filter(|known| le32(known, 16) & IN_SYNC != 0);
    let role = in_sync.map_or(SPARE, |known| le32(known, 12));
    Ok(Some(MdMember {
        name: format!("md{}", le32(&superblock, 44)),
        uuid: crate::name::uuid(&id),
        version: "0.90",
        level: le32(&superblock, 28).cast_signed(),
        devices: le32(&superblock, 40),
        events: le64(&superblock, 156),
        role,
        offset: 0,
        len,
        stale: None,
        device,
    }))
}

/// The sum of all 32-bit words but that at `except`, with what does not fit added once more.
fn sum(bytes: &[u8], except: usize) -> u32 {
    let words = (0..bytes.len()).step_by(4).filter(|at| *at != except);
    let word = |at| match bytes.len() - at {
        2 => le16(bytes, at).into(),
        _ => le32(bytes, at),
    };
    let sum: u64 = words.map(|at| u64::from(word(at))).sum();
    (sum as u32).wrapping_add((sum >> 32) as u32)
}

fn check(at: u64, stored: u32, computed: u32) -> Result<()> {
    if stored == computed {
        return Ok(());
    }
    Err(Error::corrupt(format!(
        "the md superblock at byte {at}: its checksum is 0x{stored:08x}, not 0x{computed:08x}"
    )))
}
