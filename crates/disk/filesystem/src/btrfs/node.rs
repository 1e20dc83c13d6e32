//! Nodes of trees: sorted keys, with the places of other nodes or with items (`struct btrfs_header`, `btrfs_node`, `btrfs_leaf`).

use std::sync::Arc;

use error::{Error, Result};
use sparse::fields::{byte, field, le32, le64};

use super::checksum::Checksum;
use super::key::{KEY, Key};
use super::logical::{Logical, first_good};
use crate::blocks::Blocks;
use crate::recent::Recent;

/// Bytes of a node before its entries.
const HEADER: usize = 101;

/// Bytes of an entry: a key with the place of a node, and a key with that of an item.
const POINTER: usize = 33;
const ITEM: usize = 25;

/// Most levels of a tree (`BTRFS_MAX_LEVEL`).
const LEVELS: u8 = 8;

/// Bytes of nodes that are kept.
const KEPT: usize = 16 << 20;

/// Where a tree starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Root {
    /// The logical byte of its topmost node.
    pub(super) at: u64,
    pub(super) level: u8,
    pub(super) generation: u64,
}

/// What another node says of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pointer {
    /// The logical byte where it starts.
    pub(super) at: u64,
    pub(super) level: u8,
    pub(super) generation: u64,
    /// Its first key; `None` for a root, which may be empty.
    pub(super) first: Option<Key>,
}

impl From<Root> for Pointer {
    fn from(root: Root) -> Self {
        Pointer {
            at: root.at,
            level: root.level,
            generation: root.generation,
            first: None,
        }
    }
}

/// A node whose entries were checked.
pub(super) struct Node {
    bytes: Vec<u8>,
    pub(super) level: u8,
    pub(super) count: usize,
}

impl Node {
    /// The key of entry `i`.
    pub(super) fn key(&self, i: usize) -> Key {
        let size = if self.level == 0 { ITEM } else { POINTER };
        Key::parse(self.bytes.get(HEADER + i * size..).unwrap_or_default())
    }

    /// The first entry whose key is not before `key`.
    pub(super) fn first_from(&self, key: &Key) -> usize {
        let mut range = 0..self.count;
        while !range.is_empty() {
            let middle = range.start + range.len() / 2;
            if self.key(middle) < *key {
                range.start = middle + 1;
            } else {
                range.end = middle;
            }
        }
        range.start
    }

    /// The node that entry `i` of one above the leaves names.
    pub(super) fn child(&self, i: usize) -> Pointer {
        let at = HEADER + i * POINTER + KEY;
        Pointer {
            at: le64(&self.bytes, at),
            level: self.level.saturating_sub(1),
            generation: le64(&self.bytes, at + 8),
            first: Some(self.key(i)),
        }
    }

    /// The item of entry `i` of a leaf.
    pub(super) fn item(&self, i: usize) -> &[u8] {
        let range = self.range(i).unwrap_or_default();
        self.bytes.get(range).unwrap_or_default()
    }

    fn range(&self, i: usize) -> Option<std::ops::Range<usize>> {
        let at = HEADER + i * ITEM + KEY;
        let start = HEADER.checked_add(le32(&self.bytes, at) as usize)?;
        Some(start..start.checked_add(le32(&self.bytes, at + 4) as usize)?)
    }

    /// Checks that its keys ascend and its items are inside.
    fn check(&self) -> Result<()> {
        let size = if self.level == 0 { ITEM } else { POINTER };
        if self.count > (self.bytes.len() - HEADER) / size {
            return Err(Error::corrupt(format!("it has {} entries", self.count)));
        }
        for i in 0..self.count {
            let key = self.key(i);
            if i > 0 && self.key(i - 1) >= key {
                let text = format!("the key {key} is behind {}", self.key(i - 1));
                return Err(Error::corrupt(text));
            }
            let is_inside = |range: std::ops::Range<usize>| range.end <= self.bytes.len();
            if self.level == 0 && !self.range(i).is_some_and(is_inside) {
                return Err(Error::corrupt(format!("the item {key} is past its end")));
            }
        }
        Ok(())
    }
}

/// Reads nodes, and keeps those that were used last.
pub(super) struct Nodes {
    blocks: Arc<Blocks>,
    logical: Arc<Logical>,
    size: usize,
    uuid: [u8; 16],
    checksum: Checksum,
    recent: Recent<Arc<Node>>,
}

impl Nodes {
    /// Nodes of `size` bytes that have `uuid`.
    pub(super) fn new(
        blocks: Arc<Blocks>,
        logical: Arc<Logical>,
        size: u32,
        uuid: [u8; 16],
        checksum: Checksum,
    ) -> Self {
        let size = size as usize;
        Nodes {
            blocks,
            logical,
            size,
            uuid,
            checksum,
            recent: Recent::new(KEPT / size),
        }
    }

    /// The node that `pointer` names, from whichever of its copies is right.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when none is, [`error::Kind::Unsupported`] when it is on another device, [`error::Kind::Io`].
    pub(super) fn node(&self, pointer: &Pointer) -> Result<Arc<Node>> {
        self.find(pointer)
            .map_err(|error| error.at(format!("node at logical byte {}", pointer.at)))
    }

    fn find(&self, pointer: &Pointer) -> Result<Arc<Node>> {
        if pointer.level >= LEVELS {
            return Err(Error::corrupt(format!("it is at level {}", pointer.level)));
        }
        if let Some(node) = self.recent.get(pointer.at) {
            self.check(&node, pointer)?;
            return Ok(node);
        }
        let node = first_good(|copy| {
            let mut bytes = vec![0; self.size];
            let read = |at, part: &mut [u8]| self.blocks.fill(at, part);
            if !self.logical.fill(copy, pointer.at, &mut bytes, read)? {
                return Ok(None);
            }
            self.checksum.check(&bytes)?;
            let node = Node {
                level: byte(&bytes, 100),
                count: le32(&bytes, 96) as usize,
                bytes,
            };
            self.check(&node, pointer)?;
            node.check()?;
            Ok(Some(Arc::new(node)))
        })?;
        self.recent.keep(pointer.at, Arc::clone(&node));
        Ok(node)
    }

    /// Checks that `node` is the one that `pointer` names: a disk that lost a write has an older one there.
    fn check(&self, node: &Node, pointer: &Pointer) -> Result<()> {
        let uuid: [u8; 16] = field(&node.bytes, 32);
        let at = le64(&node.bytes, 48);
        let generation = le64(&node.bytes, 80);
        if uuid != self.uuid || at != pointer.at {
            return Err(Error::corrupt(format!(
                "it says that it is that at byte {at} of {}",
                crate::name::uuid(&uuid)
            )));
        }
        if node.level != pointer.level || generation != pointer.generation {
            return Err(Error::corrupt(format!(
                "it is at level {} of generation {generation}, and level {} of generation {} is expected",
                node.level, pointer.level, pointer.generation
            )));
        }
        if pointer
            .first
            .is_some_and(|first| node.count == 0 || node.key(0) != first)
        {
            return Err(Error::corrupt(
                "its first key is another one than the node above it says",
            ));
        }
        Ok(())
    }
}
