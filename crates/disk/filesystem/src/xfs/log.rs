//! Whether the log ends with an unmount, as the kernel's fs/xfs/xfs_log_recover.c finds it out.
//!
//! The log is a ring of sectors. Each starts with the number of the cycle that wrote it, which falls by one where writing
//! stopped:
//!
//! ```text
//! 7 7 7 7 7 [ header 7 … ] │ 6 6 6 6 6
//!            last record   └ head
//! ```

use error::Result;
use sparse::fields::{be32, byte};

use super::geometry::Geometry;
use crate::blocks::Blocks;

/// Bytes of a sector of the log.
const SECTOR: u64 = 512;

/// What the header of a record starts with (`XLOG_HEADER_MAGIC_NUM`), in place of its cycle.
const MAGIC: u32 = 0xFEED_BABE;

/// Bytes of a record that one sector of its header describes (`XLOG_HEADER_CYCLE_SIZE`).
const DESCRIBED: u64 = 32 << 10;

/// Most sectors of a record: 256 KiB and its header.
const LONGEST: u64 = 512 + 8;

/// `XLOG_UNMOUNT_TRANS`.
const UNMOUNT: u8 = 0x20;

/// Whether something was written after the last unmount. What cannot be understood counts as unmounted: the kernel would
/// not mount it in any case.
pub(super) fn is_dirty(blocks: &Blocks, geometry: &Geometry) -> Result<bool> {
    let size = geometry.log_blocks * geometry.block;
    let Ok(start) = geometry.place(geometry.log_start, geometry.log_blocks) else {
        return Ok(false);
    };
    if geometry.log_start == 0 || size == 0 {
        return Ok(false);
    }
    let log = Log {
        blocks,
        start,
        sectors: size / SECTOR,
    };
    log.is_dirty()
}

struct Log<'a> {
    blocks: &'a Blocks,
    /// The byte of the volume where it starts.
    start: u64,
    sectors: u64,
}

impl Log<'_> {
    fn is_dirty(&self) -> Result<bool> {
        let head = self.head()?;
        let Some((back, header)) = self.last_record(head)? else {
            return Ok(false);
        };
        let len = u64::from(be32(&header, 12)).div_ceil(SECTOR);
        let size = u64::from(be32(&header, 320));
        let headers = match be32(&header, 8) & 2 {
            0 => 1,
            _ => size.div_ceil(DESCRIBED).max(1),
        };
        if be32(&header, 40) != 1 || headers + len != back {
            return Ok(true);
        }
        let operation = self.sector(head, back - headers)?;
        Ok(byte(&operation, 9) & UNMOUNT == 0)
    }

    /// The first sector that an older cycle wrote; 0 where there is none.
    fn head(&self) -> Result<u64> {
        let newest = self.cycle(0)?;
        let (mut low, mut high) = (0, self.sectors);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.cycle(middle)? == newest {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low % self.sectors)
    }

    /// The header of the record that ends at the head, and how many sectors before it that is.
    fn last_record(&self, head: u64) -> Result<Option<(u64, Vec<u8>)>> {
        for back in 1..=LONGEST.min(self.sectors) {
            let bytes = self.sector(head, back)?;
            if be32(&bytes, 0) == MAGIC {
                return Ok(Some((back, bytes)));
            }
        }
        Ok(None)
    }

    /// The sector that is `back` before `head`.
    fn sector(&self, head: u64, back: u64) -> Result<Vec<u8>> {
        let number = (head + self.sectors - back) % self.sectors;
        let place = self.start + number * SECTOR;
        self.blocks.bytes(place, SECTOR as usize)
    }

    fn cycle(&self, number: u64) -> Result<u32> {
        let mut bytes = [0; 8];
        self.blocks.fill(self.start + number * SECTOR, &mut bytes)?;
        Ok(match be32(&bytes, 0) {
            MAGIC => be32(&bytes, 4),
            cycle => cycle,
        })
    }
}
