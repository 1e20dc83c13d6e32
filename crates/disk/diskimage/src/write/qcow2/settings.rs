//! What `-o` says about a qcow2 file.

use error::{Error, Result};

use crate::Format;
use crate::advice::Advice;
use crate::write::{WriteOptions, unknown};

/// How clusters are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Zlib,
    Zstd,
}

/// The options, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) compression: Compression,
    pub(super) level: i32,
    /// The cluster size's logarithm, 9 to 21.
    pub(super) cluster_bits: u32,
}

const KEYS: [&str; 3] = ["compression", "level", "cluster_size"];

/// zlib-rs searches faster than zlib, but finds less at the same level; at 9 it is ahead in both
/// size and time of zlib's 6, with which QEMU writes.
const ZLIB_LEVEL: i32 = 9;

/// What QEMU writes with, zstd's own default.
const ZSTD_LEVEL: i32 = 3;

/// The level of what is not compressed.
const NO_LEVEL: i32 = 0;

impl Settings {
    /// Reads the options.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] for an unknown key and for a value that makes no sense.
    pub(super) fn read(options: &WriteOptions) -> Result<Self> {
        let mut settings = Settings {
            compression: Compression::None,
            level: NO_LEVEL,
            cluster_bits: 16,
        };
        let mut level = None;
        for (key, value) in &options.given {
            match key.as_str() {
                "compression" => settings.compression = compression(value)?,
                "level" => level = Some(value.as_str()),
                "cluster_size" => settings.cluster_bits = cluster_bits(value)?,
                _ => return Err(unknown(Format::Qcow, key, &KEYS)),
            }
        }
        settings.level = settings.compression.level(level)?;
        Ok(settings)
    }
}

impl Compression {
    fn level(self, given: Option<&str>) -> Result<i32> {
        let (name, default, most) = match self {
            Compression::Zlib => ("zlib", ZLIB_LEVEL, 9),
            Compression::Zstd => ("zstd", ZSTD_LEVEL, 22),
            Compression::None if given.is_some() => {
                return Err(Error::usage("a level is given without a compression")
                    .advise(Advice::ChooseCompression));
            }
            Compression::None => return Ok(NO_LEVEL),
        };
        let Some(given) = given else {
            return Ok(default);
        };
        let level = given
            .parse()
            .ok()
            .filter(|level| (1..=most).contains(level));
        level.ok_or_else(|| {
            Error::usage(format!(
                "invalid level '{given}' for {name}: must be 1 to {most}"
            ))
        })
    }
}

fn compression(value: &str) -> Result<Compression> {
    match value {
        "none" => Ok(Compression::None),
        "zlib" => Ok(Compression::Zlib),
        "zstd" => Ok(Compression::Zstd),
        _ => Err(
            Error::usage(format!("invalid compression '{value}' for qcow2"))
                .hint("one of: none, zlib, zstd"),
        ),
    }
}

fn cluster_bits(value: &str) -> Result<u32> {
    let size = error::parse_amount(value)?;
    if size.is_power_of_two() && (512..=2 << 20).contains(&size) {
        Ok(size.ilog2())
    } else {
        Err(Error::usage(format!(
            "invalid cluster_size {value}: must be a power of two from 512 to 2M"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[(&str, &str)]) -> Result<Settings> {
        let given = given.iter().map(|&(key, value)| (key.into(), value.into()));
        Settings::read(&WriteOptions {
            given: given.collect(),
            threads: 1,
        })
    }

    #[test]
    fn what_is_not_given_is_as_qemu_has_it() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.compression, Compression::None);
        assert_eq!(settings.cluster_bits, 16);
        let zstd = read(&[
            ("level", "7"),
            ("compression", "zstd"),
            ("cluster_size", "2M"),
        ])
        .unwrap();
        assert_eq!((zstd.level, zstd.cluster_bits), (7, 21));
    }

    #[test]
    fn nonsense_is_refused() {
        for (given, message) in [
            ([("size", "1")].as_slice(), "qcow2 has no option 'size'"),
            (
                &[("compression", "lz4")],
                "invalid compression 'lz4' for qcow2",
            ),
            (&[("level", "3")], "a level is given without a compression"),
            (
                &[("compression", "zlib"), ("level", "10")],
                "invalid level '10' for zlib: must be 1 to 9",
            ),
            (
                &[("compression", "zstd"), ("level", "-1")],
                "invalid level '-1' for zstd: must be 1 to 22",
            ),
            (
                &[("cluster_size", "3K")],
                "invalid cluster_size 3K: must be a power of two from 512 to 2M",
            ),
            (
                &[("cluster_size", "4M")],
                "invalid cluster_size 4M: must be a power of two from 512 to 2M",
            ),
            (&[("cluster_size", "x")], "invalid size 'x'"),
        ] {
            let error = read(given).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert_eq!(error.kind(), error::Kind::Usage);
        }
    }
}
