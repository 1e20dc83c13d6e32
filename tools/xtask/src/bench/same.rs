//! Whether two disks are equal byte for byte, without reading what is a hole in both.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use error::{Error, Result};
use rustix::fs::{SeekFrom, seek};

use crate::shell::file_error;

/// Fails at the first byte that differs.
///
/// # Errors
/// The contents or the sizes differ, or one cannot be read.
pub(super) fn same(expected: &Path, found: &Path) -> Result<()> {
    let (a, b) = (open(expected)?, open(found)?);
    let size = |file: &File, path| Ok::<_, Error>(file.metadata().map_err(file_error(path))?.len());
    let (have, want) = (size(&b, found)?, size(&a, expected)?);
    if have != want {
        let sizes = format!("holds {have} bytes, {} {want}", expected.display());
        return Err(Error::corrupt(sizes).at(found.display()));
    }
    let mut offset = 0;
    while let Some((start, end)) = data(&[&a, &b], offset, want).map_err(file_error(found))? {
        compare(&a, &b, start, end).map_err(|error| error.at(found.display()))?;
        offset = end;
    }
    Ok(())
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(file_error(path))
}

/// The first range from `offset` on that is not a hole in every one of `files`: up to where a file
/// that has data there stops having it.
fn data(files: &[&File], offset: u64, size: u64) -> io::Result<Option<(u64, u64)>> {
    let mut first: Option<(u64, u64)> = None;
    for file in files {
        let start = match seek(file, SeekFrom::Data(offset)) {
            Ok(start) => start,
            Err(rustix::io::Errno::NXIO) => continue,
            Err(error) => return Err(error.into()),
        };
        let end = seek(file, SeekFrom::Hole(start))?.min(size);
        if start < size && first.is_none_or(|(nearest, _)| start < nearest) {
            first = Some((start, end));
        }
    }
    Ok(first)
}

fn compare(a: &File, b: &File, start: u64, end: u64) -> Result<()> {
    const STEP: u64 = 1 << 20;
    let (mut left, mut right) = (vec![0; STEP as usize], vec![0; STEP as usize]);
    for offset in (start..end).step_by(STEP as usize) {
        let n = STEP.min(end - offset) as usize;
        let read = |file: &File, into: &mut [u8]| {
            let failed = |cause| Error::io(format!("cannot be read at byte {offset}"), cause);
            file.read_exact_at(into, offset).map_err(failed)
        };
        read(a, &mut left[..n])?;
        read(b, &mut right[..n])?;
        if let Some(at) = (0..n).find(|&i| left[i] != right[i]) {
            return Err(Error::corrupt(format!(
                "differs at byte {}",
                offset + at as u64
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 8 << 20;

    /// A sparse file with `bytes` at `offset`.
    fn disk(bytes: &[u8], offset: u64) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(SIZE).unwrap();
        file.as_file().write_all_at(bytes, offset).unwrap();
        file
    }

    #[test]
    fn a_hole_equals_zeros() {
        same(disk(b"x", 5).path(), disk(b"x", 5).path()).unwrap();
        same(disk(&[], 0).path(), disk(&[0; 5000], 3 << 20).path()).unwrap();
    }

    #[test]
    fn a_difference_is_found_on_either_side() {
        let (empty, full) = (disk(&[], 0), disk(b"x", SIZE - 1));
        for (a, b) in [(&empty, &full), (&full, &empty)] {
            let error = same(a.path(), b.path()).unwrap_err();
            assert_eq!(error.message(), format!("differs at byte {}", SIZE - 1));
        }
        let short = disk(&[], 0);
        short.as_file().set_len(SIZE - 1).unwrap();
        let error = same(empty.path(), short.path()).unwrap_err();
        assert!(
            error.message().starts_with("holds 8388607 bytes"),
            "{error}"
        );
    }
}
