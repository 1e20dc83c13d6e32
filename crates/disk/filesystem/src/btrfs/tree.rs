//! Trees: items in the order of their keys.

use std::ops::ControlFlow;

use error::{Error, Result};

use super::key::Key;
use super::node::{Nodes, Pointer, Root};

/// What is called with each item. It goes on until that breaks.
type Visit<'a> = dyn FnMut(Key, &[u8]) -> Result<ControlFlow<()>> + 'a;

/// Visits the items of the tree at `root` from the key `from` on.
///
/// # Errors
/// [`error::Kind::Corrupt`] for damage on the way, those of [`Nodes::node`] and those of `visit`.
pub(super) fn scan(nodes: &Nodes, root: Root, from: Key, visit: &mut Visit<'_>) -> Result<()> {
    let mut walk = Walk {
        nodes,
        from,
        last: None,
        visit,
    };
    walk.node(&root.into()).map(drop)
}

/// Visits the items of `object` that are of `kind`.
///
/// # Errors
/// As [`scan`].
pub(super) fn items(
    nodes: &Nodes,
    root: Root,
    object: u64,
    kind: u8,
    visit: &mut Visit<'_>,
) -> Result<()> {
    let from = Key {
        object,
        kind,
        offset: 0,
    };
    scan(nodes, root, from, &mut |key, item| {
        if (key.object, key.kind) == (object, kind) {
            visit(key, item)
        } else {
            Ok(ControlFlow::Break(()))
        }
    })
}

/// The item with exactly `key`; `None` where there is none.
///
/// # Errors
/// As [`scan`].
pub(super) fn item(nodes: &Nodes, root: Root, key: Key) -> Result<Option<Vec<u8>>> {
    let mut found = None;
    scan(nodes, root, key, &mut |at, item| {
        found = (at == key).then(|| item.to_vec());
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

struct Walk<'a, 'b> {
    nodes: &'a Nodes,
    from: Key,
    /// The item that was visited last. As keys ascend, no leaf is visited twice.
    last: Option<Key>,
    visit: &'a mut Visit<'b>,
}

impl Walk<'_, '_> {
    /// Takes the node that `pointer` names and those below. Levels descend to 0, which bounds the depth.
    fn node(&mut self, pointer: &Pointer) -> Result<ControlFlow<()>> {
        let node = self.nodes.node(pointer)?;
        let start = node.first_from(&self.from);
        if node.level == 0 {
            for i in start..node.count {
                let key = node.key(i);
                if self.last.is_some_and(|last| last >= key) {
                    return Err(out_of_order(key, pointer));
                }
                self.last = Some(key);
                if (self.visit)(key, node.item(i))?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            return Ok(ControlFlow::Continue(()));
        }
        // What is searched may be in the node before the first one whose keys all come later.
        let is_exact = start < node.count && node.key(start) == self.from;
        let start = if is_exact {
            start
        } else {
            start.saturating_sub(1)
        };
        for i in start..node.count {
            let child = node.child(i);
            if self
                .last
                .is_some_and(|last| child.first.is_some_and(|first| last >= first))
            {
                return Err(out_of_order(node.key(i), pointer));
            }
            if self.node(&child)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

fn out_of_order(key: Key, pointer: &Pointer) -> Error {
    Error::corrupt(format!(
        "node at logical byte {}: the key {key} comes after a later one",
        pointer.at
    ))
}
