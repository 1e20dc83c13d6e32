//! Whether two raw disks are the same.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use error::Result;

use crate::shell::file_error;

/// Bytes that are compared at a time.
const STEP: usize = 1 << 20;

/// In what the disk at `ours` differs from the one at `theirs`; `None` when they are the same.
///
/// # Errors
/// One of them cannot be read.
pub(super) fn difference(ours: &Path, theirs: &Path) -> Result<Option<String>> {
    let open = |path| File::open(path).map_err(file_error(path));
    let (mut one, mut other) = (open(ours)?, open(theirs)?);
    let size = |file: &File, path| file.metadata().map(|of| of.len()).map_err(file_error(path));
    let sizes = (size(&one, ours)?, size(&other, theirs)?);
    let (mut a, mut b) = (vec![0; STEP], vec![0; STEP]);
    let mut at = 0;
    loop {
        let read = fill(&mut one, &mut a, ours)?.min(fill(&mut other, &mut b, theirs)?);
        let (left, right) = (&a[..read], &b[..read]);
        if left != right {
            let differs = left.iter().zip(right).position(|(one, other)| one != other);
            let byte = at + differs.unwrap_or(0) as u64;
            return Ok(Some(format!("differs at byte {byte} of {}", sizes.1)));
        }
        at += read as u64;
        if read < STEP {
            break;
        }
    }
    Ok((sizes.0 != sizes.1).then(|| format!("has {} bytes instead of {}", sizes.0, sizes.1)))
}

fn fill(file: &mut File, buffer: &mut [u8], path: &Path) -> Result<usize> {
    let mut filled = 0;
    while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
        match file.read(room).map_err(file_error(path))? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}
