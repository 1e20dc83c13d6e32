//! Block devices: what they are, who uses them, what they hold.

mod device;
pub(crate) mod signature;
pub(crate) mod usage;

pub(crate) use device::{Number, logical_block, number, size};
