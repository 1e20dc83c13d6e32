//! Zstandard frame and block headers, RFC 8878, section 3.1.

use error::{Error, Result};
use sparse::SparseRead;

use crate::input::Input;

/// Begins a frame.
pub(crate) const MAGIC: u32 = 0xFD2F_B528;
/// Begin a frame for others, in lz4 files too.
pub(crate) const SKIPPABLE: std::ops::RangeInclusive<u32> = 0x184D_2A50..=0x184D_2A5F;
/// Begin frames of the versions before the format was fixed.
pub(super) const OLD: std::ops::RangeInclusive<u32> = 0xFD2F_B522..=0xFD2F_B527;

/// What a frame says about itself.
#[derive(Clone, Debug)]
pub(super) struct FrameHeader {
    /// Which frame of the file this is, counted from 1, for errors.
    pub(super) number: u64,
    /// How far back a match may reach, in bytes.
    pub(super) window: u64,
    /// Bytes the frame decompresses to, if it says.
    pub(super) content_size: Option<u64>,
    /// A checksum follows the last block.
    pub(super) checksum: bool,
}

impl FrameHeader {
    /// Reads the header of frame `number` behind its magic number.
    pub(super) fn read<R: SparseRead>(input: &mut Input<R>, number: u64) -> Result<Self> {
        const WHAT: &str = "a frame's header";
        let [descriptor] = input.array(WHAT)?;
        let single_segment = descriptor & 0x20 != 0;
        if descriptor & 0x08 != 0 {
            return Err(Error::corrupt(format!(
                "zstd frame {number}: the header has a reserved bit set"
            )));
        }
        let window = if single_segment {
            None
        } else {
            let [code] = input.array(WHAT)?;
            let base = 1u64 << (10 + (code >> 3));
            Some(base + base / 8 * u64::from(code & 7))
        };
        let dictionary = number_of(input, [0, 1, 2, 4][usize::from(descriptor & 3)])?;
        if dictionary != 0 {
            return Err(Error::unsupported(format!(
                "zstd frame {number} needs dictionary {dictionary}"
            )));
        }
        let content_size = match descriptor >> 6 {
            0 if !single_segment => None,
            0 => Some(number_of(input, 1)?),
            1 => Some(number_of(input, 2)? + 256),
            2 => Some(number_of(input, 4)?),
            _ => Some(number_of(input, 8)?),
        };
        Ok(FrameHeader {
            number,
            // Without a window of its own, the frame is its window.
            window: window.or(content_size).unwrap_or_default(),
            content_size,
            checksum: descriptor & 0x04 != 0,
        })
    }

    /// The most bytes a block may hold or unfold to.
    pub(super) fn block_max(&self) -> u64 {
        self.window.min(128 << 10)
    }

    /// A header that tells libzstd the window, rounded up, and nothing else.
    pub(super) fn bare(&self) -> [u8; 6] {
        let mut code = 0u8;
        while code < u8::MAX
            && self.window > (1u64 << (10 + (code >> 3))) / 8 * u64::from(8 + (code & 7))
        {
            code += 1;
        }
        let [a, b, c, d] = MAGIC.to_le_bytes();
        [a, b, c, d, 0, code]
    }
}

fn number_of<R: SparseRead>(input: &mut Input<R>, len: usize) -> Result<u64> {
    let mut bytes = [0; 8];
    let (number, _) = bytes.split_at_mut(len);
    input.fill(number, "a frame's header")?;
    Ok(u64::from_le_bytes(bytes))
}

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockKind {
    /// Its content.
    Raw,
    /// One byte, to be repeated.
    Run,
    /// Its content, compressed.
    Compressed,
}

/// The header of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockHeader {
    /// What the block holds.
    pub(super) kind: BlockKind,
    /// Bytes it decompresses to; of a compressed block, the bytes it holds.
    pub(super) size: u32,
    /// Whether the frame ends behind it.
    pub(super) last: bool,
}

impl BlockHeader {
    /// Bytes of a block header.
    pub(super) const LEN: usize = 3;

    /// Takes a block header of `frame` apart.
    pub(super) fn parse([a, b, c]: [u8; Self::LEN], frame: &FrameHeader) -> Result<Self> {
        let word = u32::from_le_bytes([a, b, c, 0]);
        let wrong = |what: String| Error::corrupt(format!("zstd frame {}: {what}", frame.number));
        let kind = match word >> 1 & 3 {
            0 => BlockKind::Raw,
            1 => BlockKind::Run,
            2 => BlockKind::Compressed,
            _ => return Err(wrong("has a block of the reserved kind".into())),
        };
        let (size, most) = (word >> 3, frame.block_max());
        if u64::from(size) > most {
            return Err(wrong(format!(
                "has a block of {size} bytes, at most {most} are allowed"
            )));
        }
        let last = word & 1 != 0;
        Ok(BlockHeader { kind, size, last })
    }

    /// The header without the mark of the last block.
    pub(super) fn bare(&self) -> [u8; Self::LEN] {
        let kind = match self.kind {
            BlockKind::Raw => 0,
            BlockKind::Run => 1,
            BlockKind::Compressed => 2,
        };
        let [a, b, c, _] = (self.size << 3 | kind << 1).to_le_bytes();
        [a, b, c]
    }

    /// Bytes of the file that belong to the block behind its header.
    pub(super) fn stored(&self) -> usize {
        match self.kind {
            BlockKind::Run => 1,
            BlockKind::Raw | BlockKind::Compressed => self.size as usize,
        }
    }
}
