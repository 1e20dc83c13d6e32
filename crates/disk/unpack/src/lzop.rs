//! lzop: the format of the program of that name, blocks of LZO1X.
//!
//! After lzop 1.04 by Markus Oberhumer. Headers and blocks are walked here; the content of a block is
//! decoded by `lzo`. Numbers are big-endian.

mod header;
#[cfg(test)]
mod tests;

use error::{Error, Result};
use libdeflater::adler32;
use sparse::{Piece, SparseRead};

use crate::Limits;
use crate::chunk::{Chunk, Outbox, needs_memory};
use crate::input::Input;
use header::Header;
pub(crate) use header::MAGIC;

/// Bytes of the largest block that lzop itself reads.
const LARGEST: u32 = 64 << 20;

/// A decoder of what lzop packed, one file after another.
///
/// Corrupt are truncated files, wrong checksums and sizes, and anything but a file behind a file. Unsupported
/// are filters, and methods other than LZO1X.
#[derive(Debug)]
pub struct Lzop<R> {
    input: Input<R>,
    memory: u64,
    outbox: Outbox,
    /// The header of the file being decoded.
    header: Option<Header>,
    /// Files begun so far.
    files: u64,
    packed: Vec<u8>,
    /// The last block that unfolded to nothing but zeros, and its content: the same again means the same
    /// again, without decoding.
    zeros: Option<(Block, Vec<u8>)>,
}

/// What stands before the content of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    /// Bytes that it decompresses to.
    len: u32,
    /// Bytes that it has; as many where it is stored as it is.
    packed: u32,
    /// The checksums of what it decompresses to, where there are any.
    sums: Sums,
    /// The checksums of what it has.
    packed_sums: Sums,
}

/// Checksums of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    adler32: Option<u32>,
    crc32: Option<u32>,
}

impl<R: SparseRead> Lzop<R> {
    /// A decoder over `input`, which stands at the first file.
    ///
    /// # Errors
    /// None so far; what is wrong with the content shows when the decoder is read.
    pub fn new(input: R, limits: &Limits) -> Result<Self> {
        Ok(Lzop {
            input: Input::new("lzop", input),
            memory: limits.memory,
            outbox: Outbox::new("lzop", limits),
            header: None,
            files: 0,
            packed: Vec::new(),
            zeros: None,
        })
    }

    /// Begins the next file; `false` at the end of the input.
    fn begin(&mut self) -> Result<bool> {
        if self.files > 0 && self.input.at_end()? {
            return Ok(false);
        }
        self.files += 1;
        self.header = Some(Header::read(&mut self.input, self.files)?);
        Ok(true)
    }

    /// Decodes the next block of the present file, or ends it.
    fn step(&mut self, header: Header) -> Result<()> {
        let Some(block) = self.block(header)? else {
            self.header = None;
            return Ok(());
        };
        let need = u64::from(block.len) + u64::from(block.packed);
        if need > self.memory {
            return Err(needs_memory("an lzop block", need, self.memory));
        }
        self.packed.clear();
        self.input
            .append(&mut self.packed, block.packed as usize, "a block")?;
        let chunk = self.unpack(&block)?;
        self.outbox.put(chunk)
    }

    /// Reads what stands before the next block; `None` where the file ends.
    fn block(&mut self, header: Header) -> Result<Option<Block>> {
        let len = self.number()?;
        if len == 0 {
            return Ok(None);
        }
        if len > LARGEST {
            let message = format!("has a block of {len} bytes, at most {LARGEST} are possible");
            return Err(self.wrong(message));
        }
        let packed = self.number()?;
        if packed == 0 || packed > len {
            let message = format!("has a block of {len} bytes that takes {packed}");
            return Err(self.wrong(message));
        }
        let sums = Sums {
            adler32: self.sum(header.adler32)?,
            crc32: self.sum(header.crc32)?,
        };
        let packed_sums = if packed == len {
            Sums::default()
        } else {
            Sums {
                adler32: self.sum(header.packed_adler32)?,
                crc32: self.sum(header.packed_crc32)?,
            }
        };
        Ok(Some(Block {
            len,
            packed,
            sums,
            packed_sums,
        }))
    }

    fn number(&mut self) -> Result<u32> {
        self.input.array("a block").map(u32::from_be_bytes)
    }

    fn sum(&mut self, there: bool) -> Result<Option<u32>> {
        there.then(|| self.number()).transpose()
    }

    /// Decodes `packed`, the content of `block`.
    fn unpack(&mut self, block: &Block) -> Result<Chunk> {
        if let Some((known, content)) = &self.zeros
            && known == block
            && *content == self.packed
        {
            return Ok(Chunk::Zeros(block.len.into()));
        }
        self.check("packed block", block.packed_sums, &self.packed)?;
        let mut data = self.outbox.buffer();
        data.clear();
        if block.packed == block.len {
            data.extend_from_slice(&self.packed);
        } else {
            data.resize(block.len as usize, 0);
            let len = lzo::decompress_into(&self.packed, &mut data).map_err(|cause| {
                let error = self.wrong("has a block that cannot be decoded");
                error.cause(cause)
            })?;
            if len < data.len() {
                let wanted = data.len();
                return Err(self.wrong(format!(
                    "has a block of {wanted} bytes that decompresses to {len}"
                )));
            }
        }
        self.check("block", block.sums, &data)?;
        if self.packed.len() < data.len() / 64 && sparse::zero::is_zero(&data) {
            self.zeros = Some((*block, self.packed.clone()));
            return Ok(Chunk::Zeros(block.len.into()));
        }
        Ok(Chunk::Data(data))
    }

    fn check(&self, what: &str, sums: Sums, data: &[u8]) -> Result<()> {
        let adler32 = sums.adler32.map(|told| (told, adler32(data), "Adler-32"));
        let crc32 = sums
            .crc32
            .map(|told| (told, crc32fast::hash(data), "CRC-32"));
        for (told, found, name) in adler32.into_iter().chain(crc32) {
            if told != found {
                return Err(self.wrong(format!(
                    "a {what} has the {name} {found:#010x}, it should be {told:#010x}"
                )));
            }
        }
        Ok(())
    }

    fn wrong(&self, what: impl std::fmt::Display) -> Error {
        wrong(self.files, what)
    }
}

fn wrong(file: u64, what: impl std::fmt::Display) -> Error {
    Error::corrupt(format!("lzop file {file}: {what}"))
}

impl<R: SparseRead> SparseRead for Lzop<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        while self.outbox.is_empty() {
            if let Some(header) = self.header {
                self.step(header)?;
            } else if !self.begin()? {
                return Ok(Piece::End);
            }
        }
        Ok(self.outbox.piece())
    }

    fn consume(&mut self, n: u64) {
        self.outbox.consume(n);
    }
}
