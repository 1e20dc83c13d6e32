//! A block device's own facts.

use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use rustix::fs::SeekFrom;

/// A device's number, the same whatever path leads to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    /// The driver's.
    pub(crate) major: u32,
    /// The device's among the driver's.
    pub(crate) minor: u32,
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.major, self.minor)
    }
}

/// The number of the block device that `metadata` is about, if it is one.
pub(crate) fn number(metadata: &Metadata) -> Option<Number> {
    metadata.file_type().is_block_device().then(|| Number {
        major: rustix::fs::major(metadata.rdev()),
        minor: rustix::fs::minor(metadata.rdev()),
    })
}

/// The device's size in bytes. Moves the descriptor's position.
pub(crate) fn size(device: &File) -> io::Result<u64> {
    Ok(rustix::fs::seek(device, SeekFrom::End(0))?)
}

/// The smallest piece the device takes, in bytes: 512 or 4096 as a rule.
pub(crate) fn logical_block(device: &File) -> io::Result<u64> {
    Ok(rustix::fs::ioctl_blksszget(device)?.into())
}
