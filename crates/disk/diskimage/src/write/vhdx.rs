//! Writing dynamic VHDX: headers, an empty log, metadata, the table of blocks, the blocks.
//!
//! Layout: Microsoft's [MS-VHDX], version 1 of the format. Blocks without data are in the table as
//! zero blocks, which read as zeros by the specification; "not present", the other way, leaves their
//! content undefined. The table also has an entry for the sector bitmap of each 2^23 sectors, which
//! only differencing disks use, and which stays empty here.
//!
//! The log is empty and no header refers to it: everything is written once, and the identifier at the
//! beginning of the file last, so there is nothing to replay. The disk's size is rounded up to
//! whole sectors. All ids are made from the disk's content, so that the same disk gives the same file.

mod front;
mod settings;
#[cfg(test)]
mod tests;

use error::Result;
use sparse::BlockWrite;

use super::WriteOptions;
use super::dynamic::{Contents, Dynamic, Form, Shape};
use super::encoder::Encoded;
use front::Front;
use settings::Settings;

/// What everything is aligned to.
const MIB: u64 = 1 << 20;

/// Where the log, the metadata and the table of blocks begin. The first two have 1 MiB.
const LOG: u64 = MIB;
const METADATA: u64 = 2 * MIB;
const TABLE: u64 = 3 * MIB;

/// The largest disk that the format can hold.
const LARGEST: u64 = 64 << 40;

/// Sectors that one sector bitmap tells of.
const BITMAP: u64 = 1 << 23;

/// Bytes in an entry of the table.
const ENTRY: u64 = 8;

/// Entries of the table: the block is in the file, and at which byte; it is not, and reads as zeros;
/// there is no sector bitmap.
const PRESENT: u64 = 6;
const ZERO: u64 = 2;
const NO_BITMAP: u64 = 0;

/// The smallest disk: one sector, whatever that is.
const SMALLEST: u64 = 1;

/// As [`super::writer`].
pub(super) fn writer(
    options: &WriteOptions,
    size: u64,
    inner: Box<dyn BlockWrite>,
) -> Result<Box<dyn BlockWrite>> {
    let settings = Settings::read(options)?;
    super::check_size("vhdx", size, SMALLEST..=LARGEST)?;
    let form = Vhdx {
        size: size.next_multiple_of(settings.sector),
        block: settings.block(size),
        sector: settings.sector,
    };
    Ok(Encoded::boxed(Dynamic::new(form, "vhdx", size, inner)?))
}

/// As [`super::check`].
pub(super) fn check(options: &WriteOptions) -> Result<()> {
    Settings::read(options).map(drop)
}

/// Bytes in a sector of the disk, of which its size is a multiple.
///
/// # Errors
/// As [`check`].
pub(super) fn sector(options: &WriteOptions) -> Result<u64> {
    Ok(Settings::read(options)?.sector)
}

/// A VHDX for a disk of so many bytes.
struct Vhdx {
    size: u64,
    /// Bytes in a block: a power of two from 1 MiB to 256 MiB.
    block: u64,
    /// Bytes in a sector.
    sector: u64,
}

impl Vhdx {
    /// Blocks in the disk.
    fn blocks(&self) -> u64 {
        self.size.div_ceil(self.block)
    }

    /// Blocks that one sector bitmap tells of.
    fn ratio(&self) -> u64 {
        BITMAP * self.sector / self.block
    }

    /// Bytes in the table. The bitmap's entry behind the last blocks is left out, as the specification
    /// has it for disks without a parent.
    fn table_len(&self) -> u64 {
        let blocks = self.blocks();
        (blocks + blocks.saturating_sub(1) / self.ratio()) * ENTRY
    }

    /// Bytes in the region that the table is in.
    fn region_len(&self) -> u64 {
        self.table_len().max(1).next_multiple_of(MIB)
    }

    fn write_table(&self, disk: &Contents, inner: &mut dyn BlockWrite) -> Result<()> {
        let (shape, blocks, ratio) = (self.shape(), self.blocks(), self.ratio());
        disk.write_table(inner, TABLE, blocks, |table, number, rank| {
            let entry = rank.map_or(ZERO, |rank| shape.place(rank) | PRESENT);
            table.extend(entry.to_le_bytes());
            let next = number + 1;
            if next.is_multiple_of(ratio) && next < blocks {
                table.extend(NO_BITMAP.to_le_bytes());
            }
        })?;
        let end = TABLE + self.table_len();
        match self.shape().first - end {
            0 => Ok(()),
            rest => inner.zero_at(end, rest),
        }
    }
}

impl Form for Vhdx {
    fn shape(&self) -> Shape {
        Shape {
            first: TABLE + self.region_len(),
            gap: 0,
            lead: &[],
            block: self.block,
        }
    }

    fn finish(&self, disk: &Contents, inner: &mut dyn BlockWrite) -> Result<u64> {
        self.write_table(disk, inner)?;
        let front = Front {
            size: self.size,
            block: self.block,
            sector: self.sector,
            table: self.region_len(),
            id: disk.guid(self.size),
        };
        front.write(inner)?;
        Ok(self.shape().end(disk.count()))
    }
}
