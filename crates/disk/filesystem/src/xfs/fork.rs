//! Where an inode's blocks are: the extents in it, or the B+tree whose root is in it.

use error::{Error, Result};
use sparse::fields::{be16, be64, field, holds};

use super::check_block;
use super::geometry::Geometry;
use super::inode::{Format, Inode};
use crate::blocks::Blocks;
use crate::mapped::Map;

/// Bytes of an extent (`xfs_bmbt_rec`), and of a key with its pointer.
const ENTRY: usize = 16;

/// Most levels of a B+tree (`XFS_BTREE_MAXLEVELS`).
const DEEPEST: u16 = 9;

/// Most extents of one inode that are read.
const MOST: usize = 1 << 18;

/// Most bytes of a B+tree's blocks that are read. As many extents as are read take a quarter.
const MOST_BYTES: u64 = 32 << 20;

/// Blocks of a file that follow each other on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// The first one, counted from the file's beginning.
    pub(super) first: u64,
    pub(super) count: u64,
    /// The byte of the volume where they are.
    pub(super) place: u64,
    /// Whether they were written; else they read as zeros.
    pub(super) is_written: bool,
}

impl Extent {
    /// The block of the file after the last one.
    pub(super) fn end(&self) -> u64 {
        self.first + self.count
    }
}

/// The map of a file's content.
pub(super) fn map(inode: &Inode, blocks: &Blocks, geometry: &Geometry) -> Result<Map> {
    let wanted = inode.size().div_ceil(geometry.block);
    let mut map = Map::default();
    for extent in extents(inode, blocks, geometry)? {
        // What is behind the end was reserved.
        if extent.first >= wanted {
            break;
        }
        map.zeros_to(extent.first * geometry.block)?;
        let at = extent.is_written.then_some(extent.place);
        map.push(extent.count * geometry.block, at)?;
    }
    Ok(map)
}

/// All extents of an inode's data fork, in the order of the file.
pub(super) fn extents(inode: &Inode, blocks: &Blocks, geometry: &Geometry) -> Result<Vec<Extent>> {
    let mut walk = Walk {
        blocks,
        geometry,
        read: 0,
        extents: Vec::new(),
    };
    let fork = inode.fork();
    match inode.format() {
        Format::Extents => walk.list(fork, inode.extents())?,
        Format::Tree => walk.root(fork)?,
        Format::Local | Format::Other(_) => {
            let text = format!("its data fork has the format {:?}", inode.format());
            return Err(Error::corrupt(text));
        }
    }
    if walk.extents.len() as u64 != inode.extents() {
        return Err(Error::corrupt(format!(
            "it has {} extents, and its tree {}",
            inode.extents(),
            walk.extents.len()
        )));
    }
    Ok(walk.extents)
}

struct Walk<'a> {
    blocks: &'a Blocks,
    geometry: &'a Geometry,
    /// Bytes of the tree that were read.
    read: u64,
    extents: Vec<Extent>,
}

impl Walk<'_> {
    /// Takes `count` extents from the beginning of `bytes`.
    fn list(&mut self, bytes: &[u8], count: u64) -> Result<()> {
        let space = bytes.len() / ENTRY;
        if count > space as u64 {
            return Err(Error::corrupt(format!(
                "{count} extents in a node that has space for {space}"
            )));
        }
        for entry in bytes.chunks_exact(ENTRY).take(count as usize) {
            self.extent(entry)?;
        }
        Ok(())
    }

    /// Takes an extent: 1 bit for "not written", 54 bits of the file's block, 52 of the volume's, 21 of the count.
    fn extent(&mut self, entry: &[u8]) -> Result<()> {
        let bits = u128::from_be_bytes(field(entry, 0));
        let first = (bits >> 73) as u64 & ((1 << 54) - 1);
        let number = (bits >> 21) as u64 & ((1 << 52) - 1);
        let count = bits as u64 & ((1 << 21) - 1);
        let before = self.extents.last().map_or(0, Extent::end);
        let is_in_order = first >= before && count > 0;
        if !is_in_order || first + count > i64::MAX as u64 / self.geometry.block {
            return Err(Error::corrupt(format!(
                "an extent has {count} blocks at block {first}, after one that ends at block {before}"
            )));
        }
        if self.extents.len() == MOST {
            return Err(Error::unsupported(format!("more than {MOST} extents")));
        }
        let extent = Extent {
            first,
            count,
            place: self.geometry.place(number, count)?,
            is_written: bits >> 127 == 0,
        };
        self.extents.push(extent);
        Ok(())
    }

    /// Takes the tree whose root (`xfs_bmdr_block`) is in the inode: level, count, and as many keys and pointers as fit.
    fn root(&mut self, fork: &[u8]) -> Result<()> {
        let level = be16(fork, 0);
        if level == 0 || level >= DEEPEST {
            return Err(Error::corrupt(format!(
                "the root of a tree of extents is at level {level}"
            )));
        }
        let entries = fork.get(4..).unwrap_or_default();
        self.children(entries, be16(fork, 2), level)
    }

    /// Takes the children of a node at `level`, which has the pointers behind the space for all keys.
    fn children(&mut self, entries: &[u8], count: u16, level: u16) -> Result<()> {
        let space = entries.len() / ENTRY;
        if usize::from(count) > space || count == 0 {
            return Err(Error::corrupt(format!(
                "a tree of extents has {count} children in a node that has space for {space}"
            )));
        }
        for i in 0..usize::from(count) {
            self.child(be64(entries, (space + i) * 8), level - 1)?;
        }
        Ok(())
    }

    fn child(&mut self, number: u64, level: u16) -> Result<()> {
        self.read += self.geometry.block;
        if self.read > MOST_BYTES {
            let text = format!("a tree of extents of more than {} MiB", MOST_BYTES >> 20);
            return Err(Error::unsupported(text));
        }
        let place = self.geometry.place(number, 1)?;
        let bytes = self.blocks.bytes(place, self.geometry.block as usize)?;
        self.node(&bytes, place, level)
            .map_err(|error| error.at(format!("block at byte {place}")))
    }

    /// Takes a node (`struct xfs_btree_block`, the long form) that was read at `place`.
    fn node(&mut self, bytes: &[u8], place: u64, level: u16) -> Result<()> {
        let has_sums = self.geometry.has_sums;
        let (signature, header): (&[u8], usize) = if has_sums {
            (b"BMA3", 72)
        } else {
            (b"BMAP", 24)
        };
        if !holds(bytes, 0, signature) || be16(bytes, 4) != level {
            return Err(Error::corrupt(format!(
                "it is not a node at level {level} of a tree of extents"
            )));
        }
        if has_sums {
            check_block(bytes, place, 64, 24)?;
        }
        let count = be16(bytes, 6);
        let entries = bytes.get(header..).unwrap_or_default();
        if level == 0 {
            self.list(entries, count.into())
        } else {
            self.children(entries, count, level)
        }
    }
}
