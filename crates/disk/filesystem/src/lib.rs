//! What is on a disk: read without mounting, without root, and without trust.
//!
//! Every format implements one port, [`FileSystem`]: numbered nodes, their names and their content. Paths, links and limits are
//! the same for all of them ([`Tree`]). A file is a [`sparse::BlockRead`] again, so that what is in a file (a squashfs, an
//! image) is opened like what is on a disk. So are a partition, a logical volume and a member of an md array.
//!
//! ```text
//! disk ─ PartitionTable ─► partition ─ MdMember, VolumeGroups ─► volume ─ open ─► FileSystem ─ Tree ─► file
//!                                                                   ▲                                   │
//!                                                                   └───── a file system in a file ─────┘
//! ```
//!
//! All bytes are taken for hostile. Nothing is written, and a file system that was not unmounted is read as its journal says,
//! in memory, where it is ext4's; what is done with others stands in their notes.

mod blocks;
mod btrfs;
#[cfg(test)]
mod damage;
mod ext;
mod fat;
mod iso9660;
mod lvm;
mod mapped;
mod md;
mod name;
mod open;
mod packed;
mod partition;
mod piece;
mod port;
mod recent;
#[cfg(test)]
mod sample;
mod squashfs;
mod tree;
mod unit;
mod xfs;

pub use btrfs::Btrfs;
pub use ext::Ext;
pub use fat::Fat;
pub use iso9660::Iso9660;
pub use lvm::{LogicalVolume, PhysicalVolume, VolumeGroup, VolumeGroups};
pub use md::MdMember;
pub use open::open;
pub use partition::{Partition, PartitionTable, PartitionType, TableKind};
pub use port::{About, DirEntry, FileSystem, Kind, Metadata, Node};
pub use squashfs::Squashfs;
pub use tree::Tree;
pub use xfs::Xfs;
