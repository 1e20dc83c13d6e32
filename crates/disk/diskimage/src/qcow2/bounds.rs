//! Where things may be.

use std::fmt::Display;

use error::{Error, Result};

/// Makes sure that the `len` bytes of `what` at `offset` are in the file, as far as its size is known.
pub(super) fn inside(
    file_size: Option<u64>,
    what: impl Display,
    offset: u64,
    len: u64,
) -> Result<()> {
    match (file_size, offset.checked_add(len)) {
        (Some(size), Some(end)) if end <= size => Ok(()),
        (None, Some(_)) => Ok(()),
        (Some(size), _) => Err(Error::corrupt(format!(
            "{what} at byte {offset} is outside the file, which has {size} bytes"
        ))),
        (None, None) => Err(Error::corrupt(format!(
            "{what} at byte {offset} is farther than any file reaches"
        ))),
    }
}

/// Makes sure that `what` begins with a cluster.
pub(super) fn aligned(what: impl Display, offset: u64, cluster: u64) -> Result<()> {
    if offset.is_multiple_of(cluster) {
        Ok(())
    } else {
        Err(Error::corrupt(format!(
            "{what} at byte {offset} does not begin at a multiple of {cluster} bytes"
        )))
    }
}
