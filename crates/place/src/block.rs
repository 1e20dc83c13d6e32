//! Block devices: what they are and who uses them.

mod device;
pub(crate) mod usage;

pub(crate) use device::{Number, discard_granularity, logical_block, number, size};
