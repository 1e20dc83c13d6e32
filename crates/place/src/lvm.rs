//! Logical volumes, through LVM's own commands.

mod command;
mod volume;

pub(crate) use command::{Group, Logical, Lvm};
pub use volume::Volume;
