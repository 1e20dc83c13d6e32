//! Where in a folder the files lie that a description names.

use std::path::{Path, PathBuf};

use error::{Error, Result};
use sparse::EntryKind;
use vmconfig::Chunks;

use super::files::Files;
use super::joined::CHUNKS;
use super::meant::Meant;
use crate::advice::Advice;
use crate::references::Reference;

/// Digits in the number of a chunk, and of a version.
const DIGITS: usize = 9;

/// The file that a description in `directory` names by `reference`.
///
/// # Errors
/// [`error::Kind::Corrupt`] when it is not there, [`error::Kind::Refused`] when it lies outside the folder.
pub(super) fn find(reference: &Reference, directory: &Path, files: &Files) -> Result<Meant> {
    let places = reference.places(directory)?;
    for place in &places {
        let found = match &reference.chunks {
            None => files.find(place).map(|found| found.map(Meant::file)),
            Some(chunks) => chunked(chunks, place, files),
        };
        let found = found.map_err(|error| error.within(&place.to_string_lossy()))?;
        if let Some(found) = found {
            let raw = reference.raw;
            return Ok(Meant { raw, ..found });
        }
    }
    let newest = places.iter().find_map(|place| newest(place, files));
    newest.ok_or_else(|| {
        let missing = Error::corrupt(format!(
            "names the disk {}, which is not there",
            reference.shown()
        ));
        missing.advise(Advice::SelectOrPutThere)
    })
}

/// The file at `place` that comes in chunks, if the first of them is there.
fn chunked(chunks: &Chunks, place: &Path, files: &Files) -> Result<Option<Meant>> {
    let name = place.to_string_lossy();
    let count = chunks.count().unwrap_or(u64::MAX);
    let mut found = Vec::new();
    for number in 0..count {
        let chunk = PathBuf::from(chunks.name(&name, number));
        let Some(chunk) = files.find(&chunk)? else {
            break;
        };
        if found.len() == CHUNKS {
            return Err(
                Error::unsupported(format!("comes in more than {CHUNKS} chunks"))
                    .hint("join them with cat, and leave chunkSize out of the description"),
            );
        }
        found.push(chunk);
    }
    Ok((!found.is_empty()).then(|| Meant {
        path: place.to_owned(),
        chunks: Some((found, chunks.clone())),
        ..Meant::default()
    }))
}

/// The newest version of the file at `place`: VMware packs a disk with snapshots as `disk.vmdk.000000000` and so
/// on, and lists `disk.vmdk`.
fn newest(place: &Path, files: &Files) -> Option<Meant> {
    let name = place.to_str()?;
    let entries = files.entries().ok()?.iter();
    let versions = entries.filter(|entry| {
        let number = entry
            .path
            .to_str()
            .and_then(|path| path.strip_prefix(name)?.strip_prefix('.'));
        let is_number =
            |text: &str| text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        entry.kind == EntryKind::File && number.is_some_and(is_number)
    });
    // They are listed in the order of their names.
    let mut versions: Vec<_> = versions.map(|entry| entry.path.clone()).collect();
    Some(Meant {
        path: versions.pop()?,
        older: versions,
        ..Meant::default()
    })
}
