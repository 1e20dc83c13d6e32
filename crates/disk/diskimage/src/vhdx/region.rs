//! Which part of the file holds what.

use std::ops::Range;

use error::{Error, Result};
use sparse::BlockRead;

use super::{MIB, is_whole};
use crate::blocks::Layout;
use crate::fields::{field, guid, le32, le64, read_exact};

/// Where the tables of regions are.
pub(super) const RANGE: Range<u64> = PLACES[0]..PLACES[1] + LEN as u64;

const PLACES: [u64; 2] = [192 << 10, 256 << 10];

/// Bytes in a table.
const LEN: usize = 64 << 10;

/// Entries in a table, at most.
const MOST: u32 = 2047;

/// The regions that are known.
pub(super) struct Regions {
    pub(super) table: Range<u64>,
    pub(super) metadata: Range<u64>,
}

impl Regions {
    /// Reads the first table that is whole and takes its regions in `layout`.
    pub(super) fn read(file: &dyn BlockRead, layout: &mut Layout) -> Result<Self> {
        let mut bytes = vec![0; LEN];
        let whole = PLACES.iter().find_map(|&at| {
            let read = read_exact(file, at, &mut bytes, "region table");
            read.map(|()| is_whole(&bytes, b"regi").then_some(()))
                .transpose()
        });
        whole.unwrap_or_else(|| {
            let message = "has no region table with the right checksum";
            Err(Error::corrupt(message))
        })?;
        let count = le32(&bytes, 8);
        if count > MOST {
            let message = format!("has {count} regions, at most {MOST} are possible");
            return Err(Error::corrupt(message));
        }
        let (mut table, mut metadata) = (None, None);
        for index in 0..count as usize {
            let at = 16 + index * 32;
            let name = guid(field(&bytes, at));
            let (start, len) = (le64(&bytes, at + 16), le32(&bytes, at + 24).into());
            let (slot, what) = match name.as_str() {
                "2dc27766-f623-4200-9d64-115e9bfd4a08" => (&mut table, "block table"),
                "8b7ca206-4790-4b9a-b8fe-575f050f886e" => (&mut metadata, "metadata"),
                _ if le32(&bytes, at + 28) & 1 == 0 => continue,
                _ => {
                    let message = format!("needs the region {name}, which is not known");
                    return Err(Error::unsupported(message));
                }
            };
            if !start.is_multiple_of(MIB) || len == 0 {
                return Err(Error::corrupt(format!(
                    "has its {what} in {len} bytes at byte {start}, which is not a multiple of 1 MiB"
                )));
            }
            if slot.is_some() {
                return Err(Error::corrupt(format!("has its {what} twice")));
            }
            layout.take(what, start, len)?;
            *slot = Some(start..start.saturating_add(len));
        }
        let missing = |what| move || Error::corrupt(format!("has no {what}"));
        Ok(Regions {
            table: table.ok_or_else(missing("block table"))?,
            metadata: metadata.ok_or_else(missing("metadata"))?,
        })
    }
}
