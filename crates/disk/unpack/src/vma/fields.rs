//! Fields of headers, and the checksum that each header has.

use error::{Error, Result, hex};
use md5::{Digest, Md5};
use sparse::fields::field;
pub(super) use sparse::fields::{be16, be32, be64};

/// The 16 bytes at `at`.
pub(super) fn id(bytes: &[u8], at: usize) -> [u8; 16] {
    field(bytes, at)
}

/// Checks the MD5 at `at`, which was made with zeros in its place. `what` the bytes are stands in front of
/// the message.
///
/// # Errors
/// [`error::Kind::Corrupt`] when it is another one.
pub(super) fn check_sum(bytes: &[u8], at: usize, what: impl FnOnce() -> String) -> Result<()> {
    let claimed = id(bytes, at);
    let (before, rest) = bytes.split_at(at.min(bytes.len()));
    let behind = rest.get(claimed.len()..).unwrap_or_default();
    let sum = Md5::new()
        .chain_update(before)
        .chain_update([0; 16])
        .chain_update(behind)
        .finalize();
    if claimed[..] == sum[..] {
        Ok(())
    } else {
        let (sum, claimed) = (hex(&sum), hex(&claimed));
        let message = format!("{} has the MD5 {sum}, it should be {claimed}", what());
        Err(Error::corrupt(message))
    }
}
