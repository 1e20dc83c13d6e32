//! Block devices: what they are and who uses them.

mod device;
pub(crate) mod usage;

pub(crate) use device::{Number, logical_block, number, size};
