//! The file as it grows: what is close together is written together.

use error::Result;
use sparse::BlockWrite;

/// Bytes that are worth a write of their own.
const WRITE: usize = 256 << 10;
/// Zeros that are worth a hole.
const HOLE: u64 = 4096;

/// A file that grows at its end, of which the last part is in memory.
pub(super) struct Output {
    pub(super) inner: Box<dyn BlockWrite>,
    /// The byte of the file where `tail` begins.
    written: u64,
    tail: Vec<u8>,
    /// The byte before which nothing more will be put.
    settled: u64,
}

impl Output {
    /// The part of `inner` from byte `start` on.
    pub(super) fn new(inner: Box<dyn BlockWrite>, start: u64) -> Self {
        Output {
            inner,
            written: start,
            tail: Vec::new(),
            settled: start,
        }
    }

    /// Puts `bytes` at byte `offset`, which must not be settled. What is left out before reads as zeros.
    pub(super) fn put(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        if bytes.len() >= WRITE && offset == self.settled {
            self.flush()?;
            if offset == self.written && self.tail.is_empty() {
                self.written += bytes.len() as u64;
                return self.inner.write_at(offset, bytes);
            }
        }
        let start = (offset - self.written) as usize;
        let end = start + bytes.len();
        if self.tail.len() < start {
            self.tail.resize(start, 0);
        }
        let inside = self.tail.len().min(end) - start;
        let (over, behind) = bytes.split_at(inside);
        if let Some(room) = self.tail.get_mut(start..start + inside) {
            room.copy_from_slice(over);
        }
        self.tail.extend_from_slice(behind);
        Ok(())
    }

    /// Puts `len` zeros at byte `offset`, behind all that was put so far.
    pub(super) fn zero(&mut self, offset: u64, len: u64) -> Result<()> {
        if len >= HOLE && offset == self.settled {
            self.flush()?;
            if offset == self.written && self.tail.is_empty() {
                self.written += len;
                return self.inner.zero_at(offset, len);
            }
        }
        let end = (offset + len - self.written) as usize;
        self.tail.resize(end.max(self.tail.len()), 0);
        Ok(())
    }

    /// Says that nothing more will be put before byte `settled`.
    pub(super) fn settle(&mut self, settled: u64) -> Result<()> {
        self.settled = settled.max(self.settled);
        if self.settled.saturating_sub(self.written) >= WRITE as u64 {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Writes what is settled.
    pub(super) fn flush(&mut self) -> Result<()> {
        let ready = self.settled.saturating_sub(self.written) as usize;
        if ready == 0 {
            return Ok(());
        }
        if self.tail.len() < ready {
            self.tail.resize(ready, 0);
        }
        self.inner
            .write_at(self.written, self.tail.get(..ready).unwrap_or_default())?;
        self.written += ready as u64;
        self.tail.drain(..ready);
        Ok(())
    }
}
