//! What `-o` says about a VHDX file.

use error::{Error, Result, parse_amount};

use super::MIB;
use crate::Format;
use crate::write::{WriteOptions, unknown};

/// Blocks of a disk whose size was not chosen, at most: a table of 8 MiB.
const MOST_BLOCKS: u64 = 1 << 20;

/// The largest block.
const LARGEST_BLOCK: u64 = 256 * MIB;

const KEYS: [&str; 3] = ["subformat", "block_size", "logical_sector_size"];

/// The options, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// Bytes in a block, if they were chosen.
    block: Option<u64>,
    /// Bytes in a sector.
    pub(super) sector: u64,
}

impl Settings {
    /// Reads the options.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] for an unknown key and for a value that makes no sense.
    pub(super) fn read(options: &WriteOptions) -> Result<Self> {
        let mut settings = Settings {
            block: None,
            sector: 512,
        };
        for (key, value) in &options.given {
            match key.as_str() {
                "subformat" => subformat(value)?,
                "block_size" => settings.block = Some(block_size(value)?),
                "logical_sector_size" => settings.sector = sector_size(value)?,
                _ => return Err(unknown(Format::Vhdx, key, &KEYS)),
            }
        }
        Ok(settings)
    }

    /// Bytes in a block of a disk of `size` bytes: what was chosen, or 1 MiB unless the table
    /// becomes too long. Small blocks make a small file where data is scattered.
    pub(super) fn block(&self, size: u64) -> u64 {
        let needed = size.div_ceil(MOST_BLOCKS).next_power_of_two();
        self.block
            .unwrap_or_else(|| needed.clamp(MIB, LARGEST_BLOCK))
    }
}

fn subformat(value: &str) -> Result<()> {
    match value {
        "dynamic" => Ok(()),
        _ => Err(
            Error::usage(format!("vhdx has no subformat '{value}' here"))
                .hint("dynamic is what is written"),
        ),
    }
}

fn block_size(value: &str) -> Result<u64> {
    let size = parse_amount(value)?;
    if size.is_power_of_two() && (MIB..=LARGEST_BLOCK).contains(&size) {
        Ok(size)
    } else {
        Err(Error::usage(format!(
            "invalid block_size {value}: must be a power of two from 1M to 256M"
        )))
    }
}

fn sector_size(value: &str) -> Result<u64> {
    match value {
        "512" => Ok(512),
        "4096" | "4K" | "4k" => Ok(4096),
        _ => Err(
            Error::usage(format!("invalid logical_sector_size '{value}'"))
                .hint("one of: 512, 4096"),
        ),
    }
}
