//! The same over zlib-rs: the oracle in tests, and the fallback.

use error::{Error, Result};
use flate2::{Decompress, FlushDecompress, Status};
use sparse::zero::ZEROS;
use sparse::{Piece, SparseRead};

use super::truncated;

/// Output decoded at a time.
const OUTPUT: usize = 64 << 10;

/// A raw DEFLATE stream, decoded by zlib-rs. Serves in place of [`super::Decoder`] and shows no
/// holes.
pub(crate) struct ZlibDecoder {
    zlib: Decompress,
    output: Vec<u8>,
    shown: usize,
    end: usize,
    done: bool,
}

impl ZlibDecoder {
    pub(crate) fn new() -> Self {
        ZlibDecoder {
            zlib: Decompress::new(false),
            output: vec![0; OUTPUT],
            shown: 0,
            end: 0,
            done: false,
        }
    }

    /// Starts over with another stream.
    pub(crate) fn restart(&mut self) {
        self.zlib.reset(false);
        (self.shown, self.end, self.done) = (0, 0, false);
    }

    /// Decodes until there is a piece to show.
    ///
    /// # Errors
    /// The input's, and [`error::Kind::Corrupt`].
    pub(crate) fn prepare<R: SparseRead>(&mut self, input: &mut R) -> Result<()> {
        while self.shown >= self.end && !self.done {
            self.advance(input)?;
        }
        Ok(())
    }

    /// What comes next, once prepared.
    pub(crate) fn piece(&self) -> Piece<'_> {
        match self.output.get(self.shown..self.end) {
            None | Some([]) => Piece::End,
            Some(data) => Piece::Data(data),
        }
    }

    /// Moves past `n` bytes of the piece.
    pub(crate) fn consume(&mut self, n: u64) {
        self.shown += n as usize;
    }

    fn advance<R: SparseRead>(&mut self, input: &mut R) -> Result<()> {
        let (used, made) = (self.zlib.total_in(), self.zlib.total_out());
        let slice = match input.peek()? {
            Piece::Data(data) => data,
            Piece::Zeros(n) => &ZEROS[..n.min(ZEROS.len() as u64) as usize],
            // zlib may still hold output.
            Piece::End => &[],
        };
        let ended = slice.is_empty();
        let status = self
            .zlib
            .decompress(slice, &mut self.output, FlushDecompress::None)
            .map_err(|cause| {
                let at = self.zlib.total_in();
                Error::corrupt(format!("deflate stream, byte {at}: invalid data")).cause(cause)
            })?;
        input.consume(self.zlib.total_in() - used);
        self.shown = 0;
        self.end = (self.zlib.total_out() - made) as usize;
        self.done = status == Status::StreamEnd;
        if ended && !self.done && self.end == 0 {
            return Err(truncated(used));
        }
        Ok(())
    }
}
