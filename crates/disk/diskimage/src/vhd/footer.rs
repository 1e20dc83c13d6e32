//! The footer and its copy at the beginning.

use error::{Error, Result};
use sparse::BlockRead;

use super::SECTOR;
use crate::fields::{be16, be32, be64, field};

/// The geometry that means that the disk is larger than a geometry can say, in bytes.
const LARGEST: u64 = 65535 * 16 * 255 * SECTOR;

/// Whether there are blocks, and whether there is a parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Fixed,
    Dynamic,
    Differencing,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Fixed => "fixed",
            Kind::Dynamic => "dynamic",
            Kind::Differencing => "differencing",
        }
    }
}

/// What a footer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Footer {
    pub(super) kind: Kind,
    /// Which program wrote it.
    creator: [u8; 4],
    /// The disk's current size in bytes.
    size: u64,
    /// What cylinders, heads and sectors come to, in bytes.
    geometry: u64,
    /// Where the header of a disk with blocks is.
    pub(super) header: u64,
    /// What a child knows it by.
    pub(super) id: [u8; 16],
}

impl Footer {
    /// What `bytes` say if they are a footer, undamaged.
    fn read(bytes: &[u8; 512]) -> Result<Option<Self>> {
        if !bytes.starts_with(b"conectix") || !adds_up(bytes, 64) {
            return Ok(None);
        }
        let version = be32(bytes, 12);
        if version >> 16 != 1 {
            let (major, minor) = (version >> 16, version & 0xffff);
            return Err(Error::unsupported(format!(
                "is a vhd disk of version {major}.{minor}, 1.0 is known"
            )));
        }
        let kind = match be32(bytes, 60) {
            2 => Kind::Fixed,
            3 => Kind::Dynamic,
            4 => Kind::Differencing,
            other => {
                return Err(Error::unsupported(format!(
                    "has the disk type {other}, 2 to 4 are known"
                )));
            }
        };
        let size = be64(bytes, 48);
        if !size.is_multiple_of(SECTOR) {
            let message = format!("has a disk of {size} bytes, which are not whole sectors");
            return Err(Error::corrupt(message));
        }
        let [heads, sectors] = field(bytes, 58);
        Ok(Some(Footer {
            kind,
            creator: field(bytes, 28),
            size,
            geometry: u64::from(be16(bytes, 56)) * u64::from(heads) * u64::from(sectors) * SECTOR,
            header: be64(bytes, 16),
            id: field(bytes, 68),
        }))
    }

    /// The disk's size where there is `room` for a disk.
    pub(super) fn size(&self, room: u64) -> u64 {
        let by_geometry = matches!(&self.creator, b"vpc " | b"qemu");
        if by_geometry && self.geometry < LARGEST && self.geometry <= room {
            self.geometry.max(self.size)
        } else {
            self.size
        }
    }
}

/// The size in bytes of the fixed disk that passed by, `room` bytes, and ended with `footer`.
///
/// # Errors
/// [`error::Kind::Corrupt`] when the footer belongs to another disk, [`error::Kind::Unsupported`] for an
/// unknown version or type.
pub fn fixed_size(footer: &[u8; 512], room: u64) -> Result<u64> {
    match Footer::read(footer)? {
        Some(footer) if footer.kind == Kind::Fixed => Found {
            footer,
            end: Some(room),
            damage: None,
        }
        .fixed_size(),
        Some(footer) => Err(Error::corrupt(format!(
            "ends as a {} vhd disk and does not begin as one",
            footer.kind.name()
        ))),
        None => Err(Error::corrupt("has no footer with the right checksum")),
    }
}

/// Whether the one's complement of the sum of all other bytes is at `checksum`.
pub(super) fn adds_up(bytes: &[u8], checksum: usize) -> bool {
    let sum = |bytes: &[u8]| bytes.iter().map(|&byte| u32::from(byte)).sum::<u32>();
    let own = sum(&field::<4>(bytes, checksum));
    be32(bytes, checksum) == !(sum(bytes) - own)
}

/// The footer that counts.
pub(super) struct Found {
    pub(super) footer: Footer,
    /// Where it begins, if it is the one at the end.
    pub(super) end: Option<u64>,
    /// What is wrong with the other one.
    damage: Option<&'static str>,
}

impl Found {
    /// Finds the footer. With `in_file_order` the end is left alone where the copy will do.
    pub(super) fn find(file: &dyn BlockRead, in_file_order: bool) -> Result<Self> {
        let mut head = [0; 512];
        file.will_need(std::slice::from_ref(&(0..512)));
        let there = file.read_at(0, &mut head)?;
        let is_copy = head.starts_with(b"conectix") && there == head.len();
        let copy = if is_copy { Footer::read(&head)? } else { None };
        let at_end = match (&copy, file.size()) {
            (Some(_), _) if in_file_order => None,
            (_, Some(size)) => Self::at_end(file, size)?,
            (_, None) => None,
        };
        match (at_end, copy) {
            (Some((footer, _)), Some(copy)) if footer != copy => Err(Error::corrupt(
                "has a footer and a copy of it at byte 0 that do not say the same",
            )),
            (Some((footer, end)), copy) => Ok(Found {
                damage: (copy.is_none() && footer.kind != Kind::Fixed)
                    .then_some("the copy at byte 0 is damaged"),
                footer,
                end: Some(end),
            }),
            (None, Some(copy)) if copy.kind != Kind::Fixed => Ok(Found {
                footer: copy,
                end: None,
                damage: (!in_file_order).then_some("damaged, its copy at byte 0 is used"),
            }),
            (None, Some(_)) => Err(Error::corrupt("has no footer at its end")),
            (None, None) if is_copy => Err(Error::corrupt(
                "has a footer with a wrong checksum, at its end as at byte 0",
            )),
            (None, None) if file.size().is_none() => Err(Error::unsupported(
                "does not say how long it is, and only the end of a fixed vhd disk shows what it is",
            )),
            (None, None) => Err(Error::corrupt("has no footer with the right checksum")),
        }
    }

    /// The footer at the end and where it begins. Virtual PC before 2004 wrote only 511 bytes of it.
    fn at_end(file: &dyn BlockRead, size: u64) -> Result<Option<(Footer, u64)>> {
        let Some(start) = size.checked_sub(512) else {
            return Ok(None);
        };
        let mut bytes = [0; 512];
        crate::fields::read_exact(file, start, &mut bytes, "footer")?;
        if let Some(footer) = Footer::read(&bytes)? {
            return Ok(Some((footer, start)));
        }
        bytes.rotate_left(1);
        bytes[511] = 0;
        Ok(Footer::read(&bytes)?.map(|footer| (footer, start + 1)))
    }

    /// The size of a fixed disk, which is before the footer.
    pub(super) fn fixed_size(&self) -> Result<u64> {
        let room = self.end.unwrap_or(0);
        let size = self.footer.size(room);
        if size <= room {
            Ok(size)
        } else {
            Err(Error::corrupt(format!(
                "has a disk of {size} bytes, {room} are before its footer"
            )))
        }
    }

    /// What a user wants to know.
    pub(super) fn notes(&self) -> Vec<(&'static str, String)> {
        let creator = String::from_utf8_lossy(&self.footer.creator);
        let creator = creator.trim_end_matches(['\0', ' ']);
        let mut notes = vec![("creator", creator.to_owned())];
        notes.retain(|(_, creator)| !creator.is_empty());
        notes.extend(self.damage.map(|damage| ("footer", damage.into())));
        notes
    }
}
