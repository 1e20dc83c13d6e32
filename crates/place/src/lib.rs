//! Adapters: where disks come from and go to.

pub mod source;
pub mod target;
