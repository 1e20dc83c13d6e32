//! What VDI, VHD and VHDX have in common: a table that says of each block of the disk where it is.

use std::fmt::Display;
use std::ops::Range;

use error::{Error, Result};
use sparse::BlockRead;

use crate::fields::read_exact;

/// Entries that are held or not held together.
const CHUNK: usize = 4096;

/// Chunks that are held at most, which is 32 MiB of memory, or 8 TiB of data in blocks of 1 MiB.
const CHUNKS: usize = 2048;

/// Bytes of a table that are read at once.
const STEP: usize = 64 << 10;

/// A table of 32-bit entries that takes no memory where nothing is in it.
pub(crate) struct Table {
    /// What an entry is where nothing is.
    absent: u32,
    chunks: Vec<Option<Box<[u32]>>>,
    held: usize,
}

impl Table {
    /// Reads the table of `count` entries of `N` bytes each at byte `at` of `file`. `entry` makes of
    /// an entry's index and its bytes what is to be held of it, which is `absent` for most.
    ///
    /// # Errors
    /// Those of `entry`, [`error::Kind::Corrupt`] when the file ends within the table and
    /// [`error::Kind::Unsupported`] when too much is in it.
    pub(crate) fn load<const N: usize>(
        file: &dyn BlockRead,
        at: u64,
        count: u64,
        absent: u32,
        mut entry: impl FnMut(u64, [u8; N]) -> Result<u32>,
    ) -> Result<Self> {
        let mut table = Table {
            absent,
            chunks: Vec::new(),
            held: 0,
        };
        let len = count.checked_mul(N as u64);
        let Some(end) = len.and_then(|len| at.checked_add(len)) else {
            let message = format!("has a block table of {count} entries at byte {at}");
            return Err(Error::corrupt(message));
        };
        file.will_need(std::slice::from_ref(&(at..end)));
        let mut buffer = vec![0; STEP];
        let mut index = 0;
        while index < count {
            let from = at + index * N as u64;
            let left = usize::try_from(end - from).unwrap_or(STEP);
            let part = buffer.get_mut(..left.min(STEP)).unwrap_or_default();
            read_exact(file, from, part, "block table")?;
            for bytes in part.as_chunks::<N>().0 {
                let found = entry(index, *bytes)?;
                if found != absent {
                    table.set(index, found)?;
                }
                index += 1;
            }
        }
        Ok(table)
    }

    fn set(&mut self, index: u64, entry: u32) -> Result<()> {
        let (number, place) = place(index);
        if number >= self.chunks.len() {
            self.chunks.resize(number + 1, None);
        }
        let Some(slot) = self.chunks.get_mut(number) else {
            return Ok(());
        };
        if slot.is_none() {
            self.held += 1;
        }
        if self.held > CHUNKS {
            return Err(Error::unsupported(format!(
                "has blocks in so many places that its table takes more than {} of memory",
                error::amount((CHUNKS * CHUNK * 4) as u64)
            )));
        }
        let chunk = slot.get_or_insert_with(|| vec![self.absent; CHUNK].into());
        if let Some(old) = chunk.get_mut(place) {
            *old = entry;
        }
        Ok(())
    }

    /// The entry at `index`.
    pub(crate) fn get(&self, index: u64) -> u32 {
        let (number, place) = place(index);
        let chunk = self.chunks.get(number).and_then(Option::as_deref);
        let entry = chunk.and_then(|chunk| chunk.get(place));
        entry.copied().unwrap_or(self.absent)
    }

    /// Where the entries end that are absent from `index` on, at `end` at the latest.
    pub(crate) fn absent_until(&self, mut index: u64, end: u64) -> u64 {
        while index < end && self.get(index) == self.absent {
            let (number, _) = place(index);
            match self.chunks.get(number) {
                None => return end,
                Some(None) => index = (number as u64 + 1) * CHUNK as u64,
                Some(Some(_)) => index += 1,
            }
        }
        index.min(end)
    }

    /// All entries that are not absent, with their indices.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u64, u32)> {
        let chunks = self.chunks.iter().zip(0u64..);
        let entries = chunks.flat_map(|(chunk, number)| {
            let first = number * CHUNK as u64;
            let entries = chunk.as_deref().unwrap_or_default().iter().copied();
            (first..).zip(entries)
        });
        entries.filter(|&(_, entry)| entry != self.absent)
    }

    /// The indices of two entries whose blocks share a byte of the file. `span` tells where an entry's
    /// block is; a greater entry never is before a smaller one.
    pub(crate) fn overlap(&self, span: impl Fn(u32) -> Option<Range<u64>>) -> Option<(u64, u64)> {
        let spans = |entry: &u32| span(*entry).is_some();
        let mut sorted: Vec<u32> = self.entries().map(|(_, entry)| entry).collect();
        sorted.retain(spans);
        sorted.sort_unstable();
        let clash = sorted.windows(2).find_map(|pair| match *pair {
            [one, two] if span(one)?.end > span(two)?.start => Some((one, two)),
            _ => None,
        });
        let (one, two) = clash?;
        let mut both = self.entries().filter(|&(_, e)| e == one || e == two);
        Some((both.next()?.0, both.next()?.0))
    }
}

/// The chunk of an entry and its place in it.
fn place(index: u64) -> (usize, usize) {
    let chunk = usize::try_from(index / CHUNK as u64).unwrap_or(usize::MAX);
    (chunk, (index % CHUNK as u64) as usize)
}

/// Which parts of a file are taken by what is no block.
pub(crate) struct Layout {
    /// Bytes in the file, where that is known.
    size: Option<u64>,
    taken: Vec<(Range<u64>, &'static str)>,
}

impl Layout {
    /// A file in which nothing is taken yet.
    pub(crate) fn of(file: &dyn BlockRead) -> Self {
        Layout {
            size: file.size(),
            taken: Vec::new(),
        }
    }

    /// Takes `len` bytes from `start` on for `what`.
    ///
    /// # Errors
    /// As [`Layout::check`].
    pub(crate) fn take(&mut self, what: &'static str, start: u64, len: u64) -> Result<()> {
        let range = self.check(&what, start, len)?;
        self.taken.push((range, what));
        Ok(())
    }

    /// Looks whether `what` can be in `len` bytes from `start` on.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when it would be outside the file or on top of something else.
    pub(crate) fn check(&self, what: &dyn Display, start: u64, len: u64) -> Result<Range<u64>> {
        let size = self.size.unwrap_or(u64::MAX);
        let end = start.saturating_add(len);
        if end > size {
            return Err(Error::corrupt(format!(
                "{what} at bytes {start} to {end} is outside the file, which has {size} bytes"
            )));
        }
        let clash = |(range, _): &&(Range<u64>, _)| range.start < end && start < range.end;
        match self.taken.iter().find(clash) {
            Some((_, other)) => Err(Error::corrupt(format!(
                "{what} at byte {start} overlaps its {other}"
            ))),
            None => Ok(start..end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(entries: &[u32]) -> Table {
        let file: Vec<u8> = entries.iter().flat_map(|n| n.to_le_bytes()).collect();
        let count = entries.len() as u64;
        let entry = |_, bytes| Ok(u32::from_le_bytes(bytes));
        Table::load::<4>(&file, 0, count, u32::MAX, entry).unwrap()
    }

    #[test]
    fn entries_are_held_where_something_is() {
        let mut entries = vec![u32::MAX; 50_000];
        entries[3] = 7;
        entries[20_000] = 8;
        let table = table(&entries);
        assert_eq!(table.held, 2);
        let found: Vec<_> = table.entries().collect();
        assert_eq!(found, [(3, 7), (20_000, 8)]);
        assert_eq!((table.get(3), table.get(4)), (7, u32::MAX));
        assert_eq!(table.get(u64::MAX), u32::MAX);
        assert_eq!(table.absent_until(0, 50_000), 3);
        assert_eq!(table.absent_until(3, 50_000), 3);
        assert_eq!(table.absent_until(4, 50_000), 20_000);
        assert_eq!(table.absent_until(4, 9), 9);
        assert_eq!(table.absent_until(20_001, 50_000), 50_000);
    }

    #[test]
    fn blocks_on_top_of_each_other_are_found() {
        let span = |width: u64| move |n: u32| (n < 90).then(|| u64::from(n)..u64::from(n) + width);
        assert_eq!(table(&[5, 99, 1, 3, 99]).overlap(span(2)), None);
        assert_eq!(table(&[5, 99, 1, 3, 99]).overlap(span(3)), Some((2, 3)));
        assert_eq!(table(&[5, 1, 5]).overlap(span(1)), Some((0, 2)));
    }

    #[test]
    fn a_file_is_taken_once() {
        let file: Vec<u8> = vec![0; 100];
        let mut layout = Layout::of(&file);
        layout.take("header", 0, 10).unwrap();
        let told = |layout: &Layout, start, len| {
            let error = layout.check(&"block 1", start, len).err();
            error.map(|error| error.to_string()).unwrap_or_default()
        };
        assert_eq!(told(&layout, 10, 90), "");
        assert_eq!(told(&layout, 9, 5), "block 1 at byte 9 overlaps its header");
        assert_eq!(
            told(&layout, u64::MAX, 5),
            "block 1 at bytes 18446744073709551615 to 18446744073709551615 is outside the file, which has 100 bytes"
        );
    }

    #[test]
    fn a_table_ends_with_the_file() {
        let file: Vec<u8> = vec![0; 10];
        let told = |count| {
            let loaded = Table::load::<4>(&file, 1, count, 0, |_, _| Ok(1));
            loaded.err().unwrap().to_string()
        };
        assert_eq!(told(3), "ended at byte 10, inside its block table");
        assert_eq!(told(1 << 61), "ended at byte 10, inside its block table");
        assert_eq!(
            told(1 << 62),
            "has a block table of 4611686018427387904 entries at byte 1"
        );
    }
}
