//! Items: inodes and the names of directories (`struct btrfs_inode_item`, `btrfs_dir_item`).

use std::ops::ControlFlow;

use error::{Error, Result};
use sparse::fields::{byte, le16, le32, le64};

use super::key::{KEY, Key};
use crate::port;

/// Types of items (`BTRFS_*_KEY`).
pub(super) mod kind {
    pub const INODE: u8 = 1;
    pub const DIR_ITEM: u8 = 84;
    pub const DIR_INDEX: u8 = 96;
    pub const EXTENT: u8 = 108;
    pub const ROOT: u8 = 132;
    pub const ROOT_REF: u8 = 156;
    pub const CHUNK: u8 = 228;
}

/// Bytes of a name's entry before the name.
const ENTRY: usize = 30;

/// The type of an entry that is an extended attribute.
const ATTRIBUTE: u8 = 8;

/// What is called with each name, with what it names and whether that is an attribute.
type Visit<'a> = dyn FnMut(&[u8], Key, bool) -> Result<ControlFlow<()>> + 'a;

/// What is known of an inode.
pub(super) fn inode(item: &[u8]) -> Result<port::Metadata> {
    if item.len() < 160 {
        let text = format!("an inode of {} bytes", item.len());
        return Err(Error::corrupt(text));
    }
    let kind = match le32(item, 52) >> 12 {
        0x8 => port::Kind::File,
        0x4 => port::Kind::Directory,
        0xA => port::Kind::Link,
        _ => port::Kind::Special,
    };
    let size = le64(item, 16);
    Ok(port::Metadata { kind, size })
}

/// Visits the names in an item: one, or all that have the same hash.
///
/// # Errors
/// [`error::Kind::Corrupt`] where they are longer than the item, and those of `visit`.
pub(super) fn names(mut item: &[u8], visit: &mut Visit<'_>) -> Result<ControlFlow<()>> {
    while !item.is_empty() {
        let data = usize::from(le16(item, KEY + 8));
        let len = usize::from(le16(item, KEY + 10));
        let name = item.get(ENTRY..ENTRY + len);
        let (Some(name), Some(rest)) = (name, item.get(ENTRY + len + data..)) else {
            return Err(Error::corrupt(format!(
                "a name of {len} bytes in {}",
                item.len()
            )));
        };
        let is_attribute = byte(item, KEY + 12) == ATTRIBUTE;
        if visit(name, Key::parse(item), is_attribute)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        item = rest;
    }
    Ok(ControlFlow::Continue(()))
}
