//! The core and what it is fed.

use error::{Error, Result};
use sparse::zero::ZEROS;
use sparse::{Piece, SparseRead};

use super::core::{Core, Pause};
use super::truncated;
use super::window::DEFLATE;

/// Enough input for the longest header (286 bytes) and more.
const CARRY: usize = 1024;

/// A decoder that holds no input of its own, so that one thread can begin a stream and another go
/// on with it. The size of its window is that of its format: [`DEFLATE`] or
/// [`DEFLATE64`](super::DEFLATE64).
pub(crate) struct Decoder<const SIZE: usize = DEFLATE> {
    core: Core<SIZE>,
    /// Input bytes, consumed already, of a header or symbol that was cut.
    carry: Vec<u8>,
    /// Input bytes the core has used.
    used: u64,
    done: bool,
    starved: bool,
    /// What is wrong with the stream, kept until everything before it has been consumed: so what
    /// is shown does not depend on how the input was cut.
    fault: Option<Error>,
}

impl<const SIZE: usize> Default for Decoder<SIZE> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const SIZE: usize> Decoder<SIZE> {
    pub(crate) fn new() -> Self {
        Decoder {
            core: Core::new(),
            carry: Vec::with_capacity(CARRY),
            used: 0,
            done: false,
            starved: false,
            fault: None,
        }
    }

    /// Starts over with another stream.
    pub(crate) fn restart(&mut self) {
        self.core.clear();
        self.carry.clear();
        self.used = 0;
        self.done = false;
        self.starved = false;
        self.fault = None;
    }

    /// Whether the last error was only that the input ended: with more input this decoder can go on.
    pub(crate) fn starved(&self) -> bool {
        self.starved
    }

    /// Decodes until there is a piece to show.
    ///
    /// # Errors
    /// The input's, and [`error::Kind::Corrupt`].
    pub(crate) fn prepare<R: SparseRead>(&mut self, input: &mut R) -> Result<()> {
        while !self.done && self.core.data().is_empty() && self.core.hole() == 0 {
            self.advance(input)?;
        }
        Ok(())
    }

    /// What comes next, once prepared.
    pub(crate) fn piece(&self) -> Piece<'_> {
        match (self.core.data(), self.core.hole()) {
            ([], 0) => Piece::End,
            ([], zeros) => Piece::Zeros(zeros),
            (data, _) => Piece::Data(data),
        }
    }

    /// Moves past `n` bytes of the piece.
    pub(crate) fn consume(&mut self, n: u64) {
        self.core.consume(n);
    }

    /// Decodes some more; everything put out before has been consumed.
    fn advance<R: SparseRead>(&mut self, input: &mut R) -> Result<()> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let slice = match input.peek()? {
            Piece::Data(data) => data,
            Piece::Zeros(n) => &ZEROS[..n.min(CARRY as u64) as usize],
            Piece::End => return Err(self.starve()),
        };
        self.starved = false;
        let n = if self.carry.is_empty() {
            self.decode(slice)?
        } else {
            self.decode_cut(slice)?
        };
        input.consume(n as u64);
        Ok(())
    }

    /// Decodes from `slice` and returns how many of its bytes are done with.
    fn decode(&mut self, slice: &[u8]) -> Result<usize> {
        let (used, pause) = self.core.run(slice);
        if self.check(used, pause)? != Pause::Input {
            return Ok(used);
        }
        // What is left is the beginning of a header or symbol.
        self.carry
            .extend_from_slice(slice.get(used..).unwrap_or_default());
        Ok(slice.len())
    }

    /// The same where a header or symbol begins in the carry and goes on in `slice`.
    fn decode_cut(&mut self, slice: &[u8]) -> Result<usize> {
        let cut = self.carry.len();
        let more = slice.len().min(CARRY.saturating_sub(cut));
        self.carry.extend_from_slice(&slice[..more]);
        let (used, pause) = self.core.run(&self.carry);
        let pause = self.check(used, pause)?;
        if used >= cut {
            self.carry.clear();
            return Ok(used - cut);
        }
        // What was added stays in the carry only if it was still too little.
        let more = if pause == Pause::Input { more } else { 0 };
        self.carry.truncate(cut + more);
        self.carry.drain(..used);
        Ok(more)
    }

    fn check(
        &mut self,
        used: usize,
        pause: std::result::Result<Pause, super::fault::Fault>,
    ) -> Result<Pause> {
        self.used += used as u64;
        let pause = match pause {
            Ok(pause) => pause,
            Err(fault) => {
                let message = format!("deflate stream, byte {}: {fault}", self.used);
                let error = Error::corrupt(message);
                if self.piece().is_empty() {
                    return Err(error);
                }
                self.fault = Some(error);
                Pause::Output
            }
        };
        self.done = pause == Pause::End;
        Ok(pause)
    }

    fn starve(&mut self) -> Error {
        self.starved = true;
        truncated(self.used + self.carry.len() as u64)
    }
}
