//! btrfs, as the kernel's fs/btrfs (`btrfs_tree.h`) and its documentation (btrfs.readthedocs.io, "On-disk Format") describe it.
//!
//! One device is read. Of what is spread over several, that is what this one has a copy of.
//!
//! ```text
//! superblock ─► chunk tree: logical bytes ─► bytes of the device
//!           └─► root tree: subvolumes ─► tree of a subvolume: inodes, names, extents
//! ```
//!
//! A node of metadata whose checksum is wrong, or that is another one than expected, is read from its other copy, and is
//! corrupt where that is not right either. Checksums of data are not looked at.

mod checksum;
mod chunk;
mod file;
mod item;
mod key;
mod logical;
mod node;
mod subvolume;
mod superblock;
#[cfg(test)]
mod tests;
mod tree;

use std::ops::ControlFlow;
use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use crate::blocks::Blocks;
use crate::name;
use crate::packed::{Short, Units};
use crate::port::{About, DirEntry, FileSystem, Kind, Metadata, Node};
use checksum::Checksum;
use chunk::Chunks;
use item::kind;
use key::Key;
use logical::Logical;
use node::{Nodes, Root};
use superblock::Superblock;

/// The object of the chunk tree that chunks belong to.
const CHUNKS: u64 = 256;

/// A btrfs file system, as far as it is on one device.
pub struct Btrfs {
    about: About,
    nodes: Nodes,
    units: Arc<Units>,
    /// The tree that says where subvolumes are.
    roots: Root,
    mounted: u64,
    /// Bytes of a sector.
    sector: u32,
}

impl Btrfs {
    /// Reads the superblock of `volume` and where its chunks are; `None` where there is no superblock.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when they contradict themselves, [`error::Kind::Unsupported`] for features that are not known
    /// and where the chunks are on another device, [`error::Kind::Io`].
    pub fn open(volume: Arc<dyn BlockRead>) -> Result<Option<Self>> {
        let Some((superblock, place)) = Superblock::read(volume.as_ref())? else {
            return Ok(None);
        };
        let blocks = Arc::new(Blocks::new(Arc::clone(&volume)));
        let logical = logical(&superblock, &blocks)?;
        let mut system = Btrfs {
            about: about(&superblock, place),
            nodes: nodes(&superblock, &blocks, &logical),
            units: Arc::new(Units::new(logical, Short::Zeros)),
            roots: superblock.root_tree(),
            mounted: subvolume::TOP,
            sector: superblock.sector,
        };
        system.find_default(superblock.default_directory())?;
        Ok(Some(system))
    }

    fn find_default(&mut self, directory: u64) -> Result<()> {
        let number = subvolume::default(&self.nodes, self.roots, directory)?;
        if self.subvolume(number)?.is_some() {
            self.mounted = number;
        } else {
            let note = format!("its default subvolume {number} does not exist");
            self.about.notes.push(note);
        }
        Ok(())
    }

    fn subvolume(&self, number: u64) -> Result<Option<Root>> {
        subvolume::root(&self.nodes, self.roots, number)
    }

    /// The tree that `node` is in.
    fn tree(&self, node: Node) -> Result<Root> {
        self.subvolume(node.tree)?.ok_or_else(|| {
            let text = format!("subvolume {} does not exist", node.tree);
            Error::corrupt(text)
        })
    }

    fn inode(&self, root: Root, node: Node) -> Result<Metadata> {
        let key = Key {
            object: node.number,
            kind: kind::INODE,
            offset: 0,
        };
        let item = tree::item(&self.nodes, root, key)?;
        item::inode(&item.ok_or_else(|| Error::corrupt("it does not exist"))?)
    }

    /// Visits the names that the items of `kind` in the directory `node` have; returns whether there are any.
    fn names(
        &self,
        root: Root,
        node: Node,
        kind: u8,
        visit: &mut dyn FnMut(DirEntry) -> ControlFlow<()>,
    ) -> Result<bool> {
        let mut are_any = false;
        tree::items(&self.nodes, root, node.number, kind, &mut |_, item| {
            item::names(item, &mut |name, to, is_attribute| {
                are_any = true;
                match self.named(node, name, to)? {
                    Some(entry) if !is_attribute => Ok(visit(entry)),
                    _ => Ok(ControlFlow::Continue(())),
                }
            })
        })?;
        Ok(are_any)
    }

    /// What `name` in `directory` names: an inode or a subvolume.
    fn named(&self, directory: Node, name: &[u8], to: Key) -> Result<Option<DirEntry>> {
        name::check(name)?;
        let node = match to.kind {
            kind::INODE => Node {
                tree: directory.tree,
                number: to.object,
            },
            kind::ROOT => {
                subvolume::directory(&self.nodes, self.roots, directory, name, to.object)?
            }
            _ => return Ok(None),
        };
        let name = name.to_vec();
        Ok(Some(DirEntry { name, node }))
    }
}

impl FileSystem for Btrfs {
    fn about(&self) -> &About {
        &self.about
    }

    fn root(&self) -> Node {
        directory(subvolume::TOP)
    }

    fn mounted(&self) -> Node {
        directory(self.mounted)
    }

    fn metadata(&self, node: Node) -> Result<Metadata> {
        if node.number == subvolume::PLACE {
            let kind = Kind::Directory;
            return Ok(Metadata { kind, size: 0 });
        }
        let inode = self.inode(self.tree(node)?, node);
        inode.map_err(|error| error.at(place(node)))
    }

    fn open(&self, node: Node, name: &str) -> Result<Arc<dyn BlockRead>> {
        let root = self.tree(node)?;
        let opened = self.inode(root, node).and_then(|inode| {
            if matches!(inode.kind, Kind::File | Kind::Link) {
                file::open(self, root, node.number, inode.size, name)
            } else {
                Ok(Arc::new(Vec::new()) as Arc<_>)
            }
        });
        opened.map_err(|error| error.at(place(node)))
    }

    fn entries(
        &self,
        node: Node,
        visit: &mut dyn FnMut(DirEntry) -> ControlFlow<()>,
    ) -> Result<()> {
        if node.number == subvolume::PLACE {
            return Ok(());
        }
        let root = self.tree(node)?;
        // Both have all names. The order of the first is that in which they were made.
        let seen = match self.names(root, node, kind::DIR_INDEX, visit) {
            Ok(false) => self.names(root, node, kind::DIR_ITEM, visit),
            seen => seen,
        };
        seen.map(drop).map_err(|error| error.at(place(node)))
    }
}

/// The root directory of a subvolume.
fn directory(tree: u64) -> Node {
    Node {
        tree,
        number: subvolume::DIRECTORY,
    }
}

/// A node as a message shows it.
fn place(node: Node) -> String {
    format!("inode {} of subvolume {}", node.number, node.tree)
}

fn about(superblock: &Superblock, place: u64) -> About {
    let mut notes = Vec::new();
    if place != superblock::FIRST {
        notes.push(format!(
            "its superblock is damaged; the copy at byte {place} was read"
        ));
    }
    if superblock.has_log() {
        let note =
            "not unmounted; its log was not replayed, so that what was synced last may be missing";
        notes.push(note.into());
    }
    if superblock.devices() > 1 {
        notes.push(format!(
            "device {} of {}; what only the others have cannot be read",
            superblock.device(),
            superblock.devices()
        ));
    }
    if superblock.checksum == Checksum::Blake2 {
        notes.push("its checksums are BLAKE2b, which are not verified".into());
    }
    About {
        kind: "btrfs",
        label: superblock.label(),
        uuid: name::uuid(&superblock.uuid()),
        notes,
    }
}

/// The logical bytes of all chunks. The chunk tree is in those chunks that the superblock has.
fn logical(superblock: &Superblock, blocks: &Arc<Blocks>) -> Result<Arc<Logical>> {
    let volume = blocks.source();
    let mut chunks = Chunks::new(superblock.device(), superblock.has_stripe_tree());
    chunks.add_all(superblock.chunks())?;
    let first = Arc::new(Logical::new(Arc::clone(volume), chunks.clone()));
    let nodes = nodes(superblock, blocks, &first);
    let root = superblock.chunk_tree();
    tree::items(&nodes, root, CHUNKS, kind::CHUNK, &mut |key, item| {
        chunks.add(key.offset, item)?;
        Ok(ControlFlow::Continue(()))
    })
    .map_err(|error| error.at("chunk tree"))?;
    Ok(Arc::new(Logical::new(Arc::clone(volume), chunks)))
}

fn nodes(superblock: &Superblock, blocks: &Arc<Blocks>, logical: &Arc<Logical>) -> Nodes {
    Nodes::new(
        Arc::clone(blocks),
        Arc::clone(logical),
        superblock.node,
        superblock.metadata_uuid(),
        superblock.checksum,
    )
}
