//! LZ4: the frame format, and the legacy frames that `lz4 -l` makes.
//!
//! After "LZ4 Frame Format Description" 1.6 by Yann Collet. Frames are walked here; the content of a
//! block is decoded by `lz4_flex`. Its `FrameDecoder` is not used: here a block of zeros is
//! recognised by its compressed bytes, not decoded again, and becomes a hole.

mod frame;

use error::{Error, Result};
use lz4_flex::block::{decompress_into, decompress_into_with_dict};
use sparse::{Piece, SparseRead};

use crate::Limits;
use crate::chunk::{Chunk, Outbox, needs_memory};
use crate::input::Input;
use crate::xxhash::Xxh32;
use frame::{Descriptor, Start};
pub(crate) use frame::{LEGACY as LEGACY_MAGIC, MODERN as MAGIC};

/// How far back a match may reach.
const WINDOW: usize = 64 << 10;
/// No byte of a block decompresses to more bytes.
const RATIO_MAX: usize = 255;
/// What a block of a legacy frame decompresses to, unless it is the last.
const LEGACY_BLOCK: usize = 8 << 20;

/// A decoder of LZ4 frames, one after another, skippable ones passed over.
///
/// Corrupt are truncated frames, wrong checksums and sizes, and anything but a frame behind a frame.
/// Unsupported are frames that need a dictionary.
#[derive(Debug)]
pub struct Lz4<R> {
    input: Input<R>,
    memory: u64,
    outbox: Outbox,
    frame: Option<Frame>,
    /// Frames begun so far.
    frames: u64,
    /// The first word of the next frame, when the end of a legacy frame has read it already.
    next_magic: Option<[u8; 4]>,
    compressed: Vec<u8>,
    /// The content of the last independent block that unfolded to nothing but zeros, and how many:
    /// the same content again means the same again, without decoding.
    zero_block: (Vec<u8>, u64),
    /// Linked blocks: at least the 64 KiB that came last, at most twice as many.
    history: Vec<u8>,
}

/// The frame being decoded.
#[derive(Debug)]
enum Frame {
    Legacy,
    Modern {
        descriptor: Descriptor,
        hash: Xxh32,
        len: u64,
    },
}

/// A block of the current frame as it lies in `compressed`.
enum Block {
    Stored,
    Packed,
    End,
}

impl<R: SparseRead> Lz4<R> {
    /// A decoder over `input`, which stands at the first frame.
    ///
    /// # Errors
    /// None so far; what is wrong with the content shows when the decoder is read.
    pub fn new(input: R, limits: &Limits) -> Result<Self> {
        Ok(Lz4 {
            input: Input::new("lz4", input),
            memory: limits.memory,
            outbox: Outbox::new("lz4", limits),
            frame: None,
            frames: 0,
            next_magic: None,
            compressed: Vec::new(),
            zero_block: (Vec::new(), 0),
            history: Vec::new(),
        })
    }

    /// Begins the next frame; `false` at the end of the input.
    fn begin(&mut self) -> Result<bool> {
        let magic = match self.next_magic.take() {
            Some(magic) => magic,
            None if self.frames > 0 && self.input.at_end()? => return Ok(false),
            None => self.input.array("a frame's magic number")?,
        };
        let start = Start::read(&mut self.input, magic, self.frames + 1)?;
        self.frames += 1;
        self.history.clear();
        self.frame = match start {
            Start::Skippable => None,
            Start::Legacy => Some(Frame::Legacy),
            Start::Modern(descriptor) => Some(Frame::Modern {
                descriptor,
                hash: Xxh32::new(),
                len: 0,
            }),
        };
        if let Some(frame) = &self.frame {
            let need = 2 * frame.block_max() as u64;
            if need > self.memory {
                return Err(needs_memory("an lz4 block", need, self.memory));
            }
        }
        Ok(true)
    }

    /// Decodes the next block of the current frame, or ends the frame.
    fn step(&mut self) -> Result<()> {
        let Some(mut frame) = self.frame.take() else {
            return Ok(());
        };
        let block = match &frame {
            Frame::Legacy => self.legacy_block()?,
            Frame::Modern { descriptor, .. } => self.block(descriptor.clone())?,
        };
        let chunk = match block {
            Block::End => return self.end(&frame),
            Block::Packed => self.unpack(&frame)?,
            Block::Stored => {
                let mut data = self.outbox.buffer();
                data.clear();
                data.extend_from_slice(&self.compressed);
                Chunk::Data(data)
            }
        };
        if let Frame::Modern {
            descriptor,
            hash,
            len,
        } = &mut frame
        {
            *len += chunk.len();
            descriptor.content_fits(*len, self.frames)?;
            match &chunk {
                _ if !descriptor.content_checksum => {}
                Chunk::Data(data) => hash.update(data),
                Chunk::Zeros(zeros) => hash.update_zeros(*zeros),
            }
            if descriptor.linked {
                self.remember(&chunk);
            }
        }
        self.frame = Some(frame);
        self.outbox.put(chunk)
    }

    /// Reads a block of a legacy frame. Such a frame has no end mark: it ends with the input, or
    /// where the size of a block would be and the magic number of a frame is.
    fn legacy_block(&mut self) -> Result<Block> {
        if self.input.at_end()? {
            return Ok(Block::End);
        }
        let word: [u8; 4] = self.input.array("a block's size")?;
        if frame::is_magic(u32::from_le_bytes(word)) {
            self.next_magic = Some(word);
            return Ok(Block::End);
        }
        let size = u32::from_le_bytes(word) as usize;
        let most = LEGACY_BLOCK + LEGACY_BLOCK / 255 + 16;
        if size > most {
            return Err(self.wrong(format!(
                "has a block of {size} bytes, at most {most} are possible"
            )));
        }
        self.fill_compressed(size)?;
        Ok(Block::Packed)
    }

    /// Reads a block of a modern frame.
    fn block(&mut self, descriptor: Descriptor) -> Result<Block> {
        const STORED: u32 = 1 << 31;
        let word = u32::from_le_bytes(self.input.array("a block's size")?);
        if word == 0 {
            return Ok(Block::End);
        }
        let (size, most) = ((word & !STORED) as usize, descriptor.block_max);
        if size > most {
            return Err(self.wrong(format!(
                "has a block of {size} bytes, at most {most} are allowed"
            )));
        }
        self.fill_compressed(size)?;
        if descriptor.block_checksum {
            let told = u32::from_le_bytes(self.input.array("a block's checksum")?);
            let mut hash = Xxh32::new();
            hash.update(&self.compressed);
            self.check("a block's checksum", told, hash.finish())?;
        }
        Ok(if word & STORED == 0 {
            Block::Packed
        } else {
            Block::Stored
        })
    }

    fn fill_compressed(&mut self, size: usize) -> Result<()> {
        self.compressed.clear();
        self.input.append(&mut self.compressed, size, "a block")
    }

    /// Decodes `compressed`.
    fn unpack(&mut self, frame: &Frame) -> Result<Chunk> {
        let linked = matches!(frame, Frame::Modern { descriptor, .. } if descriptor.linked);
        let (packed, zeros) = &self.zero_block;
        let known = *zeros > 0 && *zeros <= frame.block_max() as u64 && *packed == self.compressed;
        if known && !linked {
            return Ok(Chunk::Zeros(*zeros));
        }
        let mut data = self.outbox.buffer();
        // No more room than the block can fill, or a file of tiny ones would cost as much to read as
        // one of large ones.
        let most = self.compressed.len().saturating_mul(RATIO_MAX);
        data.resize(most.min(frame.block_max()), 0);
        let len = if self.history.is_empty() {
            decompress_into(&self.compressed, &mut data)
        } else {
            decompress_into_with_dict(&self.compressed, &mut data, &self.history)
        };
        let len = len.map_err(|cause| {
            self.wrong("has a block that cannot be decoded")
                .cause(cause)
        })?;
        data.truncate(len);
        if !linked && self.compressed.len() < len / 128 && sparse::zero::is_zero(&data) {
            self.zero_block = (std::mem::take(&mut self.compressed), len as u64);
            return Ok(Chunk::Zeros(len as u64));
        }
        Ok(Chunk::Data(data))
    }

    /// Keeps what the next linked block may refer to.
    fn remember(&mut self, chunk: &Chunk) {
        let Chunk::Data(data) = chunk else { return };
        let new = &data[data.len().saturating_sub(WINDOW)..];
        // Moved to the front once in a while only: blocks may be tiny.
        if self.history.len() + new.len() > 2 * WINDOW {
            let keep = WINDOW - new.len();
            let old = self.history.len().saturating_sub(keep);
            self.history.drain(..old);
        }
        self.history.extend_from_slice(new);
    }

    /// Checks what the end of a frame promises.
    fn end(&mut self, frame: &Frame) -> Result<()> {
        let Frame::Modern {
            descriptor,
            hash,
            len,
        } = frame
        else {
            return Ok(());
        };
        if let Some(size) = descriptor.content_size.filter(|size| size != len) {
            return Err(self.wrong(format!("announces {size} bytes and holds {len}")));
        }
        if descriptor.content_checksum {
            let told = u32::from_le_bytes(self.input.array("a frame's checksum")?);
            self.check("the content's checksum", told, hash.finish())?;
        }
        Ok(())
    }

    fn check(&self, what: &str, told: u32, found: u32) -> Result<()> {
        if told == found {
            return Ok(());
        }
        Err(self.wrong(format!(
            "{what} is {told:#010x}, the data has {found:#010x}"
        )))
    }

    fn wrong(&self, what: impl std::fmt::Display) -> Error {
        Error::corrupt(format!("lz4 frame {}: {what}", self.frames))
    }
}

impl Frame {
    /// The most bytes a block may unfold to.
    fn block_max(&self) -> usize {
        match self {
            Frame::Legacy => LEGACY_BLOCK,
            Frame::Modern { descriptor, .. } => descriptor.block_max,
        }
    }
}

impl<R: SparseRead> SparseRead for Lz4<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        while self.outbox.is_empty() {
            if self.frame.is_some() {
                self.step()?;
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

#[cfg(test)]
mod tests;
