//! Checksums of metadata (`enum btrfs_csum_type`). They stand in the first 32 bytes of what they are over.

use std::hash::Hasher;

use error::{Error, Result};
use sha2::{Digest, Sha256};
use sparse::crc32c;
use twox_hash::XxHash64;

/// Bytes that are kept for a checksum.
pub(super) const LEN: usize = 32;

/// How checksums are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checksum {
    Crc32c,
    Xxhash,
    Sha256,
    /// BLAKE2b with 256 bits, which is not verified.
    Blake2,
}

impl Checksum {
    /// The one that the superblock calls `number`.
    ///
    /// # Errors
    /// [`error::Kind::Unsupported`] where it is not known.
    pub(super) fn of(number: u16) -> Result<Self> {
        match number {
            0 => Ok(Checksum::Crc32c),
            1 => Ok(Checksum::Xxhash),
            2 => Ok(Checksum::Sha256),
            3 => Ok(Checksum::Blake2),
            _ => {
                let text = format!("btrfs with checksums that are not known ({number})");
                Err(Error::unsupported(text))
            }
        }
    }

    /// Checks the checksum that `block` begins with.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] where it is that of other bytes.
    pub(super) fn check(self, block: &[u8]) -> Result<()> {
        let (sum, covered) = block.split_at_checked(LEN).unwrap_or_default();
        let computed = match self {
            Checksum::Crc32c => {
                let crc = crc32c::finish(crc32c::update(crc32c::START, covered));
                crc.to_le_bytes().to_vec()
            }
            Checksum::Xxhash => {
                let mut hash = XxHash64::with_seed(0);
                hash.write(covered);
                hash.finish().to_le_bytes().to_vec()
            }
            Checksum::Sha256 => Sha256::digest(covered).to_vec(),
            Checksum::Blake2 => return Ok(()),
        };
        if sum.starts_with(&computed) {
            return Ok(());
        }
        Err(Error::corrupt(format!(
            "its checksum is {}, that of its bytes {}",
            error::hex(sum.get(..computed.len()).unwrap_or_default()),
            error::hex(&computed)
        )))
    }
}
