//! Bytes that a format has split over pages.

use error::Result;

use crate::package::Place;
use crate::store::Store;

/// Bytes that are read at once where pages follow each other.
const WINDOW: u64 = 64 << 10;

/// The type of Berkeley DB's pages that have parts of values.
const OVERFLOW: u8 = 7;

/// How a file has bytes that are larger than what is at hand for them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Format {
    /// In one piece.
    Whole,
    /// SQLite: pages of so many bytes, counted from 1; each begins with the number of the next (4 bytes, big-endian), and
    /// ends with some that are unused.
    Sqlite { page: u32, usable: u32 },
    /// Berkeley DB: pages of so many bytes, counted from 0, with the number of the next and their length in a header.
    Berkeley { page: u32 },
}

impl Format {
    /// How many pages a file has; a chain has no more.
    fn pages(self, store: &Store) -> u64 {
        match self {
            Format::Whole => 1,
            Format::Sqlite { page, .. } | Format::Berkeley { page } => {
                store.size() / u64::from(page)
            }
        }
    }
}

/// The first `length` bytes of what is at `place`.
///
/// # Errors
/// Those of [`Store::read`]; [`error::Kind::Corrupt`] where there are fewer, or where the pages that should have them do not.
pub(super) fn read(store: &Store, format: Format, place: Place, length: u64) -> Result<Vec<u8>> {
    if length > place.length {
        let text = format!(
            "byte {}, page {}: {} bytes, too few for a header",
            place.at, place.page, place.length
        );
        return Err(store.corrupt(text));
    }
    let mut bytes = store.read(place.at, place.local.min(length))?;
    let mut page = place.page;
    let mut window = Window {
        store,
        at: 0,
        bytes: Vec::new(),
    };
    let mut pages = format.pages(store);
    while let left @ 1.. = length - bytes.len() as u64 {
        let Some(rest) = pages.checked_sub(1) else {
            return Err(store.corrupt(format!("page {page}: the chain of pages has a loop")));
        };
        pages = rest;
        let content = chained(&mut window, format, page, left)?;
        let taken = content
            .bytes
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        bytes.extend_from_slice(&content.bytes[..taken]);
        page = content.next;
    }
    Ok(bytes)
}

/// What a page of a chain has.
struct Content<'a> {
    /// At least one byte.
    bytes: &'a [u8],
    /// The page that follows.
    next: u32,
}

/// The page with this number in a chain that has to bring `left` more bytes.
fn chained<'a>(
    window: &'a mut Window,
    format: Format,
    number: u32,
    left: u64,
) -> Result<Content<'a>> {
    let store = window.store;
    let corrupt = |why: &str| store.corrupt(format!("page {number}: {why}"));
    match format {
        Format::Whole => Err(corrupt("nothing is split over pages in this format")),
        Format::Sqlite { page, usable } => {
            let Some(before) = number.checked_sub(1) else {
                return Err(store.corrupt(format!("a chain of pages ends {left} bytes too early")));
            };
            let bytes = window.page(u64::from(before) * u64::from(page), page, left)?;
            let next = big_endian(bytes).ok_or_else(|| corrupt("is too short"))?;
            let bytes = bytes
                .get(4..usable as usize)
                .filter(|bytes| !bytes.is_empty());
            let bytes = bytes.ok_or_else(|| corrupt("has no content"))?;
            Ok(Content { bytes, next })
        }
        Format::Berkeley { page } => {
            if number == 0 {
                return Err(store.corrupt(format!("a chain of pages ends {left} bytes too early")));
            }
            let bytes = window.page(u64::from(number) * u64::from(page), page, left)?;
            overflow(bytes).map_err(corrupt)
        }
    }
}

/// What a page of Berkeley DB has that is part of a value.
fn overflow(page: &[u8]) -> Result<Content<'_>, &'static str> {
    let header: Option<&[u8; 26]> = page.first_chunk();
    let Some(header) = header.filter(|header| header[25] == OVERFLOW) else {
        return Err("is not part of a value");
    };
    let length = usize::from(u16::from_le_bytes([header[22], header[23]]));
    let bytes = page.get(header.len()..header.len() + length);
    let next = [header[16], header[17], header[18], header[19]];
    Ok(Content {
        bytes: bytes
            .filter(|bytes| !bytes.is_empty())
            .ok_or("has a wrong length")?,
        next: u32::from_le_bytes(next),
    })
}

fn big_endian(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

/// The part of a file that was read last.
struct Window<'a> {
    store: &'a Store,
    at: u64,
    bytes: Vec<u8>,
}

impl Window<'_> {
    /// The `page` bytes from the offset `at` on; where they have to be read, with more behind them as far as `left` bytes
    /// may need them.
    fn page(&mut self, at: u64, page: u32, left: u64) -> Result<&[u8]> {
        let size = u64::from(page);
        let is_here = at >= self.at && at + size <= self.at + self.bytes.len() as u64;
        if !is_here {
            let rest = self.store.size().saturating_sub(at);
            let length = left.next_multiple_of(size).min(WINDOW).min(rest).max(size);
            self.bytes = self.store.read(at, length)?;
            self.at = at;
        }
        // The window is small, so offsets within it are too.
        let start = (at - self.at) as usize;
        Ok(&self.bytes[start..start + page as usize])
    }
}
