//! Writing streamOptimized VMDK: a header, compressed grains, each table behind its grains, and at the
//! end the directory of tables and a footer that says where that is.
//!
//! Layout: VMware's "Virtual Disk Format 5.0". Nothing is written twice and nothing looked up, so it
//! goes to a pipe as well as to a file. Grains have 64 KiB; those without data do not exist, nor do
//! tables without grains. The last grain is a whole one even where the disk ends inside. The capacity is
//! the disk's size, rounded up to whole sectors of 512 bytes and not to whole grains: the specification
//! would like the latter, but programs show a guest the capacity and nothing else.
//!
//! Everything depends on the disk alone, and so the same disk gives the same file, with any number of
//! threads. The content id stands in front of the content, and so it can only be made from the size.

mod extent;
mod grains;
mod header;
#[cfg(test)]
mod tests;

use error::{Error, Result};
use sparse::BlockWrite;

use super::encoder::{Encoded, Encoder};
use super::units::Units;
use super::{WriteOptions, unknown};
use crate::Format;
use extent::Extent;
use grains::Grains;

/// Bytes in a sector, in which everything is counted.
const SECTOR: u64 = 512;

/// Bytes in a grain.
const GRAIN: usize = 64 << 10;

/// Grains that one table finds.
const TABLE: u64 = 512;

/// The largest disk that VMware's programs take.
const LARGEST: u64 = 62 << 40;

/// The smallest disk: a capacity of 0 means that the descriptor is all there is.
const SMALLEST: u64 = 1;

/// Adapters that a descriptor may name.
const ADAPTERS: [&str; 4] = ["lsilogic", "ide", "buslogic", "legacyESX"];

/// As [`super::writer`].
pub(super) fn writer(
    options: &WriteOptions,
    size: u64,
    inner: Box<dyn BlockWrite>,
) -> Result<Box<dyn BlockWrite>> {
    let settings = Settings::read(options)?;
    super::check_size("vmdk", size, SMALLEST..=LARGEST)?;
    Ok(Encoded::boxed(Vmdk {
        units: Units::new(GRAIN, size),
        grains: Grains::start(options.threads.max(1), settings.level)?,
        extent: Extent::new(size.div_ceil(SECTOR), settings.adapter),
        inner,
    }))
}

/// As [`super::check`].
pub(super) fn check(options: &WriteOptions) -> Result<()> {
    Settings::read(options).map(drop)
}

/// What the options say.
struct Settings {
    level: libdeflater::CompressionLvl,
    adapter: &'static str,
}

impl Settings {
    fn read(options: &WriteOptions) -> Result<Self> {
        let mut settings = Settings {
            level: libdeflater::CompressionLvl::default(),
            adapter: ADAPTERS[0],
        };
        for (key, value) in &options.given {
            match key.as_str() {
                "level" => settings.level = level(value)?,
                "adapter_type" => settings.adapter = adapter(value)?,
                _ => return Err(unknown(Format::Vmdk, key, &["level", "adapter_type"])),
            }
        }
        Ok(settings)
    }
}

fn level(text: &str) -> Result<libdeflater::CompressionLvl> {
    // The library has a level 0, which compresses nothing.
    let level = text.parse().ok().filter(|level| (1..=12).contains(level));
    level
        .and_then(|level| libdeflater::CompressionLvl::new(level).ok())
        .ok_or_else(|| {
            Error::usage(format!(
                "invalid compression level '{text}': must be 1 to 12"
            ))
        })
}

fn adapter(text: &str) -> Result<&'static str> {
    let known = ADAPTERS.into_iter().find(|known| *known == text);
    known.ok_or_else(|| {
        Error::usage(format!("invalid adapter type '{text}' for vmdk"))
            .hint(format!("one of: {}", ADAPTERS.join(", ")))
    })
}

/// Writes a streamOptimized VMDK.
struct Vmdk {
    units: Units,
    grains: Grains,
    extent: Extent,
    inner: Box<dyn BlockWrite>,
}

impl Encoder for Vmdk {
    fn target(&self) -> &dyn BlockWrite {
        &*self.inner
    }

    fn target_mut(&mut self) -> &mut dyn BlockWrite {
        &mut *self.inner
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        let (extent, inner) = (&mut self.extent, &mut *self.inner);
        let each = &mut |packed| extent.add(packed, inner);
        self.units
            .write(offset, data, &mut |unit| self.grains.push(unit, each))
    }

    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()> {
        let (extent, inner) = (&mut self.extent, &mut *self.inner);
        let each = &mut |packed| extent.add(packed, inner);
        self.units
            .zero(offset, len, &mut |unit| self.grains.push(unit, each))
    }

    fn finish(&mut self, size: u64) -> Result<()> {
        let (extent, inner) = (&mut self.extent, &mut *self.inner);
        let each = &mut |packed| extent.add(packed, inner);
        self.units
            .finish(size, &mut |unit| self.grains.push(unit, each))?;
        self.grains.finish(each)?;
        let end = self.extent.finish(&mut *self.inner)?;
        self.inner.finish(end)
    }
}
