//! The header of a disk with blocks.

use error::{Error, Result};
use percent_encoding::percent_decode_str;
use sparse::BlockRead;

use super::SECTOR;
use super::footer::{Found, adds_up};
use crate::blocks::Layout;
use crate::fields::{be32, be64, field, le16, read_exact};

/// Bytes in the header.
const LEN: u64 = 1024;

/// The largest block: as much is read and unpacked at once. Hyper-V makes 2 MiB or 512 KiB.
const LARGEST: u64 = 16 << 20;

/// The longest name of a parent, in bytes.
const LONGEST: u32 = 64 << 10;

/// What the header says.
pub(super) struct Header {
    /// Where it is.
    at: u64,
    /// Where the table of blocks is.
    pub(super) table: u64,
    /// Entries in the table.
    entries: u64,
    /// Bytes in a block, without the bitmap.
    pub(super) block: u64,
    /// Bytes in a block's bitmap.
    pub(super) bitmap: u64,
    /// The parent's id.
    pub(super) parent: [u8; 16],
    bytes: [u8; LEN as usize],
}

impl Header {
    /// Reads the header that the footer names.
    pub(super) fn read(file: &dyn BlockRead, found: &Found) -> Result<Self> {
        let at = found.footer.header;
        file.will_need(std::slice::from_ref(&(at..at.saturating_add(LEN))));
        let mut bytes = [0; LEN as usize];
        read_exact(file, at, &mut bytes, "header")?;
        if !bytes.starts_with(b"cxsparse") {
            return Err(Error::corrupt(format!("has no header at byte {at}")));
        }
        if !adds_up(&bytes, 36) {
            let message = format!("has a header with a wrong checksum at byte {at}");
            return Err(Error::corrupt(message));
        }
        let version = be32(&bytes, 24);
        if version >> 16 != 1 {
            let (major, minor) = (version >> 16, version & 0xffff);
            let message = format!("has a header of version {major}.{minor}, 1.0 is known");
            return Err(Error::unsupported(message));
        }
        let block = u64::from(be32(&bytes, 32));
        if !block.is_power_of_two() || block < 8 * SECTOR {
            return Err(Error::corrupt(format!(
                "has blocks of {block} bytes, which is not a power of two from 4096 on"
            )));
        }
        if block > LARGEST {
            let message = format!("has blocks of {block} bytes, at most {LARGEST} are read");
            return Err(Error::unsupported(message));
        }
        Ok(Header {
            at,
            table: be64(&bytes, 16),
            entries: be32(&bytes, 28).into(),
            block,
            bitmap: (block / SECTOR / 8).next_multiple_of(SECTOR),
            parent: field(&bytes, 40),
            bytes,
        })
    }

    /// The disk's size in bytes.
    pub(super) fn size(&self, found: &Found) -> Result<u64> {
        let (entries, block) = (self.entries, self.block);
        let size = found.footer.size(entries * block);
        if size <= entries * block {
            Ok(size)
        } else {
            Err(Error::corrupt(format!(
                "has {entries} blocks of {block} bytes, too few for a disk of {size} bytes"
            )))
        }
    }

    /// What in the file is no block, with a table for a disk of `blocks`.
    pub(super) fn layout(
        &self,
        file: &dyn BlockRead,
        found: &Found,
        blocks: u64,
    ) -> Result<Layout> {
        let mut layout = Layout::of(file);
        layout.take("footer's copy", 0, 512)?;
        if let Some(end) = found.end {
            layout.take("footer", end, 511)?;
        }
        layout.take("header", self.at, LEN)?;
        layout.take("block table", self.table, blocks * 4)?;
        Ok(layout)
    }

    /// The parent's names, the one first that is most likely to be right: a path relative to this file, an
    /// absolute one, a Macintosh URL (which is what XenServer writes), paths as Windows wrote them before it had
    /// Unicode, or the name in the header.
    pub(super) fn parent_names(&self, file: &dyn BlockRead) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for platform in [b"W2ru", b"W2ku", b"MacX", b"Wi2r", b"Wi2k"] {
            for locator in 0..8 {
                let at = 576 + locator * 24;
                let (len, offset) = (be32(&self.bytes, at + 8), be64(&self.bytes, at + 16));
                if field(&self.bytes, at) != *platform || len == 0 || len > LONGEST {
                    continue;
                }
                let end = offset.saturating_add(len.into());
                file.will_need(std::slice::from_ref(&(offset..end)));
                let mut name = vec![0; len as usize];
                match read_exact(file, offset, &mut name, "parent locator") {
                    Err(error) if names.is_empty() => return Err(error),
                    Err(_) => continue,
                    Ok(()) => {}
                }
                names.push(match platform {
                    b"W2ru" | b"W2ku" => utf16(&name, Order::Little),
                    _ => until_nul(&String::from_utf8_lossy(&name)),
                });
                if platform == b"MacX" {
                    let url = names.last().map(String::as_str).unwrap_or_default();
                    names.push(percent_decode_str(url).decode_utf8_lossy().into_owned());
                }
            }
        }
        let name = self.bytes.get(64..576).unwrap_or_default();
        names.push(utf16(name, Order::Big));
        names.retain(|name| !name.is_empty());
        Ok(names)
    }
}

/// The order of bytes that a text should have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

/// UTF-16 in this order, unless all shows that it is in the other one: not every program keeps to it.
fn utf16(bytes: &[u8], order: Order) -> String {
    let units = bytes.as_chunks::<2>().0;
    let end = units.iter().position(|unit| *unit == [0, 0]);
    let units = units.get(..end.unwrap_or(units.len())).unwrap_or_default();
    let (low, high) = match order {
        Order::Little => (0, 1),
        Order::Big => (1, 0),
    };
    // The characters of the usual paths are below 256.
    let turned = units.iter().all(|unit| unit[low] == 0 && unit[high] != 0) && !units.is_empty();
    let little = (order == Order::Little) != turned;
    let unit = |unit: &[u8; 2]| {
        if little {
            le16(unit, 0)
        } else {
            u16::from_be_bytes(*unit)
        }
    };
    let units: Vec<u16> = units.iter().map(unit).collect();
    String::from_utf16_lossy(&units)
}

fn until_nul(text: &str) -> String {
    text.split('\0').next().unwrap_or_default().to_owned()
}
