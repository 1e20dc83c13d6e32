//! Logical volumes, through LVM's own commands.

mod command;
mod volume;

pub(crate) use command::{Chunks, Group, Logical, Lvm};
pub use volume::Volume;
