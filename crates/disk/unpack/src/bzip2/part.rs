//! What workers do: a part of the input in, a block's content out.

use super::block::{Block, Damage};
use crate::chunk::{Batch, Chunk};
use pool::Emit;

/// The part of the input that a block is in.
pub(super) struct Part {
    pub(super) bytes: Vec<u8>,
    /// The bit of the first byte with which the block begins.
    pub(super) start: u32,
    /// Bits the block should take; `None` when the part goes beyond it.
    pub(super) bits: Option<u64>,
}

/// What a worker has to say about a part.
pub(super) enum Reply {
    /// Some of the block's content.
    Output(Vec<Chunk>),
    /// The block is over.
    Done(Done),
    /// There is no such block.
    Damaged(Damage),
}

/// What there is to say about a block that has been decoded.
pub(super) struct Done {
    /// Bytes before run lengths were undone.
    pub(super) len: usize,
    /// Bits of the input it takes.
    pub(super) bits: u64,
    /// The CRC-32 it announces, and that of its content.
    pub(super) told: u32,
    pub(super) found: u32,
}

/// Decodes the block in `part`.
pub(super) fn work(part: Part, emit: &mut Emit<'_, Reply>) {
    let reply = match Block::read(&part.bytes, part.start) {
        Err(damage) => Reply::Damaged(damage),
        // Its last byte is shared with what follows: the block may end beyond the part, in that byte.
        Ok(block) if part.bits.is_some_and(|bits| block.bits > bits) => {
            Reply::Damaged(Damage::Short)
        }
        Ok(block) => {
            let mut batch = Batch::default();
            let found = block.unfold(&mut |chunk| match batch.add(chunk) {
                Some(chunks) => emit(Reply::Output(chunks)),
                None => true,
            });
            emit(Reply::Output(batch.take()));
            Reply::Done(Done {
                len: block.len(),
                bits: block.bits,
                told: block.crc,
                found,
            })
        }
    };
    emit(reply);
}
