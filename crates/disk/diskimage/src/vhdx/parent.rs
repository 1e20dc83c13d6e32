//! The disk below a differencing one.

use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use super::header::Header;
use super::utf16;
use crate::fields::{field, guid, le16, le32};
use crate::file_access::shown;
use crate::format::Format;
use crate::layer::{Backing, Place};
use crate::options::OpenOptions;
use crate::probe::probe_file;

/// What a differencing disk says about its parent.
pub(super) struct Locator {
    /// Its names: a path relative to the child first, then absolute ones.
    pub(super) names: Vec<String>,
    /// The ids that its content may have, in braces.
    linkage: Vec<String>,
}

impl Locator {
    /// Reads the parent locator: pairs of keys and values.
    pub(super) fn read(item: &[u8]) -> Result<Self> {
        let kind = guid(field(item, 0));
        if kind != "b04aefb7-d19e-4a81-b789-25b8e9445913" {
            let message = format!("has a parent locator of the type {kind}, which is not known");
            return Err(Error::unsupported(message));
        }
        let part = |offset: usize, len: usize| {
            let start = le32(item, offset) as usize;
            let end = start.saturating_add(le16(item, len).into());
            item.get(start..end).map(utf16).ok_or_else(|| {
                let len = item.len();
                Error::corrupt(format!(
                    "has text at bytes {start} to {end} of a parent locator of {len} bytes"
                ))
            })
        };
        let mut pairs = Vec::new();
        for index in 0..usize::from(le16(item, 18)) {
            let at = 20 + index * 12;
            if at + 12 > item.len() {
                let message = format!("has a parent locator that ends in its pair {index}");
                return Err(Error::corrupt(message));
            }
            pairs.push((part(at, at + 8)?, part(at + 4, at + 10)?));
        }
        let of = |wanted: &str| pairs.iter().find(|(key, _)| key == wanted);
        let names = ["relative_path", "absolute_win32_path", "volume_path"];
        let names = names.iter().filter_map(|name| of(name));
        let linkage = ["parent_linkage", "parent_linkage2"].iter();
        let linkage = linkage.filter_map(|key| of(key));
        Ok(Locator {
            names: names.map(|(_, name)| name.clone()).collect(),
            linkage: linkage.map(|(_, id)| id.to_lowercase()).collect(),
        })
    }
}

/// Gets the parent that `locator` means; `None` when it is not to be read.
pub(super) fn open(locator: &Locator, how: &OpenOptions) -> Result<Option<Backing>> {
    let name = how.access.likeliest(&locator.names);
    let Some(file) = how.access.below("parent", name)? else {
        return Ok(None);
    };
    if how.in_file_order {
        return Err(Error::unsupported(
            "is a differencing vhdx disk, whose bitmaps are among the data: it cannot be read in one pass",
        )
        .hint("give it as a file"));
    }
    let place = Place::Alone(shown(name));
    check(&file, locator).map_err(|error| place.name(error))?;
    Ok(Some(Backing {
        format: Format::Vhdx,
        file,
        place,
    }))
}

/// Looks whether `file` is the parent that `locator` means.
fn check(file: &Arc<dyn BlockRead>, locator: &Locator) -> Result<()> {
    let format = probe_file(&**file, None)?;
    if format != Format::Vhdx {
        let message = format!("is a {format} disk and cannot be the parent of a vhdx disk");
        return Err(Error::corrupt(message));
    }
    let id = format!("{{{}}}", guid(Header::current(&**file)?.content));
    if locator.linkage.contains(&id) {
        Ok(())
    } else {
        Err(Error::corrupt(format!(
            "has content with the id {id} and is not the parent, which has {}",
            shown(&locator.linkage.join(" or "))
        )))
    }
}
