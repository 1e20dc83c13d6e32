//! A stream of pieces that know where in the disk they are.

use error::Result;

use crate::{Piece, SparseRead};

/// A disk in the order in which its container stores it.
///
/// A piece is right behind the one before it or somewhere else, never on top of another. What no
/// piece has covered at the end reads as zeros.
pub trait DiskRead: SparseRead {
    /// The disk's size in bytes, where it is known before the end.
    fn size(&self) -> Option<u64>;

    /// Where in the disk the piece is that the next `peek` shows, in bytes; at the end, anything.
    /// May do the work of finding that piece.
    ///
    /// # Errors
    /// As [`SparseRead::peek`].
    fn offset(&mut self) -> Result<u64>;

    /// Whether the pieces come in ascending order, for certain.
    fn is_in_order(&self) -> bool;

    /// Whether it is known already that they do not. A caller that wants them in order need not begin then; one that
    /// begins finds out on the way, without harm.
    fn is_shuffled(&self) -> bool {
        false
    }

    /// Whether every byte comes in a piece, zeros too. Then a gap between two pieces is still to come.
    fn is_whole(&self) -> bool {
        false
    }
}

/// A stream whose pieces follow one another: the disk itself, byte for byte.
#[derive(Debug)]
pub struct InOrder<R> {
    stream: R,
    size: Option<u64>,
    position: u64,
}

impl<R> InOrder<R> {
    /// The disk that `stream` is, of `size` bytes where that is known.
    pub fn new(stream: R, size: Option<u64>) -> Self {
        InOrder {
            stream,
            size,
            position: 0,
        }
    }
}

impl<R: SparseRead> SparseRead for InOrder<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        self.stream.peek()
    }

    fn consume(&mut self, n: u64) {
        self.stream.consume(n);
        self.position += n;
    }

    fn exchange(&mut self, buffer: &mut Box<[u8]>) -> Result<Option<usize>> {
        let exchanged = self.stream.exchange(buffer)?;
        self.position += exchanged.unwrap_or(0) as u64;
        Ok(exchanged)
    }
}

impl<R: SparseRead> DiskRead for InOrder<R> {
    fn size(&self) -> Option<u64> {
        self.size
    }

    fn offset(&mut self) -> Result<u64> {
        Ok(self.position)
    }

    fn is_in_order(&self) -> bool {
        true
    }
}
