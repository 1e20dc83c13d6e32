//! How an LZ4 frame begins.

use error::{Error, Result};
use sparse::SparseRead;

use crate::input::Input;
use crate::xxhash::Xxh32;
use crate::zstd::SKIPPABLE;

/// Begins a frame of the present format.
pub(crate) const MODERN: u32 = 0x184D_2204;
/// Begins a legacy frame.
pub(crate) const LEGACY: u32 = 0x184C_2102;

/// Whether `word` begins a frame of any kind.
pub(super) fn is_magic(word: u32) -> bool {
    word == MODERN || word == LEGACY || SKIPPABLE.contains(&word)
}

/// The beginning of a frame.
pub(super) enum Start {
    /// A frame for others, already passed over.
    Skippable,
    /// Blocks of 8 MiB without checks.
    Legacy,
    /// A frame of the present format.
    Modern(Descriptor),
}

/// What a frame of the present format says about itself.
#[derive(Clone, Debug)]
pub(super) struct Descriptor {
    /// Blocks refer to the ones before them.
    pub(super) linked: bool,
    /// A checksum follows each block.
    pub(super) block_checksum: bool,
    /// A checksum follows the frame.
    pub(super) content_checksum: bool,
    /// Bytes the frame decompresses to, if it says.
    pub(super) content_size: Option<u64>,
    /// Bytes a block decompresses to at most.
    pub(super) block_max: usize,
}

impl Start {
    /// Reads what follows `magic`, the first word of frame number `frame`.
    pub(super) fn read<R: SparseRead>(
        input: &mut Input<R>,
        magic: [u8; 4],
        frame: u64,
    ) -> Result<Self> {
        match u32::from_le_bytes(magic) {
            MODERN => Descriptor::read(input, frame).map(Start::Modern),
            LEGACY => Ok(Start::Legacy),
            word if SKIPPABLE.contains(&word) => {
                let size = u32::from_le_bytes(input.array("a skippable frame")?);
                input.skip(size.into(), "a skippable frame")?;
                Ok(Start::Skippable)
            }
            word => Err(Error::corrupt(format!(
                "lz4 frame {frame} cannot begin with {word:#010x} at byte {}",
                input.position() - 4
            ))),
        }
    }
}

impl Descriptor {
    fn read<R: SparseRead>(input: &mut Input<R>, frame: u64) -> Result<Self> {
        const WHAT: &str = "a frame's header";
        let head: [u8; 2] = input.array(WHAT)?;
        let [flags, sizes] = head;
        let bit = |n: u8| flags & (1 << n) != 0;
        let wrong = |what: String| Error::corrupt(format!("lz4 frame {frame}: {what}"));
        let mut hash = Xxh32::new();
        hash.update(&head);
        let content_size = if bit(3) {
            let size: [u8; 8] = input.array(WHAT)?;
            hash.update(&size);
            Some(u64::from_le_bytes(size))
        } else {
            None
        };
        let dictionary = if bit(0) {
            let id: [u8; 4] = input.array(WHAT)?;
            hash.update(&id);
            Some(u32::from_le_bytes(id))
        } else {
            None
        };
        let [told] = input.array(WHAT)?;
        let found = (hash.finish() >> 8) as u8;
        if told != found {
            return Err(wrong(format!(
                "the header's checksum is {told:#04x}, the header has {found:#04x}"
            )));
        }
        if flags >> 6 != 1 {
            return Err(Error::unsupported(format!(
                "lz4 frame {frame} has version {}",
                flags >> 6
            )));
        }
        if bit(1) || sizes & 0x8f != 0 {
            return Err(wrong("the header has reserved bits set".into()));
        }
        if let Some(id) = dictionary {
            return Err(Error::unsupported(format!(
                "lz4 frame {frame} needs dictionary {id}"
            )));
        }
        let block_max = match sizes >> 4 {
            code @ 4..=7 => 1 << (8 + 2 * code),
            code => {
                return Err(wrong(format!(
                    "the header has the unknown block size {code}"
                )));
            }
        };
        Ok(Descriptor {
            linked: !bit(5),
            block_checksum: bit(4),
            content_checksum: bit(2),
            content_size,
            block_max,
        })
    }

    /// Refuses more content than announced as soon as it shows.
    pub(super) fn content_fits(&self, len: u64, frame: u64) -> Result<()> {
        match self.content_size {
            Some(size) if len > size => Err(Error::corrupt(format!(
                "lz4 frame {frame}: announces {size} bytes and holds at least {len}"
            ))),
            _ => Ok(()),
        }
    }
}
