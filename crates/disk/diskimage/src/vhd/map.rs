//! Where a block is, and which of its sectors were written.

use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use super::SECTOR;
use super::footer::{Found, Kind};
use super::header::Header;
use crate::bits::{Bits, First};
use crate::blocks::Table;
use crate::fields::read_exact;
use crate::map::{Coding, Extent, Location, Map, Packed};
use crate::options::OpenOptions;

/// The block is not in the file.
const FREE: u32 = u32::MAX;

/// From this many runs in a bitmap on, a block is better read as a whole.
const RAGGED: usize = 64;

/// A fixed disk of this many bytes: the file itself.
pub(super) struct Fixed(pub(super) u64);

impl Map for Fixed {
    fn size(&self) -> u64 {
        self.0
    }

    fn lookup(&mut self, at: u64) -> Result<Extent> {
        Ok(Extent {
            len: self.0.saturating_sub(at),
            location: Location::Plain {
                file: 0,
                offset: at,
            },
        })
    }
}

/// A disk with blocks.
pub(super) struct Blocks {
    file: Arc<dyn BlockRead>,
    header: Header,
    size: u64,
    /// The first sector of each block's bitmap.
    table: Table,
    /// How what is not in the file reads.
    empty: Location,
    /// Whether bitmaps are left to the reader of the blocks.
    whole: bool,
    /// The bitmap that was looked at last.
    bitmap: Option<Bitmap>,
}

struct Bitmap {
    /// The block that it belongs to.
    block: u64,
    bytes: Vec<u8>,
    ragged: bool,
}

impl Blocks {
    /// Reads the table of blocks and looks whether it makes sense.
    pub(super) fn load(
        file: Arc<dyn BlockRead>,
        found: &Found,
        header: Header,
        how: &OpenOptions,
    ) -> Result<Self> {
        let size = header.size(found)?;
        let blocks = size.div_ceil(header.block);
        let layout = header.layout(&*file, found, blocks)?;
        let table = Table::load(&*file, header.table, blocks, FREE, |index, bytes| {
            let sector = u32::from_be_bytes(bytes);
            if sector != FREE {
                // The file may end with the disk, inside the last block.
                let len = header.block.min(size - index * header.block);
                let what = format_args!("block {index}");
                layout.check(&what, u64::from(sector) * SECTOR, header.bitmap + len)?;
            }
            Ok(sector)
        })?;
        let sectors = (header.bitmap + header.block) / SECTOR;
        let span =
            |sector| (sector != FREE).then(|| u64::from(sector)..u64::from(sector) + sectors);
        if let Some((one, two)) = table.overlap(span) {
            let place = |index| u64::from(table.get(index)) * SECTOR;
            return Err(Error::corrupt(format!(
                "block {one} at byte {} and block {two} at byte {} share bytes",
                place(one),
                place(two)
            )));
        }
        let differencing = found.footer.kind == Kind::Differencing;
        Ok(Blocks {
            // A bitmap on its own is a small read, which a far source takes as long for as a block.
            whole: !differencing && (how.in_file_order || file.is_far()),
            empty: if differencing {
                Location::Below
            } else {
                Location::Nowhere
            },
            bitmap: None,
            file,
            header,
            size,
            table,
        })
    }

    /// The bitmap of `block`, which begins at byte `start` of the file.
    fn bitmap(&mut self, block: u64, start: u64) -> Result<&Bitmap> {
        let known = self.bitmap.take().filter(|known| known.block == block);
        let bitmap = match known {
            Some(known) => known,
            None => {
                let mut bytes = vec![0; self.header.bitmap as usize];
                read_exact(&*self.file, start, &mut bytes, "block bitmap")?;
                let runs = Bits(&bytes, First::Highest).runs(self.header.block / SECTOR);
                Bitmap {
                    block,
                    ragged: runs.take(RAGGED).count() == RAGGED,
                    bytes,
                }
            }
        };
        Ok(self.bitmap.insert(bitmap))
    }

    /// What is stored `skip` bytes into block `index`, whose bitmap begins at `start`, as a part of it.
    fn part(&self, index: u64, start: u64, skip: u64) -> Extent {
        let Header { block, bitmap, .. } = self.header;
        // The file may end with the disk, inside the last block.
        let unit = block.min(self.size - index * block);
        Extent {
            len: unit - skip,
            location: Location::Packed(Packed {
                file: 0,
                offset: start,
                stored: bitmap + unit,
                coding: Coding::Sectors { bitmap },
                unit,
                skip,
            }),
        }
    }
}

impl Map for Blocks {
    fn size(&self) -> u64 {
        self.size
    }

    fn lookup(&mut self, at: u64) -> Result<Extent> {
        let size = self.header.block;
        let (block, skip) = (at / size, at % size);
        let sector = self.table.get(block);
        if sector == FREE {
            let end = self.table.absent_until(block, self.size.div_ceil(size));
            return Ok(Extent {
                len: (end - block) * size - skip,
                location: self.empty,
            });
        }
        let start = u64::from(sector) * SECTOR;
        if self.whole {
            return Ok(self.part(block, start, skip));
        }
        let below = self.empty == Location::Below;
        let bitmap = self.bitmap(block, start)?;
        if bitmap.ragged && !below {
            return Ok(self.part(block, start, skip));
        }
        let bits = Bits(&bitmap.bytes, First::Highest);
        let (set, end) = bits.run(skip / SECTOR, size / SECTOR);
        let offset = start + self.header.bitmap + skip;
        Ok(Extent {
            len: end * SECTOR - skip,
            location: if set {
                Location::Plain { file: 0, offset }
            } else {
                self.empty
            },
        })
    }
}
