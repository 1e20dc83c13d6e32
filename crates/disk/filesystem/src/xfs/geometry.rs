//! Sizes of a file system, and where its numbers lead to.

use error::{Error, Result};

/// What the superblock says of the whole.
#[derive(Clone, Debug)]
pub(super) struct Geometry {
    /// Bytes of a block.
    pub(super) block: u64,
    pub(super) blocks: u64,
    /// Blocks of an allocation group; the last one may have fewer.
    pub(super) group_blocks: u64,
    pub(super) groups: u64,
    /// The bits that a block has inside its group, in numbers that name both.
    pub(super) group_log: u32,
    /// Bytes of an inode.
    pub(super) inode: u64,
    pub(super) inodes_per_block_log: u32,
    /// A directory's blocks have this many times the bytes of a block, as a power of two.
    pub(super) directory_log: u32,
    /// The root directory's inode.
    pub(super) root: u64,
    /// The block where the log is; 0 where it is on another device.
    pub(super) log_start: u64,
    pub(super) log_blocks: u64,
    /// Whether metadata has checksums (version 5).
    pub(super) has_sums: bool,
    /// Whether directories hold what each name is.
    pub(super) has_types: bool,
    /// Whether names are compared without the case of A to Z.
    pub(super) ignores_case: bool,
}

impl Geometry {
    /// # Errors
    /// [`error::Kind::Corrupt`] where numbers contradict each other, or the limits of the format.
    pub(super) fn check(&self) -> Result<()> {
        let is_block = self.block.is_power_of_two() && (512..=1 << 16).contains(&self.block);
        if !is_block {
            return Err(Error::corrupt(format!("blocks of {} bytes", self.block)));
        }
        let is_inode = self.inode.is_power_of_two() && (256..=2048).contains(&self.inode);
        if !is_inode || self.inode << self.inodes_per_block_log.min(16) != self.block {
            return Err(Error::corrupt(format!(
                "inodes of {} bytes, 2^{} of them in a block of {}",
                self.inode, self.inodes_per_block_log, self.block
            )));
        }
        if self.directory_log > 16 || self.block << self.directory_log > 1 << 16 {
            return Err(Error::corrupt(format!(
                "directory blocks of 2^{} times {} bytes",
                self.directory_log, self.block
            )));
        }
        self.check_groups()
    }

    fn check_groups(&self) -> Result<()> {
        let log = self.group_blocks.checked_next_power_of_two();
        let is_group = self.group_blocks > 0
            && log.is_some_and(|log| log.trailing_zeros() == self.group_log)
            && self.group_log < 32;
        if !is_group || self.groups == 0 {
            return Err(Error::corrupt(format!(
                "{} groups of {} blocks, with 2^{} numbers each",
                self.groups, self.group_blocks, self.group_log
            )));
        }
        let most = self.group_blocks * self.groups;
        let is_filled = self.blocks <= most && self.blocks > most - self.group_blocks;
        if !is_filled || self.blocks.checked_mul(self.block).is_none() {
            return Err(Error::corrupt(format!(
                "{} blocks in {} groups of {}",
                self.blocks, self.groups, self.group_blocks
            )));
        }
        Ok(())
    }

    /// Bytes of a directory's block.
    pub(super) fn directory(&self) -> u64 {
        self.block << self.directory_log
    }

    /// The byte of the volume where inode `number` is.
    pub(super) fn inode_place(&self, number: u64) -> Result<u64> {
        let index = number & ((1 << self.inodes_per_block_log) - 1);
        let place = self.place(number >> self.inodes_per_block_log, 1);
        let place = place.map_err(|error| error.at(format!("inode {number}")))?;
        Ok(place + index * self.inode)
    }

    /// The byte of the volume where `count` blocks from `number` on are, which names a group and a block in it.
    pub(super) fn place(&self, number: u64, count: u64) -> Result<u64> {
        let group = number >> self.group_log;
        let block = number & ((1 << self.group_log) - 1);
        let is_inside = block
            .checked_add(count)
            .is_some_and(|end| end <= self.group_blocks);
        let first = group
            .checked_mul(self.group_blocks)
            .and_then(|first| first.checked_add(block));
        match first {
            Some(first) if is_inside && first.saturating_add(count) <= self.blocks => {
                Ok(first * self.block)
            }
            _ => Err(Error::corrupt(format!(
                "{count} blocks at block {block} of group {group}; there are {} groups of {} blocks, {} in all",
                self.groups, self.group_blocks, self.blocks
            ))),
        }
    }
}
