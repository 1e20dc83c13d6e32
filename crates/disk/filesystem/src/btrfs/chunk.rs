//! Chunks: where logical bytes, which all of btrfs counts in, are on which device (`btrfs_map_block` in fs/btrfs/volumes.c).

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use error::{Error, Result};
use sparse::fields::{le16, le64};

use super::key::{KEY, Key};

/// Bytes of a stripe. The kernel has no others.
const STRIPE: u64 = 64 << 10;

/// Bytes of a chunk before its stripes, and of each stripe.
const HEADER: usize = 48;
const ENTRY: usize = 32;

/// Most stripes of all chunks. A file system of 256 TiB on one device has as many.
const MOST: usize = 1 << 18;

/// Types of chunks (`BTRFS_BLOCK_GROUP_*`).
mod kind {
    pub const DATA: u64 = 1;
    /// Data, system and metadata.
    pub const CONTENT: u64 = 0x7;
    pub const RAID0: u64 = 1 << 3;
    pub const RAID1: u64 = 1 << 4;
    pub const DUP: u64 = 1 << 5;
    pub const RAID10: u64 = 1 << 6;
    pub const RAID5: u64 = 1 << 7;
    pub const RAID6: u64 = 1 << 8;
    pub const RAID1C3: u64 = 1 << 9;
    pub const RAID1C4: u64 = 1 << 10;
}

/// How the bytes of a chunk are spread over its stripes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Profile {
    Single,
    /// Each stripe has all: DUP and RAID1.
    Copies,
    Raid0,
    /// As RAID0, over groups of so many copies.
    Raid10(usize),
    /// With so many stripes of parity: RAID5 and 6.
    Parity(usize),
}

/// A part of a device.
#[derive(Clone, Copy, Debug)]
struct Stripe {
    device: u64,
    start: u64,
}

/// A chunk of logical bytes.
#[derive(Clone, Debug)]
struct Chunk {
    len: u64,
    is_data: bool,
    profile: Profile,
    stripes: Vec<Stripe>,
}

/// Where logical bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The byte of this device where each copy that is on it starts.
    pub(super) here: Vec<u64>,
    /// How many bytes are there one behind the other.
    pub(super) len: u64,
    /// The device that the first copy is on.
    pub(super) device: u64,
}

/// All chunks.
#[derive(Clone, Debug)]
pub(super) struct Chunks {
    by_start: BTreeMap<u64, Chunk>,
    /// The stripes of all.
    stripes: usize,
    /// The number of this device.
    device: u64,
    /// Whether data is where the stripe tree says.
    has_stripe_tree: bool,
}

impl Chunks {
    /// No chunks of the device with the number `device` yet.
    pub(super) fn new(device: u64, has_stripe_tree: bool) -> Self {
        Chunks {
            by_start: BTreeMap::new(),
            stripes: 0,
            device,
            has_stripe_tree,
        }
    }

    /// Adds the chunks that are in the superblock.
    ///
    /// # Errors
    /// As [`Chunks::add`].
    pub(super) fn add_all(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let key = Key::parse(bytes);
            let item = bytes.get(KEY..).unwrap_or_default();
            let stripes = usize::from(le16(item, 44));
            let len = HEADER + stripes * ENTRY;
            let Some((item, rest)) = item.split_at_checked(len) else {
                let text = format!("a chunk of {stripes} stripes in the superblock is cut off");
                return Err(Error::corrupt(text));
            };
            self.add(key.offset, item)?;
            bytes = rest;
        }
        Ok(())
    }

    /// Adds the chunk whose logical bytes start at `start`.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when it contradicts itself, [`error::Kind::Unsupported`] when there are too many or it is of a
    /// type that is not known.
    pub(super) fn add(&mut self, start: u64, item: &[u8]) -> Result<()> {
        let chunk = Chunk::parse(start, item)
            .map_err(|error| error.at(format!("chunk at logical byte {start}")))?;
        self.stripes += chunk.stripes.len();
        if self.stripes > MOST {
            let text = format!("chunks of more than {MOST} stripes");
            return Err(Error::unsupported(text));
        }
        self.by_start.insert(start, chunk);
        Ok(())
    }

    /// Where logical byte `at` is.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when no chunk has it, [`error::Kind::Unsupported`] when only the stripe tree says where it is.
    pub(super) fn place(&self, at: u64) -> Result<Place> {
        let chunk = self.by_start.range(..=at).next_back();
        let chunk = chunk.filter(|(start, chunk)| at - **start < chunk.len);
        let Some((start, chunk)) = chunk else {
            return Err(Error::corrupt(format!("logical byte {at} is in no chunk")));
        };
        let is_moved =
            chunk.is_data && !matches!(chunk.profile, Profile::Single | Profile::Parity(_));
        if self.has_stripe_tree && is_moved {
            let text = "btrfs with a RAID stripe tree, whose data is not read";
            return Err(Error::unsupported(text));
        }
        chunk
            .place(at - start, self.device)
            .ok_or_else(|| Error::corrupt(format!("logical byte {at} is past any device's end")))
    }
}

impl Chunk {
    fn parse(start: u64, item: &[u8]) -> Result<Self> {
        let kind = le64(item, 24);
        let count = usize::from(le16(item, 44));
        let stripes = item.get(HEADER..).unwrap_or_default().chunks_exact(ENTRY);
        let chunk = Chunk {
            len: le64(item, 0),
            is_data: kind & kind::DATA != 0,
            profile: profile(kind, le16(item, 46).into())?,
            stripes: stripes
                .map(|stripe| Stripe {
                    device: le64(stripe, 0),
                    start: le64(stripe, 8),
                })
                .take(count)
                .collect(),
        };
        let has_end = start.checked_add(chunk.len).is_some() && chunk.len > 0;
        if !has_end || le64(item, 16) != STRIPE || chunk.stripes.len() != count {
            return Err(Error::corrupt(format!(
                "{} bytes in {count} stripes of {} bytes, of which {} are there",
                chunk.len,
                le64(item, 16),
                chunk.stripes.len()
            )));
        }
        let is_possible = match chunk.profile {
            Profile::Single => count == 1,
            Profile::Copies | Profile::Raid0 => count > 0,
            Profile::Raid10(copies) => copies > 0 && count > 0 && count.is_multiple_of(copies),
            Profile::Parity(parity) => count > parity,
        };
        if !is_possible {
            let text = format!("{count} stripes with the profile {:?}", chunk.profile);
            return Err(Error::corrupt(text));
        }
        Ok(chunk)
    }

    /// Where byte `at` of it is.
    fn place(&self, at: u64, device: u64) -> Option<Place> {
        let (row, stripes, len) = match self.profile {
            Profile::Single | Profile::Copies => {
                return self.copies(&self.stripes, at, self.len - at, device);
            }
            Profile::Raid0 => self.striped(at, self.stripes.len(), 1),
            Profile::Raid10(copies) => self.striped(at, self.stripes.len() / copies, copies),
            Profile::Parity(parity) => self.rotated(at, parity),
        };
        let at = row.checked_mul(STRIPE)?.checked_add(at % STRIPE)?;
        self.copies(&stripes, at, len, device)
    }

    /// The row with byte `at`, its copies, and the bytes from there to their end, where stripes are in `columns` of `copies`.
    fn striped(&self, at: u64, columns: usize, copies: usize) -> (u64, Vec<Stripe>, u64) {
        let number = at / STRIPE;
        let column = (number % columns as u64) as usize;
        let stripes = self.stripes.iter().skip(column * copies).take(copies);
        (
            number / columns as u64,
            stripes.copied().collect(),
            self.rest(at),
        )
    }

    /// The same where the stripes of each row are shifted by one, `parity` of them at the end.
    fn rotated(&self, at: u64, parity: usize) -> (u64, Vec<Stripe>, u64) {
        let columns = self.stripes.len() - parity;
        let number = at / STRIPE;
        let row = number / columns as u64;
        let shift = (row % self.stripes.len() as u64) as usize;
        let column = (number % columns as u64) as usize;
        // The parity of a single stripe is a copy of it.
        let copies = if columns == 1 { 1 + parity } else { 1 };
        let stripes = self
            .stripes
            .iter()
            .cycle()
            .skip(shift + column)
            .take(copies);
        (row, stripes.copied().collect(), self.rest(at))
    }

    /// The bytes from `at` to the end of its stripe.
    fn rest(&self, at: u64) -> u64 {
        (STRIPE - at % STRIPE).min(self.len - at)
    }

    fn copies(&self, stripes: &[Stripe], at: u64, len: u64, device: u64) -> Option<Place> {
        let here = stripes.iter().filter(|stripe| stripe.device == device);
        let here: Option<Vec<u64>> = here.map(|stripe| stripe.start.checked_add(at)).collect();
        Some(Place {
            here: here?,
            len,
            device: stripes.first()?.device,
        })
    }
}

fn profile(kind: u64, copies: usize) -> Result<Profile> {
    Ok(match kind & !kind::CONTENT {
        0 => Profile::Single,
        kind::DUP | kind::RAID1 | kind::RAID1C3 | kind::RAID1C4 => Profile::Copies,
        kind::RAID0 => Profile::Raid0,
        kind::RAID10 => Profile::Raid10(copies),
        kind::RAID5 => Profile::Parity(1),
        kind::RAID6 => Profile::Parity(2),
        unknown => {
            let text = format!("the profile 0x{unknown:x}, which is not known");
            return Err(Error::unsupported(text));
        }
    })
}
