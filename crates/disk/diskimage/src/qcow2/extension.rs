//! The header extensions, and the backing file's name behind them.

use error::{Error, Result};

use super::header::Header;
use crate::fields::be32;

/// Types of header extensions.
const END: u32 = 0;
const BACKING_FORMAT: u32 = 0xe279_2aca;
const FEATURE_NAMES: u32 = 0x6803_f857;
const DATA_FILE: u32 = 0x4441_5441;

/// Bytes in an entry of the feature name table: type of feature, bit, name.
const FEATURE: usize = 48;

/// What stands between the header and the first cluster's end.
#[derive(Default)]
pub(super) struct Extensions {
    /// The backing file's name as stored.
    pub(super) backing: Option<String>,
    /// The backing file's format as QEMU calls it.
    pub(super) backing_format: Option<String>,
    /// The name of the file that the clusters of data are in.
    pub(super) data_file: Option<String>,
    /// Incompatible features by their bits.
    features: Vec<(u8, String)>,
}

impl Extensions {
    /// Those in `first`, the first cluster or as much of it as the file has, behind `header`.
    pub(super) fn read(first: &[u8], header: &Header) -> Result<Self> {
        let mut extensions = Extensions::default();
        let mut at = header.length as usize;
        let mut end = first.len();
        if let Some((offset, len)) = header.backing {
            extensions.backing = Some(backing(first, header, offset, len)?);
            end = offset;
        }
        while at + 8 <= end {
            let extension = first.get(at..end).unwrap_or_default();
            let (kind, len) = (be32(extension, 0), be32(extension, 4) as usize);
            if kind == END {
                break;
            }
            let Some(data) = extension.get(8..).and_then(|rest| rest.get(..len)) else {
                return Err(Error::corrupt(format!(
                    "header extension {kind:#x} at byte {at} has {len} bytes, only {} are left for it",
                    end - at - 8
                )));
            };
            extensions.take(kind, data)?;
            at += 8 + len.next_multiple_of(8);
        }
        Ok(extensions)
    }

    fn take(&mut self, kind: u32, data: &[u8]) -> Result<()> {
        let place = match kind {
            BACKING_FORMAT => &mut self.backing_format,
            DATA_FILE => &mut self.data_file,
            FEATURE_NAMES => {
                self.features = features(data);
                return Ok(());
            }
            _ => return Ok(()),
        };
        match place.replace(text(data)) {
            None => Ok(()),
            // Which of the two counts is for everybody to choose.
            Some(_) => Err(Error::corrupt(format!(
                "has header extension {kind:#x} twice"
            ))),
        }
    }

    /// The names of the incompatible features in `bits`, for people.
    pub(super) fn names(&self, bits: u64) -> String {
        let names = (0u8..64).filter(|bit| bits >> bit & 1 == 1).map(|bit| {
            let named = self.features.iter().find(|(number, _)| *number == bit);
            match named {
                Some((_, name)) => format!("{bit} ({name:?})"),
                None => bit.to_string(),
            }
        });
        names.collect::<Vec<_>>().join(", ")
    }
}

/// The backing file's name, which must be in the first cluster and behind the header.
fn backing(first: &[u8], header: &Header, offset: usize, len: usize) -> Result<String> {
    let end = offset.saturating_add(len);
    match first.get(offset..end) {
        Some(name) if offset >= header.length as usize => Ok(text(name)),
        _ => Err(Error::corrupt(format!(
            "has the backing file's name at bytes {offset} to {end}, not between the header's {} bytes and the end of the first cluster at byte {}",
            header.length,
            first.len()
        ))),
    }
}

/// The names of incompatible features; more than there are bits is of no use.
fn features(table: &[u8]) -> Vec<(u8, String)> {
    let (entries, _) = table.as_chunks::<FEATURE>();
    let incompatible = entries.iter().filter(|entry| entry[0] == 0);
    let named = incompatible.map(|entry| (entry[1], text(&entry[2..])));
    named.take(64).collect()
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0);
    let bytes = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
    String::from_utf8_lossy(bytes).into_owned()
}
