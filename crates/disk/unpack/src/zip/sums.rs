//! What a member comes to, and whether the records about it agree with that.

use error::{Error, Result};

/// What a member comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) crc: u32,
    pub(super) compressed: u64,
    pub(super) size: u64,
}

/// Whether what `whose` record says, if it does, is what was found.
pub(super) fn agree(
    name: &str,
    whose: &str,
    what: &str,
    stated: Option<u64>,
    found: u64,
) -> Result<()> {
    match stated {
        Some(stated) if stated != found => Err(Error::corrupt(format!(
            "zip member {name}: the {what} is {found}, {whose} says {stated}"
        ))),
        _ => Ok(()),
    }
}

/// The same for the checksum.
pub(super) fn agree_crc(name: &str, stated: u32, found: u32) -> Result<()> {
    if stated == found {
        Ok(())
    } else {
        Err(Error::corrupt(format!(
            "zip member {name}: CRC-32 is {stated:#010x}, the data has {found:#010x}"
        )))
    }
}
