//! XFS, versions 4 and 5, as the kernel's fs/xfs/libxfs/xfs_format.h and "XFS Algorithms & Data Structures" describe them.
//!
//! ```text
//! superblock ─► inode (its number is its place) ─► fork: inside the inode · extents · B+tree ─► directory, file, link
//! ```
//!
//! Metadata of version 5 whose checksum is wrong is corrupt; a damaged superblock is replaced by one of its copies. The log is
//! not replayed: where the file system was not unmounted, a note says so.

mod directory;
mod fork;
mod geometry;
mod inode;
mod link;
mod log;
mod superblock;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;
use sparse::crc32c;
use sparse::fields::{be64, le32};

use crate::blocks::Blocks;
use crate::port::{About, DirEntry, FileSystem, Kind, Metadata, Node};
use geometry::Geometry;
use inode::{Format, Inode};
use superblock::Superblock;

/// An XFS file system.
pub struct Xfs {
    about: About,
    geometry: Geometry,
    blocks: Blocks,
}

impl Xfs {
    /// Reads the superblock of `volume`; `None` where there is none.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when it contradicts itself, [`error::Kind::Unsupported`] for features that are not known,
    /// [`error::Kind::Io`].
    pub fn open(volume: Arc<dyn BlockRead>) -> Result<Option<Self>> {
        let blocks = Blocks::new(volume);
        let Some(superblock) = Superblock::read(blocks.source().as_ref())? else {
            return Ok(None);
        };
        superblock.check_features()?;
        let geometry = superblock.geometry()?;
        let mut about = superblock.about();
        match log::is_dirty(&blocks, &geometry) {
            Ok(true) => {
                let note = "not unmounted; its log was not replayed";
                about.notes.push(note.into());
            }
            Ok(false) => {}
            // The rest may be readable where the volume ends before its log.
            Err(error) if error.kind() == error::Kind::Corrupt => {}
            Err(error) => return Err(error),
        }
        Ok(Some(Xfs {
            about,
            geometry,
            blocks,
        }))
    }

    fn inode(&self, number: u64) -> Result<Inode> {
        let place = self.geometry.inode_place(number)?;
        let bytes = self.blocks.bytes(place, self.geometry.inode as usize)?;
        Inode::parse(number, bytes, self.geometry.has_sums)
    }

    fn content(&self, inode: &Inode, name: &str) -> Result<Arc<dyn BlockRead>> {
        if inode.kind() == Kind::Link {
            let target = link::target(inode, &self.blocks, &self.geometry)?;
            return Ok(Arc::new(target));
        }
        inode.check_place()?;
        let map = fork::map(inode, &self.blocks, &self.geometry)?;
        let source = Arc::clone(self.blocks.source());
        Ok(Arc::new(map.over(source, name, inode.size())?))
    }
}

impl FileSystem for Xfs {
    fn about(&self) -> &About {
        &self.about
    }

    fn root(&self) -> Node {
        node(self.geometry.root)
    }

    fn metadata(&self, node: Node) -> Result<Metadata> {
        let inode = self.inode(node.number)?;
        Ok(Metadata {
            kind: inode.kind(),
            size: inode.size(),
        })
    }

    fn open(&self, node: Node, name: &str) -> Result<Arc<dyn BlockRead>> {
        let inode = self.inode(node.number)?;
        self.content(&inode, name)
            .map_err(|error| error.at(format!("inode {}", node.number)))
    }

    fn entries(
        &self,
        node: Node,
        visit: &mut dyn FnMut(DirEntry) -> ControlFlow<()>,
    ) -> Result<()> {
        let inode = self.inode(node.number)?;
        let seen = match (inode.kind(), inode.format()) {
            (Kind::Directory, Format::Local) => inode
                .local()
                .and_then(|bytes| directory::short(bytes, self.geometry.has_types, visit)),
            (Kind::Directory, _) => directory::entries(&inode, &self.blocks, &self.geometry, visit),
            _ => Err(Error::corrupt("it is not a directory")),
        };
        match seen {
            Ok(_) => Ok(()),
            Err(error) => Err(error.at(format!("directory inode {}", node.number))),
        }
    }

    fn ignores_case(&self, _: Node) -> Result<bool> {
        Ok(self.geometry.ignores_case)
    }
}

fn node(number: u64) -> Node {
    Node { tree: 0, number }
}

/// The checksum of metadata whose own checksum is at byte `at`: CRC-32C, those four bytes taken for zeros.
fn checksum(bytes: &[u8], at: usize) -> u32 {
    let (before, rest) = bytes.split_at(at.min(bytes.len()));
    let after = rest.get(4..).unwrap_or_default();
    let sum = crc32c::update(crc32c::START, before);
    let sum = crc32c::update(sum, &[0; 4]);
    crc32c::finish(crc32c::update(sum, after))
}

/// Compares the checksum at byte `at`, which is stored with its low byte first unlike everything else.
fn check_sum(bytes: &[u8], at: usize) -> Result<()> {
    let (expected, sum) = (le32(bytes, at), checksum(bytes, at));
    if sum != expected {
        return Err(Error::corrupt(format!(
            "its checksum is 0x{expected:08x}, that of its bytes 0x{sum:08x}"
        )));
    }
    Ok(())
}

/// Checks a block of metadata (version 5) that was read at byte `place`: its checksum at byte `sum`, and at byte `number`
/// where it was written, in sectors of 512 bytes.
fn check_block(bytes: &[u8], place: u64, sum: usize, number: usize) -> Result<()> {
    check_sum(bytes, sum)?;
    let written = be64(bytes, number);
    if written != place / 512 {
        return Err(Error::corrupt(format!(
            "its header has the number of sector {written}"
        )));
    }
    Ok(())
}
