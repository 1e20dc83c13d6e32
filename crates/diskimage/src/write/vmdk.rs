//! Writing vmdk.

use extent::BlockWrite;
use report::{Error, Result};

use super::WriteOptions;

/// As [`super::writer`].
pub(super) fn writer(
    options: &WriteOptions,
    size: u64,
    inner: Box<dyn BlockWrite>,
) -> Result<Box<dyn BlockWrite>> {
    let _ = (options, size, inner);
    Err(Error::unsupported("vmdk is not written here"))
}

/// As [`super::check`].
pub(super) fn check(options: &WriteOptions) -> Result<()> {
    let _ = options;
    Err(Error::unsupported("vmdk is not written here"))
}
