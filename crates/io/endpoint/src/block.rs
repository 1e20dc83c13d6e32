//! Block devices: what they are and who uses them.

mod device;
mod ground;
pub(crate) mod usage;

pub(crate) use device::{Number, logical_block, number, size};
pub(crate) use ground::{Ground, ground, share};
