//! An inode: what it is and where its content is.

use error::{Error, Result};
use sparse::fields::{le16, le32, le64};

use super::Geometry;
use super::metadata::{Cursor, Tables};
use crate::port::Kind;

/// Most bytes of a link's target. The kernel reads one page.
const LONGEST_LINK: u32 = 1 << 16;

/// Most blocks of a file: 128 GiB where they have 128 KiB. Their list takes 4 MiB.
const MOST_BLOCKS: u64 = 1 << 20;

/// The number of a fragment where there is none.
const NO_FRAGMENT: u32 = u32::MAX;

/// An inode as it is on the disk, as far as it is needed.
pub(super) enum Inode {
    File(File),
    Directory(Listing),
    /// A link to a path of so many bytes.
    Link(u32),
    Special,
}

/// Where a file's content is.
pub(super) struct File {
    pub(super) size: u64,
    /// The byte of the volume where its first block starts. The others follow.
    pub(super) start: u64,
    /// The number of the fragment that its end is in, and the byte there.
    pub(super) fragment: Option<(u32, u32)>,
}

/// Where a directory's names are.
pub(super) struct Listing {
    /// The bytes of all of it.
    pub(super) size: u32,
    /// The place in the directory table: a metadata block and a byte in it.
    pub(super) place: u64,
}

impl Inode {
    /// Reads the inode `number`, up to a link's target or a file's list of blocks, which the cursor reads next.
    pub(super) fn read<'a>(
        tables: &'a Tables,
        geometry: &Geometry,
        number: u64,
    ) -> Result<(Self, Cursor<'a>)> {
        let mut cursor = tables.at(geometry.inode_table, number)?;
        let kind = le16(&cursor.bytes(16)?, 0);
        let inode = match kind {
            1 => {
                let rest = cursor.bytes(16)?;
                let size = u32::from(le16(&rest, 8));
                Inode::Directory(listing(size, le32(&rest, 0), le16(&rest, 10)))
            }
            8 => {
                let rest = cursor.bytes(24)?;
                Inode::Directory(listing(le32(&rest, 4), le32(&rest, 8), le16(&rest, 18)))
            }
            2 => Inode::File(file(&cursor.bytes(16)?)),
            9 => Inode::File(long_file(&cursor.bytes(40)?)),
            3 | 10 => Inode::Link(le32(&cursor.bytes(8)?, 4)),
            4..=7 | 11..=14 => Inode::Special,
            _ => return Err(Error::corrupt(format!("it has the type {kind}"))),
        };
        Ok((inode, cursor))
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Inode::File(_) => Kind::File,
            Inode::Directory(_) => Kind::Directory,
            Inode::Link(_) => Kind::Link,
            Inode::Special => Kind::Special,
        }
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Inode::File(file) => file.size,
            Inode::Directory(listing) => listing.size.into(),
            Inode::Link(len) => u64::from(*len),
            Inode::Special => 0,
        }
    }
}

impl File {
    /// The size of each block as it is stored, which `list` reads. What is left over is in a fragment.
    pub(super) fn blocks(&self, list: &mut Cursor<'_>, block: u32) -> Result<Vec<u32>> {
        let sizes = list.bytes(self.count(block)? * 4)?;
        Ok(sizes.chunks_exact(4).map(|size| le32(size, 0)).collect())
    }

    fn count(&self, block: u32) -> Result<usize> {
        let block = u64::from(block);
        let count = match self.fragment {
            Some(_) => self.size / block,
            None => self.size.div_ceil(block),
        };
        if count > MOST_BLOCKS {
            let text = format!("a file of {count} blocks; at most {MOST_BLOCKS} are read");
            return Err(Error::unsupported(text));
        }
        Ok(count as usize)
    }
}

/// The target of a link to a path of `len` bytes, which `target` reads.
pub(super) fn target(len: u32, target: &mut Cursor<'_>) -> Result<Vec<u8>> {
    if len > LONGEST_LINK {
        let text = format!("a link to a path of {len} bytes");
        return Err(Error::corrupt(text));
    }
    target.bytes(len as usize)
}

fn listing(size: u32, block: u32, byte: u16) -> Listing {
    Listing {
        size,
        place: u64::from(block) << 16 | u64::from(byte),
    }
}

/// `struct squashfs_reg_inode` behind its header.
fn file(bytes: &[u8]) -> File {
    File {
        start: le32(bytes, 0).into(),
        fragment: fragment(le32(bytes, 4), le32(bytes, 8)),
        size: le32(bytes, 12).into(),
    }
}

/// `struct squashfs_lreg_inode` behind its header.
fn long_file(bytes: &[u8]) -> File {
    File {
        start: le64(bytes, 0),
        size: le64(bytes, 8),
        fragment: fragment(le32(bytes, 28), le32(bytes, 32)),
    }
}

fn fragment(number: u32, byte: u32) -> Option<(u32, u32)> {
    (number != NO_FRAGMENT).then_some((number, byte))
}
