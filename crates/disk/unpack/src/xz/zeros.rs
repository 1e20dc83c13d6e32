//! Blocks that were seen before.
//!
//! In the empty parts of a disk, one block is like the other to the last bit. Decoding is a function
//! of these bits, so it need not be done again.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Block, CheckKind};

/// The longest block that is remembered, in packed bytes.
const LONGEST: usize = 64 << 10;

/// The last block that unfolded to nothing but zeros.
#[derive(Default)]
pub(super) struct ZeroBlock(Mutex<Option<Arc<Seen>>>);

struct Seen {
    kind: CheckKind,
    dictionary: u64,
    packed: Vec<u8>,
    check: Vec<u8>,
    content: u64,
}

impl ZeroBlock {
    /// How many zeros `block` decompresses to, if it is the one remembered.
    pub(super) fn recall(&self, block: &Block) -> Option<u64> {
        let seen = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()?;
        let same = seen.kind == block.kind
            && seen.dictionary == block.header.dictionary
            && block.header.filters.len() == 1
            && seen.packed == block.packed
            && seen.check == block.check
            && block.header.content.is_none_or(|told| told == seen.content);
        same.then_some(seen.content)
    }

    /// Remembers `block`, which was right and unfolded to `content` zeros.
    pub(super) fn remember(&self, block: Block, content: u64) {
        if block.packed.len() > LONGEST || block.header.filters.len() != 1 {
            return;
        }
        let seen = Seen {
            kind: block.kind,
            dictionary: block.header.dictionary,
            packed: block.packed,
            check: block.check,
            content,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(seen));
    }
}
