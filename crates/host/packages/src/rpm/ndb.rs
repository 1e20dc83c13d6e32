//! rpm's own format ("ndb", `lib/backend/ndb/rpmpkg.c`), which openSUSE has: a table of slots, then blobs. Numbers are
//! little-endian, offsets in the table in blocks of 16 bytes.

use error::{Error, Result};

use super::blob::Format;
use super::places::Places;
use crate::package::Place;
use crate::store::Store;

const BLOCK: u64 = 16;
const SLOT: u64 = 16;
/// Slots come in pages.
const PAGE: u64 = 4096;
/// Bytes before the first slot.
const HEADER: u64 = 32;
/// Bytes of a blob before its content, and behind it.
const HEAD: u64 = 16;
const TAIL: u64 = 12;

/// The headers of all packages.
///
/// # Errors
/// [`error::Kind::Corrupt`] for another format, [`error::Kind::Unsupported`] for another version of it.
pub(super) fn open(store: &Store) -> Result<(Format, Vec<Place>)> {
    let header = store.read(0, HEADER)?;
    if !header.starts_with(b"RpmP") {
        return Err(store.corrupt("is not a database of rpm: the magic number is missing"));
    }
    if let version @ 1.. = number(&header, 4) {
        let text = format!("version {version} of the format is not known");
        return Err(store.named(Error::unsupported(text)));
    }
    let end = u64::from(number(&header, 12)) * PAGE;
    let mut places = Places::new(store);
    let mut at = HEADER;
    while at < end {
        let page = store.read(at, PAGE - at % PAGE)?;
        for slot in page.chunks_exact(SLOT as usize) {
            if let Some(place) = place(store, at, slot, end)? {
                places.add(place)?;
            }
            at += SLOT;
        }
    }
    Ok((Format::Whole, places.finish()?))
}

/// The header that the slot at the offset `at` leads to; `None` for a free slot. The table ends at the offset `end`.
fn place(store: &Store, at: u64, slot: &[u8], end: u64) -> Result<Option<Place>> {
    let corrupt = |why: String| Err(store.corrupt(format!("the slot at byte {at}: {why}")));
    if !slot.starts_with(b"Slot") {
        return corrupt("the magic number is missing".into());
    }
    let (package, start, blocks) = (number(slot, 4), number(slot, 8), number(slot, 12));
    if start == 0 {
        return Ok(None);
    }
    let (start, room) = (u64::from(start) * BLOCK, u64::from(blocks) * BLOCK);
    if start < end || room < HEAD + TAIL || start + room > store.size() {
        let size = store.size();
        return corrupt(format!("{room} bytes at byte {start} of {size}"));
    }
    let head = store.read(start, HEAD)?;
    let length = u64::from(number(&head, 12));
    if !head.starts_with(b"BlbS") || number(&head, 4) != package || HEAD + length + TAIL > room {
        return corrupt(format!("package {package} is not at byte {start}"));
    }
    Ok(Some(Place {
        at: start + HEAD,
        local: length,
        length,
        ..Place::default()
    }))
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
}
