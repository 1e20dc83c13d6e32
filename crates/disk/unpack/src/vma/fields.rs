//! Fields of headers, and the checksum that each header has.

use error::{Error, Result, hex};
use md5::{Digest, Md5};

/// The big-endian number of 16 bits at `at`; what lies behind the end is 0.
pub(super) fn be16(bytes: &[u8], at: usize) -> u16 {
    field(bytes, at).map_or(0, u16::from_be_bytes)
}

/// The big-endian number of 32 bits at `at`.
pub(super) fn be32(bytes: &[u8], at: usize) -> u32 {
    field(bytes, at).map_or(0, u32::from_be_bytes)
}

/// The big-endian number of 64 bits at `at`.
pub(super) fn be64(bytes: &[u8], at: usize) -> u64 {
    field(bytes, at).map_or(0, u64::from_be_bytes)
}

/// The 16 bytes at `at`.
pub(super) fn id(bytes: &[u8], at: usize) -> [u8; 16] {
    field(bytes, at).unwrap_or_default()
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
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
    match claimed[..] == sum[..] {
        true => Ok(()),
        false => {
            let (sum, claimed) = (hex(&sum), hex(&claimed));
            let message = format!("{} has the MD5 {sum}, it should be {claimed}", what());
            Err(Error::corrupt(message))
        }
    }
}
