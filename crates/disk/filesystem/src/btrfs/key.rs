//! What items are sorted by (`struct btrfs_disk_key`).

use sparse::fields::{byte, le64};

/// Bytes of a key.
pub(super) const KEY: usize = 17;

/// An item's key: what it belongs to, its type (`BTRFS_*_KEY`), and a number whose meaning the type decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) object: u64,
    pub(super) kind: u8,
    pub(super) offset: u64,
}

impl Key {
    /// The key that `bytes` begins with.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        Key {
            object: le64(bytes, 0),
            kind: byte(bytes, 8),
            offset: le64(bytes, 9),
        }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "({} {} {})", self.object, self.kind, self.offset)
    }
}
