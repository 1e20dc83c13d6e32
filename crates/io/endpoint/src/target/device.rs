//! A block device, overwritten in place.
//!
//! A device has no second name to be renamed from, so its first [`HEAD`] bytes, where the partition
//! table or the superblock is, decide whether it looks complete: they are zeroed before anything
//! else is written, held back in memory, and written last, when all the rest is on the medium. Cut
//! off at any point, the device shows nothing at its head.
//!
//! What lies beyond the disk stays as it is, but for the last [`TAIL`] bytes of the device: a backup
//! partition table or a RAID superblock of an earlier life there would be found before the disk. A
//! thin volume is the exception: it is emptied whole, so that holes take no space of its pool.

mod candidate;
mod claim;
mod writer;

pub(super) use candidate::{DeviceCandidate, check};
pub(super) use claim::Claim;
pub(super) use writer::{Device, Zeros};

/// Bytes at the start that are written last.
pub(crate) const HEAD: u64 = 1 << 20;

/// Bytes at the end that are cleared if the disk does not reach them: room for a backup GPT and for
/// the superblocks of md 0.90 and 1.0, DDF and ZFS.
pub(crate) const TAIL: u64 = 1 << 20;
