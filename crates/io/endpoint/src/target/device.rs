//! A block device, overwritten in place.
//!
//! Its first bytes are written last ([`crate::overwrite`]): cut off at any point, the device shows nothing at its
//! head.
//!
//! What is beyond the disk stays as it is, but for the last MiB of the device: a backup partition
//! table or a RAID superblock of an earlier life there would be found before the disk. A
//! thin volume is the exception: it is emptied whole, so that holes take no space of its pool.

mod candidate;
mod claim;
mod writer;

pub(super) use candidate::{DeviceCandidate, check};
pub(super) use claim::Claim;
pub(super) use writer::{Device, Zeros};
