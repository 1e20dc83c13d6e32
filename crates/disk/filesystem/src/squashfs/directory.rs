//! The names in a directory: runs of up to 256 entries whose inodes are in one metadata block.

use std::ops::ControlFlow;

use error::{Error, Result};
use sparse::fields::{le16, le32};

use super::inode::Listing;
use super::metadata::Tables;
use super::{Geometry, node};
use crate::name;
use crate::port::DirEntry;

/// Most entries of a run.
const RUN: u32 = 256;

/// A directory's size counts `.` and `..`, which are not stored.
const NOT_STORED: u32 = 3;

/// Visits the names of `listing`.
pub(super) fn entries(
    tables: &Tables,
    geometry: &Geometry,
    listing: &Listing,
    visit: &mut dyn FnMut(DirEntry) -> ControlFlow<()>,
) -> Result<()> {
    let mut cursor = tables.at(geometry.directory_table, listing.place)?;
    let mut left = u64::from(listing.size.saturating_sub(NOT_STORED));
    while left > 0 {
        let header = cursor.bytes(12)?;
        let count = le32(&header, 0).saturating_add(1);
        if count > RUN {
            let text = format!("a run of {count} names; the most is {RUN}");
            return Err(Error::corrupt(text));
        }
        left = left.saturating_sub(12);
        let block = u64::from(le32(&header, 4));
        for _ in 0..count {
            let entry = cursor.bytes(8)?;
            let name = cursor.bytes(usize::from(le16(&entry, 6)) + 1)?;
            let Some(rest) = left.checked_sub(8 + name.len() as u64) else {
                let text = format!("a directory of {} bytes is longer", listing.size);
                return Err(Error::corrupt(text));
            };
            left = rest;
            name::check(&name)?;
            let node = node(block << 16 | u64::from(le16(&entry, 0)));
            if visit(DirEntry { name, node }).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}
