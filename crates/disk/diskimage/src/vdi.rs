//! VirtualBox's VDI: a header, a map of blocks, the blocks.
//!
//! Layout: VirtualBox's VDICore.h, headers of version 0 (which no program has written since 2007) and
//! of version 1. The map has 4 bytes a block: its number in the file, or that it is not there.
//! Nothing is registered, and so two copies of one image, which have one UUID, are no trouble; only a parent
//! is looked for by its UUID, because nothing else names it.
//!
//! The disk is as long as the header says, to the byte.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use crate::about::{About, Reference};
use crate::blocks::{Layout, Table};
use crate::fields::{field, guid, le32, le64, read_exact};
use crate::format::Format;
use crate::layer::{Backing, Layer, Place};
use crate::map::{Extent, Location, Map};
use crate::options::OpenOptions;

/// Bytes of header that are looked at.
const HEADER: usize = 512;

/// Where the part begins that depends on the version.
const BODY: u64 = 72;

/// The block was never written: without an image below it reads as zeros.
const FREE: u32 = u32::MAX;

/// The block was discarded and reads as zeros.
const ZERO: u32 = u32::MAX - 1;

/// Neighbours that one lookup puts together.
const MERGED: u64 = 4096;

/// Opens `file`.
pub(crate) fn open(file: Arc<dyn BlockRead>, how: &OpenOptions) -> Result<Layer> {
    file.will_need(std::slice::from_ref(&(0..HEADER as u64)));
    let mut bytes = [0; HEADER];
    read_exact(&*file, 0, &mut bytes, "header")?;
    let header = Header::read(&bytes)?;
    header.check()?;
    let parent = match header.parent {
        Some(parent) => how.access.below_by_id(&guid(parent))?,
        None => None,
    };
    let about = header.about();
    let map = Blocks {
        table: header.load(&*file)?,
        header,
    };
    let backing = parent.map(|file| Backing {
        format: Format::Vdi,
        place: Place::InChain(format!("its parent {:?}", file.name())),
        file,
    });
    Ok(Layer::new(map, vec![file], about).on(backing))
}

/// The UUID of `file`, if it is a VDI.
///
/// # Errors
/// Those of reading it.
pub fn id(file: &dyn BlockRead) -> Result<Option<String>> {
    let mut bytes = [0; HEADER];
    let read = file.read_at(0, &mut bytes)?;
    if read < HEADER {
        return Ok(None);
    }
    Ok(Header::read(&bytes).ok().map(|header| guid(header.id)))
}

struct Header {
    /// 1 dynamic, 2 fixed, 3 undo, 4 differencing.
    kind: u32,
    /// Where the header ends.
    end: u64,
    /// The disk's size in bytes.
    size: u64,
    /// Bytes in a block.
    block: u64,
    /// Bytes before each block, which belong to another program.
    extra: u32,
    /// Blocks in the map.
    blocks: u64,
    /// Blocks in the file.
    allocated: u64,
    /// Where the map is.
    map: u64,
    /// Where the blocks begin.
    data: u64,
    /// The image's own UUID.
    id: [u8; 16],
    /// The parent's UUID, in images that have one.
    parent: Option<[u8; 16]>,
}

impl Header {
    fn read(bytes: &[u8; HEADER]) -> Result<Self> {
        if le32(bytes, 64) != 0xbeda_107f {
            return Err(Error::corrupt("has no VDI signature at byte 64"));
        }
        let version = le32(bytes, 68);
        let mut header = match version >> 16 {
            0 => Self::version_0(bytes),
            1 => Self::version_1(bytes)?,
            major => {
                let minor = version & 0xffff;
                let message = format!("is a vdi disk of version {major}.{minor}, 1.1 is known");
                return Err(Error::unsupported(message));
            }
        };
        match header.kind {
            1 | 2 => header.parent = None,
            3 | 4 => {}
            kind => {
                let message = format!("has the image type {kind}, 1 to 4 are known");
                return Err(Error::unsupported(message));
            }
        }
        Ok(header)
    }

    fn version_0(bytes: &[u8]) -> Self {
        let end = BODY + 348;
        let blocks = u64::from(le32(bytes, 364));
        Header {
            kind: le32(bytes, 72),
            end,
            size: le64(bytes, 352),
            block: le32(bytes, 360).into(),
            extra: 0,
            blocks,
            allocated: le32(bytes, 368).into(),
            map: end,
            data: end + blocks * 4,
            id: field(bytes, 372),
            parent: Some(field(bytes, 404)),
        }
    }

    fn version_1(bytes: &[u8]) -> Result<Self> {
        let len = le32(bytes, 72);
        // The older of the two headers of version 1 ends before the logical geometry.
        if len < 384 {
            let message = format!("has a header of {len} bytes, at least 384 belong to it");
            return Err(Error::corrupt(message));
        }
        Ok(Header {
            kind: le32(bytes, 76),
            end: BODY + u64::from(len),
            size: le64(bytes, 368),
            block: le32(bytes, 376).into(),
            extra: le32(bytes, 380),
            blocks: le32(bytes, 384).into(),
            allocated: le32(bytes, 388).into(),
            map: le32(bytes, 340).into(),
            data: le32(bytes, 344).into(),
            id: field(bytes, 392),
            parent: Some(field(bytes, 424)),
        })
    }

    /// Holds the numbers against each other.
    fn check(&self) -> Result<()> {
        let corrupt = |message: String| Err(Error::corrupt(message));
        let Header { block, blocks, .. } = *self;
        if self.extra != 0 {
            return Err(Error::unsupported(format!(
                "has {} bytes before each block, which are not known",
                self.extra
            )));
        }
        if !block.is_power_of_two() || block < 512 {
            return corrupt(format!(
                "has blocks of {block} bytes, which is not a power of two from 512 on"
            ));
        }
        if blocks * block < self.size {
            return corrupt(format!(
                "has {blocks} blocks of {block} bytes, too few for a disk of {} bytes",
                self.size
            ));
        }
        if self.allocated > blocks {
            let allocated = self.allocated;
            return corrupt(format!("has {allocated} of {blocks} blocks in the file"));
        }
        if self.map < self.end {
            return corrupt(format!(
                "has its block map at byte {}, inside its header, which ends at byte {}",
                self.map, self.end
            ));
        }
        let end = self.map + blocks * 4;
        if self.data < end {
            return corrupt(format!(
                "has blocks from byte {} on, inside its block map, which ends at byte {end}",
                self.data
            ));
        }
        Ok(())
    }

    /// Blocks that the disk has.
    fn needed(&self) -> u64 {
        self.size.div_ceil(self.block)
    }

    /// Where the block with this number begins in the file.
    fn place(&self, number: u32) -> u64 {
        self.data + u64::from(number) * self.block
    }

    fn load(&self, file: &dyn BlockRead) -> Result<Table> {
        let mut layout = Layout::of(file);
        layout.take("block map", self.map, self.needed() * 4)?;
        let table = Table::load(file, self.map, self.needed(), FREE, |index, bytes| {
            let number = u32::from_le_bytes(bytes);
            match number {
                FREE => {}
                ZERO if self.parent.is_none() => return Ok(FREE),
                ZERO => {}
                _ => {
                    // The file may end with the disk, inside the last block.
                    let len = self.block.min(self.size - index * self.block);
                    let what = format_args!("block {index}");
                    layout.check(&what, self.place(number), len)?;
                }
            }
            Ok(number)
        })?;
        let span = |number| (number < ZERO).then(|| u64::from(number)..u64::from(number) + 1);
        match table.overlap(span) {
            None => Ok(table),
            Some((one, two)) => Err(Error::corrupt(format!(
                "blocks {one} and {two} are both at byte {}",
                self.place(table.get(one))
            ))),
        }
    }

    fn about(&self) -> About {
        let variant = match self.kind {
            1 => "dynamic",
            2 => "fixed",
            3 => "undo",
            _ => "differencing",
        };
        let parent = self.parent.map(|uuid| Reference {
            what: "parent",
            name: guid(uuid),
        });
        About {
            variant: variant.into(),
            unit: Some(self.block),
            refers: parent.into_iter().collect(),
            ..About::default()
        }
    }
}

struct Blocks {
    header: Header,
    table: Table,
}

impl Map for Blocks {
    fn size(&self) -> u64 {
        self.header.size
    }

    fn lookup(&mut self, at: u64) -> Result<Extent> {
        let Header { block, .. } = self.header;
        let first = at / block;
        let skip = at % block;
        let until = |end: u64| (end - first) * block - skip;
        let number = self.table.get(first);
        Ok(match number {
            FREE => Extent {
                len: until(self.table.absent_until(first, self.header.needed())),
                location: Location::Below,
            },
            ZERO => Extent {
                len: until(first + 1),
                location: Location::Nowhere,
            },
            _ => {
                let follows = |n: &u64| {
                    let next = self.table.get(first + n);
                    next < ZERO && u64::from(next) == u64::from(number) + n
                };
                let more = (1..MERGED).take_while(follows).count() as u64;
                Extent {
                    len: until(first + 1 + more),
                    location: Location::Plain {
                        file: 0,
                        offset: self.header.place(number) + skip,
                    },
                }
            }
        })
    }
}
