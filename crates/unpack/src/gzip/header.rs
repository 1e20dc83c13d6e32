//! What a member begins with (RFC 1952, section 2.3).

use extent::{Piece, SparseRead};
use report::{Error, Result};

use crate::crc::Crc32;

/// The longest file name or comment taken.
const MAX_TEXT: usize = 64 << 10;

const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0xe0;

/// A member's header, as far as anybody needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The header's own length in bytes.
    pub(super) len: u64,
    /// The whole member's length as bgzip announces it in its extra field.
    pub(super) member: Option<u64>,
}

/// Reads a member's header. `ordinal` counts members from 1, for messages.
pub(super) fn read<R: SparseRead>(input: &mut R, ordinal: u64) -> Result<Header> {
    let mut reader = Reader {
        input,
        ordinal,
        crc: Crc32::new(),
        len: 0,
    };
    let [magic1, magic2, method, flags, ..] = reader.array::<10>()?;
    if [magic1, magic2] != [0x1f, 0x8b] {
        return Err(Error::corrupt(format!(
            "gzip member {ordinal} begins with {magic1:02x} {magic2:02x} instead of 1f 8b"
        )));
    }
    if method != 8 {
        return Err(Error::unsupported(format!(
            "gzip member {ordinal} uses compression method {method}, only 8 (deflate) is known"
        )));
    }
    if flags & RESERVED != 0 {
        return Err(Error::corrupt(format!(
            "gzip member {ordinal} has reserved flags set ({flags:#04x})"
        )));
    }
    let mut member = None;
    if flags & EXTRA != 0 {
        let len = usize::from(u16::from_le_bytes(reader.array()?));
        member = block_size(&reader.bytes(len)?);
    }
    if flags & NAME != 0 {
        reader.text("file name")?;
    }
    if flags & COMMENT != 0 {
        reader.text("comment")?;
    }
    if flags & HEADER_CRC != 0 {
        reader.check_crc()?;
    }
    Ok(Header {
        len: reader.len,
        member,
    })
}

/// The member's length from the extra field's `BC` subfield (SAM format specification, section
/// 4.1).
fn block_size(extra: &[u8]) -> Option<u64> {
    let mut rest = extra;
    while let Some(([id1, id2, len1, len2], after)) = rest.split_first_chunk() {
        let len = usize::from(u16::from_le_bytes([*len1, *len2]));
        let (field, after) = after.split_at_checked(len)?;
        if let (b"BC", [low, high]) = (&[*id1, *id2], field) {
            return Some(u64::from(u16::from_le_bytes([*low, *high])) + 1);
        }
        rest = after;
    }
    None
}

struct Reader<'a, R> {
    input: &'a mut R,
    ordinal: u64,
    crc: Crc32,
    len: u64,
}

impl<R: SparseRead> Reader<'_, R> {
    fn byte(&mut self) -> Result<u8> {
        let byte = match self.input.peek()? {
            Piece::Data(data) => data.first().copied().unwrap_or(0),
            Piece::Zeros(_) => 0,
            Piece::End => {
                return Err(Error::corrupt(format!(
                    "gzip member {} ends within its header",
                    self.ordinal
                )));
            }
        };
        self.input.consume(1);
        self.crc.update(&[byte]);
        self.len += 1;
        Ok(byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = self.byte()?;
        }
        Ok(bytes)
    }

    fn bytes(&mut self, n: usize) -> Result<Vec<u8>> {
        (0..n).map(|_| self.byte()).collect()
    }

    /// Passes a text that ends with a zero byte.
    fn text(&mut self, what: &str) -> Result<()> {
        for _ in 0..=MAX_TEXT {
            if self.byte()? == 0 {
                return Ok(());
            }
        }
        Err(Error::corrupt(format!(
            "gzip member {} has a {what} of more than {MAX_TEXT} bytes",
            self.ordinal
        )))
    }

    fn check_crc(&mut self) -> Result<()> {
        let computed = self.crc.finish() as u16;
        let stored = u16::from_le_bytes(self.array()?);
        if stored != computed {
            return Err(Error::corrupt(format!(
                "gzip member {}: the header's CRC is {stored:#06x}, the header has {computed:#06x}",
                self.ordinal
            )));
        }
        Ok(())
    }
}
