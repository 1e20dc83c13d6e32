//! Small pieces of a disk, which may end before them.

use error::Result;
use sparse::BlockRead;

/// The `len` bytes at `offset`, or as many of them as there are.
pub(crate) fn piece(source: &dyn BlockRead, offset: u64, len: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    let n = source.read_at(offset, &mut bytes)?;
    bytes.truncate(n);
    Ok(bytes)
}
