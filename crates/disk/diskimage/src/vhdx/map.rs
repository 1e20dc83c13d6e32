//! Where a block is, and which of its sectors are in the parent.

use std::ops::Range;
use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use super::MIB;
use super::metadata::Metadata;
use super::overlay::Overlay;
use crate::bits::{Bits, First};
use crate::blocks::{Layout, Table};
use crate::fields::read_exact;
use crate::map::{Extent, Location, Map};

/// Sectors that a bitmap of 1 MiB tells of.
const CHUNK: u64 = 1 << 23;

/// Neighbours that one lookup puts together.
const MERGED: u64 = 4096;

/// Entries as they are held: a place in MiB, and in the lowest bits one of these.
const STATE: u32 = 7;
/// The file says nothing about the block.
const ABSENT: u32 = 0;
/// The block reads as zeros, whatever is below.
const ZERO: u32 = 2;
/// It is no block but a bitmap.
const BITMAP: u32 = 5;
/// The block is in the file.
const PRESENT: u32 = 6;
/// Those sectors of the block are in the file that the bitmap says.
const PARTLY: u32 = 7;

/// A disk's blocks.
pub(super) struct Blocks {
    file: Arc<dyn BlockRead>,
    shape: Shape,
    table: Table,
    /// The part of a bitmap that was looked at last, and the block that it belongs to.
    bitmap: Option<(u64, Vec<u8>)>,
}

/// How disk and table hang together.
struct Shape {
    metadata: Metadata,
    /// Blocks in the disk.
    blocks: u64,
    /// Blocks to a bitmap.
    ratio: u64,
}

impl Shape {
    /// Entries in the table. A bitmap's entry follows those of its blocks, and is left out where it
    /// would be the last of a disk that has no use for it.
    fn entries(&self) -> u64 {
        match self.metadata.parent {
            Some(_) => self.blocks.div_ceil(self.ratio) * (self.ratio + 1),
            None => self.blocks + self.blocks.saturating_sub(1) / self.ratio,
        }
    }

    /// Where in the table a block's entry is.
    fn entry(&self, block: u64) -> u64 {
        block + block / self.ratio
    }

    /// Where in the table the entry of a block's bitmap is.
    fn bitmap(&self, block: u64) -> u64 {
        block / self.ratio * (self.ratio + 1) + self.ratio
    }

    /// Blocks before an entry.
    fn block(&self, entry: u64) -> u64 {
        entry - entry / (self.ratio + 1)
    }

    /// What an entry is about.
    fn name(&self, entry: u64) -> String {
        if self.is_bitmap(entry) {
            format!("sector bitmap {}", entry / (self.ratio + 1))
        } else {
            format!("block {}", self.block(entry))
        }
    }

    fn is_bitmap(&self, entry: u64) -> bool {
        entry % (self.ratio + 1) == self.ratio
    }

    /// What to hold of an entry, once it is known to make sense.
    fn held(&self, index: u64, raw: u64, layout: &Layout) -> Result<u32> {
        let Metadata { block, size, .. } = self.metadata;
        let has_parent = self.metadata.parent.is_some();
        let is_bitmap = self.is_bitmap(index);
        let state = raw as u32 & STATE;
        let kind = match (is_bitmap, state) {
            (true, _) if !has_parent => return Ok(ABSENT),
            (_, 0) => return Ok(ABSENT),
            // Undefined, zero, unmapped now and in drafts of the format.
            (false, 1 | 2 | 3 | 5) => return Ok(if has_parent { ZERO } else { ABSENT }),
            (true, 6) => BITMAP,
            (false, 6) => PRESENT,
            (false, 7) if has_parent => PARTLY,
            _ => {
                let name = self.name(index);
                let message = format!("{name} is in the state {state}, which is not possible");
                return Err(Error::corrupt(message));
            }
        };
        // The file may end with the disk, inside the last block.
        let needed = match is_bitmap {
            true => MIB,
            // With a parent, the table is as long as whole groups: what is behind the disk is nothing.
            false if self.block(index) >= self.blocks => return Ok(ABSENT),
            false => block.min(size - self.block(index) * block),
        };
        let mib = raw >> 20;
        layout.check(&self.name(index), mib * MIB, needed)?;
        match u32::try_from(mib << 3) {
            Ok(place) => Ok(place | kind),
            Err(_) => Err(Error::unsupported(format!(
                "{} starts {mib} MiB into the file, which is too far",
                self.name(index)
            ))),
        }
    }

    /// What an entry as it is held takes of the file, in MiB.
    fn span(&self, entry: u32) -> Option<Range<u64>> {
        let start = u64::from(entry >> 3);
        match entry & STATE {
            BITMAP => Some(start..start + 1),
            PRESENT | PARTLY => Some(start..start + self.metadata.block / MIB),
            _ => None,
        }
    }
}

impl Blocks {
    /// Reads the table of blocks in `region` and looks whether it makes sense.
    pub(super) fn load(
        file: Arc<dyn BlockRead>,
        layout: &Layout,
        region: &Range<u64>,
        metadata: Metadata,
    ) -> Result<Self> {
        let shape = Shape {
            blocks: metadata.size.div_ceil(metadata.block),
            ratio: CHUNK * metadata.sector / metadata.block,
            metadata,
        };
        let (room, needed) = ((region.end - region.start) / 8, shape.entries());
        if room < needed {
            return Err(Error::corrupt(format!(
                "has a block table of {room} entries, a disk of {} bytes needs {needed}",
                shape.metadata.size
            )));
        }
        let table = Table::load(&*file, region.start, needed, ABSENT, |index, bytes| {
            shape.held(index, u64::from_le_bytes(bytes), layout)
        })?;
        if let Some((one, two)) = table.overlap(|entry| shape.span(entry)) {
            let told = |index| {
                let at = u64::from(table.get(index) >> 3) * MIB;
                format!("{} at byte {at}", shape.name(index))
            };
            let message = format!("{} and {} share bytes", told(one), told(two));
            return Err(Error::corrupt(message));
        }
        Ok(Blocks {
            file,
            shape,
            table,
            bitmap: None,
        })
    }

    /// Sees to it that the log changes no block: who reads the file in its order takes blocks as they
    /// are there.
    pub(super) fn spared_by(&self, log: &Overlay) -> Result<()> {
        let changed = |&(_, entry): &(u64, u32)| {
            let span = self.shape.span(entry).filter(|_| entry & STATE != BITMAP);
            span.is_some_and(|span| log.changes(&(span.start * MIB..span.end * MIB)))
        };
        match self.table.entries().find(changed) {
            None => Ok(()),
            Some((index, _)) => Err(Error::unsupported(format!(
                "its log changes {}, and this source is read in order",
                self.shape.name(index)
            ))
            .hint("save it first and give the file")),
        }
    }

    /// The stretch `skip` bytes into a block of which some sectors are in the file, at `start`.
    fn partly(&mut self, block: u64, start: u64, skip: u64) -> Result<Extent> {
        let Metadata {
            block: len, sector, ..
        } = self.shape.metadata;
        let sectors = len / sector;
        let bitmap = self.bitmap.take().filter(|(known, _)| *known == block);
        let bitmap = match bitmap {
            Some((_, bytes)) => bytes,
            None => {
                let entry = self.table.get(self.shape.bitmap(block));
                if entry & STATE != BITMAP {
                    let message = format!("block {block} is partly there and has no sector bitmap");
                    return Err(Error::corrupt(message));
                }
                let skip = block % self.shape.ratio * (sectors / 8);
                let mut bytes = vec![0; (sectors / 8) as usize];
                let at = u64::from(entry >> 3) * MIB + skip;
                read_exact(&*self.file, at, &mut bytes, "sector bitmap")?;
                bytes
            }
        };
        let (here, end) = Bits(&bitmap, First::Lowest).run(skip / sector, sectors);
        self.bitmap = Some((block, bitmap));
        let offset = start + skip;
        Ok(Extent {
            len: end * sector - skip,
            location: if here {
                Location::Plain { file: 0, offset }
            } else {
                Location::Below
            },
        })
    }

    /// How many blocks from `block` on follow one another in the file, the first of them `entry`.
    fn in_a_row(&self, block: u64, entry: u32) -> u64 {
        let mib = self.shape.metadata.block / MIB;
        let follows = |n: &u64| {
            let index = block + n;
            let next = self.table.get(self.shape.entry(index));
            index < self.shape.blocks
                && next & STATE == PRESENT
                && u64::from(next >> 3) == u64::from(entry >> 3) + n * mib
        };
        1 + (1..MERGED).take_while(follows).count() as u64
    }
}

impl Map for Blocks {
    fn size(&self) -> u64 {
        self.shape.metadata.size
    }

    fn lookup(&mut self, at: u64) -> Result<Extent> {
        let len = self.shape.metadata.block;
        let (block, skip) = (at / len, at % len);
        let index = self.shape.entry(block);
        let entry = self.table.get(index);
        let start = u64::from(entry >> 3) * MIB;
        let (blocks, location) = match entry & STATE {
            ABSENT => {
                let end = self.shape.entry(self.shape.blocks);
                let end = self.shape.block(self.table.absent_until(index, end));
                let has_parent = self.shape.metadata.parent.is_some();
                let location = if has_parent {
                    Location::Below
                } else {
                    Location::Nowhere
                };
                (end - block, location)
            }
            PRESENT => {
                let offset = start + skip;
                (
                    self.in_a_row(block, entry),
                    Location::Plain { file: 0, offset },
                )
            }
            PARTLY => return self.partly(block, start, skip),
            _ => (1, Location::Nowhere),
        };
        Ok(Extent {
            len: blocks * len - skip,
            location,
        })
    }
}
