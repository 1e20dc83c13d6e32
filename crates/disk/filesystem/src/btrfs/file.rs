//! A file's content: extents by the byte of the file where they start (`struct btrfs_file_extent_item`).

use std::ops::ControlFlow;
use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;
use sparse::fields::{byte, le16, le64};

use super::item::kind;
use super::node::Root;
use super::{Btrfs, tree};
use crate::mapped::Map;
use crate::packed::{Packed, Unit};
use crate::unit::{Coding, Unpacker};

/// Most bytes that are packed together (`BTRFS_MAX_UNCOMPRESSED`).
const LARGEST: u64 = 128 << 10;

/// Bytes of an extent's item before inline data.
const INLINE: usize = 21;

/// Types of extents.
mod extent {
    pub const INLINE: u8 = 0;
    pub const REGULAR: u8 = 1;
    pub const PREALLOCATED: u8 = 2;
}

/// The first `size` bytes of what inode `number` of the tree at `root` holds, called `name` in messages.
pub(super) fn open(
    system: &Btrfs,
    root: Root,
    number: u64,
    size: u64,
    name: &str,
) -> Result<Arc<dyn BlockRead>> {
    let mut content = Content {
        sector: system.sector,
        packed: Packed::new(&system.units),
        map: Map::default(),
    };
    tree::items(
        &system.nodes,
        root,
        number,
        kind::EXTENT,
        &mut |key, item| {
            if key.offset >= size {
                return Ok(ControlFlow::Break(()));
            }
            content
                .extent(key.offset, item)
                .map_err(|error| error.at(format!("extent at byte {}", key.offset)))?;
            Ok(ControlFlow::Continue(()))
        },
    )?;
    let Content { packed, map, .. } = content;
    Ok(Arc::new(map.over(Arc::new(packed), name, size)?))
}

struct Content {
    /// Bytes of a sector.
    sector: u32,
    packed: Packed,
    map: Map,
}

impl Content {
    /// Adds the extent that starts at byte `start` of the file.
    fn extent(&mut self, start: u64, item: &[u8]) -> Result<()> {
        self.map.zeros_to(start)?;
        let coding = self.coding(item)?;
        match byte(item, 20) {
            extent::INLINE => self.inline(start, item, coding),
            extent::REGULAR => self.regular(item, coding),
            extent::PREALLOCATED => self.map.push(le64(item, 45), None),
            other => Err(Error::corrupt(format!("it has the type {other}"))),
        }
    }

    fn coding(&self, item: &[u8]) -> Result<Option<Coding>> {
        if byte(item, 17) != 0 || le16(item, 18) != 0 {
            let text = format!("it is encrypted ({}, {})", byte(item, 17), le16(item, 18));
            return Err(Error::unsupported(text));
        }
        match byte(item, 16) {
            0 => Ok(None),
            1 => Ok(Some(Coding::Zlib)),
            2 => Ok(Some(Coding::LzoSectors(self.sector as usize))),
            3 => Ok(Some(Coding::Zstd)),
            other => {
                let text = format!("it is packed in a way that is not known ({other})");
                Err(Error::unsupported(text))
            }
        }
    }

    /// Adds bytes that are in the item.
    fn inline(&mut self, start: u64, item: &[u8], coding: Option<Coding>) -> Result<()> {
        let stored = item.get(INLINE..).unwrap_or_default();
        let len = le64(item, 8);
        if start != 0 || len > LARGEST || (coding.is_none() && stored.len() as u64 != len) {
            return Err(Error::corrupt(format!(
                "{len} bytes at byte {start}, of which {} are in the item",
                stored.len()
            )));
        }
        let mut bytes = stored.to_vec();
        if let Some(coding) = coding {
            bytes = vec![0; len as usize];
            let n = Unpacker::new().unpack(coding, stored, &mut bytes)?;
            bytes[n..].fill(0);
        }
        let at = self.packed.hold(bytes)?;
        self.map.push(len, Some(at))
    }

    /// Adds bytes that are elsewhere, or a hole.
    fn regular(&mut self, item: &[u8], coding: Option<Coding>) -> Result<()> {
        let [ram, at, stored, from, len] = [8, 21, 29, 37, 45].map(|field| le64(item, field));
        if at == 0 {
            return self.map.push(len, None);
        }
        let all = if coding.is_some() { ram } else { stored };
        let is_inside = from.checked_add(len).is_some_and(|end| end <= all);
        let has_end = at
            .checked_add(stored)
            .is_some_and(|end| end <= Packed::FIRST);
        if item.len() < 53 || !is_inside || !has_end {
            return Err(Error::corrupt(format!(
                "{len} bytes from byte {from} on of {all} at logical byte {at}"
            )));
        }
        let Some(coding) = coding else {
            return self.map.push(len, Some(at + from));
        };
        if ram > LARGEST || stored > LARGEST {
            return Err(Error::corrupt(format!(
                "{stored} bytes unpack to {ram}; the most is {LARGEST}"
            )));
        }
        let unit = self.packed.add(Unit {
            at,
            stored: stored as u32,
            len: ram as u32,
            coding,
        })?;
        self.map.push(len, Some(unit + from))
    }
}
