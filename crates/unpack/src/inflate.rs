//! DEFLATE (RFC 1951) with an eye for holes.
//!
//! A compressed disk is mostly zeros, and other decoders spend most of their time on writing them
//! out. This one recognises long runs of zeros in the compressed bits, skips over them many matches at
//! a time and reports [`Piece::Zeros`]; the bytes in between go through a loop built for speed.
//!
//! `core` is the state machine, given its input slice by slice; it decodes whole headers and symbols
//! only. [`Inflate`] feeds it and puts together what was cut by a slice's end.

mod bits;
mod core;
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

use self::core::{Core, Pause};
pub use self::zlib::ZlibInflate;

/// Enough input for the longest header (286 bytes) and more.
const CARRY: usize = 1024;

/// Stands for the bytes of a hole in the input.
static ZEROS: [u8; CARRY] = [0; CARRY];

/// A raw DEFLATE stream, read out of another stream.
///
/// Takes no byte beyond the final block from its input. Errors are `corrupt` and name the byte of
/// the compressed stream. Holds less than 256 KiB.
pub struct Inflate<R> {
    input: R,
    core: Core,
    /// Input bytes, consumed already, of a header or symbol that was cut.
    carry: Vec<u8>,
    /// Input bytes the core has used.
    used: u64,
    done: bool,
}

impl<R: SparseRead> Inflate<R> {
    /// A decoder for the stream that `input` begins with.
    pub fn new(input: R) -> Self {
        Inflate {
            input,
            core: Core::new(),
            carry: Vec::with_capacity(CARRY),
            used: 0,
            done: false,
        }
    }

    /// The input; after [`Piece::End`] it stands behind the final block.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.input
    }

    /// The input; after [`Piece::End`] it stands behind the final block.
    pub fn into_inner(self) -> R {
        self.input
    }

    /// The number of compressed bytes used so far.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Starts over with the stream that the input begins with now. Call it after [`Piece::End`].
    pub fn restart(&mut self) {
        self.core.clear();
        self.carry.clear();
        self.used = 0;
        self.done = false;
    }

    /// Decodes some more; everything put out before has been consumed.
    fn advance(&mut self) -> Result<()> {
        let mut slice = match self.input.peek()? {
            Piece::Data(data) => data,
            Piece::Zeros(n) => &ZEROS[..n.min(CARRY as u64) as usize],
            Piece::End => return Err(self.truncated()),
        };
        let from_carry = self.carry.len();
        if from_carry > 0 {
            slice = &slice[..slice.len().min(CARRY.saturating_sub(from_carry))];
            self.carry.extend_from_slice(slice);
        }
        let fresh = slice.len();
        let bytes = if from_carry > 0 { &self.carry } else { slice };
        let (used, pause) = self.core.run(bytes);
        self.used += used as u64;
        let pause = pause.map_err(|fault| {
            Error::corrupt(format!("deflate stream, byte {}: {fault}", self.used))
        })?;
        self.done = pause == Pause::End;
        let cut = pause == Pause::Input;
        if used < from_carry {
            // What was added to the carry stays there only if it was still too little.
            let keep = if cut { from_carry + fresh } else { from_carry };
            self.carry.truncate(keep);
            self.carry.drain(..used);
            self.input.consume((keep - from_carry) as u64);
        } else if cut && from_carry == 0 {
            self.carry.extend_from_slice(&slice[used..]);
            self.input.consume(fresh as u64);
        } else {
            self.carry.clear();
            self.input.consume((used - from_carry) as u64);
        }
        Ok(())
    }

    fn truncated(&self) -> Error {
        let at = self.used + self.carry.len() as u64;
        Error::corrupt(format!("deflate stream ends too early, after {at} bytes"))
    }
}

impl<R: SparseRead> SparseRead for Inflate<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        while self.core.data().is_empty() && self.core.hole() == 0 {
            if self.done {
                return Ok(Piece::End);
            }
            self.advance()?;
        }
        Ok(match self.core.data() {
            [] => Piece::Zeros(self.core.hole()),
            data => Piece::Data(data),
        })
    }

    fn consume(&mut self, n: u64) {
        self.core.consume(n);
    }
}

#[cfg(test)]
mod tests;
