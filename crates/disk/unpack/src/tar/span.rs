//! A bounded stretch of an archive that belongs to one header.

use std::fmt;

use error::{Error, Result};
use sparse::{Piece, SparseRead, read_exact, skip};

use super::BLOCK;

/// The longest name that is kept, in bytes.
const LONGEST: u64 = 1 << 20;

/// Where a header begins, in bytes from the start of the archive; prefixes what is said about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(pub(super) u64);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Place {
    pub(super) fn corrupt(self, reason: impl fmt::Display) -> Error {
        Error::corrupt(format!("tar header at byte {self}: {reason}"))
    }

    pub(super) fn unsupported(self, reason: impl fmt::Display) -> Error {
        Error::unsupported(format!("tar header at byte {self}: {reason}"))
    }
}

/// The bytes that belong to a header, those that were read already left out.
pub(super) struct Span<'a> {
    input: &'a mut dyn SparseRead,
    pub(super) place: Place,
    left: u64,
}

impl<'a> Span<'a> {
    /// The next `left` bytes of `input`, for the header at `place`.
    pub(super) fn new(input: &'a mut dyn SparseRead, place: Place, left: u64) -> Self {
        Span { input, place, left }
    }

    /// The bytes not read yet.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Runs `read` on the next `len` bytes, at most [`Span::left`], as a span of their own; what it
    /// leaves is still to come here.
    pub(super) fn part<T>(
        &mut self,
        len: u64,
        read: impl FnOnce(&mut Span<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut part = Span::new(&mut *self.input, self.place, len);
        let result = read(&mut part);
        self.left = self.left.saturating_sub(len - part.left);
        result
    }

    /// The next byte, `None` at the end of the span.
    pub(super) fn byte(&mut self) -> Result<Option<u8>> {
        if self.left == 0 {
            return Ok(None);
        }
        let byte = match self.input.peek()? {
            Piece::Data(data) => data.first().copied().unwrap_or(0),
            Piece::Zeros(_) => 0,
            Piece::End => return Err(self.truncated()),
        };
        self.input.consume(1);
        self.left -= 1;
        Ok(Some(byte))
    }

    /// All bytes left, a text that is worth keeping.
    pub(super) fn text(&mut self) -> Result<Vec<u8>> {
        let len = self.left;
        if len > LONGEST {
            return Err(self.place.unsupported(format!(
                "a text of {len} bytes is longer than {LONGEST} bytes"
            )));
        }
        let mut text = vec![0; len as usize];
        if !read_exact(self.input, &mut text)? {
            return Err(self.truncated());
        }
        self.left = 0;
        Ok(text)
    }

    /// Moves past the bytes left and `more` that follow the span.
    pub(super) fn skip_with(&mut self, more: u64) -> Result<()> {
        let rest = self.left.saturating_add(more);
        if skip(self.input, rest)? < rest {
            return Err(self.truncated());
        }
        self.left = 0;
        Ok(())
    }

    /// A decimal number of at most 63 bits and the byte that ends it, `None` for the span's end.
    pub(super) fn decimal(&mut self, what: &str) -> Result<(u64, Option<u8>)> {
        let mut value: Option<u64> = None;
        loop {
            let byte = self.byte()?;
            let Some(digit @ b'0'..=b'9') = byte else {
                let place = self.place;
                return value
                    .map(|value| (value, byte))
                    .ok_or_else(|| place.corrupt(format!("{what} is not a number")));
            };
            let next = value
                .unwrap_or(0)
                .checked_mul(10)
                .and_then(|value| value.checked_add(u64::from(digit - b'0')))
                .filter(|&value| i64::try_from(value).is_ok());
            value = Some(next.ok_or_else(|| self.place.corrupt(format!("{what} overflows")))?);
        }
    }

    fn truncated(&self) -> Error {
        self.place
            .corrupt("the archive ends inside the data of this header")
    }
}

/// The bytes that fill the last block of `size` bytes.
pub(super) fn padding(size: u64) -> u64 {
    let part = size % BLOCK as u64;
    (BLOCK as u64 - part) % BLOCK as u64
}
