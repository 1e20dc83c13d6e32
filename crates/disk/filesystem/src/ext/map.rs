//! Where a file's blocks are: extent trees of ext4, and the lists of blocks that ext2 and ext3 have.

use error::{Error, Result};
use sparse::crc32c;
use sparse::fields::{le16, le32};

use super::Geometry;
use super::inode::Inode;
use crate::blocks::Blocks;
use crate::mapped::Map;

/// Most levels below an extent tree's root.
const DEEPEST: u16 = 5;

/// Most blocks of a map that are read. A file of 256 GiB in lists of 4 KiB has as many.
const MOST_BLOCKS: u32 = 1 << 16;

/// Bytes of a header of extents, and of each entry behind it.
const ENTRY: usize = 12;

/// The map of a file's content.
pub(super) fn of(inode: &Inode, blocks: &Blocks, geometry: &Geometry) -> Result<Map> {
    let size = inode.size();
    let mut walk = Walk {
        blocks,
        geometry,
        inode,
        wanted: size.div_ceil(geometry.block),
        read: 0,
        map: Map::default(),
    };
    if inode.has_extents() && geometry.has_extents {
        walk.extents(inode.block(), None)?;
    } else {
        walk.lists()?;
    }
    Ok(walk.map)
}

struct Walk<'a> {
    blocks: &'a Blocks,
    geometry: &'a Geometry,
    inode: &'a Inode,
    /// The blocks of the content. What is mapped behind it was reserved.
    wanted: u64,
    /// Blocks of the map that were read.
    read: u32,
    map: Map,
}

impl Walk<'_> {
    /// Takes the entries of a tree's node, which must be at `depth` where it is not the root.
    fn extents(&mut self, node: &[u8], depth: Option<u16>) -> Result<()> {
        if le16(node, 0) != 0xF30A {
            return Err(Error::corrupt(format!(
                "an extent tree's node has the signature 0x{:04x}",
                le16(node, 0)
            )));
        }
        let is_at = le16(node, 6);
        if is_at > DEEPEST || depth.is_some_and(|depth| depth != is_at) {
            return Err(Error::corrupt(format!(
                "an extent tree's node is at level {is_at}"
            )));
        }
        let count = usize::from(le16(node, 2));
        let entries = node.get(ENTRY..).unwrap_or_default().chunks_exact(ENTRY);
        if count > entries.len() {
            return Err(Error::corrupt(format!(
                "{count} extents in a node that has space for {}",
                entries.len()
            )));
        }
        for entry in entries.take(count) {
            if is_at == 0 {
                self.extent(entry)?;
                continue;
            }
            let block = u64::from(le16(entry, 8)) << 32 | u64::from(le32(entry, 4));
            let bytes = self.map_block(block)?;
            self.check_sum(&bytes, block)?;
            self.extents(&bytes, Some(is_at - 1))?;
        }
        Ok(())
    }

    fn extent(&mut self, entry: &[u8]) -> Result<()> {
        let first = u64::from(le32(entry, 0));
        let len = u64::from(le16(entry, 4));
        let block = u64::from(le16(entry, 6)) << 32 | u64::from(le32(entry, 8));
        // Longer ones are reserved and not written yet.
        let (len, is_written) = match len {
            0..=0x8000 => (len, true),
            _ => (len - 0x8000, false),
        };
        if first >= self.wanted {
            return Ok(());
        }
        self.map.zeros_to(first * self.geometry.block)?;
        let at = if is_written {
            Some(self.place(block, len)?)
        } else {
            None
        };
        self.map.push(len * self.geometry.block, at)
    }

    /// Checks the sum at the end of a tree's node (`struct ext4_extent_tail`).
    fn check_sum(&self, node: &[u8], block: u64) -> Result<()> {
        let Some(seed) = self.inode.seed else {
            return Ok(());
        };
        let end = ENTRY + usize::from(le16(node, 4)) * ENTRY;
        let Some(covered) = node.get(..end).filter(|_| end + 4 <= node.len()) else {
            let text = format!("block {block}: an extent tree's node is longer than its block");
            return Err(Error::corrupt(text));
        };
        let sum = crc32c::update(seed, covered);
        let expected = le32(node, end);
        if sum != expected {
            return Err(Error::corrupt(format!(
                "block {block}: the checksum of an extent tree's node is 0x{expected:08x}, that of its bytes 0x{sum:08x}"
            )));
        }
        Ok(())
    }

    /// Twelve blocks, then lists of blocks, lists of lists, and lists of those.
    fn lists(&mut self) -> Result<()> {
        let inode = self.inode;
        for pointer in 0..12 {
            self.list(le32(inode.block(), pointer * 4), 0)?;
        }
        for level in 1..=3 {
            self.list(le32(inode.block(), (11 + level) * 4), level as u32)?;
        }
        Ok(())
    }

    /// Takes what `pointer` points to: a block of the file at level 0, else a list.
    fn list(&mut self, pointer: u32, level: u32) -> Result<()> {
        let block = self.geometry.block;
        let covered = (block / 4).pow(level) * block;
        let end = self.wanted * block;
        if self.map.len() >= end {
            return Ok(());
        }
        if pointer == 0 {
            let len = covered.min(end - self.map.len());
            return self.map.push(len, None);
        }
        if level == 0 {
            let at = self.place(pointer.into(), 1)?;
            return self.map.push(block, Some(at));
        }
        let bytes = self.map_block(pointer.into())?;
        for i in 0..(block / 4) as usize {
            self.list(le32(&bytes, i * 4), level - 1)?;
        }
        Ok(())
    }

    /// Reads a block of the map itself.
    fn map_block(&mut self, block: u64) -> Result<Vec<u8>> {
        self.read += 1;
        if self.read > MOST_BLOCKS {
            let text = format!("more than {MOST_BLOCKS} blocks tell where it is");
            return Err(Error::unsupported(text));
        }
        let at = self.place(block, 1)?;
        self.blocks.bytes(at, self.geometry.block as usize)
    }

    /// The byte of the volume where `len` blocks from `block` on are.
    fn place(&self, block: u64, len: u64) -> Result<u64> {
        if block == 0 || block.saturating_add(len) > self.geometry.blocks {
            return Err(Error::corrupt(format!(
                "{len} blocks at block {block}; there are {}",
                self.geometry.blocks
            )));
        }
        Ok(block * self.geometry.block)
    }
}
