//! Where inodes are: the group descriptors.

use error::{Error, Result};
use sparse::fields::le32;

use super::{Geometry, SUPERBLOCK, descriptor_size, has_superblock, incompat};
use crate::blocks::Blocks;

/// How group descriptors are found.
pub(super) struct Groups {
    /// Bytes of a descriptor.
    size: u64,
    /// The block where group 0 starts: 1 where blocks and clusters have 1 KiB.
    first_block: u64,
    blocks_per_group: u64,
    /// The first descriptor block that is in its own groups (META_BG).
    first_meta: Option<u64>,
    /// The superblock, which tells where its copies are.
    superblock: Vec<u8>,
}

impl Groups {
    pub(super) fn new(superblock: &[u8], geometry: &Geometry) -> Result<Self> {
        let has_meta = le32(superblock, 0x60) & incompat::META_BG != 0;
        let groups = Groups {
            size: descriptor_size(superblock)?,
            first_block: le32(superblock, 0x14).into(),
            blocks_per_group: le32(superblock, 0x20).into(),
            first_meta: has_meta.then(|| le32(superblock, 0x104).into()),
            superblock: superblock.to_vec(),
        };
        if groups.blocks_per_group == 0 || geometry.inodes_per_group == 0 {
            return Err(Error::corrupt("a block group is empty"));
        }
        Ok(groups)
    }

    /// The byte of the volume where inode `number`, counted from 1, is.
    pub(super) fn inode(&self, blocks: &Blocks, geometry: &Geometry, number: u64) -> Result<u64> {
        let group = (number - 1) / geometry.inodes_per_group;
        let index = (number - 1) % geometry.inodes_per_group;
        let descriptor = blocks.bytes(self.descriptor(geometry, group)?, self.size as usize)?;
        let high = if self.size >= 64 {
            le32(&descriptor, 0x28)
        } else {
            0
        };
        let table = u64::from(high) << 32 | u64::from(le32(&descriptor, 8));
        if table == 0 || table >= geometry.blocks {
            return Err(Error::corrupt(format!(
                "the inode table of group {group} starts at block {table} of {}",
                geometry.blocks
            )));
        }
        let place = table.checked_mul(geometry.block);
        let place = place.and_then(|place| place.checked_add(index * geometry.inode));
        place.ok_or_else(|| Error::corrupt(format!("inode {number} is past any disk's end")))
    }

    /// The byte where the descriptor of `group` starts (`descriptor_loc` in fs/ext4/super.c).
    fn descriptor(&self, geometry: &Geometry, group: u64) -> Result<u64> {
        let per_block = geometry.block / self.size;
        let nth = group / per_block;
        let block = match self.first_meta {
            Some(first) if nth >= first => {
                let group = nth * per_block;
                let has_copy = has_superblock(&self.superblock, group);
                // Block 0 of a file system with blocks of 1 KiB is the boot block.
                let is_first = geometry.block == 1024 && nth == 0 && self.first_block == 0;
                let before = u64::from(has_copy) + u64::from(is_first);
                let start = group.checked_mul(self.blocks_per_group);
                start.and_then(|start| start.checked_add(self.first_block + before))
            }
            // Behind the superblock, which is at byte 1024 whatever the first block of data is (bigalloc).
            _ => Some(SUPERBLOCK.0 / geometry.block + nth + 1),
        };
        let place = block.and_then(|block| block.checked_mul(geometry.block));
        let place = place.and_then(|place| place.checked_add(group % per_block * self.size));
        place.ok_or_else(|| Error::corrupt(format!("group {group} is past any disk's end")))
    }
}
