//! Writing VDI: a header, a map of blocks, the blocks.
//!
//! Layout: VirtualBox's VDICore.h, header of version 1.1. As VirtualBox does it, blocks have 1 MiB, and
//! the map and the blocks begin at a multiple of that. Blocks without data stay free in the map, and
//! the disk's size is rounded up to whole sectors of 512 bytes.
//!
//! VirtualBox tells disks apart by their UUIDs. Here they are made from the disk's content, so that the
//! same disk gives the same file, and another disk another UUID.

#[cfg(test)]
mod tests;

use error::Result;
use sparse::BlockWrite;

use super::dynamic::{Contents, Dynamic, Form, Shape};
use super::encoder::Encoded;
use super::{WriteOptions, unknown};
use crate::Format;
use crate::fields::put;

/// Bytes in a block, and what the map and the first block are aligned to.
const BLOCK: u64 = 1 << 20;

/// Where the map begins.
const MAP: u64 = BLOCK;

/// Bytes in a header, its reserved end included.
const HEADER: usize = 512;

/// The largest disk: its map has 256 MiB.
const LARGEST: u64 = 64 << 40;

/// The map's entry for a block that does not exist.
const FREE: u32 = u32::MAX;

/// As [`super::writer`].
pub(super) fn writer(
    options: &WriteOptions,
    size: u64,
    inner: Box<dyn BlockWrite>,
) -> Result<Box<dyn BlockWrite>> {
    check(options)?;
    super::check_size("vdi", size, 0..=LARGEST)?;
    let form = Vdi {
        size: size.next_multiple_of(512),
    };
    Ok(Encoded::boxed(Dynamic::new(form, "vdi", size, inner)?))
}

/// As [`super::check`].
pub(super) fn check(options: &WriteOptions) -> Result<()> {
    match options.given.first() {
        None => Ok(()),
        Some((key, _)) => Err(unknown(Format::Vdi, key, &[])),
    }
}

/// A VDI for a disk of so many bytes.
struct Vdi {
    size: u64,
}

impl Vdi {
    /// Blocks in the disk.
    fn blocks(&self) -> u64 {
        self.size.div_ceil(BLOCK)
    }

    /// Where the map ends.
    fn map_end(&self) -> u64 {
        MAP + self.blocks() * 4
    }

    fn header(&self, disk: &Contents) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        let mut put = |at: usize, bytes: &[u8]| put(&mut header, at, bytes);
        let numbers = [
            (64, 0xbeda_107f),
            (68, 0x0001_0001), // version 1.1
            (72, 400),         // the header's length from here on
            (76, 1),           // dynamic
            (340, MAP),
            (344, self.shape().first),
            (360, 512), // sectors of the geometry, which is left to VirtualBox
            (376, BLOCK),
            (384, self.blocks()),
            (388, disk.count()),
            (468, 512), // the same of the second geometry
        ];
        put(0, b"<<< Innkeeper VirtualBox Disk Image >>>\n");
        for (at, number) in numbers {
            // Limits see to it that each fits.
            put(at, &(number as u32).to_le_bytes());
        }
        put(368, &self.size.to_le_bytes());
        let uuid = disk.guid(self.size);
        put(392, &uuid);
        put(408, &uuid);
        header
    }
}

impl Form for Vdi {
    fn shape(&self) -> Shape {
        Shape {
            first: self.map_end().next_multiple_of(BLOCK),
            gap: 0,
            lead: &[],
            block: BLOCK,
        }
    }

    fn finish(&self, disk: &Contents, inner: &mut dyn BlockWrite) -> Result<u64> {
        let Shape { first, .. } = self.shape();
        disk.write_table(inner, MAP, self.blocks(), |table, _, rank| {
            let number = rank.and_then(|rank| u32::try_from(rank).ok());
            table.extend(number.unwrap_or(FREE).to_le_bytes());
        })?;
        if self.map_end() < first {
            inner.zero_at(self.map_end(), first - self.map_end())?;
        }
        inner.zero_at(HEADER as u64, MAP - HEADER as u64)?;
        inner.write_at(0, &self.header(disk))?;
        Ok(self.shape().end(disk.count()))
    }
}
