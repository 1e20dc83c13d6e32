//! The compressed side of a decoder: exact reads, the position, and what truncation is called.

use error::{Error, Result};
use sparse::{Piece, SparseRead, read_full, skip};

/// Moves past zeros up to other data or the end; returns their number.
///
/// # Errors
/// The stream's.
pub(crate) fn skip_zeros<R: SparseRead + ?Sized>(stream: &mut R) -> Result<u64> {
    let mut passed = 0;
    loop {
        let zeros = match stream.peek()? {
            Piece::Zeros(len) => len,
            Piece::Data(data) => data.iter().take_while(|&&byte| byte == 0).count() as u64,
            Piece::End => 0,
        };
        if zeros == 0 {
            return Ok(passed);
        }
        stream.consume(zeros);
        passed += zeros;
    }
}

/// A decoder's input, which knows how far it has been read.
#[derive(Debug)]
pub(crate) struct Input<R> {
    inner: R,
    format: &'static str,
    position: u64,
}

impl<R: SparseRead> Input<R> {
    /// The input of a decoder of `format`, which errors name.
    pub(crate) fn new(format: &'static str, inner: R) -> Self {
        Input {
            inner,
            format,
            position: 0,
        }
    }

    /// The stream below.
    pub(crate) fn into_inner(self) -> R {
        self.inner
    }

    /// Bytes read so far.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Whether nothing more comes.
    ///
    /// # Errors
    /// The stream's.
    pub(crate) fn at_end(&mut self) -> Result<bool> {
        Ok(self.inner.peek()?.is_empty())
    }

    /// The next `N` bytes, a part of `what`.
    ///
    /// # Errors
    /// The stream's, and [`error::Kind::Corrupt`] when it ends before.
    pub(crate) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes, what)?;
        Ok(bytes)
    }

    /// Fills `buffer` with a part of `what`.
    ///
    /// # Errors
    /// As [`Input::array`].
    pub(crate) fn fill(&mut self, buffer: &mut [u8], what: &str) -> Result<()> {
        let got = read_full(&mut self.inner, buffer)?;
        self.position += got as u64;
        if got < buffer.len() {
            return Err(self.truncated(what));
        }
        Ok(())
    }

    /// Appends the next `n` bytes, a part of `what`, to `buffer`. The caller bounds `n`.
    ///
    /// # Errors
    /// As [`Input::array`].
    pub(crate) fn append(&mut self, buffer: &mut Vec<u8>, n: usize, what: &str) -> Result<()> {
        let start = buffer.len();
        buffer.resize(start + n, 0);
        self.fill(buffer.get_mut(start..).unwrap_or_default(), what)
    }

    /// Moves past `n` bytes, a part of `what`.
    ///
    /// # Errors
    /// As [`Input::array`].
    pub(crate) fn skip(&mut self, n: u64, what: &str) -> Result<()> {
        let passed = skip(&mut self.inner, n)?;
        self.position += passed;
        if passed < n {
            return Err(self.truncated(what));
        }
        Ok(())
    }

    /// What comes next, as [`SparseRead::peek`].
    ///
    /// # Errors
    /// The stream's.
    pub(crate) fn peek(&mut self) -> Result<Piece<'_>> {
        self.inner.peek()
    }

    /// Moves past `n` bytes of the piece last shown.
    pub(crate) fn consume(&mut self, n: u64) {
        self.inner.consume(n);
        self.position += n;
    }

    /// The error of an input that ends within `what`.
    pub(crate) fn truncated(&self, what: &str) -> Error {
        Error::corrupt(format!(
            "the {} data ends at byte {}, in the middle of {what}",
            self.format, self.position
        ))
    }
}
