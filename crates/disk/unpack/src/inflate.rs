//! DEFLATE (RFC 1951) with an eye for holes, and Deflate64.
//!
//! A compressed disk is mostly zeros, and other decoders spend most of their time on writing them
//! out. This one recognises long runs of zeros in the compressed bits, skips over them many matches at
//! a time and reports [`Piece::Zeros`]; the bytes in between go through a loop built for speed.
//!
//! `core` is the state machine, given its input slice by slice; it decodes whole headers and symbols
//! only. `decoder` feeds it and puts together what was cut by a slice's end. Inside the core, `fast` is
//! the loop for data, `run` the one for zeros, `symbol` the careful one.
//!
//! Deflate64 (PKWARE's "Enhanced Deflating", method 9 in a zip) is DEFLATE with a window of 64 KiB, two
//! more distance codes, and a last length code of 3 to 65538 bytes. Windows makes it of what is larger
//! than 2 GiB. It has no specification of its own; this follows zlib's `infback9`, whose author
//! describes it in `contrib/infback9`.

mod bits;
mod core;
mod decoder;
mod fast;
mod fault;
mod header;
mod run;
mod symbol;
mod table;
mod window;

use error::{Error, Result};
use sparse::{Piece, SparseRead};

pub(crate) use self::decoder::Decoder;
use self::window::{DEFLATE, DEFLATE64};

/// A decoder of Deflate64.
pub(crate) type Decoder64 = Decoder<DEFLATE64>;

/// A raw DEFLATE stream, read out of another stream.
///
/// Takes no byte beyond the final block from its input. Errors are `corrupt` and name the byte of
/// the compressed stream. Holds less than 256 KiB.
pub type Inflate<R> = Stream<R, DEFLATE>;

/// The same for Deflate64. Holds less than 320 KiB.
pub type Inflate64<R> = Stream<R, DEFLATE64>;

/// What the formats have in common; the size of the window tells them apart.
pub struct Stream<R, const SIZE: usize> {
    input: R,
    decoder: Decoder<SIZE>,
}

impl<R: SparseRead, const SIZE: usize> Stream<R, SIZE> {
    /// A decoder for the stream that `input` begins with.
    pub fn new(input: R) -> Self {
        Stream {
            input,
            decoder: Decoder::new(),
        }
    }

    /// The input; after [`Piece::End`] it stands behind the final block.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.input
    }

    /// Starts over with the stream that the input begins with now. Call it after [`Piece::End`].
    pub fn restart(&mut self) {
        self.decoder.restart();
    }
}

impl<R: SparseRead, const SIZE: usize> SparseRead for Stream<R, SIZE> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        self.decoder.prepare(&mut self.input)?;
        Ok(self.decoder.piece())
    }

    fn consume(&mut self, n: u64) {
        self.decoder.consume(n);
    }
}

/// The error of a stream of which there are `at` bytes only.
fn truncated(at: u64) -> Error {
    Error::corrupt(format!(
        "the deflate data ends at byte {at}, in the middle of the stream"
    ))
}

#[cfg(test)]
mod tests;
