//! The header of a package as rpm's database has it: rpm's manual, "RPM v4 file format", without the magic number.
//!
//! ```text
//! entries: u32, data: u32             big-endian, as is everything
//! entries × { tag, type, offset, count: u32 }
//! data                                 strings end with a zero byte
//! ```

use error::{Error, Result};

/// Bytes before the index.
pub(super) const INTRO: u64 = 8;

/// Bytes of an entry of the index.
const ENTRY: u64 = 16;

/// Most entries, and most bytes of data, that rpm reads (`hdrchkTags`, `hdrchkData`).
const MOST_ENTRIES: u64 = 0xffff;
const MOST_DATA: u64 = 256 << 20;

/// Types of values.
const INT32: u32 = 4;
const STRING: u32 = 6;
const STRINGS: u32 = 8;

/// What a value is (`rpmTag_e`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Name = 1000,
    Version = 1001,
    Release = 1002,
    Epoch = 1003,
    Architecture = 1022,
    /// Whole paths, in packages for rpm 3.
    OldFileNames = 1027,
    Source = 1044,
    /// For each file the number of its directory.
    DirectoryNumbers = 1116,
    /// For each file its name without its directory.
    BaseNames = 1117,
    /// Directories, with `/` at their end.
    Directories = 1118,
}

/// What a package is.
pub(super) const IDENTITY: [Tag; 6] = [
    Tag::Name,
    Tag::Version,
    Tag::Release,
    Tag::Epoch,
    Tag::Architecture,
    Tag::Source,
];

/// What files a package has.
pub(super) const FILES: [Tag; 4] = [
    Tag::OldFileNames,
    Tag::DirectoryNumbers,
    Tag::BaseNames,
    Tag::Directories,
];

/// Where values are.
pub(super) struct Index {
    entries: Vec<Entry>,
    /// Where the data begins.
    data: u64,
    /// How many bytes it has.
    length: u64,
}

#[derive(Clone, Copy)]
struct Entry {
    tag: u32,
    kind: u32,
    offset: u32,
    count: u32,
}

/// The number of bytes before the data of the header that begins with `intro`.
pub(super) fn index_length(intro: &[u8]) -> Result<u64> {
    let entries = u64::from(number(intro, 0)?);
    if entries == 0 || entries > MOST_ENTRIES {
        let text = format!("{entries} entries, not 1 to {MOST_ENTRIES}");
        return Err(Error::corrupt(text));
    }
    Ok(INTRO + entries * ENTRY)
}

impl Index {
    /// The index in `bytes`, which are all before the data, of a header that has `length` bytes.
    pub(super) fn read(bytes: &[u8], length: u64) -> Result<Self> {
        let (data, data_length) = (bytes.len() as u64, u64::from(number(bytes, 4)?));
        if data_length > MOST_DATA || data + data_length > length {
            let text = format!("{data_length} bytes of data behind byte {data} of {length}");
            return Err(Error::corrupt(text));
        }
        let entries = bytes[INTRO as usize..].chunks_exact(ENTRY as usize);
        let entries = entries.map(|entry| {
            Ok(Entry {
                tag: number(entry, 0)?,
                kind: number(entry, 4)?,
                offset: number(entry, 8)?,
                count: number(entry, 12)?,
            })
        });
        Ok(Index {
            entries: entries.collect::<Result<_>>()?,
            data,
            length: data_length,
        })
    }

    /// How many bytes from the header's start on have all values of `tags`.
    pub(super) fn end(&self, tags: &[Tag]) -> u64 {
        let ends = tags
            .iter()
            .filter_map(|tag| Some(self.end_of(self.entry(*tag)?)));
        self.data + ends.max().unwrap_or(0)
    }

    /// The header that begins with `bytes`.
    pub(super) fn header(&self, bytes: Vec<u8>) -> Header<'_> {
        Header { index: self, bytes }
    }

    fn entry(&self, tag: Tag) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag as u32)
    }

    /// Where the value of `entry` ends at the latest, in the data: where the next value starts.
    fn end_of(&self, entry: &Entry) -> u64 {
        let offsets = self.entries.iter().map(|entry| u64::from(entry.offset));
        let behind = offsets.filter(|offset| *offset > u64::from(entry.offset));
        behind.min().unwrap_or(self.length).min(self.length)
    }
}

/// A header, as far as it was read.
pub(super) struct Header<'a> {
    index: &'a Index,
    bytes: Vec<u8>,
}

impl Header<'_> {
    /// The text with this tag; `None` where there is none.
    pub(super) fn text(&self, tag: Tag) -> Result<Option<String>> {
        let Some((_, value)) = self.value(tag, STRING)? else {
            return Ok(None);
        };
        let text = strings(value, 1, tag)?.next().unwrap_or_default();
        Ok(Some(String::from_utf8_lossy(text).into_owned()))
    }

    /// The text with this tag.
    pub(super) fn required(&self, tag: Tag) -> Result<String> {
        let missing = || Error::corrupt(format!("no value for tag {}", tag as u32));
        self.text(tag)?.ok_or_else(missing)
    }

    /// The number with this tag; `None` where there is none.
    pub(super) fn number(&self, tag: Tag) -> Result<Option<u32>> {
        let value = self.value(tag, INT32)?;
        value.map(|(_, value)| number(value, 0)).transpose()
    }

    /// Calls `each` with the paths of the package's files.
    pub(super) fn files(&self, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        if let Some((count, names)) = self.value(Tag::OldFileNames, STRINGS)? {
            return strings(names, count, Tag::OldFileNames)?.try_for_each(each);
        }
        let Some((count, names)) = self.value(Tag::BaseNames, STRINGS)? else {
            return Ok(());
        };
        let directories = match self.value(Tag::Directories, STRINGS)? {
            Some((count, value)) => strings(value, count, Tag::Directories)?.collect(),
            None => Vec::new(),
        };
        let numbers = self.value(Tag::DirectoryNumbers, INT32)?;
        let numbers = numbers.map(|(_, value)| value).unwrap_or_default();
        let mut path = Vec::new();
        for (at, name) in strings(names, count, Tag::BaseNames)?.enumerate() {
            let directory = number(numbers, at * 4)? as usize;
            let Some(directory) = directories.get(directory) else {
                let count = directories.len();
                let text = format!("file {at} is in directory {directory} of {count}");
                return Err(Error::corrupt(text));
            };
            path.clear();
            path.extend_from_slice(directory);
            path.extend_from_slice(name);
            each(&path)?;
        }
        Ok(())
    }

    /// How many values a tag has, and the bytes from the first on.
    fn value(&self, tag: Tag, kind: u32) -> Result<Option<(u32, &[u8])>> {
        let Some(entry) = self.index.entry(tag) else {
            return Ok(None);
        };
        let wrong = |what: String| Error::corrupt(format!("tag {}: {what}", tag as u32));
        if entry.kind != kind {
            let text = format!("a value of type {}, not {kind}", entry.kind);
            return Err(wrong(text));
        }
        let (start, end) = (u64::from(entry.offset), self.index.end_of(entry));
        // Both are no more than was read, which fits into memory.
        let (start, end) = (
            (self.index.data + start) as usize,
            (self.index.data + end) as usize,
        );
        let value = self.bytes.get(start..end);
        let outside = || {
            wrong(format!(
                "byte {} of data that has {}",
                entry.offset, self.index.length
            ))
        };
        Ok(Some((entry.count, value.ok_or_else(outside)?)))
    }
}

/// The `count` strings from the start of `value` on.
fn strings(value: &[u8], count: u32, tag: Tag) -> Result<impl Iterator<Item = &[u8]>> {
    let count = count as usize;
    let ends = value.iter().filter(|byte| **byte == 0).count();
    if ends < count {
        let text = format!("tag {}: {ends} strings, not {count}", tag as u32);
        return Err(Error::corrupt(text));
    }
    Ok(value.split(|byte| *byte == 0).take(count))
}

/// The number at the offset `at`.
fn number(bytes: &[u8], at: usize) -> Result<u32> {
    let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    let missing = || Error::corrupt(format!("no number at byte {at} of a value"));
    bytes
        .map(|bytes| u32::from_be_bytes(*bytes))
        .ok_or_else(missing)
}
