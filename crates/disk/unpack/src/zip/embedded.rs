//! A zip behind something else in the same file: a program that unpacks itself, a script with an archive
//! (APPNOTE 4.1.9).
//!
//! Only its end tells where it begins: the end record says how long the central directory is and where it
//! should be, and the directory's lowest offset is that of the first member. Writers differ in whether offsets
//! count what is before the archive: both are understood.

use error::{Kind, Result};
use sparse::zero::is_zero;
use sparse::{BlockRead, Lookahead, Piece, SparseRead};

use super::directory::lowest_offset;
use super::record::Fields;
use super::{END, END64, Input, LOCAL, LOCATOR64};
use crate::archive::Counted;

/// Bytes in the end record without the comment.
const RECORD: usize = 22;
/// Bytes at the end of the file in which the end record is looked for: it has a comment of up to 64 KiB, and
/// some programs fill their last block with zeros.
const TAIL: u64 = 128 << 10;
/// End records that are tried: a comment may contain what looks like one.
const TRIES: usize = 8;
/// Bytes in the ZIP64 end record (without extensible data) and its locator together.
const RECORD64: usize = 56 + 20;
/// Bytes of the directory that are read at once.
const STEP: usize = 64 << 10;

/// Where in a file a zip is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// The first local header, in bytes from the start of the file; never 0.
    pub start: u64,
    /// What the archive's own offsets say of that place: 0 where they do not count what is before it.
    pub offset: u64,
}

/// Finds the zip that `bytes` end with, if there is something else in front of it.
///
/// # Errors
/// [`Kind::Io`] when `bytes` cannot be read. An archive that is damaged so that its beginning cannot be told
/// is none.
pub fn embedded(bytes: &dyn BlockRead) -> Result<Option<Embedded>> {
    let Some(size) = bytes.size() else {
        return Ok(None);
    };
    let from = size.saturating_sub(TAIL);
    let mut tail = vec![0; (size - from) as usize];
    let read = bytes.read_at(from, &mut tail)?;
    tail.truncate(read);
    let ends = (0..tail.len()).rev().filter_map(|at| {
        let record = tail.get(at..).and_then(end_record)?;
        Some((from + at as u64, record))
    });
    for (at, record) in ends.take(TRIES) {
        if let Some(directory) = Directory::before(bytes, at, record)?
            && let Some(found) = directory.archive(bytes)?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The end record that `bytes` are, if they are one with its comment and nothing but zeros behind that.
fn end_record(bytes: &[u8]) -> Option<&[u8]> {
    let (record, rest) = bytes.split_at_checked(RECORD)?;
    let comment = Fields(record.get(20..)?).u16()?;
    let whole = record.starts_with(&END) && is_zero(rest.get(comment.into()..)?);
    whole.then_some(record)
}

/// Where the central directory is, and where it says to be.
#[derive(Clone, Copy, Debug)]
struct Directory {
    /// Bytes from the start of the file.
    start: u64,
    /// Bytes in it.
    size: u64,
    /// Bytes before the place from which the archive counts offsets.
    uncounted: u64,
}

impl Directory {
    /// The directory before the end `record`, which is at byte `at`.
    fn before(bytes: &dyn BlockRead, at: u64, record: &[u8]) -> Result<Option<Self>> {
        let mut fields = Fields(record.get(12..).unwrap_or_default());
        let narrow = (fields.u32().map(u64::from), fields.u32().map(u64::from));
        let mut wide = [0; RECORD64];
        let before = at.checked_sub(RECORD64 as u64);
        if let Some(before) = before
            && bytes.read_at(before, &mut wide)? == RECORD64
            && wide.starts_with(&END64)
            && wide.get(56..60) == Some(LOCATOR64.as_slice())
        {
            let mut fields = Fields(&wide[40..]);
            return Ok(Directory::ending_at(before, fields.u64(), fields.u64()));
        }
        Ok(Directory::ending_at(at, narrow.0, narrow.1))
    }

    fn ending_at(end: u64, size: Option<u64>, offset: Option<u64>) -> Option<Self> {
        let size = size?;
        let start = end.checked_sub(size)?;
        let uncounted = start.checked_sub(offset?)?;
        Some(Directory {
            start,
            size,
            uncounted,
        })
    }

    /// The archive that the directory belongs to, if it lists members and the first of them is there, with
    /// something else before it.
    fn archive(self, bytes: &dyn BlockRead) -> Result<Option<Embedded>> {
        let stream = Span {
            bytes,
            at: self.start,
            end: self.start + self.size,
            buffer: Vec::new(),
            consumed: 0,
        };
        let mut input: Input<_> = Counted::new(Lookahead::new(stream));
        let offset = match lowest_offset(&mut input, self.size) {
            Err(error) if error.kind() == Kind::Corrupt => return Ok(None),
            offset => offset?,
        };
        let place = offset.and_then(|offset| Some((self.uncounted.checked_add(offset)?, offset)));
        let Some((start, offset)) = place.filter(|&(start, _)| start > 0 && start < self.start)
        else {
            return Ok(None);
        };
        let mut signature = [0; LOCAL.len()];
        let read = bytes.read_at(start, &mut signature)?;
        let found = read == LOCAL.len() && signature == LOCAL;
        Ok(found.then_some(Embedded { start, offset }))
    }
}

/// Some of the bytes, as a stream.
struct Span<'a> {
    bytes: &'a dyn BlockRead,
    /// Where `buffer` ends.
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    consumed: usize,
}

impl SparseRead for Span<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        if self.consumed >= self.buffer.len() {
            let most = (self.end - self.at).min(STEP as u64) as usize;
            self.buffer.resize(most, 0);
            let read = self.bytes.read_at(self.at, &mut self.buffer)?;
            self.buffer.truncate(read);
            self.at += read as u64;
            self.consumed = 0;
        }
        Ok(match self.buffer.get(self.consumed..) {
            None | Some([]) => Piece::End,
            Some(data) => Piece::Data(data),
        })
    }

    fn consume(&mut self, n: u64) {
        self.consumed += n as usize;
    }
}
