//! Directory records (ECMA-119, 9.1). Numbers that are there in both orders are read little-endian.

use error::{Error, Result};
use sparse::fields::{byte, le32};

/// Bytes of a sector. A record is never in two.
pub(super) const SECTOR: u64 = 2048;

/// Bytes before the identifier.
const HEADER: usize = 33;

mod flag {
    pub(super) const DIRECTORY: u8 = 0x02;
    pub(super) const ASSOCIATED: u8 = 0x04;
    pub(super) const MULTI_EXTENT: u8 = 0x80;
}

/// A directory record.
#[derive(Clone, Debug)]
pub(super) struct Record {
    bytes: Vec<u8>,
    /// Bytes of this piece of the file.
    pub size: u32,
    flags: u8,
    /// Bytes of the identifier.
    name: usize,
}

impl Record {
    /// The record that is all of `bytes`.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let name = usize::from(byte(bytes, 32));
        if name == 0 || bytes.len() < HEADER + name {
            return Err(Error::corrupt(format!(
                "{} bytes with a name of {name}",
                bytes.len()
            )));
        }
        Ok(Record {
            size: le32(bytes, 10),
            flags: byte(bytes, 25),
            name,
            bytes: bytes.to_vec(),
        })
    }

    /// Bytes of the record.
    pub(super) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The first byte of its data, behind its extended attributes, in blocks of `block` bytes.
    pub(super) fn start(&self, block: u64) -> u64 {
        let first = u64::from(le32(&self.bytes, 2)) + u64::from(byte(&self.bytes, 1));
        first * block
    }

    pub(super) fn is_directory(&self) -> bool {
        self.flags & flag::DIRECTORY != 0
    }

    /// Whether it belongs to another record of the same name, as a Macintosh's resource fork.
    pub(super) fn is_associated(&self) -> bool {
        self.flags & flag::ASSOCIATED != 0
    }

    /// Whether the next record has more of the same file.
    pub(super) fn continues(&self) -> bool {
        self.flags & flag::MULTI_EXTENT != 0
    }

    /// # Errors
    /// [`error::Kind::Unsupported`] when the file is interleaved with others.
    pub(super) fn check_plain(&self) -> Result<()> {
        let (unit, gap) = (byte(&self.bytes, 26), byte(&self.bytes, 27));
        if unit != 0 || gap != 0 {
            return Err(Error::unsupported(format!(
                "an interleaved file (units of {unit} blocks, gaps of {gap})"
            )));
        }
        Ok(())
    }

    pub(super) fn identifier(&self) -> &[u8] {
        &self.bytes[HEADER..HEADER + self.name]
    }

    /// Whether it is the directory itself or the one above it.
    pub(super) fn is_self_or_parent(&self) -> bool {
        matches!(self.identifier(), [0 | 1])
    }

    /// What is behind the identifier, which is padded to an even end.
    pub(super) fn system_use(&self) -> &[u8] {
        let end = (HEADER + self.name).next_multiple_of(2);
        self.bytes.get(end..).unwrap_or_default()
    }

    /// The plain name as Linux and GRUB show it: lower case, without the version and a dot before it.
    pub(super) fn plain_name(&self) -> Vec<u8> {
        let name = self.identifier().to_ascii_lowercase();
        without_version(&name, b';', b'.').to_vec()
    }

    /// Joliet's name, in UTF-8.
    pub(super) fn joliet_name(&self) -> Vec<u8> {
        let units = utf16(self.identifier());
        let name = without_version(&units, b';'.into(), b'.'.into());
        String::from_utf16_lossy(name).into_bytes()
    }
}

/// A name without `;1` and dots at its end.
fn without_version<T: Copy + PartialEq>(name: &[T], separator: T, dot: T) -> &[T] {
    let end = name.iter().rposition(|letter| *letter == separator);
    let mut name = &name[..end.unwrap_or(name.len())];
    while let [rest @ .., last] = name
        && *last == dot
    {
        name = rest;
    }
    name
}

/// The units of a text in UTF-16, big-endian.
pub(super) fn utf16(bytes: &[u8]) -> Vec<u16> {
    let pairs = bytes.chunks_exact(2);
    pairs
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
        .collect()
}
