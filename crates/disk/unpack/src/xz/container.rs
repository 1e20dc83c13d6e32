//! The headers, the index and the footer of .xz streams.
//!
//! After "The .xz File Format" 1.2.1 by the Tukaani project.

use error::{Error, Result};
use sparse::SparseRead;

use super::check::CheckKind;
use crate::input::Input;
use crate::xxhash::Xxh64;

const HEADER_MAGIC: [u8; 6] = *b"\xFD7zXZ\0";
const FOOTER_MAGIC: [u8; 2] = *b"YZ";

/// The filter that ends every chain.
pub(super) const LZMA2: u64 = 0x21;

/// One filter of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) id: u64,
    pub(super) properties: Vec<u8>,
}

/// The header of a block.
#[derive(Clone, Debug)]
pub(super) struct BlockHeader {
    /// Bytes of the header itself.
    pub(super) len: u64,
    /// Bytes behind the header, without padding and check, if told.
    pub(super) packed: Option<u64>,
    /// Bytes the block decompresses to, if told.
    pub(super) content: Option<u64>,
    /// The filters, the one that unpacks last.
    pub(super) filters: Vec<Filter>,
    /// Bytes of the dictionary.
    pub(super) dictionary: u64,
}

/// Sizes of blocks, remembered in little space until the index names them again.
#[derive(Clone, Debug)]
pub(super) struct Records {
    pub(super) count: u64,
    hash: Xxh64,
}

impl Records {
    pub(super) fn new() -> Self {
        Records {
            count: 0,
            hash: Xxh64::new(),
        }
    }

    /// Adds a block: its bytes in the file without padding, and what it decompresses to.
    pub(super) fn add(&mut self, unpadded: u64, content: u64) {
        self.count += 1;
        self.hash.update(&unpadded.to_le_bytes());
        self.hash.update(&content.to_le_bytes());
    }

    fn agree(&self, other: &Records) -> bool {
        self.count == other.count && self.hash.finish() == other.hash.finish()
    }
}

/// Reads a stream's header behind its first four bytes, `head`.
pub(super) fn stream_header<R: SparseRead>(
    input: &mut Input<R>,
    head: [u8; 4],
) -> Result<CheckKind> {
    let rest: [u8; 8] = input.array("a stream's header")?;
    let [e, f, zero, check, crc @ ..] = rest;
    let [a, b, c, d] = head;
    if [a, b, c, d, e, f] != HEADER_MAGIC {
        return Err(Error::corrupt(format!(
            "no xz stream begins at byte {}",
            input.position() - 12
        )));
    }
    crc_agrees("a stream's header", u32::from_le_bytes(crc), &[zero, check])?;
    if zero != 0 || check > 15 {
        return Err(Error::unsupported(format!(
            "the xz stream flags {zero:#04x} {check:#04x} are unknown"
        )));
    }
    CheckKind::parse(check)
}

impl BlockHeader {
    /// Reads the header of a block whose first byte, not 0, was `size`.
    pub(super) fn read<R: SparseRead>(input: &mut Input<R>, size: u8) -> Result<Self> {
        let len = (usize::from(size) + 1) * 4;
        let mut bytes = vec![size];
        input.append(&mut bytes, len - 1, "a block's header")?;
        let Some((body, crc)) = bytes.split_last_chunk() else {
            return Err(damaged("block header"));
        };
        crc_agrees("a block's header", u32::from_le_bytes(*crc), body)?;
        let mut fields = body.get(1..).unwrap_or_default();
        let header = Self::parse(&mut fields).ok_or_else(|| damaged("block header"))?;
        if fields.iter().any(|byte| *byte != 0) {
            return Err(damaged("block header"));
        }
        header.check_filters(len as u64)
    }

    fn parse(fields: &mut &[u8]) -> Option<Self> {
        let [flags] = *take(fields)?;
        let packed = if flags & 0x40 != 0 {
            Some(vli(fields)?)
        } else {
            None
        };
        let content = if flags & 0x80 != 0 {
            Some(vli(fields)?)
        } else {
            None
        };
        let mut filters = Vec::new();
        for _ in 0..=flags & 3 {
            let id = vli(fields)?;
            let len = usize::try_from(vli(fields)?).ok()?;
            let (properties, rest) = fields.split_at_checked(len)?;
            *fields = rest;
            let properties = properties.to_vec();
            filters.push(Filter { id, properties });
        }
        (flags & 0x3c == 0 && packed != Some(0)).then_some(BlockHeader {
            len: 0,
            packed,
            content,
            filters,
            dictionary: 0,
        })
    }

    fn check_filters(mut self, len: u64) -> Result<Self> {
        self.len = len;
        let Some((last, before)) = self.filters.split_last() else {
            return Err(damaged("block header"));
        };
        let unknown = |filter: &Filter| !matches!(filter.id, 3..=11);
        if last.id != LZMA2 || before.iter().any(unknown) {
            let ids: Vec<String> = self
                .filters
                .iter()
                .map(|filter| format!("{:#x}", filter.id))
                .collect();
            return Err(Error::unsupported(format!(
                "the xz filters {} are unknown",
                ids.join(", ")
            )));
        }
        self.dictionary = match *last.properties.as_slice() {
            [40] => u64::from(u32::MAX),
            [bits @ 0..40] => (2 | u64::from(bits & 1)) << (bits / 2 + 11),
            _ => return Err(damaged("block header")),
        };
        Ok(self)
    }
}

/// Reads the index, whose first byte has been read, and the footer; compares them with the blocks.
pub(super) fn index_and_footer<R: SparseRead>(
    input: &mut Input<R>,
    check: CheckKind,
    blocks: &Records,
) -> Result<()> {
    let mut index = Index {
        input,
        crc: crc32fast::Hasher::new(),
        len: 0,
    };
    index.seen(&[0]);
    let count = index.vli()?;
    let mut told = Records::new();
    while told.count < count && told.count <= blocks.count {
        let (unpadded, content) = (index.vli()?, index.vli()?);
        told.add(unpadded, content);
    }
    if count != blocks.count || !told.agree(blocks) {
        return Err(Error::corrupt(format!(
            "the xz index names {count} blocks, which are not the {} blocks there are",
            blocks.count
        )));
    }
    while !index.len.is_multiple_of(4) {
        if index.byte()? != 0 {
            return Err(damaged("index"));
        }
    }
    let (len, found) = (index.len + 4, index.crc.finalize());
    let crc = u32::from_le_bytes(input.array("the index")?);
    if crc != found {
        return Err(wrong_crc("the index", crc, found));
    }
    footer(input, check, len)
}

fn footer<R: SparseRead>(input: &mut Input<R>, check: CheckKind, index_len: u64) -> Result<()> {
    const WHAT: &str = "a stream's footer";
    let crc = u32::from_le_bytes(input.array(WHAT)?);
    let body: [u8; 6] = input.array(WHAT)?;
    let magic: [u8; 2] = input.array(WHAT)?;
    if magic != FOOTER_MAGIC {
        return Err(damaged("stream footer"));
    }
    crc_agrees(WHAT, crc, &body)?;
    let [a, b, c, d, zero, id] = body;
    let told = (u64::from(u32::from_le_bytes([a, b, c, d])) + 1) * 4;
    if told != index_len || zero != 0 || CheckKind::parse(id).ok() != Some(check) {
        return Err(Error::corrupt(
            "the xz stream's footer contradicts its header or its index",
        ));
    }
    Ok(())
}

/// The index while it is read.
struct Index<'a, R> {
    input: &'a mut Input<R>,
    crc: crc32fast::Hasher,
    len: u64,
}

impl<R: SparseRead> Index<'_, R> {
    fn seen(&mut self, bytes: &[u8]) {
        self.crc.update(bytes);
        self.len += bytes.len() as u64;
    }

    fn byte(&mut self) -> Result<u8> {
        let byte: [u8; 1] = self.input.array("the index")?;
        self.seen(&byte);
        let [byte] = byte;
        Ok(byte)
    }

    fn vli(&mut self) -> Result<u64> {
        let mut bytes = Vec::new();
        loop {
            let byte = self.byte()?;
            bytes.push(byte);
            if byte & 0x80 == 0 {
                return vli(&mut bytes.as_slice()).ok_or_else(|| damaged("index"));
            }
            if bytes.len() >= 9 {
                return Err(damaged("index"));
            }
        }
    }
}

/// Takes a number of up to 63 bits, in the shortest of its forms.
fn vli(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for i in 0..9 {
        let [byte] = *take(bytes)?;
        number |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return (i == 0 || byte != 0).then_some(number);
        }
    }
    None
}

fn take<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8; 1]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(first)
}

fn crc_agrees(what: &str, told: u32, bytes: &[u8]) -> Result<()> {
    let found = crc32fast::hash(bytes);
    if told == found {
        Ok(())
    } else {
        Err(wrong_crc(what, told, found))
    }
}

fn wrong_crc(what: &str, told: u32, found: u32) -> Error {
    Error::corrupt(format!(
        "xz: the CRC-32 of {what} is {told:#010x}, the data has {found:#010x}"
    ))
}

fn damaged(what: &str) -> Error {
    Error::corrupt(format!(
        "an xz {what} is damaged, though its checksum is right"
    ))
}
