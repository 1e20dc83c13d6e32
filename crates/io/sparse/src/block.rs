//! Bytes that can be read at any offset.

use std::ops::Range;
use std::sync::Arc;

use error::Result;

/// What is at an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// Bytes, at least this many; never 0. They may happen to be zeros.
    Data(u64),
    /// Zeros, at least this many, that did not have to be stored; never 0.
    Hole(u64),
    /// Nothing: the offset is at the end or behind it.
    End,
}

/// Bytes that can be read at any offset, by several threads at once: a file, a device, a server that
/// knows ranges.
pub trait BlockRead: Send + Sync {
    /// What the user calls it: a path, a URL.
    fn name(&self) -> &str;

    /// The number of bytes there are, where that is known before the last of them was read.
    fn size(&self) -> Option<u64>;

    /// Reads from byte `offset` on until `buffer` is full or the bytes end; returns the bytes read,
    /// fewer than the buffer holds only at the end.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when they cannot be read.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize>;

    /// What is at `offset`, as far as is known without reading it.
    ///
    /// # Errors
    /// As [`BlockRead::read_at`].
    fn run_at(&self, offset: u64) -> Result<Run> {
        let size = self.size().unwrap_or(u64::MAX);
        Ok(match size.saturating_sub(offset) {
            0 => Run::End,
            len => Run::Data(len),
        })
    }

    /// Says that these ranges of bytes will be read soon, in whatever order. A source that can
    /// fetch several at once, or only pass by once, makes use of it.
    fn will_need(&self, ranges: &[Range<u64>]) {
        let _ = ranges;
    }

    /// Checks that there are still as many bytes as at the beginning: another program writes to a file that
    /// grows or shrinks.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when they are not.
    fn check_unchanged(&self) -> Result<()> {
        Ok(())
    }

    /// Whether each read is a request to another machine, so that one forward pass is better where
    /// there is a choice.
    fn is_far(&self) -> bool {
        false
    }
}

impl<T: BlockRead + ?Sized> BlockRead for Arc<T> {
    fn name(&self) -> &str {
        (**self).name()
    }
    fn size(&self) -> Option<u64> {
        (**self).size()
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        (**self).read_at(offset, buffer)
    }
    fn run_at(&self, offset: u64) -> Result<Run> {
        (**self).run_at(offset)
    }
    fn will_need(&self, ranges: &[Range<u64>]) {
        (**self).will_need(ranges);
    }
    fn check_unchanged(&self) -> Result<()> {
        (**self).check_unchanged()
    }
    fn is_far(&self) -> bool {
        (**self).is_far()
    }
}

/// Bytes in memory, for tests, for fuzz targets and for what was read already.
impl BlockRead for Vec<u8> {
    fn name(&self) -> &str {
        "memory"
    }

    fn size(&self) -> Option<u64> {
        Some(self.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let start = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(self.len());
        let n = buffer.len().min(self.len() - start);
        buffer[..n].copy_from_slice(&self[start..start + n]);
        Ok(n)
    }
}
