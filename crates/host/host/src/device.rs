//! Numbers of devices.

use std::fmt;
use std::fs::Metadata;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

/// A block device's number, the same whatever path leads to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Number {
    /// The driver's.
    pub major: u32,
    /// The device's among the driver's.
    pub minor: u32,
}

impl Number {
    /// The number of the block device that `metadata` is about, if it is one.
    pub fn of(metadata: &Metadata) -> Option<Self> {
        let is_block = metadata.file_type().is_block_device();
        is_block.then(|| Self::from_raw(metadata.rdev()))
    }

    /// Takes the kernel's `dev_t` apart.
    pub(crate) fn from_raw(device: u64) -> Self {
        Number {
            major: rustix::fs::major(device),
            minor: rustix::fs::minor(device),
        }
    }

    /// Reads `MAJOR:MINOR`, both in this radix.
    pub(crate) fn parse(text: &str, radix: u32) -> Option<Self> {
        let (major, minor) = text.split_once(':')?;
        Some(Number {
            major: u32::from_str_radix(major, radix).ok()?,
            minor: u32::from_str_radix(minor, radix).ok()?,
        })
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.major, self.minor)
    }
}
