//! The stream as it passes: exact reads, and where they are.

use error::{Error, Result};
use sparse::{Piece, SparseRead, read_full, skip};

/// A stream that knows how far it has been read.
pub(super) struct Input<R> {
    inner: R,
    position: u64,
}

impl<R: SparseRead> Input<R> {
    pub(super) fn new(inner: R) -> Self {
        Input { inner, position: 0 }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Whether nothing more comes.
    ///
    /// # Errors
    /// The stream's.
    pub(super) fn at_end(&mut self) -> Result<bool> {
        Ok(self.inner.peek()?.is_empty())
    }

    /// Fills `buffer` with a part of `what`.
    ///
    /// # Errors
    /// The stream's, and [`error::Kind::Corrupt`] when it ends before.
    pub(super) fn fill(&mut self, buffer: &mut [u8], what: &str) -> Result<()> {
        let got = read_full(&mut self.inner, buffer)?;
        self.position += got as u64;
        if got < buffer.len() {
            Err(self.truncated(what))
        } else {
            Ok(())
        }
    }

    /// Appends the next `n` bytes, a part of `what`, to `buffer`. The caller bounds `n`.
    ///
    /// # Errors
    /// As [`Input::fill`].
    pub(super) fn append(&mut self, buffer: &mut Vec<u8>, n: usize, what: &str) -> Result<()> {
        let mut left = n;
        while left > 0 {
            let step = match self.inner.peek()? {
                Piece::Data(data) => {
                    let part = data.get(..left).unwrap_or(data);
                    buffer.extend_from_slice(part);
                    part.len()
                }
                Piece::Zeros(len) => {
                    let step = usize::try_from(len).unwrap_or(left).min(left);
                    buffer.resize(buffer.len() + step, 0);
                    step
                }
                Piece::End => return Err(self.truncated(what)),
            };
            self.inner.consume(step as u64);
            self.position += step as u64;
            left -= step;
        }
        Ok(())
    }

    /// Moves forward to byte `position`, through `what`. The caller must see to it that that is not behind.
    ///
    /// # Errors
    /// As [`Input::fill`].
    pub(super) fn skip_to(&mut self, position: u64, what: &str) -> Result<()> {
        let wanted = position.saturating_sub(self.position);
        let passed = skip(&mut self.inner, wanted)?;
        self.position += passed;
        if passed < wanted {
            Err(self.truncated(what))
        } else {
            Ok(())
        }
    }

    /// Moves to the end; says where anything but zeros comes before it.
    ///
    /// # Errors
    /// The stream's.
    pub(super) fn skip_zeros_to_end(&mut self) -> Result<Option<u64>> {
        loop {
            let (zeros, more) = match self.inner.peek()? {
                Piece::End => return Ok(None),
                Piece::Zeros(len) => (len, false),
                Piece::Data(data) => {
                    let zeros = data.iter().take_while(|&&byte| byte == 0).count();
                    (zeros as u64, zeros < data.len())
                }
            };
            self.inner.consume(zeros);
            self.position += zeros;
            if more {
                return Ok(Some(self.position));
            }
        }
    }

    fn truncated(&self, what: &str) -> Error {
        Error::corrupt(format!(
            "ends at byte {}, in the middle of {what}",
            self.position
        ))
    }
}
