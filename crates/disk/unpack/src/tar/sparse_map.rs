//! Which parts of a sparse file are stored.

use error::Result;
use sparse::SparseRead;

use super::BLOCK;
use super::span::{Place, Span, padding};

/// The most extents a member may have: bounds memory to 24 MiB while the list grows.
const MOST: usize = 1 << 20;

/// A run of stored data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) start: u64,
    pub(super) end: u64,
}

/// A file's extents, ascending and apart, between which it reads as zeros.
#[derive(Clone, Debug)]
pub(super) struct Map {
    place: Place,
    extents: Vec<Extent>,
    entries: u64,
    /// Where the last entry ended, empty or not.
    end: u64,
    /// Bytes in all extents.
    stored: u64,
    size: u64,
}

impl Map {
    /// A map without entries for the member that the header at `place` is about.
    pub(super) fn new(place: Place) -> Self {
        Map {
            place,
            extents: Vec::new(),
            entries: 0,
            end: 0,
            stored: 0,
            size: 0,
        }
    }

    /// A file without holes.
    pub(super) fn whole(place: Place, size: u64) -> Result<Self> {
        let mut map = Map::new(place);
        map.push(0, size)?;
        map.close(size, size)
    }

    /// Adds an entry of `len` bytes at `offset`; an empty one only says where the file ends.
    pub(super) fn push(&mut self, offset: u64, len: u64) -> Result<()> {
        let entry = self.entries + 1;
        if offset < self.end {
            return Err(self.place.corrupt(format!(
                "sparse map entry {entry} begins at byte {offset}, the one before it ends at byte {}",
                self.end
            )));
        }
        let Some(end) = offset.checked_add(len) else {
            return Err(self.place.corrupt(format!(
                "sparse map entry {entry} of {len} bytes at byte {offset} overflows"
            )));
        };
        if len > 0 {
            self.extend(offset, end)?;
            self.stored += len;
        }
        self.entries = entry;
        self.end = end;
        Ok(())
    }

    fn extend(&mut self, start: u64, end: u64) -> Result<()> {
        // Programs disagree on whether padding follows an extent; only the last may need any.
        if !self.stored.is_multiple_of(BLOCK as u64) {
            return Err(self.place.unsupported(format!(
                "sparse map entry {} does not end at a block of {BLOCK} bytes",
                self.entries
            )));
        }
        let full = self.extents.len() == MOST;
        match self.extents.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ if full => {
                return Err(self
                    .place
                    .unsupported(format!("the sparse map has more than {MOST} extents")));
            }
            _ => self.extents.push(Extent { start, end }),
        }
        Ok(())
    }

    /// Completes the map of a file of `size` bytes whose extents take `stored` bytes in the archive.
    pub(super) fn close(mut self, size: u64, stored: u64) -> Result<Self> {
        if self.end > size {
            return Err(self.place.corrupt(format!(
                "the sparse map ends at byte {}, the file has {size} bytes",
                self.end
            )));
        }
        if self.stored != stored {
            return Err(self.place.corrupt(format!(
                "the sparse map has {} bytes of data, {stored} are stored",
                self.stored
            )));
        }
        self.size = size;
        self.extents.shrink_to_fit();
        Ok(self)
    }

    /// The file's size in bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The number of entries seen, empty ones included.
    pub(super) fn entries(&self) -> u64 {
        self.entries
    }

    /// The extents.
    pub(super) fn into_extents(self) -> Vec<Extent> {
        self.extents
    }
}

/// Reads a PAX 1.0 map, which stands before the data and is padded like it: lines with the number
/// of entries, then each one's offset and length. The two together take `stored` bytes.
pub(super) fn leading_map(
    input: &mut dyn SparseRead,
    place: Place,
    size: u64,
    stored: u64,
) -> Result<Map> {
    let mut map = Map::new(place);
    let mut span = Span::new(input, place, stored);
    for _ in 0..line(&mut span)? {
        let offset = line(&mut span)?;
        map.push(offset, line(&mut span)?)?;
    }
    let padding = padding(stored - span.left());
    let Some(data) = span.left().checked_sub(padding) else {
        return Err(place.corrupt("the sparse map ends inside a block"));
    };
    span.part(padding, |rest| rest.skip_with(0))?;
    map.close(size, data)
}

fn line(span: &mut Span<'_>) -> Result<u64> {
    match span.decimal("a sparse map line")? {
        (value, Some(b'\n')) => Ok(value),
        _ => Err(span.place.corrupt("a sparse map line is not a number")),
    }
}
