//! A digest of a disk's content, which costs no time for its holes.
//!
//! The disk is cut into blocks of [`BLOCK`] bytes (the last one may be shorter). A block of nothing
//! but zeros is only counted, by being left out; every other block is hashed with BLAKE3. The digest
//! is the BLAKE3 hash of
//!
//! 1. the 24 bytes `innkeeper-disk-digest-1` and a newline,
//! 2. for each block that is not zero, in ascending order: its number, counted from 0, as 8 bytes,
//!    little-endian, then its 32-byte hash,
//! 3. the disk's size in bytes as 8 bytes, little-endian.
//!
//! So the digest depends on the content alone: how holes are stored, found or skipped is invisible.

use std::fmt;

/// The block size in bytes.
pub const BLOCK: usize = 64 * 1024;

const DOMAIN: &[u8; 24] = b"innkeeper-disk-digest-1\n";

/// A disk's digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("idd1:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Collects the blocks of one disk in ascending order.
#[derive(Clone, Debug)]
pub struct DiskHasher {
    records: blake3::Hasher,
}

impl Default for DiskHasher {
    fn default() -> Self {
        let mut records = blake3::Hasher::new();
        records.update(DOMAIN);
        DiskHasher { records }
    }
}

impl DiskHasher {
    /// Takes block `number` if it is not zero. The caller must give ascending numbers, and `block` must be
    /// [`BLOCK`] bytes unless it is the disk's last.
    pub fn block(&mut self, number: u64, block: &[u8]) {
        if !crate::zero::is_zero(block) {
            self.hashed(number, &block_hash(block));
        }
    }

    /// Takes block `number`, known not to be zero, by its hash, which [`block_hash`] computed,
    /// perhaps on another thread. The caller must give ascending numbers.
    pub fn hashed(&mut self, number: u64, hash: &[u8; 32]) {
        self.records.update(&number.to_le_bytes());
        self.records.update(hash);
    }

    /// The digest of a disk of `size` bytes.
    pub fn finish(mut self, size: u64) -> Digest {
        self.records.update(&size.to_le_bytes());
        Digest(*self.records.finalize().as_bytes())
    }
}

/// The hash of one block.
pub fn block_hash(block: &[u8]) -> [u8; 32] {
    *blake3::hash(block).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition again, written down naively.
    fn by_definition(disk: &[u8]) -> Digest {
        let mut text = DOMAIN.to_vec();
        for (number, block) in disk.chunks(BLOCK).enumerate() {
            if block.iter().any(|&byte| byte != 0) {
                text.extend((number as u64).to_le_bytes());
                text.extend(blake3::hash(block).as_bytes());
            }
        }
        text.extend((disk.len() as u64).to_le_bytes());
        Digest(*blake3::hash(&text).as_bytes())
    }

    #[test]
    fn digest_follows_its_definition() {
        let mut disk = vec![0u8; 5 * BLOCK + 100];
        disk[3] = 1;
        disk[2 * BLOCK + 7] = 2;
        *disk.last_mut().unwrap() = 3;
        let mut hasher = DiskHasher::default();
        for (number, block) in disk.chunks(BLOCK).enumerate() {
            hasher.block(number as u64, block);
        }
        assert_eq!(hasher.finish(disk.len() as u64), by_definition(&disk));
    }

    #[test]
    fn size_and_position_matter() {
        let empty = |size| DiskHasher::default().finish(size);
        assert_ne!(empty(0), empty(BLOCK as u64));
        let at = |number| {
            let mut hasher = DiskHasher::default();
            hasher.block(number, &[1; BLOCK]);
            hasher.finish(4 * BLOCK as u64)
        };
        assert_ne!(at(0), at(1));
    }
}
