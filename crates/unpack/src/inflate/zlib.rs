//! The same over zlib-rs: the oracle in tests, and the fallback.

use extent::{Piece, SparseRead};
use flate2::{Decompress, FlushDecompress, Status};
use report::{Error, Result};

/// Output decoded at a time.
const OUTPUT: usize = 64 << 10;

/// A raw DEFLATE stream, decoded by zlib-rs. Serves in place of [`super::Inflate`] and shows no
/// holes.
pub struct ZlibInflate<R> {
    input: R,
    decoder: Decompress,
    output: Vec<u8>,
    shown: usize,
    end: usize,
    done: bool,
}

impl<R: SparseRead> ZlibInflate<R> {
    /// A decoder for the stream that `input` begins with.
    pub fn new(input: R) -> Self {
        ZlibInflate {
            input,
            decoder: Decompress::new(false),
            output: vec![0; OUTPUT],
            shown: 0,
            end: 0,
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

    /// Starts over with the stream that the input begins with now. Call it after [`Piece::End`].
    pub fn restart(&mut self) {
        self.decoder.reset(false);
        (self.shown, self.end, self.done) = (0, 0, false);
    }

    fn advance(&mut self) -> Result<()> {
        static ZEROS: [u8; 4096] = [0; 4096];
        let (used, made) = (self.decoder.total_in(), self.decoder.total_out());
        let input = match self.input.peek()? {
            Piece::Data(data) => data,
            Piece::Zeros(n) => &ZEROS[..n.min(4096) as usize],
            // zlib may still hold output.
            Piece::End => &[],
        };
        let ended = input.is_empty();
        let status = self
            .decoder
            .decompress(input, &mut self.output, FlushDecompress::None)
            .map_err(|cause| {
                let at = self.decoder.total_in();
                Error::corrupt(format!("deflate stream, byte {at}: invalid data")).cause(cause)
            })?;
        self.input.consume(self.decoder.total_in() - used);
        self.shown = 0;
        self.end = (self.decoder.total_out() - made) as usize;
        self.done = status == Status::StreamEnd;
        if ended && !self.done && self.end == 0 {
            return Err(Error::corrupt(format!(
                "deflate stream ends too early, after {used} bytes"
            )));
        }
        Ok(())
    }
}

impl<R: SparseRead> SparseRead for ZlibInflate<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        while self.shown >= self.end {
            if self.done {
                return Ok(Piece::End);
            }
            self.advance()?;
        }
        Ok(Piece::Data(&self.output[self.shown..self.end]))
    }

    fn consume(&mut self, n: u64) {
        self.shown += n as usize;
    }
}
