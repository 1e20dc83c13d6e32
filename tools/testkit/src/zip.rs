//! Zips, byte by byte.

mod bad;
mod good;

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::deflate64::{Blocks, compress};

pub use bad::hostile;
pub use good::valid;

/// How sizes and checksum come with a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sums {
    /// In the local header.
    Before,
    /// In the local header's ZIP64 field.
    BeforeWide,
    /// In a data descriptor.
    After {
        /// It begins with a signature.
        signed: bool,
        /// Its sizes have 64 bits; the local header has a ZIP64 field then if `field` says so.
        wide: bool,
        /// The local header has a ZIP64 field.
        field: bool,
    },
}

/// One member. All numbers are what the headers will say, right or wrong.
#[derive(Clone, Debug)]
pub struct Member {
    /// The name.
    pub name: String,
    /// General purpose flags, apart from that for a data descriptor.
    pub flags: u16,
    /// Compression method.
    pub method: u16,
    /// CRC-32 of the content.
    pub crc: u32,
    /// Size of the content in bytes.
    pub size: u64,
    /// Size of `data` in bytes.
    pub compressed: u64,
    /// The bytes behind the local header.
    pub data: Vec<u8>,
    /// How sizes and checksum come with it.
    pub sums: Sums,
    /// Content of the central header's ZIP64 field, in the order of the fields that are full.
    pub central_wide: bool,
}

impl Member {
    /// A member that is stored.
    pub fn stored(name: &str, content: &[u8]) -> Self {
        Member {
            name: name.to_string(),
            flags: 0,
            method: 0,
            crc: crc32fast::hash(content),
            size: content.len() as u64,
            compressed: content.len() as u64,
            data: content.to_vec(),
            sums: Sums::Before,
            central_wide: false,
        }
    }

    /// A member that is deflated.
    pub fn deflated(name: &str, content: &[u8]) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder
            .write_all(content)
            .and_then(|()| encoder.finish())
            .map(|data| Member::packed(name, content, 8, data))
            .unwrap_or_else(|error| unreachable!("a vector takes everything: {error}"))
    }

    /// A member in Deflate64.
    pub fn deflated64(name: &str, content: &[u8]) -> Self {
        let ways = [Blocks::Zeros, Blocks::Even, Blocks::Stored, Blocks::Fixed];
        Member::packed(name, content, 9, compress(content, &ways))
    }

    /// A member whose `content` was packed by `method` into `data`.
    pub fn packed(name: &str, content: &[u8], method: u16, data: Vec<u8>) -> Self {
        Member {
            method,
            compressed: data.len() as u64,
            data,
            ..Member::stored(name, content)
        }
    }

    /// The same with its sums elsewhere.
    pub fn with(self, sums: Sums) -> Self {
        Member { sums, ..self }
    }

    /// Local header, data and data descriptor.
    pub fn local(&self) -> Vec<u8> {
        let streamed = matches!(self.sums, Sums::After { .. });
        let wide = matches!(
            self.sums,
            Sums::BeforeWide | Sums::After { field: true, .. }
        );
        let known = |value| if streamed { 0 } else { value };
        let sizes = [known(self.compressed), known(self.size)];
        let flags = self.flags | if streamed { 8 } else { 0 };
        let extra = if wide {
            field64(&[sizes[1], sizes[0]])
        } else {
            Vec::new()
        };
        let mut bytes = b"PK\x03\x04\x14\0".to_vec();
        bytes.extend(flags.to_le_bytes());
        bytes.extend(self.method.to_le_bytes());
        bytes.extend([0, 0, 0x21, 0]);
        bytes.extend((if streamed { 0 } else { self.crc }).to_le_bytes());
        for size in sizes {
            bytes.extend(if wide { [0xff; 4] } else { low(size) });
        }
        bytes.extend((self.name.len() as u16).to_le_bytes());
        bytes.extend((extra.len() as u16).to_le_bytes());
        bytes.extend(self.name.as_bytes());
        bytes.extend(extra);
        bytes.extend(&self.data);
        bytes.extend(self.descriptor());
        bytes
    }

    /// The data descriptor; empty where the sums come before.
    pub fn descriptor(&self) -> Vec<u8> {
        let Sums::After { signed, wide, .. } = self.sums else {
            return Vec::new();
        };
        let mut bytes = Vec::new();
        if signed {
            bytes.extend(b"PK\x07\x08");
        }
        bytes.extend(self.crc.to_le_bytes());
        for size in [self.compressed, self.size] {
            if wide {
                bytes.extend(size.to_le_bytes())
            } else {
                bytes.extend(low(size))
            }
        }
        bytes
    }

    /// Central header of a member whose local header is at `offset`.
    pub fn central(&self, offset: u64) -> Vec<u8> {
        let streamed = matches!(self.sums, Sums::After { .. });
        let flags = self.flags | if streamed { 8 } else { 0 };
        let extra = if self.central_wide {
            field64(&[self.size, self.compressed, offset])
        } else {
            Vec::new()
        };
        let number = |value| {
            if self.central_wide {
                [0xff; 4]
            } else {
                low(value)
            }
        };
        let mut bytes = b"PK\x01\x02\x14\0\x14\0".to_vec();
        bytes.extend(flags.to_le_bytes());
        bytes.extend(self.method.to_le_bytes());
        bytes.extend([0, 0, 0x21, 0]);
        bytes.extend(self.crc.to_le_bytes());
        bytes.extend(number(self.compressed));
        bytes.extend(number(self.size));
        bytes.extend((self.name.len() as u16).to_le_bytes());
        bytes.extend((extra.len() as u16).to_le_bytes());
        bytes.extend([0; 10]);
        bytes.extend(number(offset));
        bytes.extend(self.name.as_bytes());
        bytes.extend(extra);
        bytes
    }
}

/// A ZIP64 extra field.
fn field64(values: &[u64]) -> Vec<u8> {
    let mut bytes = vec![1, 0];
    bytes.extend((8 * values.len() as u16).to_le_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

fn low(value: u64) -> [u8; 4] {
    (value as u32).to_le_bytes()
}

/// The end record.
pub fn end(entries: u16, size: u32, offset: u32, comment: &str) -> Vec<u8> {
    let mut bytes = b"PK\x05\x06\0\0\0\0".to_vec();
    bytes.extend(entries.to_le_bytes());
    bytes.extend(entries.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes.extend((comment.len() as u16).to_le_bytes());
    bytes.extend(comment.as_bytes());
    bytes
}

/// The ZIP64 end record and its locator, for a directory of `size` bytes at `offset`.
pub fn end64(entries: u64, size: u64, offset: u64) -> Vec<u8> {
    let mut bytes = b"PK\x06\x06\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0\0\0\0\0\0\0\0\0".to_vec();
    for value in [entries, entries, size, offset] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(b"PK\x06\x07\0\0\0\0");
    bytes.extend((offset + size).to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    bytes
}

/// An archive whose local headers are those of `members` and whose central directory lists
/// `listed`, each at the offset of the member in the same place.
pub fn archive_listing(members: &[Member], listed: &[Member], comment: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for (i, member) in members.iter().enumerate() {
        if let Some(listed) = listed.get(i) {
            directory.extend(listed.central(bytes.len() as u64));
        }
        bytes.extend(member.local());
    }
    let (offset, size) = (bytes.len() as u32, directory.len() as u32);
    bytes.extend(directory);
    bytes.extend(end(listed.len() as u16, size, offset, comment));
    bytes
}

/// An archive of `members`.
pub fn archive(members: &[Member]) -> Vec<u8> {
    archive_listing(members, members, "")
}

/// The same with ZIP64 end records.
pub fn archive64(members: &[Member]) -> Vec<u8> {
    let mut bytes = archive(members);
    let end = bytes.split_off(bytes.len() - 22);
    let number = |at: usize| {
        u64::from(u32::from_le_bytes([
            end[at],
            end[at + 1],
            end[at + 2],
            end[at + 3],
        ]))
    };
    bytes.extend(end64(members.len() as u64, number(12), number(16)));
    bytes.extend(super::zip::end(u16::MAX, u32::MAX, u32::MAX, ""));
    bytes
}
