//! DEFLATE (RFC 1951) with an eye for holes.
//!
//! A compressed disk is mostly zeros, and other decoders spend most of their time on writing them
//! out. This one recognises long runs of zeros in the compressed bits, skips over them many matches at
//! a time and reports [`Piece::Zeros`]; the bytes in between go through a loop built for speed.
//!
//! `core` is the state machine, given its input slice by slice; it decodes whole headers and symbols
//! only. `decoder` feeds it and puts together what was cut by a slice's end. Inside the core, `fast` is
//! the loop for data, `run` the one for zeros, `symbol` the careful one.

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
mod zlib;

use extent::{Piece, SparseRead};
use report::{Error, Result};

pub(crate) use self::decoder::Decoder;
pub(crate) use self::zlib::ZlibDecoder;

/// A raw DEFLATE stream, read out of another stream.
///
/// Takes no byte beyond the final block from its input. Errors are `corrupt` and name the byte of
/// the compressed stream. Holds less than 256 KiB.
pub struct Inflate<R> {
    input: R,
    decoder: Decoder,
}

impl<R: SparseRead> Inflate<R> {
    /// A decoder for the stream that `input` begins with.
    pub fn new(input: R) -> Self {
        Inflate {
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

impl<R: SparseRead> SparseRead for Inflate<R> {
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
