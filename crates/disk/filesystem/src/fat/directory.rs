//! The entries of a directory: short names, and the long names in front of them.

use error::{Error, Result};
use sparse::fields::{le16, le32};

use super::codepage;
use super::geometry::Bits;
use crate::port::Kind;

/// Bytes of an entry.
pub(super) const ENTRY: usize = 32;

/// Attributes of an entry.
mod attribute {
    pub const LABEL: u8 = 0x08;
    pub const DIRECTORY: u8 = 0x10;
    /// All four of read-only, hidden, system and label: a part of a long name.
    pub const LONG: u8 = 0x0F;
    pub const MASK: u8 = 0x3F;
}

/// What Windows NT keeps in a short name's entry: parts that are in lower case.
mod lower {
    pub const BASE: u8 = 0x08;
    pub const EXTENSION: u8 = 0x10;
}

/// The first byte of an entry that was deleted, and what stands for that byte in a name.
const DELETED: u8 = 0xE5;
const STANDS_FOR_DELETED: u8 = 0x05;

/// The characters of a long name that one entry has, and the most entries of one.
const UNITS: usize = 13;
const MOST_PARTS: u8 = 20;

/// An entry with a short name.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    name: [u8; 11],
    attributes: u8,
    lower: u8,
    /// The first cluster; 0 where it has none.
    pub(super) first: u32,
    /// Bytes of a file; 0 for a directory.
    pub(super) size: u32,
}

impl Entry {
    /// The entry that these bytes are. Only FAT32 has the upper half of a cluster's number.
    pub(super) fn parse(bytes: &[u8; ENTRY], bits: Bits) -> Self {
        let high = match bits {
            Bits::ThirtyTwo => u32::from(le16(bytes, 20)),
            _ => 0,
        };
        let mut name = [0; 11];
        name.copy_from_slice(&bytes[..11]);
        Entry {
            name,
            attributes: bytes[11],
            lower: bytes[12],
            first: high << 16 | u32::from(le16(bytes, 26)),
            size: le32(bytes, 28),
        }
    }

    pub(super) fn kind(&self) -> Kind {
        if self.attributes & attribute::DIRECTORY == 0 {
            Kind::File
        } else {
            Kind::Directory
        }
    }

    fn is_long(&self) -> bool {
        self.attributes & attribute::MASK == attribute::LONG
    }

    /// The volume's label, where this is it.
    pub(super) fn label(&self) -> Option<String> {
        let is_label =
            self.attributes & (attribute::LABEL | attribute::DIRECTORY) == attribute::LABEL;
        if !is_label || self.is_long() || self.name[0] == DELETED || self.first != 0 {
            return None;
        }
        let text = codepage::decode(&self.bytes());
        Some(text.trim_end().to_owned())
    }

    /// The eleven bytes of the name.
    fn bytes(&self) -> [u8; 11] {
        let mut name = self.name;
        if name[0] == STANDS_FOR_DELETED {
            name[0] = DELETED;
        }
        name
    }

    /// The short name, with its dot.
    fn short(&self) -> String {
        let name = self.bytes();
        let (base, extension) = name.split_at(8);
        let part = |bytes: &[u8], lower: u8| {
            let end = bytes.iter().rposition(|byte| *byte != b' ');
            let text = codepage::decode(&bytes[..end.map_or(0, |end| end + 1)]);
            if self.lower & lower == 0 {
                text
            } else {
                text.to_lowercase()
            }
        };
        let base = part(base, lower::BASE);
        match part(extension, lower::EXTENSION) {
            extension if extension.is_empty() => base,
            extension => format!("{base}.{extension}"),
        }
    }

    /// The sum that the parts of a long name have of the short one.
    fn sum(&self) -> u8 {
        self.name
            .iter()
            .fold(0, |sum: u8, byte| sum.rotate_right(1).wrapping_add(*byte))
    }
}

/// The long name in front of a short one, whose parts come with the last one first.
#[derive(Default)]
pub(super) struct Names {
    units: Vec<u16>,
    /// The number of the part that was seen last; 1 is the last to come.
    part: u8,
    sum: u8,
}

impl Names {
    /// Takes the next entry of a directory: its name, where it is a file or a directory.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] for a name that cannot be one.
    pub(super) fn take(&mut self, bytes: &[u8; ENTRY]) -> Result<Option<Vec<u8>>> {
        let entry = Entry::parse(bytes, Bits::ThirtyTwo);
        if bytes[0] == DELETED {
            self.part = 0;
            return Ok(None);
        }
        if entry.is_long() {
            self.add(bytes);
            return Ok(None);
        }
        let long = self.long(&entry);
        if entry.attributes & attribute::LABEL != 0 {
            return Ok(None);
        }
        let name = long.unwrap_or_else(|| entry.short());
        if name == "." || name == ".." {
            return Ok(None);
        }
        if name.is_empty() || name.contains(['/', '\0']) {
            return Err(Error::corrupt(format!("invalid name '{name}'")));
        }
        Ok(Some(name.into_bytes()))
    }

    /// Takes a part of a long name.
    fn add(&mut self, bytes: &[u8; ENTRY]) {
        const FIRST: u8 = 0x40;
        let (part, sum) = (bytes[0] & !FIRST, bytes[13]);
        let is_next = if bytes[0] & FIRST != 0 {
            self.units = vec![0; usize::from(part) * UNITS];
            self.sum = sum;
            (1..=MOST_PARTS).contains(&part)
        } else {
            part != 0 && part + 1 == self.part && sum == self.sum
        };
        if !is_next {
            self.part = 0;
            return;
        }
        self.part = part;
        let places = (1..11).chain(14..26).chain(28..32).step_by(2);
        let units = &mut self.units[usize::from(part - 1) * UNITS..];
        for (unit, place) in units.iter_mut().zip(places) {
            *unit = le16(bytes, place);
        }
    }

    /// The long name that was whole before `entry` and is its.
    fn long(&mut self, entry: &Entry) -> Option<String> {
        let part = std::mem::take(&mut self.part);
        if part != 1 || self.sum != entry.sum() {
            return None;
        }
        let units = self.units.iter().copied().take_while(|unit| *unit != 0);
        let name: String = char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        // Then the short name is of more use.
        let is_valid = !name.is_empty() && !name.contains('/');
        is_valid.then_some(name)
    }
}
