//! The two headers, of which one counts.

use std::ops::Range;

use error::{Error, Result};
use sparse::BlockRead;

use super::{MIB, is_whole};
use crate::fields::{field, le16, le32, le64, read_exact};

/// Where the headers are.
pub(super) const RANGE: Range<u64> = PLACES[0]..PLACES[1] + LEN as u64;

const PLACES: [u64; 2] = [64 << 10, 128 << 10];

/// Bytes in a header.
const LEN: usize = 4096;

/// What a header says.
#[derive(PartialEq, Eq)]
pub(super) struct Header {
    sequence: u64,
    /// Changes whenever the disk's content does: what a child knows its parent by.
    pub(super) content: [u8; 16],
    /// What the entries of the log have to bear; zeros if nothing in the log counts.
    pub(super) log_id: [u8; 16],
    /// Where the log is.
    pub(super) log: Range<u64>,
    log_version: u16,
    version: u16,
}

impl Header {
    /// The header that counts: the one with the higher number of those that are whole.
    pub(super) fn current(file: &dyn BlockRead) -> Result<Self> {
        let [one, two] = PLACES.map(|at| Self::read(file, at));
        let header = match (one?, two?) {
            (Some(one), Some(two)) if one.sequence == two.sequence && one != two => {
                return Err(Error::corrupt(format!(
                    "has two headers with the number {} that do not say the same",
                    one.sequence
                )));
            }
            (Some(one), Some(two)) if one.sequence > two.sequence => one,
            (Some(one), None) => one,
            (_, Some(two)) => two,
            (None, None) => {
                let message = "has no header with the right checksum";
                return Err(Error::corrupt(message));
            }
        };
        header.check()?;
        Ok(header)
    }

    fn read(file: &dyn BlockRead, at: u64) -> Result<Option<Self>> {
        let mut bytes = [0; LEN];
        read_exact(file, at, &mut bytes, "header")?;
        let log = le64(&bytes, 72);
        Ok(is_whole(&bytes, b"head").then(|| Header {
            sequence: le64(&bytes, 8),
            content: field(&bytes, 32),
            log_id: field(&bytes, 48),
            log: log..log.saturating_add(le32(&bytes, 68).into()),
            log_version: le16(&bytes, 64),
            version: le16(&bytes, 66),
        }))
    }

    fn check(&self) -> Result<()> {
        if self.version != 1 {
            let message = format!("is a vhdx disk of version {}, 1 is known", self.version);
            return Err(Error::unsupported(message));
        }
        if self.log_version != 0 {
            let version = self.log_version;
            let message = format!("has a log of version {version}, 0 is known");
            return Err(Error::unsupported(message));
        }
        let Range { start, end } = self.log;
        if start.is_multiple_of(MIB) && end.is_multiple_of(MIB) {
            Ok(())
        } else {
            Err(Error::corrupt(format!(
                "has a log at bytes {start} to {end}, which are not multiples of 1 MiB"
            )))
        }
    }
}
