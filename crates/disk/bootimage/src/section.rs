//! A part of something that can be read at any offset, as a stream.

use error::Result;
use sparse::{BlockRead, Piece, Run, SparseRead};

/// Bytes that are read at once.
const BUFFER: usize = 256 << 10;

/// The bytes of `source` from one offset to another.
pub(crate) struct Section<'s> {
    source: &'s dyn BlockRead,
    /// What comes behind the buffer, and where the section ends.
    rest: std::ops::Range<u64>,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were consumed.
    done: usize,
    /// Zeros that come before the rest is read.
    zeros: u64,
}

impl<'s> Section<'s> {
    /// From `range.start` up to `range.end`, or to the end of `source`.
    pub(crate) fn new(source: &'s dyn BlockRead, range: std::ops::Range<u64>) -> Self {
        Section {
            source,
            rest: range,
            buffer: Vec::new(),
            done: 0,
            zeros: 0,
        }
    }

    fn fill(&mut self) -> Result<()> {
        let left = self.rest.end.saturating_sub(self.rest.start);
        if left == 0 {
            return Ok(());
        }
        if let Run::Hole(len) = self.source.run_at(self.rest.start)? {
            self.zeros = len.min(left);
            self.rest.start += self.zeros;
            return Ok(());
        }
        self.buffer.resize(left.min(BUFFER as u64) as usize, 0);
        let n = self.source.read_at(self.rest.start, &mut self.buffer)?;
        self.buffer.truncate(n);
        self.done = 0;
        self.rest.start += n as u64;
        if n == 0 {
            self.rest.end = self.rest.start;
        }
        Ok(())
    }
}

impl SparseRead for Section<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        if self.zeros == 0 && self.done == self.buffer.len() {
            self.buffer.clear();
            self.done = 0;
            self.fill()?;
        }
        Ok(match self.buffer.get(self.done..) {
            _ if self.zeros > 0 => Piece::Zeros(self.zeros),
            Some([]) | None => Piece::End,
            Some(data) => Piece::Data(data),
        })
    }

    fn consume(&mut self, n: u64) {
        if self.zeros > 0 {
            self.zeros -= n;
        } else {
            self.done += n as usize;
        }
    }
}
