//! Decoded bytes between the decoder that made them and the reader that wants them.

use std::collections::VecDeque;
use std::fmt;

use error::{Error, Result};
use sparse::Piece;

use crate::limits::BESIDE;
use crate::{Advice, Limits};

/// A run of decoded bytes that owns itself, so that a worker can hand it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// Bytes.
    Data(Vec<u8>),
    /// This many zero bytes.
    Zeros(u64),
}

impl Chunk {
    /// The number of bytes the chunk stands for.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Chunk::Data(data) => data.len() as u64,
            Chunk::Zeros(len) => *len,
        }
    }
}

/// Bytes of data a worker hands over at a time.
pub(crate) const BATCH: usize = 256 << 10;

/// Collects a worker's chunks, so that many small holes are not handed over one by one.
///
/// What waits to be fetched is counted in batches. None takes much more memory than [`BATCH`] or
/// one chunk, so the count is a measure of memory.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    chunks: Vec<Chunk>,
    /// Bytes of memory that `chunks` take.
    data: usize,
    spare: Vec<u8>,
}

impl Batch {
    /// Adds a chunk; returns all those before it when there is no room for it beside them.
    pub(crate) fn add(&mut self, mut chunk: Chunk) -> Option<Vec<Chunk>> {
        const CHUNKS: usize = 1024;
        if self.append(&mut chunk) {
            return None;
        }
        let more = match &mut chunk {
            Chunk::Zeros(_) => 0,
            Chunk::Data(data) => {
                // A decoder allocates for the most a block can hold; most of it may be air.
                if data.len() < data.capacity() / 2 {
                    data.shrink_to_fit();
                }
                data.capacity()
            }
        };
        let full = self.chunks.len() >= CHUNKS || self.data + more > BATCH;
        let before = (full && !self.chunks.is_empty()).then(|| self.take());
        self.data += more;
        self.chunks.push(chunk);
        before
    }

    /// Adds a little data to that of the last chunk: alone it would take more memory than it has
    /// bytes.
    fn append(&mut self, chunk: &mut Chunk) -> bool {
        const LITTLE: usize = 4 << 10;
        let (Chunk::Data(data), Some(Chunk::Data(last))) = (chunk, self.chunks.last_mut()) else {
            return false;
        };
        if data.len() > LITTLE || last.len() + data.len() > BATCH / 2 {
            return false;
        }
        let before = last.capacity();
        last.extend_from_slice(data);
        self.data += last.capacity() - before;
        self.spare = std::mem::take(data);
        true
    }

    /// A buffer to fill and add: one used before, if there is one, with its old content.
    pub(crate) fn buffer(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.spare)
    }

    /// Whatever was collected since the last time.
    pub(crate) fn take(&mut self) -> Vec<Chunk> {
        self.data = 0;
        std::mem::take(&mut self.chunks)
    }
}

/// What a decoder has put out and nobody has consumed yet. Counts what passes, so that a bomb is
/// refused before it unfolds.
#[derive(Debug)]
pub(crate) struct Outbox {
    format: &'static str,
    chunks: VecDeque<Chunk>,
    /// Bytes consumed of the first chunk, if it holds data.
    consumed: usize,
    total: u64,
    limit: u64,
    /// The last buffer that was used up, for the next one to fill.
    spare: Vec<u8>,
}

impl Outbox {
    /// An empty outbox of a decoder of `format`, which errors name.
    pub(crate) fn new(format: &'static str, limits: &Limits) -> Self {
        Outbox {
            format,
            chunks: VecDeque::new(),
            consumed: 0,
            total: 0,
            limit: limits.output,
            spare: Vec::new(),
        }
    }

    /// Appends a chunk; an empty one is dropped.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] when the output grows beyond [`Limits::output`].
    pub(crate) fn put(&mut self, chunk: Chunk) -> Result<()> {
        self.total = self.total.saturating_add(chunk.len());
        if self.total > self.limit {
            return Err(unfolds_too_far(
                format_args!("the {} data decompresses", self.format),
                self.limit,
            ));
        }
        match (chunk, self.chunks.back_mut()) {
            (Chunk::Zeros(0), _) => {}
            (Chunk::Zeros(more), Some(Chunk::Zeros(len))) => *len += more,
            (Chunk::Data(data), _) if data.is_empty() => {}
            (chunk, _) => self.chunks.push_back(chunk),
        }
        Ok(())
    }

    /// Appends chunks in their order.
    ///
    /// # Errors
    /// As [`Outbox::put`].
    pub(crate) fn put_all(&mut self, chunks: Vec<Chunk>) -> Result<()> {
        chunks.into_iter().try_for_each(|chunk| self.put(chunk))
    }

    /// Whether everything has been consumed.
    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// A buffer to fill and put: one used before, if there is one, with its old content.
    pub(crate) fn buffer(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.spare)
    }

    /// What comes next; [`Piece::End`] stands for nothing here, and the caller knows whether more
    /// will come.
    pub(crate) fn piece(&self) -> Piece<'_> {
        match self.chunks.front() {
            None => Piece::End,
            Some(Chunk::Zeros(len)) => Piece::Zeros(*len),
            Some(Chunk::Data(data)) => Piece::Data(data.get(self.consumed..).unwrap_or_default()),
        }
    }

    /// Moves past `n` bytes of the piece last shown.
    pub(crate) fn consume(&mut self, n: u64) {
        let used_up = match self.chunks.front_mut() {
            None => false,
            Some(Chunk::Zeros(len)) => {
                *len = len.saturating_sub(n);
                *len == 0
            }
            Some(Chunk::Data(data)) => {
                self.consumed += n as usize;
                self.consumed >= data.len()
            }
        };
        if used_up {
            self.consumed = 0;
            if let Some(Chunk::Data(data)) = self.chunks.pop_front() {
                self.spare = data;
            }
        }
    }
}

/// The refusal of what decompresses to more than `limit` bytes; `what` says who does, with the verb.
pub(crate) fn unfolds_too_far(what: impl fmt::Display, limit: u64) -> Error {
    Error::refused(format!("{what} to more than {limit} bytes")).advise(Advice::RaiseMaxSize)
}

/// The refusal of a file that needs more memory than the decoder may hold.
///
/// `what` names the thing that is too large ("the zstd window"), `need` its bytes, `limit` the
/// decoder's share of the program's memory, [`Limits::memory`] or [`Limits::xz_memory`].
pub(crate) fn needs_memory(what: &str, need: u64, limit: u64) -> Error {
    const MIB: u64 = 1 << 20;
    let memory = need.saturating_add(BESIDE).div_ceil(MIB);
    Error::unsupported(format!(
        "{what} needs {need} bytes of memory, the limit is {limit}"
    ))
    .advise(Advice::AllowMemory { mib: memory })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(output: u64) -> Outbox {
        let limits = Limits {
            output,
            ..Limits::default()
        };
        Outbox::new("lz4", &limits)
    }

    #[test]
    fn pieces_come_out_as_they_went_in() {
        let mut outbox = outbox(100);
        outbox.put(Chunk::Data(vec![1, 2, 3])).unwrap();
        outbox.put(Chunk::Zeros(4)).unwrap();
        outbox.put(Chunk::Zeros(5)).unwrap();
        assert_eq!(outbox.piece(), Piece::Data(&[1, 2, 3]));
        outbox.consume(1);
        assert_eq!(outbox.piece(), Piece::Data(&[2, 3]));
        outbox.consume(2);
        assert_eq!(outbox.piece(), Piece::Zeros(9));
        outbox.consume(8);
        assert_eq!(outbox.piece(), Piece::Zeros(1));
        outbox.consume(1);
        assert!(outbox.is_empty());
    }

    #[test]
    fn more_than_the_limit_is_refused() {
        let mut outbox = outbox(10);
        outbox.put(Chunk::Zeros(10)).unwrap();
        let error = outbox.put(Chunk::Data(vec![0])).unwrap_err();
        assert_eq!(
            error.message(),
            "the lz4 data decompresses to more than 10 bytes"
        );
        assert_eq!(error.advice(), Some(&Advice::RaiseMaxSize));
    }

    #[test]
    fn a_batch_takes_no_more_memory_than_it_counts() {
        let block = || {
            let mut data = vec![1; 128 << 10];
            data.truncate(1);
            Chunk::Data(data)
        };
        let mut batch = Batch::default();
        assert!((0..2000).all(|_| batch.add(block()).is_none()));
        assert_eq!(batch.take(), [Chunk::Data(vec![1; 2000])]);
        let mut chunks = (0..1000).flat_map(|_| [block(), Chunk::Zeros(9)]);
        let first = chunks.find_map(|chunk| batch.add(chunk)).unwrap();
        let memory = |chunk: &Chunk| match chunk {
            Chunk::Data(data) => data.capacity(),
            Chunk::Zeros(_) => 0,
        };
        assert_eq!(first.len(), 1024);
        assert!(first.iter().map(memory).sum::<usize>() <= BATCH);
        // Large ones do not share a batch.
        assert_eq!(batch.add(Chunk::Data(vec![1; BATCH])).unwrap().len(), 1);
        assert_eq!(batch.add(block()).unwrap().len(), 1);
        assert_eq!(batch.take().len(), 1);
    }

    #[test]
    fn the_hint_names_enough_memory() {
        let error = needs_memory("the zstd window", 128 << 20, 40 << 20);
        assert_eq!(error.advice(), Some(&Advice::AllowMemory { mib: 152 }));
    }
}
