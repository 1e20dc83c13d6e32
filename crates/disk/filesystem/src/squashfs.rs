//! squashfs 4.0, as the kernel's fs/squashfs (`squashfs_fs.h`) and its documentation (filesystems/squashfs) describe it.
//!
//! A node's number is where its inode starts: the place of a metadata block in the inode table, and a byte in it. Nothing in
//! the format has a checksum.

mod directory;
mod file;
mod inode;
mod metadata;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;
use sparse::fields::{be16, holds, le16, le32, le64};

use crate::packed::{Packed, Short, Units};
use crate::port::{About, DirEntry, FileSystem, Metadata, Node};
use crate::unit::Coding;
use inode::Inode;
use metadata::{Cursor, Tables};

/// Bytes of the superblock.
const SUPERBLOCK: usize = 96;

/// Bytes of the largest block.
const LARGEST: u32 = 1 << 20;

/// What a table's place is where there is no such table.
const NONE: u64 = u64::MAX;

/// What the superblock says of the whole.
#[derive(Clone, Debug)]
struct Geometry {
    /// Bytes of a block.
    block: u32,
    coding: Coding,
    /// Where the root directory's inode is.
    root: u64,
    /// Bytes of all.
    used: u64,
    inode_table: u64,
    directory_table: u64,
    /// The places of the metadata blocks that say where fragments are, and how many fragments there are.
    fragment_table: u64,
    fragments: u32,
}

/// A squashfs file system.
pub struct Squashfs {
    about: About,
    geometry: Geometry,
    tables: Tables,
    units: Arc<Units>,
}

impl Squashfs {
    /// Reads the superblock of `volume`; `None` where there is none.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when it contradicts itself or the volume is too short, [`error::Kind::Unsupported`] for other
    /// versions and for lzma, [`error::Kind::Io`].
    pub fn open(volume: Arc<dyn BlockRead>) -> Result<Option<Self>> {
        let mut superblock = [0; SUPERBLOCK];
        let n = volume.read_at(0, &mut superblock)?;
        if n < superblock.len() || !check_version(&superblock)? {
            return Ok(None);
        }
        let geometry = geometry(&superblock)?;
        let size = volume.size().unwrap_or(Packed::FIRST);
        if geometry.used > size {
            return Err(Error::corrupt(format!(
                "squashfs of {} bytes in a volume of {size}",
                geometry.used
            )));
        }
        let about = About {
            kind: "squashfs",
            ..About::default()
        };
        Ok(Some(Squashfs {
            about,
            tables: Tables::new(Arc::clone(&volume), &geometry),
            units: Arc::new(Units::new(volume, Short::Corrupt)),
            geometry,
        }))
    }

    /// The inode `number`, and what reads the rest of it.
    fn inode(&self, number: u64) -> Result<(Inode, Cursor<'_>)> {
        Inode::read(&self.tables, &self.geometry, number)
            .map_err(|error| error.at(format!("inode at {}", place(number))))
    }

    fn content(&self, number: u64, name: &str) -> Result<Arc<dyn BlockRead>> {
        let (inode, mut rest) = self.inode(number)?;
        let content = match inode {
            Inode::File(file) => file::open(self, &file, &mut rest, name),
            Inode::Link(len) => {
                inode::target(len, &mut rest).map(|target| Arc::new(target) as Arc<_>)
            }
            Inode::Directory(_) | Inode::Special => Ok(Arc::new(Vec::new()) as Arc<_>),
        };
        content.map_err(|error| error.at(format!("inode at {}", place(number))))
    }
}

impl FileSystem for Squashfs {
    fn about(&self) -> &About {
        &self.about
    }

    fn root(&self) -> Node {
        node(self.geometry.root)
    }

    fn metadata(&self, node: Node) -> Result<Metadata> {
        let (inode, _) = self.inode(node.number)?;
        Ok(Metadata {
            kind: inode.kind(),
            size: inode.size(),
        })
    }

    fn open(&self, node: Node, name: &str) -> Result<Arc<dyn BlockRead>> {
        self.content(node.number, name)
    }

    fn entries(
        &self,
        node: Node,
        visit: &mut dyn FnMut(DirEntry) -> ControlFlow<()>,
    ) -> Result<()> {
        let place = place(node.number);
        let (Inode::Directory(listing), _) = self.inode(node.number)? else {
            let text = format!("inode at {place} is not a directory");
            return Err(Error::corrupt(text));
        };
        directory::entries(&self.tables, &self.geometry, &listing, visit)
            .map_err(|error| error.at(format!("directory inode at {place}")))
    }
}

fn node(number: u64) -> Node {
    Node { tree: 0, number }
}

/// A place in a table as a message shows it: the metadata block and the byte in it.
fn place(number: u64) -> String {
    format!("{}:{}", number >> 16, number & 0xFFFF)
}

/// Whether it is a version of squashfs that is read.
fn check_version(superblock: &[u8]) -> Result<bool> {
    let is_swapped = holds(superblock, 0, b"sqsh") || holds(superblock, 0, b"qshs");
    if !is_swapped && !holds(superblock, 0, b"hsqs") && !holds(superblock, 0, b"shsq") {
        return Ok(false);
    }
    let version = [28, 30].map(|at| {
        if is_swapped {
            be16(superblock, at)
        } else {
            le16(superblock, at)
        }
    });
    if is_swapped || holds(superblock, 0, b"shsq") || version != [4, 0] {
        let order = if is_swapped { ", big-endian" } else { "" };
        let [major, minor] = version;
        let text = format!("squashfs {major}.{minor}{order}; only 4.0 is read");
        return Err(Error::unsupported(text));
    }
    Ok(true)
}

fn coding(id: u16) -> Result<Coding> {
    match id {
        1 => Ok(Coding::Zlib),
        2 => Err(Error::unsupported("squashfs packed by lzma")),
        3 => Ok(Coding::Lzo),
        4 => Ok(Coding::Xz),
        5 => Ok(Coding::Lz4),
        6 => Ok(Coding::Zstd),
        _ => {
            let text = format!("squashfs packed in a way that is not known ({id})");
            Err(Error::unsupported(text))
        }
    }
}

fn geometry(superblock: &[u8]) -> Result<Geometry> {
    let block = le32(superblock, 12);
    let log = u32::from(le16(superblock, 22));
    if !(4096..=LARGEST).contains(&block) || 1_u32.checked_shl(log) != Some(block) {
        let text = format!("squashfs with blocks of {block} bytes, which is not 2^{log}");
        return Err(Error::corrupt(text));
    }
    let geometry = Geometry {
        block,
        coding: coding(le16(superblock, 20))?,
        root: le64(superblock, 32),
        used: le64(superblock, 40),
        inode_table: le64(superblock, 64),
        directory_table: le64(superblock, 72),
        fragment_table: le64(superblock, 80),
        fragments: le32(superblock, 16),
    };
    let start = SUPERBLOCK as u64;
    for (what, at) in [
        ("inode", geometry.inode_table),
        ("directory", geometry.directory_table),
        ("fragment", geometry.fragment_table),
    ] {
        let is_absent = what == "fragment" && (at == NONE || geometry.fragments == 0);
        if !is_absent && !(start..geometry.used).contains(&at) {
            return Err(Error::corrupt(format!(
                "the {what} table of a squashfs of {} bytes starts at byte {at}",
                geometry.used
            )));
        }
    }
    Ok(geometry)
}
