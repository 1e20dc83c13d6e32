//! SQLite's format of files (<https://www.sqlite.org/fileformat2.html>), as far as rpm's table of headers needs it:
//! `Packages (hnum INTEGER PRIMARY KEY, blob BLOB)`.
//!
//! ```text
//! page 1    the schema: a table with a row for each table, which has the page of its root
//! root      interior pages ─► … ─► leaves: a cell for each row, its first bytes there, others on a chain of pages
//! ```

use error::{Error, Result};

use super::blob::Format;
use super::places::Places;
use crate::package::Place;
use crate::store::Store;

/// Bytes before the content of page 1.
const HEADER: u64 = 100;

/// Types of pages.
const INTERIOR: u8 = 5;
const LEAF: u8 = 13;

/// The headers of all packages.
///
/// # Errors
/// [`error::Kind::Corrupt`] for what is no SQLite database with rpm's table.
pub(super) fn open(store: &Store) -> Result<(Format, Vec<Place>)> {
    let pages = Pages::read(store)?;
    let mut root = None;
    pages.rows(1, &mut |row| {
        root = root.or(row.root_of_packages());
        Ok(())
    })?;
    let missing = || store.corrupt("has no table 'Packages'");
    let mut places = Places::new(store);
    pages.rows(root.ok_or_else(missing)?, &mut |row| {
        let place = row.blob();
        places.add(place.ok_or_else(|| row.corrupt("is not a number and a blob"))?)
    })?;
    let (page, usable) = (pages.page, pages.usable);
    Ok((Format::Sqlite { page, usable }, places.finish()?))
}

struct Pages<'a> {
    store: &'a Store,
    /// Bytes of a page.
    page: u32,
    /// Those of them that are used.
    usable: u32,
    /// How many pages there are.
    count: u64,
}

impl<'a> Pages<'a> {
    fn read(store: &'a Store) -> Result<Self> {
        let header = store.read(0, HEADER)?;
        if !header.starts_with(b"SQLite format 3\0") {
            return Err(store.corrupt("is not a database of SQLite: the magic number is missing"));
        }
        let page = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 65536,
            size => u32::from(size),
        };
        let usable = page.saturating_sub(u32::from(header[20]));
        if !page.is_power_of_two() || usable < 480 {
            let text = format!("pages of {page} bytes, {usable} of them used");
            return Err(store.corrupt(text));
        }
        if header[18] > 2 {
            let text = format!("version {} of SQLite's format is not known", header[18]);
            return Err(store.named(Error::unsupported(text)));
        }
        let count = store.size() / u64::from(page);
        // Only programs since 2010 keep the size up to date, and say so by repeating the number of the last change.
        let is_known = number(&header, 24) == number(&header, 92);
        let expected = if is_known { number(&header, 28) } else { 0 };
        if u64::from(expected) > count {
            let text = format!("{expected} pages of {page} bytes in {}", store.size());
            return Err(store.corrupt(text));
        }
        Ok(Pages {
            store,
            page,
            usable,
            count,
        })
    }

    /// Calls `each` with every row of the table whose root is the page `root`.
    fn rows(&self, root: u32, each: &mut dyn FnMut(Row) -> Result<()>) -> Result<()> {
        let mut ahead = vec![root];
        let mut visited = 0;
        while let Some(number) = ahead.pop() {
            visited += 1;
            if visited > self.count {
                return Err(self.corrupt(number, "the pages of a table have a loop"));
            }
            let page = self.table_page(number)?;
            if page.kind == LEAF {
                (0..page.cells).try_for_each(|cell| each(page.row(cell)?))?;
            } else {
                // The last first: rows come in their order.
                ahead.push(page.number_at(page.content + 8)?);
                for cell in (0..page.cells).rev() {
                    ahead.push(page.number_at(page.cell(cell)?)?);
                }
            }
            if ahead.len() as u64 > self.count {
                return Err(self.corrupt(number, "the pages of a table have a loop"));
            }
        }
        Ok(())
    }

    /// The page with this number, which is part of a table.
    fn table_page(&self, number: u32) -> Result<TablePage<'_>> {
        let Some(before) = number.checked_sub(1) else {
            return Err(self.store.corrupt("a table leads to page 0"));
        };
        let start = u64::from(before) * u64::from(self.page);
        let bytes = self.store.read(start, u64::from(self.page))?;
        let content = if number == 1 { HEADER as usize } else { 0 };
        let kind = bytes[content];
        if kind != LEAF && kind != INTERIOR {
            return Err(self.corrupt(number, &format!("type {kind} is not of a table")));
        }
        Ok(TablePage {
            pages: self,
            number,
            start,
            content,
            kind,
            cells: usize::from(u16::from_be_bytes([bytes[content + 3], bytes[content + 4]])),
            bytes,
        })
    }

    fn corrupt(&self, number: u32, why: &str) -> Error {
        self.store.corrupt(format!("page {number}: {why}"))
    }
}

/// A page of a table.
struct TablePage<'a> {
    pages: &'a Pages<'a>,
    number: u32,
    /// Where it is in the file.
    start: u64,
    bytes: Vec<u8>,
    /// Where its own header is on it.
    content: usize,
    kind: u8,
    cells: usize,
}

impl TablePage<'_> {
    /// Where the cell with this number is.
    fn cell(&self, number: usize) -> Result<usize> {
        let header = if self.kind == LEAF { 8 } else { 12 };
        let at = self.content + header + number * 2;
        let bytes = self.bytes.get(at..).and_then(|bytes| bytes.first_chunk());
        let outside = || self.corrupt(&format!("has no cell {number} of {}", self.cells));
        let offset = bytes.map(|bytes| usize::from(u16::from_be_bytes(*bytes)));
        offset.ok_or_else(outside)
    }

    /// The number at the offset `at`.
    fn number_at(&self, at: usize) -> Result<u32> {
        let bytes = self.bytes.get(at..).and_then(|bytes| bytes.first_chunk());
        let outside = || self.corrupt(&format!("leads to its byte {at}"));
        Ok(u32::from_be_bytes(*bytes.ok_or_else(outside)?))
    }

    /// The row with this number on a leaf.
    fn row(&self, number: usize) -> Result<Row<'_>> {
        let at = self.cell(number)?;
        let outside = || self.corrupt(&format!("cell {number} does not end on it"));
        let mut rest = self
            .bytes
            .get(at..self.pages.usable as usize)
            .ok_or_else(outside)?;
        let (length, _key) = varint(&mut rest)
            .zip(varint(&mut rest))
            .ok_or_else(outside)?;
        let start = self.start + (self.pages.usable as usize - rest.len()) as u64;
        let local = local(length, u64::from(self.pages.usable));
        // No more than a page.
        let (bytes, behind) = rest.split_at_checked(local as usize).ok_or_else(outside)?;
        let next = behind.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
        let page = if local < length {
            next.ok_or_else(outside)?
        } else {
            0
        };
        let place = Place {
            at: start,
            local,
            page,
            length,
            ..Place::default()
        };
        Ok(Row {
            page: self,
            bytes,
            place,
        })
    }

    fn corrupt(&self, why: &str) -> Error {
        self.pages.corrupt(self.number, why)
    }
}

/// How many bytes of a row of `length` bytes are on its leaf.
fn local(length: u64, usable: u64) -> u64 {
    let most = usable - 35;
    if length <= most {
        return length;
    }
    let least = (usable - 12) * 32 / 255 - 23;
    let all = least + (length - least) % (usable - 4);
    if all <= most { all } else { least }
}

/// A row of a table.
struct Row<'a> {
    page: &'a TablePage<'a>,
    /// Those of its bytes that are on the leaf.
    bytes: &'a [u8],
    place: Place,
}

/// A column of a row: its type, where it starts, and how many bytes it has.
struct Column {
    kind: u64,
    at: u64,
    length: u64,
}

impl Row<'_> {
    fn corrupt(&self, why: &str) -> Error {
        self.page
            .corrupt(&format!("the row at byte {} {why}", self.place.at))
    }

    /// Its columns; `None` where their description is not on the leaf.
    fn columns(&self) -> Option<Vec<Column>> {
        let mut rest = self.bytes;
        let header = varint(&mut rest)?;
        let used = (self.bytes.len() - rest.len()) as u64;
        let mut kinds = rest.get(..usize::try_from(header.checked_sub(used)?).ok()?)?;
        let mut columns = Vec::new();
        let mut at = header;
        while !kinds.is_empty() {
            let kind = varint(&mut kinds)?;
            let length = match kind {
                0 | 8 | 9 => 0,
                1..=4 => kind,
                5 => 6,
                6 | 7 => 8,
                10 | 11 => return None,
                text_or_blob => (text_or_blob - 12) / 2,
            };
            columns.push(Column { kind, at, length });
            at = at.checked_add(length)?;
        }
        Some(columns)
    }

    /// The bytes of a column that is on the leaf.
    fn content(&self, column: &Column) -> Option<&[u8]> {
        let start = usize::try_from(column.at).ok()?;
        let length = usize::try_from(column.length).ok()?;
        self.bytes.get(start..start.checked_add(length)?)
    }

    /// Of a row of the schema (type, name, table, root, SQL): the root of rpm's table, where it is about that.
    fn root_of_packages(&self) -> Option<u32> {
        let columns = self.columns()?;
        let [kind, name, _, root, ..] = columns.as_slice() else {
            return None;
        };
        if self.content(kind)? != b"table" || self.content(name)? != b"Packages" {
            return None;
        }
        if root.kind == 9 {
            return Some(1);
        }
        let bytes = self
            .content(root)
            .filter(|_| (1..=6).contains(&root.kind))?;
        let number = bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        u32::try_from(number).ok()
    }

    /// Of a row of rpm's table: where its blob is.
    fn blob(&self) -> Option<Place> {
        let columns = self.columns()?;
        let [_, blob] = columns.as_slice() else {
            return None;
        };
        let is_blob = blob.kind >= 12 && blob.kind % 2 == 0;
        let end = blob.at.checked_add(blob.length)?;
        let local = self.place.local.checked_sub(blob.at)?;
        (is_blob && end <= self.place.length).then(|| Place {
            at: self.place.at + blob.at,
            local: local.min(blob.length),
            length: blob.length,
            ..self.place
        })
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    bytes.map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// Takes a number of variable length: seven bits a byte, the last of nine has eight.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for at in 0..9 {
        let byte = u64::from(*bytes.get(at)?);
        let is_last = at == 8 || byte < 128;
        value = if at == 8 {
            value << 8 | byte
        } else {
            value << 7 | byte & 127
        };
        if is_last {
            *bytes = &bytes[at + 1..];
            return Some(value);
        }
    }
    None
}
