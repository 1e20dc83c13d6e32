//! What is on a disk: read without mounting, without root, and without trust.
//!
//! Every format implements one port, [`FileSystem`]: numbered nodes, their names and their content. Paths, links and limits are
//! the same for all of them ([`Tree`]). A file is a [`sparse::BlockRead`] again, so that what is in a file (a squashfs, an
//! image) is opened like what is on a disk.
//!
//! ```text
//! BlockRead (a volume) ─ open ─► FileSystem: ext ─► Tree: /boot/vmlinuz ─► BlockRead (a file)
//!          ▲                                                              │
//!          └──────────────────── a file system in a file ─────────────────┘
//! ```
//!
//! All bytes are taken for hostile. Nothing is written, and a file system that was not unmounted is read as its journal says,
//! in memory.

mod blocks;
mod ext;
mod iso9660;
mod lvm;
mod mapped;
mod md;
mod name;
mod partition;
mod piece;
mod port;
mod tree;

pub use ext::Ext;
pub use iso9660::Iso9660;
pub use lvm::{LogicalVolume, PhysicalVolume, VolumeGroup, VolumeGroups};
pub use md::MdMember;
pub use partition::{Partition, PartitionTable, PartitionType, TableKind};
pub use port::{About, DirEntry, FileSystem, Kind, Metadata, Node};
pub use tree::Tree;
