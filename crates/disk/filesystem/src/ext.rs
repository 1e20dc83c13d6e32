//! ext2, ext3 and ext4, as the kernel's fs/ext4 and its documentation (filesystems/ext4) describe them.
//!
//! Metadata whose checksum is wrong is corrupt. A journal that was not finished is replayed in memory ([`journal`]).

mod directory;
mod groups;
mod inode;
mod journal;
mod map;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;
use sparse::fields::{field, le16, le32};

use crate::blocks::Blocks;
use crate::mapped::Map;
use crate::port::{About, DirEntry, FileSystem, Kind, Metadata, Node};
use groups::Groups;
use inode::Inode;

/// Where the superblock is, and its bytes.
const SUPERBLOCK: (u64, usize) = (1024, 1024);

/// The root directory's inode.
const ROOT: u64 = 2;

/// Features without which the rest cannot be read (`EXT4_FEATURE_INCOMPAT_*`).
pub(crate) mod incompat {
    pub const RECOVER: u32 = 0x4;
    pub const META_BG: u32 = 0x10;
    pub const EXTENTS: u32 = 0x40;
    pub const BITS_64: u32 = 0x80;
    pub const CSUM_SEED: u32 = 0x2000;
    /// Those above, and file types in directories (0x2), multiple mount protection, flexible groups, values in inodes,
    /// data in directories, large directories, inline data, encryption and case folding.
    pub const READ: u32 = 0x2
        | 0x4
        | 0x10
        | 0x40
        | 0x80
        | 0x100
        | 0x200
        | 0x400
        | 0x1000
        | 0x2000
        | 0x4000
        | 0x8000
        | 0x1_0000
        | 0x2_0000;
    /// A journal, not a file system.
    pub const JOURNAL_DEVICE: u32 = 0x8;
}

/// `EXT4_FEATURE_RO_COMPAT_*` that change what is read.
mod compatible {
    pub const SPARSE_SUPER: u32 = 0x1;
    pub const METADATA_CSUM: u32 = 0x400;
    /// In the other word, `EXT4_FEATURE_COMPAT_SPARSE_SUPER2`.
    pub const SPARSE_SUPER2: u32 = 0x200;
    pub const HAS_JOURNAL: u32 = 0x4;
}

/// What the superblock says of the whole.
#[derive(Clone, Debug)]
struct Geometry {
    /// Bytes of a block.
    block: u64,
    blocks: u64,
    inodes: u64,
    inodes_per_group: u64,
    /// Bytes of an inode.
    inode: u64,
    /// The checksum that all others start with, where metadata has any.
    seed: Option<u32>,
    has_extents: bool,
}

/// An ext2, ext3 or ext4 file system.
pub struct Ext {
    about: About,
    geometry: Geometry,
    blocks: Blocks,
    groups: Groups,
}

impl Ext {
    /// Reads the superblock of `volume`; `None` where there is none.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when it contradicts itself, [`error::Kind::Unsupported`] for features that are not known,
    /// [`error::Kind::Io`].
    pub fn open(volume: Arc<dyn BlockRead>) -> Result<Option<Self>> {
        let mut superblock = [0; SUPERBLOCK.1];
        let n = volume.read_at(SUPERBLOCK.0, &mut superblock)?;
        if n < superblock.len() || le16(&superblock, 0x38) != 0xEF53 {
            return Ok(None);
        }
        let features = le32(&superblock, 0x60);
        check_features(features)?;
        let geometry = geometry(&superblock)?;
        let groups = Groups::new(&superblock, &geometry)?;
        let mut ext = Ext {
            about: about(&superblock),
            blocks: Blocks::new(volume),
            geometry,
            groups,
        };
        if features & incompat::RECOVER != 0 {
            ext.recover(&superblock)?;
        }
        Ok(Some(ext))
    }

    /// Puts the journal's blocks in front of the volume.
    fn recover(&mut self, superblock: &[u8]) -> Result<()> {
        let number = u64::from(le32(superblock, 0xE0));
        if number == 0 {
            let note = "not unmounted; its journal is on another device and was not replayed";
            self.about.notes.push(note.into());
            return Ok(());
        }
        let inode = self.inode(number)?;
        let journal = self.content(&inode, "the journal")?;
        let block = self.geometry.block;
        match journal::replayed(journal.as_ref(), Arc::clone(self.blocks.source()), block)? {
            None => {}
            Some((volume, count)) => {
                self.blocks = Blocks::new(Arc::new(volume));
                let note =
                    format!("not unmounted; {count} blocks of its journal were replayed in memory");
                self.about.notes.push(note);
            }
        }
        Ok(())
    }

    fn inode(&self, number: u64) -> Result<Inode> {
        if number == 0 || number > self.geometry.inodes {
            return Err(Error::corrupt(format!(
                "inode {number} does not exist; there are {}",
                self.geometry.inodes
            )));
        }
        let place = self.groups.inode(&self.blocks, &self.geometry, number)?;
        let bytes = self.blocks.bytes(place, self.geometry.inode as usize)?;
        Inode::parse(number, bytes, self.geometry.seed)
    }

    /// What a file or a link holds.
    fn content(&self, inode: &Inode, name: &str) -> Result<Arc<dyn BlockRead>> {
        if let Some(bytes) = inode.inline()? {
            return Ok(Arc::new(bytes));
        }
        let map = self.map(inode)?;
        let source = Arc::clone(self.blocks.source());
        Ok(Arc::new(map.over(source, name, inode.size())?))
    }

    fn map(&self, inode: &Inode) -> Result<Map> {
        map::of(inode, &self.blocks, &self.geometry)
            .map_err(|error| error.at(format!("inode {}", inode.number)))
    }
}

impl FileSystem for Ext {
    fn about(&self) -> &About {
        &self.about
    }

    fn root(&self) -> Node {
        node(ROOT)
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
        inode.check_plain()?;
        self.content(&inode, name)
    }

    fn entries(
        &self,
        node: Node,
        visit: &mut dyn FnMut(DirEntry) -> ControlFlow<()>,
    ) -> Result<()> {
        let inode = self.inode(node.number)?;
        if inode.kind() != Kind::Directory {
            let text = format!("inode {} is not a directory", node.number);
            return Err(Error::corrupt(text));
        }
        inode.check_plain()?;
        if let Some(parts) = inode.inline_directory()? {
            for part in parts {
                if directory::block(&part, visit)?.is_break() {
                    break;
                }
            }
            return Ok(());
        }
        let content = self.content(&inode, "a directory")?;
        directory::entries(content.as_ref(), self.geometry.block, visit)
            .map_err(|error| error.at(format!("directory inode {}", node.number)))
    }

    fn ignores_case(&self, node: Node) -> Result<bool> {
        Ok(self.inode(node.number)?.folds_case())
    }
}

fn node(number: u64) -> Node {
    Node { tree: 0, number }
}

fn check_features(features: u32) -> Result<()> {
    if features & incompat::JOURNAL_DEVICE != 0 {
        let text = "an external journal of ext3 or ext4, without files";
        return Err(Error::unsupported(text));
    }
    let unknown = features & !incompat::READ;
    if unknown != 0 {
        let text = format!("ext4 features that are not known (incompatible 0x{unknown:x})");
        return Err(Error::unsupported(text));
    }
    Ok(())
}

fn geometry(superblock: &[u8]) -> Result<Geometry> {
    let log = le32(superblock, 0x18);
    if log > 6 {
        let text = format!(
            "blocks of 2^{} bytes; the most is 64 KiB",
            u64::from(log) + 10
        );
        return Err(Error::corrupt(text));
    }
    let features = le32(superblock, 0x60);
    let high = if features & incompat::BITS_64 != 0 {
        u64::from(le32(superblock, 0x150))
    } else {
        0
    };
    // Revision 0 has inodes of one size.
    let inode = match le32(superblock, 0x4C) {
        0 => 128,
        _ => u64::from(le16(superblock, 0x58)),
    };
    let block = 1024 << log;
    if !inode.is_power_of_two() || !(128..=block).contains(&inode) {
        return Err(Error::corrupt(format!("inodes of {inode} bytes")));
    }
    let has_sums = le32(superblock, 0x64) & compatible::METADATA_CSUM != 0;
    let seed = if features & incompat::CSUM_SEED != 0 {
        le32(superblock, 0x270)
    } else {
        sparse::crc32c::update(sparse::crc32c::START, &superblock[0x68..0x78])
    };
    Ok(Geometry {
        block,
        blocks: high << 32 | u64::from(le32(superblock, 4)),
        inodes: le32(superblock, 0).into(),
        inodes_per_group: le32(superblock, 0x28).into(),
        inode,
        seed: has_sums.then_some(seed),
        has_extents: features & incompat::EXTENTS != 0,
    })
}

fn about(superblock: &[u8]) -> About {
    let features = le32(superblock, 0x60);
    let kind = if features & !0x1F != 0 || le32(superblock, 0x64) & !0x7 != 0 {
        "ext4"
    } else if le32(superblock, 0x5C) & compatible::HAS_JOURNAL != 0 {
        "ext3"
    } else {
        "ext2"
    };
    let uuid: [u8; 16] = field(superblock, 0x68);
    About {
        kind,
        label: crate::name::text(&superblock[0x78..0x88]),
        uuid: crate::name::uuid(&uuid),
        notes: Vec::new(),
    }
}

/// The kind of file that the upper bits of a Unix mode say.
fn kind(mode: u16) -> Kind {
    match mode >> 12 {
        0x8 => Kind::File,
        0x4 => Kind::Directory,
        0xA => Kind::Link,
        _ => Kind::Special,
    }
}

/// Whether group `group` has a copy of the superblock.
fn has_superblock(superblock: &[u8], group: u64) -> bool {
    if group == 0 {
        return true;
    }
    if le32(superblock, 0x5C) & compatible::SPARSE_SUPER2 != 0 {
        let copies = [le32(superblock, 0x24C), le32(superblock, 0x250)];
        return copies.map(u64::from).contains(&group);
    }
    if le32(superblock, 0x64) & compatible::SPARSE_SUPER == 0 || group == 1 {
        return true;
    }
    [3, 5, 7].into_iter().any(|base: u64| {
        let mut power = base;
        while power < group {
            power *= base;
        }
        power == group
    })
}

/// The bytes of a group descriptor.
fn descriptor_size(superblock: &[u8]) -> Result<u64> {
    if le32(superblock, 0x60) & incompat::BITS_64 == 0 {
        return Ok(32);
    }
    let size = u64::from(le16(superblock, 0xFE));
    if !size.is_power_of_two() || !(64..=1024).contains(&size) {
        return Err(Error::corrupt(format!("group descriptors of {size} bytes")));
    }
    Ok(size)
}
