//! The disk of 2 TiB: its data lies in thousands of pieces all over it.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use error::{Error, Result};

use crate::example::partition_table;
use crate::shell::file_error;

/// What it is called.
pub(super) const NAME: &str = "large.img";

/// How much of it is data, at full scale.
pub(super) const DATA: u64 = 10_000_000_000;

/// Its size. At any scale: how many tables a format has depends on it.
const SIZE: u64 = 2 << 40;

/// A piece has 64 KiB to 1 MiB.
const STEP: usize = 64 << 10;
const STEPS: usize = 16;

/// Refuses a `dir` without room for the disk, the files made from it and what is written from them.
///
/// # Errors
/// There is not enough, or the file system does not say.
pub(super) fn room(dir: &Path, data: u64) -> Result<()> {
    let found = rustix::fs::statvfs(dir).map_err(|cause| file_error(dir)(cause.into()))?;
    let (free, need) = (
        found.f_bavail * found.f_frsize / 1_000_000,
        data / 1_000_000 * 4,
    );
    if free < need {
        Err(Error::io(
            format!("the disk of 2 TiB needs {need} MB"),
            format!("{free} MB are free"),
        )
        .at(dir.display())
        .hint("--large-dir names a place with more room"))
    } else {
        Ok(())
    }
}

/// Writes it with `data` bytes of data, more or less.
///
/// # Errors
/// It cannot be written.
pub(super) fn write(path: &Path, data: u64) -> Result<()> {
    let file = File::create(path).map_err(file_error(path))?;
    file.set_len(SIZE).map_err(file_error(path))?;
    let pieces = data / (STEP * (STEPS + 1) / 2) as u64;
    let mut bytes = noise(1, STEP * STEPS);
    for piece in 0..pieces {
        let len = STEP * (1 + piece as usize % STEPS);
        // The same noise over and over, so that it packs well; a number tells the pieces apart.
        for page in bytes.chunks_mut(4096) {
            page[..8].copy_from_slice(&(piece + 1).to_le_bytes());
        }
        file.write_all_at(&bytes[..len], (SIZE / pieces * piece) & !4095)
            .map_err(file_error(path))?;
    }
    // Its beginning makes it a disk.
    file.write_all_at(&partition_table(SIZE), 0)
        .map_err(file_error(path))
}

/// Numbers of a small generator (xorshift), other ones for each `seed` but 0: neither zeros nor the same
/// everywhere.
pub(super) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
    .take(len / 8)
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn pieces_add_up() {
        let file = tempfile::NamedTempFile::new().unwrap();
        write(file.path(), 30_000_000).unwrap();
        let found = file.as_file().metadata().unwrap();
        assert_eq!(found.len(), SIZE);
        let data = found.blocks() * 512;
        assert!((25_000_000..31_000_000).contains(&data), "{data}");
    }
}
