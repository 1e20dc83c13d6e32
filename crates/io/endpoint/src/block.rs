//! A block device's own facts, asked of the open device.

use std::fs::File;
use std::io;

use rustix::fs::SeekFrom;

/// The device's size in bytes. Moves the descriptor's position.
pub(crate) fn size(device: &File) -> io::Result<u64> {
    Ok(rustix::fs::seek(device, SeekFrom::End(0))?)
}

/// The smallest piece the device takes, in bytes: 512 or 4096 as a rule.
pub(crate) fn logical_block(device: &File) -> io::Result<u64> {
    Ok(rustix::fs::ioctl_blksszget(device)?.into())
}
