//! A file's content: its blocks, one behind the other, and its end in a fragment.

use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use super::inode::File;
use super::metadata::Cursor;
use super::{Geometry, Squashfs};
use crate::mapped::Map;
use crate::packed::{Packed, Unit};

/// Set in a block's size where it is stored as it is.
const IS_PLAIN: u32 = 1 << 24;

/// The content of `file`, the sizes of whose blocks `list` reads.
pub(super) fn open(
    system: &Squashfs,
    file: &File,
    list: &mut Cursor<'_>,
    name: &str,
) -> Result<Arc<dyn BlockRead>> {
    let mut content = Content {
        geometry: &system.geometry,
        packed: Packed::new(&system.units),
        map: Map::default(),
    };
    let mut at = file.start;
    let mut left = file.size;
    for size in file.blocks(list, system.geometry.block)? {
        let len = left.min(system.geometry.block.into()) as u32;
        at = content.block(at, size, len)?;
        left -= u64::from(len);
    }
    if let Some((number, byte)) = file.fragment
        && left > 0
    {
        let fragment = system.tables.fragment(&system.geometry, number)?;
        content.tail(fragment.at, fragment.size, byte, left as u32)?;
    }
    let Content { packed, map, .. } = content;
    Ok(Arc::new(map.over(Arc::new(packed), name, file.size)?))
}

struct Content<'a> {
    geometry: &'a Geometry,
    packed: Packed,
    map: Map,
}

impl Content<'_> {
    /// Adds the block of `len` bytes that is at byte `at` and has the `size` of its list. Returns where it ends.
    fn block(&mut self, at: u64, size: u32, len: u32) -> Result<u64> {
        if size == 0 {
            self.map.push(len.into(), None)?;
            return Ok(at);
        }
        let stored = size & !IS_PLAIN;
        let end = self.end(at, stored)?;
        let from = if size & IS_PLAIN != 0 {
            if stored != len {
                let text = format!("a block of {len} bytes at byte {at} is stored in {stored}");
                return Err(Error::corrupt(text));
            }
            at
        } else {
            self.unit(at, stored, len)?
        };
        self.map.push(len.into(), Some(from))?;
        Ok(end)
    }

    /// Adds `len` bytes from `byte` on of the fragment at byte `at`.
    fn tail(&mut self, at: u64, size: u32, byte: u32, len: u32) -> Result<()> {
        let stored = size & !IS_PLAIN;
        self.end(at, stored)?;
        let (from, most) = if size & IS_PLAIN != 0 {
            (at, stored)
        } else {
            let most = self.geometry.block;
            (self.unit(at, stored, most)?, most)
        };
        let end = byte.checked_add(len);
        if end.is_none_or(|end| end > most) {
            return Err(Error::corrupt(format!(
                "{len} bytes at byte {byte} of a fragment of {most} at byte {at}"
            )));
        }
        self.map.push(len.into(), Some(from + u64::from(byte)))
    }

    fn unit(&mut self, at: u64, stored: u32, len: u32) -> Result<u64> {
        self.packed.add(Unit {
            at,
            stored,
            len,
            coding: self.geometry.coding,
        })
    }

    /// The byte behind `stored` bytes at byte `at`, which must be inside.
    fn end(&self, at: u64, stored: u32) -> Result<u64> {
        let end = at.checked_add(stored.into());
        let used = self.geometry.used;
        let end = end.filter(|end| *end <= used && stored <= self.geometry.block);
        end.ok_or_else(|| {
            Error::corrupt(format!(
                "a block of {stored} bytes at byte {at}; the most is {}, and the file system ends at byte {used}",
                self.geometry.block
            ))
        })
    }
}
