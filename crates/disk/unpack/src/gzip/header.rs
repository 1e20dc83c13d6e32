//! What a member begins with (RFC 1952, section 2.3).

use error::{Error, Result};
use sparse::{Piece, SparseRead};

use crate::crc::Crc32;

/// The longest file name or comment taken.
const MAX_TEXT: usize = 64 << 10;

const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0xe0;

/// Reads a member's header; returns the member's whole length where the header announces it, as
/// bgzip's does. Errors do not say which member's header it is.
pub(super) fn read<R: SparseRead>(input: &mut R) -> Result<Option<u64>> {
    let mut reader = Reader {
        input,
        crc: Crc32::new(),
    };
    let [magic1, magic2, method, flags, ..] = reader.array::<10>()?;
    if [magic1, magic2] != [0x1f, 0x8b] {
        return Err(Error::corrupt(format!(
            "begins with {magic1:02x} {magic2:02x} instead of 1f 8b"
        )));
    }
    if method != 8 {
        return Err(Error::unsupported(format!(
            "uses compression method {method}, only 8 (deflate) is known"
        )));
    }
    if flags & RESERVED != 0 {
        return Err(Error::corrupt(format!(
            "reserved flags are set ({flags:#04x})"
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
    Ok(member)
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
    crc: Crc32,
}

impl<R: SparseRead> Reader<'_, R> {
    fn byte(&mut self) -> Result<u8> {
        let byte = match self.input.peek()? {
            Piece::Data(data) => data.first().copied().unwrap_or(0),
            Piece::Zeros(_) => 0,
            Piece::End => {
                return Err(Error::corrupt(
                    "the gzip data ends in the middle of the header",
                ));
            }
        };
        self.input.consume(1);
        self.crc.update(&[byte]);
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
            "the {what} has more than {MAX_TEXT} bytes"
        )))
    }

    fn check_crc(&mut self) -> Result<()> {
        let computed = self.crc.finish() as u16;
        let stored = u16::from_le_bytes(self.array()?);
        if stored != computed {
            return Err(Error::corrupt(format!(
                "the header's CRC is {stored:#06x}, the header has {computed:#06x}"
            )));
        }
        Ok(())
    }
}

/// Whether `bytes` begin like a member: for finding one where it is not announced.
pub(super) fn plausible(bytes: &[u8]) -> bool {
    let Some(&[0x1f, 0x8b, 8, flags, _, _, _, _, extra, system, first]) = bytes.first_chunk()
    else {
        return false;
    };
    flags & RESERVED == 0
        && matches!(extra, 0 | 2 | 4)
        && matches!(system, 0..=13 | 255)
        && (flags != 0 || first >> 1 & 3 != 3)
}
