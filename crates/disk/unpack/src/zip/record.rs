//! The local header, and the fields it shares with the central one (APPNOTE 4.3.7, 4.4, 4.5.3).

use error::{Error, Result};
use sparse::SparseRead;

use super::method::{self, Method};
use super::{Input, take, take_vec};

/// What stands in a field whose value is in the ZIP64 extra field instead.
const ELSEWHERE: u32 = u32::MAX;

/// Little-endian numbers, one after another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn bytes(&mut self, len: u16) -> Option<&'a [u8]> {
        let (first, rest) = self.0.split_at_checked(len.into())?;
        self.0 = rest;
        Some(first)
    }

    /// A field of 32 bits, or of 64 in `wide` when it is too large.
    pub(super) fn u32_or(&mut self, wide: &mut Fields<'_>) -> Option<Stated> {
        match self.u32()? {
            ELSEWHERE => wide.u64().map(Stated::Wide),
            value => Some(Stated::Narrow(value)),
        }
    }
}

/// A size or an offset as the central directory states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stated {
    /// In 32 bits: macOS leaves those above away, where there should be a ZIP64 field.
    Narrow(u32),
    /// In 64 bits.
    Wide(u64),
}

impl Stated {
    /// Whether it states `value`.
    pub(super) fn is(self, value: u64) -> bool {
        match self {
            Stated::Narrow(stated) => stated == value as u32,
            Stated::Wide(stated) => stated == value,
        }
    }

    /// The number as it stands there.
    pub(super) fn number(self) -> u64 {
        match self {
            Stated::Narrow(stated) => stated.into(),
            Stated::Wide(stated) => stated,
        }
    }
}

/// The content of the ZIP64 field among the extra fields; empty when there is none. Other writers'
/// extra fields may be malformed and matter to nobody here.
pub(super) fn zip64(extra: &[u8]) -> Fields<'_> {
    let mut fields = Fields(extra);
    while let (Some(id), Some(len)) = (fields.u16(), fields.u16()) {
        match fields.bytes(len) {
            Some(content) if id == 1 => return Fields(content),
            Some(_) => {}
            None => break,
        }
    }
    Fields(&[])
}

/// A local header.
#[derive(Debug)]
pub(super) struct Local {
    pub(super) name: Vec<u8>,
    pub(super) method: u16,
    flags: u16,
    pub(super) crc: u32,
    pub(super) compressed: u64,
    pub(super) size: u64,
    /// Whether there is a ZIP64 field, which makes a data descriptor's sizes wide.
    pub(super) wide: bool,
}

impl Local {
    /// Reads what follows the signature of the header at `offset`.
    pub(super) fn read<R: SparseRead>(input: &mut Input<R>, offset: u64) -> Result<Self> {
        let fixed: [u8; 26] = take(input, "a local header")?;
        let mut lengths = Fields(&fixed[22..]);
        let (name, extra) = (lengths.u16().unwrap_or(0), lengths.u16().unwrap_or(0));
        let name = take_vec(input, name, "a member's name")?;
        let extra = take_vec(input, extra, "a local header")?;
        Self::parse(&fixed, name, &extra).ok_or_else(|| {
            Error::corrupt(format!(
                "zip: the header at byte {offset} says that its sizes are in a ZIP64 field and has none"
            ))
        })
    }

    fn parse(fixed: &[u8], name: Vec<u8>, extra: &[u8]) -> Option<Self> {
        let mut fields = Fields(fixed);
        let _version = fields.u16()?;
        let flags = fields.u16()?;
        let method = fields.u16()?;
        let _time_and_date = fields.u32()?;
        let crc = fields.u32()?;
        let mut wide = zip64(extra);
        let is_wide = !wide.0.is_empty();
        let (compressed, size) = (fields.u32()?, fields.u32()?);
        let streamed = flags & 8 != 0;
        let mut real = |field: u32| match field {
            ELSEWHERE if is_wide || !streamed => wide.u64(),
            // Some programs fill in all ones where they do not know yet.
            ELSEWHERE => Some(0),
            value => Some(value.into()),
        };
        // The two stand in the other order there.
        let size = real(size)?;
        let compressed = real(compressed)?;
        Some(Local {
            name,
            method,
            flags,
            crc,
            compressed,
            size,
            wide: is_wide,
        })
    }

    /// Whether checksum and sizes follow the content.
    pub(super) fn has_descriptor(&self) -> bool {
        self.flags & 8 != 0
    }

    /// How many bytes the data takes, where that is known beforehand. Before a data descriptor the sizes
    /// here are none or a guess, but writers that know them all the same state both for what is stored.
    pub(super) fn data_size(&self) -> Option<u64> {
        if self.has_descriptor() {
            self.stored_size()
        } else {
            Some(self.compressed)
        }
    }

    /// The size of a stored member, where it is known beforehand.
    pub(super) fn stored_size(&self) -> Option<u64> {
        let stored = self.method == 0 && self.size == self.compressed;
        let known = !self.has_descriptor() || self.size > 0;
        (stored && known).then_some(self.size)
    }

    /// The size that LZMA data decompresses to, where it has no end marker.
    pub(super) fn lzma_size(&self) -> Option<u64> {
        let marked = self.flags & 2 != 0;
        (!marked && !self.has_descriptor()).then_some(self.size)
    }

    /// How the member is read; messages name it as `name`.
    ///
    /// # Errors
    /// [`error::Kind::Unsupported`] when it cannot be read, [`error::Kind::Corrupt`] when its sizes
    /// contradict each other.
    pub(super) fn reading(&self, name: &str) -> Result<Method> {
        let refuse = |what: &str| {
            let error = Error::unsupported(format!("zip member {name} is {what}"));
            Err(error.hint("unpack it first and give the disk"))
        };
        // AES is a method of its own, and the flag is set as well.
        if self.flags & 1 != 0 || self.method == 99 {
            return refuse("encrypted");
        }
        if self.flags & 0x20 != 0 {
            return refuse("a patch");
        }
        let Some(method) = Method::of(self.method) else {
            return match method::name(self.method) {
                Some(method) => refuse(&format!("compressed with {method}")),
                None => refuse(&format!("compressed with method {}", self.method)),
            };
        };
        if method == Method::Stored && self.compressed != self.size && !self.has_descriptor() {
            return Err(Error::corrupt(format!(
                "zip member {name} is stored, {} bytes, and has {} bytes",
                self.compressed, self.size
            )));
        }
        Ok(method)
    }
}
