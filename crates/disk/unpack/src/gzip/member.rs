//! One member after its header: deflated data and a trailer.

use error::{Error, Result};
use sparse::{Piece, SparseRead, read_full};

use crate::crc::Crc32;
use crate::inflate::Decoder;

/// Decodes members, one after another, and checks each against its trailer. Holds no input of its
/// own, so that a member begun in one place can be finished in another.
pub(super) struct Member {
    decoder: Decoder,
    crc: Crc32,
    /// Bytes so far.
    size: u64,
    /// Bytes of the piece to come that are in `crc` and `size` already.
    seen: u64,
    trailer: [u8; 8],
    /// How much of the trailer has been read.
    filled: usize,
    over: bool,
    starved: bool,
}

impl Member {
    pub(super) fn new() -> Self {
        Member {
            decoder: Decoder::new(),
            crc: Crc32::new(),
            size: 0,
            seen: 0,
            trailer: [0; 8],
            filled: 0,
            over: false,
            starved: false,
        }
    }

    /// Starts over with another member.
    pub(super) fn restart(&mut self) {
        self.decoder.restart();
        self.crc = Crc32::new();
        (self.size, self.seen, self.filled) = (0, 0, 0);
        (self.over, self.starved) = (false, false);
    }

    /// Whether the last error was only that the input ended: with more input this member can go on.
    pub(super) fn starved(&self) -> bool {
        self.decoder.starved() || self.starved
    }

    /// Decodes until there is a piece to show, or the end, once the trailer has been checked. Returns
    /// the number of bytes that were not there to show before.
    ///
    /// # Errors
    /// The input's, and [`error::Kind::Corrupt`].
    pub(super) fn prepare<R: SparseRead>(&mut self, input: &mut R) -> Result<u64> {
        if self.over {
            return Ok(0);
        }
        self.decoder.prepare(input)?;
        let piece = self.decoder.piece();
        let new = piece.len() - self.seen;
        match piece {
            Piece::End => {
                self.check_trailer(input)?;
                self.over = true;
            }
            _ if new == 0 => {}
            // Where it is decoded the data is still in the cache.
            Piece::Data(data) => self
                .crc
                .update(data.get(self.seen as usize..).unwrap_or_default()),
            Piece::Zeros(_) => self.crc.update_zeros(new),
        }
        self.seen += new;
        self.size += new;
        Ok(new)
    }

    /// What comes next, once prepared.
    pub(super) fn piece(&self) -> Piece<'_> {
        self.decoder.piece()
    }

    /// Moves past `n` bytes of the piece.
    pub(super) fn consume(&mut self, n: u64) {
        self.seen = self.seen.saturating_sub(n);
        self.decoder.consume(n);
    }

    fn check_trailer<R: SparseRead>(&mut self, input: &mut R) -> Result<()> {
        let rest = self.trailer.get_mut(self.filled..).unwrap_or_default();
        self.filled += read_full(input, rest)?;
        self.starved = self.filled < self.trailer.len();
        if self.starved {
            return Err(Error::corrupt(
                "the gzip data ends in the middle of the trailer",
            ));
        }
        let [c0, c1, c2, c3, s0, s1, s2, s3] = self.trailer;
        let crc = u32::from_le_bytes([c0, c1, c2, c3]);
        let size = u32::from_le_bytes([s0, s1, s2, s3]);
        let computed = self.crc.finish();
        if crc != computed {
            return Err(Error::corrupt(format!(
                "CRC-32 is {crc:#010x}, the data has {computed:#010x}"
            )));
        }
        if size != self.size as u32 {
            return Err(Error::corrupt(format!(
                "size is {size} modulo 2^32, the data has {} bytes",
                self.size
            )));
        }
        Ok(())
    }
}
