//! Text of a database, a line at a time.

use std::io::{BufRead, BufReader, Read};

use error::{Error, Result};

use crate::store::Store;

/// Most bytes of a line. A package that provides all of a distribution's fonts has some 100 KiB.
const LONGEST: u64 = 1 << 20;

/// The lines of a file, or of a part of one.
pub(crate) struct Lines<'a> {
    store: &'a Store,
    reader: BufReader<Box<dyn Read + 'a>>,
    line: Vec<u8>,
    /// The number of the line that was read last, counted from 1.
    number: u64,
    /// Where that line starts.
    start: u64,
    /// Where the next line starts.
    next: u64,
}

impl<'a> Lines<'a> {
    /// All lines of a file.
    pub fn all(store: &'a Store) -> Self {
        Self::part(store, 0, store.size(), 1)
    }

    /// The lines in the `length` bytes from the offset `at` on; the first has the number `number`.
    pub fn part(store: &'a Store, at: u64, length: u64, number: u64) -> Self {
        let reader: Box<dyn Read> = Box::new(store.reader(at, at.saturating_add(length)));
        Lines {
            store,
            reader: BufReader::with_capacity(64 << 10, reader),
            line: Vec::new(),
            number: number.saturating_sub(1),
            start: at,
            next: at,
        }
    }

    /// The next line, without its end.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] for a line of more than 1 MiB, [`error::Kind::Io`] when it cannot be read.
    pub fn next(&mut self) -> Result<Option<&[u8]>> {
        self.line.clear();
        let mut reader = self.reader.by_ref().take(LONGEST + 1);
        let length = match reader.read_until(b'\n', &mut self.line) {
            Ok(length) => length as u64,
            Err(cause) => return Err(self.store.failed(cause)),
        };
        self.start = self.next;
        self.next += length;
        self.number += 1;
        if length == 0 {
            return Ok(None);
        }
        if length > LONGEST {
            return Err(self.corrupt("longer than 1 MiB"));
        }
        Ok(Some(self.line.strip_suffix(b"\n").unwrap_or(&self.line)))
    }

    /// The number of the line that was read last.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Where the line that was read last starts; at the end, where it ends.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// `error`, with the file's name.
    pub fn named(&self, error: Error) -> Error {
        self.store.named(error)
    }

    /// The error that the line that was read last is wrong.
    pub fn corrupt(&self, message: &str) -> Error {
        self.store
            .corrupt(format!("line {}: {message}", self.number))
    }
}
