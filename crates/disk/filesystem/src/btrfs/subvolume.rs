//! Subvolumes: trees of files, each a directory in another one (`struct btrfs_root_item`, `btrfs_root_ref`).

use std::ops::ControlFlow;

use error::Result;
use sparse::fields::{byte, holds, le16, le32, le64};

use super::item::{self, kind};
use super::key::Key;
use super::node::{Nodes, Root};
use super::tree;
use crate::port::Node;

/// The topmost subvolume.
pub(super) const TOP: u64 = 5;

/// The first and the last number that another subvolume can have.
const OTHERS: std::ops::RangeInclusive<u64> = 256..=u64::MAX - 255;

/// The root directory of a subvolume.
pub(super) const DIRECTORY: u64 = 256;

/// An empty directory, which the kernel shows where a snapshot has the place of a subvolume that is not in it.
pub(super) const PLACE: u64 = 2;

/// The tree of subvolume `number`; `None` where there is none, or where it was deleted.
pub(super) fn root(nodes: &Nodes, roots: Root, number: u64) -> Result<Option<Root>> {
    if number != TOP && !OTHERS.contains(&number) {
        return Ok(None);
    }
    let mut found = None;
    // A snapshot's key has the transaction that made it, other ones have 0.
    tree::items(nodes, roots, number, kind::ROOT, &mut |_, item| {
        let is_used = le32(item, 216) > 0;
        found = is_used.then(|| Root {
            at: le64(item, 176),
            level: byte(item, 238),
            generation: le64(item, 160),
        });
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// The root directory of subvolume `child`, where directory `parent` has it by `name`, else an empty one.
pub(super) fn directory(
    nodes: &Nodes,
    roots: Root,
    parent: Node,
    name: &[u8],
    child: u64,
) -> Result<Node> {
    let key = Key {
        object: parent.tree,
        kind: kind::ROOT_REF,
        offset: child,
    };
    let is_here = tree::item(nodes, roots, key)?.is_some_and(|item| {
        let len = usize::from(le16(&item, 16));
        le64(&item, 0) == parent.number && len == name.len() && holds(&item, 18, name)
    });
    if is_here {
        return Ok(Node {
            tree: child,
            number: DIRECTORY,
        });
    }
    Ok(Node {
        tree: parent.tree,
        number: PLACE,
    })
}

/// The subvolume that is mounted where no other one is asked for: what `default` is called in `directory` of the root tree.
pub(super) fn default(nodes: &Nodes, roots: Root, directory: u64) -> Result<u64> {
    let mut found = TOP;
    tree::items(nodes, roots, directory, kind::DIR_ITEM, &mut |_, item| {
        item::names(item, &mut |name, to, _| {
            if name == b"default" && to.kind == kind::ROOT {
                found = to.object;
            }
            Ok(ControlFlow::Continue(()))
        })
    })?;
    Ok(found)
}
