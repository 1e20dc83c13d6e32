//! PAX extended headers: POSIX.1-2017 "pax Extended Header", and the `GNU.sparse.` records.
//!
//! Records are read one by one, so a map that is written down in records costs no more memory than
//! its extents.

use error::Result;
use sparse::SparseRead;

use super::span::{Place, Span};
use super::sparse_map::{Map, leading_map};

/// The longest keyword that is looked at, in bytes.
const KEYWORD: usize = 4096;

/// What the records say, as far as it matters here.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) sparse: Option<Sparse>,
}

/// What the `GNU.sparse.` records say.
#[derive(Clone, Debug)]
pub(super) struct Sparse {
    pub(super) name: Option<Vec<u8>>,
    major: Option<u64>,
    minor: Option<u64>,
    size: Option<u64>,
    entries: Option<u64>,
    /// An entry's offset that waits for its length.
    offset: Option<u64>,
    map: Map,
}

impl Records {
    /// Takes all records of an extended header.
    pub(super) fn read(&mut self, data: &mut Span<'_>) -> Result<()> {
        while data.left() > 0 {
            self.record(data)?;
        }
        Ok(())
    }

    /// One record: `length keyword=value\n`, the length that of the whole record.
    fn record(&mut self, data: &mut Span<'_>) -> Result<()> {
        let before = data.left();
        let place = data.place;
        let (len, blank) = data.decimal("a PAX record's length")?;
        let digits = before - data.left();
        if blank != Some(b' ') || len <= digits {
            return Err(place.corrupt(format!("a PAX record of {len} bytes is malformed")));
        }
        if len > before {
            return Err(place.corrupt(format!(
                "a PAX record of {len} bytes does not fit in the {before} bytes left"
            )));
        }
        data.part(len - digits, |record| {
            let keyword = keyword(record)?;
            let value = record.left().checked_sub(1);
            let Some(value) = value else {
                return Err(place.corrupt(format!("a PAX record of {len} bytes is malformed")));
            };
            record.part(value, |value| self.value(&keyword, value))?;
            match record.byte()? {
                Some(b'\n') if record.left() == 0 => Ok(()),
                _ => Err(place.corrupt(format!(
                    "the PAX record {} does not end with its line",
                    crate::archive::shown(&String::from_utf8_lossy(&keyword))
                ))),
            }
        })
    }

    fn value(&mut self, keyword: &[u8], value: &mut Span<'_>) -> Result<()> {
        match keyword {
            b"path" => self.path = text("path", value)?,
            b"linkpath" => self.link = text("linkpath", value)?,
            b"size" => self.size = number("size", value)?,
            _ => match keyword.strip_prefix(b"GNU.sparse.") {
                Some(keyword) => {
                    let place = value.place;
                    let sparse = self.sparse.get_or_insert_with(|| Sparse::new(place));
                    return sparse.value(keyword, value);
                }
                None => return value.skip_with(0),
            },
        }
        Ok(())
    }
}

impl Sparse {
    fn new(place: Place) -> Self {
        Sparse {
            name: None,
            major: None,
            minor: None,
            size: None,
            entries: None,
            offset: None,
            map: Map::new(place),
        }
    }

    fn value(&mut self, keyword: &[u8], value: &mut Span<'_>) -> Result<()> {
        match keyword {
            b"name" => self.name = text("GNU.sparse.name", value)?,
            b"major" => self.major = number("GNU.sparse.major", value)?,
            b"minor" => self.minor = number("GNU.sparse.minor", value)?,
            b"size" | b"realsize" => self.size = number("GNU.sparse.realsize", value)?,
            b"numblocks" => self.entries = number("GNU.sparse.numblocks", value)?,
            b"offset" => {
                if self.offset.is_some() {
                    return Err(value.place.corrupt("a sparse map entry has no length"));
                }
                self.offset = number("GNU.sparse.offset", value)?;
            }
            b"numbytes" => match (self.offset.take(), number("GNU.sparse.numbytes", value)?) {
                (Some(offset), Some(len)) => self.map.push(offset, len)?,
                _ => return Err(value.place.corrupt("a sparse map entry has no offset")),
            },
            b"map" => self.list(value)?,
            _ => value.skip_with(0)?,
        }
        Ok(())
    }

    /// The map as one list: `offset,length,offset,length`.
    fn list(&mut self, value: &mut Span<'_>) -> Result<()> {
        let place = value.place;
        let malformed = || place.corrupt("GNU.sparse.map is not a list of offsets and lengths");
        while value.left() > 0 {
            let (offset, Some(b',')) = value.decimal("a number in GNU.sparse.map")? else {
                return Err(malformed());
            };
            let (len, comma) = value.decimal("a number in GNU.sparse.map")?;
            if comma.is_some_and(|comma| comma != b',' || value.left() == 0) {
                return Err(malformed());
            }
            self.map.push(offset, len)?;
        }
        Ok(())
    }

    /// The whole map of a member that takes `stored` bytes in the archive, and from version 1.0 on
    /// begins with its map.
    pub(super) fn into_map(
        self,
        input: &mut dyn SparseRead,
        place: Place,
        stored: u64,
    ) -> Result<Map> {
        let Some(size) = self.size else {
            return Err(place.corrupt("the sparse file's real size is missing"));
        };
        if self.offset.is_some() {
            return Err(place.corrupt("a sparse map entry has no length"));
        }
        match (self.major.unwrap_or(0), self.minor.unwrap_or(0)) {
            (0, 0 | 1) => {
                let entries = self.map.entries();
                if let Some(stated) = self.entries.filter(|&stated| stated != entries) {
                    return Err(place.corrupt(format!(
                        "the sparse map has {entries} entries, GNU.sparse.numblocks says {stated}"
                    )));
                }
                self.map.close(size, stored)
            }
            (1, 0) if self.map.entries() > 0 => {
                Err(place.corrupt("two sparse maps for one member"))
            }
            (1, 0) => leading_map(input, place, size, stored),
            (major, minor) => {
                Err(place.unsupported(format!("a sparse file of version {major}.{minor}")))
            }
        }
    }
}

/// The part of a record before its `=`.
fn keyword(record: &mut Span<'_>) -> Result<Vec<u8>> {
    let mut keyword = Vec::new();
    loop {
        match record.byte()? {
            Some(b'=') => return Ok(keyword),
            Some(byte) if keyword.len() < KEYWORD => keyword.push(byte),
            Some(_) => {
                return Err(record
                    .place
                    .unsupported(format!("a PAX keyword is longer than {KEYWORD} bytes")));
            }
            None => return Err(record.place.corrupt("a PAX record has no =")),
        }
    }
}

/// A value that is a name; an empty one takes back what was said before.
fn text(keyword: &str, value: &mut Span<'_>) -> Result<Option<Vec<u8>>> {
    let text = value.text()?;
    if text.contains(&0) {
        return Err(value
            .place
            .corrupt(format!("the PAX value of {keyword} has a NUL in it")));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// A value that is a decimal number; an empty one takes back what was said before.
fn number(keyword: &str, value: &mut Span<'_>) -> Result<Option<u64>> {
    if value.left() == 0 {
        return Ok(None);
    }
    match value.decimal(&format!("the PAX value of {keyword}"))? {
        (number, None) => Ok(Some(number)),
        _ => Err(value
            .place
            .corrupt(format!("the PAX value of {keyword} is not a number"))),
    }
}
