//! Berkeley DB's hash table (`src/dbinc/db_page.h` of Berkeley DB 4 and 5), which rpm had up to 4.15: CentOS 7, XCP-ng,
//! XenServer. Numbers are in the byte order of the machine that wrote it; only little-endian is read.
//!
//! ```text
//! page 0     magic number, size of pages, buckets, where groups of buckets begin
//! bucket     page ─► page ─► …: pairs of key and value; the value is there, or says on which page it starts
//! value      page ─► page ─► …
//! ```

use error::{Error, Result};

use super::blob::Format;
use super::places::Places;
use crate::package::Place;
use crate::store::Store;

/// Of page 0: how many bytes are looked at.
const META: u64 = 512;
const MAGIC: u32 = 0x06_1561;
/// Versions of the hash table: those of Berkeley DB 4.0 to 18.
const VERSIONS: std::ops::RangeInclusive<u32> = 7..=10;
/// Bytes of a page before its content.
const HEADER: usize = 26;

/// Types of pages.
const UNUSED: u8 = 0;
const UNSORTED: u8 = 2;
const META_TYPE: u8 = 8;
const SORTED: u8 = 13;

/// Types of keys and values on a page: itself, or the page on which it starts.
const HERE: u8 = 1;
const ELSEWHERE: u8 = 3;

/// The headers of all packages.
///
/// # Errors
/// [`error::Kind::Corrupt`] for another format, [`error::Kind::Unsupported`] for another version, byte order or kind
/// of table, and for encryption.
pub(super) fn open(store: &Store) -> Result<(Format, Vec<Place>)> {
    let table = Table::read(store)?;
    let mut places = Places::new(store);
    let mut visited = 0;
    for bucket in 0..=table.last_bucket {
        let mut page = table.first_page(bucket)?;
        while page != 0 {
            visited += 1;
            if visited > table.pages {
                return Err(store.corrupt(format!("page {page}: the chains of pages have a loop")));
            }
            page = table.places(page, &mut places)?;
        }
    }
    Ok((Format::Berkeley { page: table.page }, places.finish()?))
}

struct Table<'a> {
    store: &'a Store,
    /// Bytes of a page.
    page: u32,
    /// How many pages there are.
    pages: u64,
    last_bucket: u32,
    /// For each power of two what has to be added to a bucket's number to get its page.
    spares: Vec<u32>,
}

impl<'a> Table<'a> {
    fn read(store: &'a Store) -> Result<Self> {
        let meta = store.read(0, META)?;
        let unsupported = |what: String| Err(store.named(Error::unsupported(what)));
        match number(&meta, 12) {
            MAGIC => {}
            other if other.swap_bytes() == MAGIC => {
                return unsupported("Berkeley DB of a big-endian machine is not read".into());
            }
            _ => {
                return Err(store
                    .corrupt("is not a hash table of Berkeley DB: the magic number is missing"));
            }
        }
        let version = number(&meta, 16);
        if !VERSIONS.contains(&version) || meta[25] != META_TYPE {
            return unsupported(format!(
                "version {version} of Berkeley DB's hash table is not known"
            ));
        }
        // The algorithm of encryption; whether pages have checksums, or the table lies in several files.
        if (meta[24], meta[26]) != (0, 0) {
            return unsupported(
                "encryption, checksums and partitions of Berkeley DB are not read".into(),
            );
        }
        let (page, last_page, last_bucket) =
            (number(&meta, 20), number(&meta, 32), number(&meta, 72));
        let pages = store.size() / u64::from(page.max(1));
        let is_size = page.is_power_of_two() && (512..=65536).contains(&page);
        if !is_size || u64::from(last_page.max(last_bucket)) >= pages {
            let size = store.size();
            let text = format!(
                "page {last_page} of {page} bytes and bucket {last_bucket} in {size} bytes"
            );
            return Err(store.corrupt(text));
        }
        let spares = (0..32).map(|power| number(&meta, 96 + power * 4)).collect();
        Ok(Table {
            store,
            page,
            pages,
            last_bucket,
            spares,
        })
    }

    /// The first page of a bucket.
    fn first_page(&self, bucket: u32) -> Result<u32> {
        // Where the power of two starts that the bucket is part of.
        let power = (u64::from(bucket) + 1).next_power_of_two().trailing_zeros();
        let spare = self.spares.get(power as usize).copied().unwrap_or(0);
        let page = bucket.checked_add(spare).filter(|page| *page != 0);
        page.ok_or_else(|| self.store.corrupt(format!("bucket {bucket} has no page")))
    }

    /// Adds the headers on page `number`; returns the page that follows, 0 for none.
    fn places(&self, number: u32, places: &mut Places<'_>) -> Result<u32> {
        let start = u64::from(number) * u64::from(self.page);
        let page = self.store.read(start, u64::from(self.page))?;
        let corrupt = |why: String| self.store.corrupt(format!("page {number}: {why}"));
        match page[25] {
            SORTED | UNSORTED => {}
            // A bucket that was never used.
            UNUSED => return Ok(0),
            other => return Err(corrupt(format!("type {other} is not of a hash table"))),
        }
        let items = usize::from(short(&page, 20));
        for pair in 0..items / 2 {
            let (key, value) = (item(&page, pair * 2), item(&page, pair * 2 + 1));
            let (Some((_, key)), Some((at, value))) = (key, value) else {
                return Err(corrupt(format!(
                    "pair {pair} of {items} items is not on it"
                )));
            };
            // The key 0 has the number of the last package.
            if key == [HERE, 0, 0, 0, 0] {
                continue;
            }
            let place = place(start + at as u64, value);
            let unknown = || corrupt(format!("pair {pair} has a value that is not known"));
            places.add(place.ok_or_else(unknown)?)?;
        }
        Ok(self::number(&page, 16))
    }
}

/// The item with this number on a page, and where it starts. Items fill a page from its end; their offsets come behind the
/// header.
fn item(page: &[u8], number: usize) -> Option<(usize, &[u8])> {
    let offset = |number: usize| {
        let at = HEADER + number * 2;
        let bytes = page.get(at..at + 2)?;
        Some(usize::from(short(bytes, 0)))
    };
    let end = match number.checked_sub(1) {
        Some(before) => offset(before)?,
        None => page.len(),
    };
    let start = offset(number)?;
    Some((start, page.get(start..end)?))
}

/// Where the value is whose item starts at the offset `at`.
fn place(at: u64, item: &[u8]) -> Option<Place> {
    match item {
        [HERE, value @ ..] => Some(Place {
            at: at + 1,
            local: value.len() as u64,
            length: value.len() as u64,
            ..Place::default()
        }),
        [ELSEWHERE, _, _, _, place @ ..] if place.len() == 8 => Some(Place {
            page: number(place, 0),
            length: u64::from(number(place, 4)),
            ..Place::default()
        }),
        _ => None,
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn short(bytes: &[u8], at: usize) -> u16 {
    let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    bytes.map_or(0, |bytes| u16::from_le_bytes(*bytes))
}
