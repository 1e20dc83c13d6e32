//! A file of a database, read at any offset and never whole.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use error::{Error, Result, amount};
use host::Files;

/// Most bytes that a file of a database may have: some ten times what the largest hosts have.
const LARGEST: u64 = 1 << 30;

/// A file of a database.
#[derive(Debug)]
pub(crate) struct Store {
    file: File,
    /// What messages call it.
    name: String,
    size: u64,
}

impl Store {
    /// The file that the host calls `path`.
    ///
    /// # Errors
    /// Those of [`Files::open`]; [`error::Kind::Refused`] for more than 1 GiB.
    pub fn open(files: &Files, path: &str) -> Result<Option<Self>> {
        let Some(file) = files.open(path)? else {
            return Ok(None);
        };
        let name = files.real(path.as_ref()).display().to_string();
        let size = match file.metadata() {
            Ok(metadata) => metadata.len(),
            Err(cause) => return Err(Error::io("cannot be read", cause).at(name)),
        };
        if size > LARGEST {
            let text = format!("is larger than {}", amount(LARGEST));
            return Err(Error::refused(text).at(name));
        }
        Ok(Some(Store { file, name, size }))
    }

    /// Its size in bytes when it was opened.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The `length` bytes from the offset `at` on.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] where the file does not have them, [`error::Kind::Io`] when they cannot be read.
    pub fn read(&self, at: u64, length: u64) -> Result<Vec<u8>> {
        let end = at.checked_add(length);
        let length = match (end, usize::try_from(length)) {
            (Some(end), Ok(length)) if end <= self.size => length,
            _ => return Err(self.ends_before(at, length)),
        };
        let mut bytes = vec![0; length];
        match self.file.read_exact_at(&mut bytes, at) {
            Ok(()) => Ok(bytes),
            // It has become shorter meanwhile.
            Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => {
                Err(self.ends_before(at, length as u64))
            }
            Err(cause) => Err(self.failed(cause)),
        }
    }

    /// A reader of the bytes from the offset `at` to before the offset `end`.
    pub fn reader(&self, at: u64, end: u64) -> impl Read {
        Span {
            file: &self.file,
            at,
            end,
        }
    }

    /// The error that the file contradicts its format.
    pub fn corrupt(&self, message: impl Into<String>) -> Error {
        self.named(Error::corrupt(message))
    }

    /// The error that the system reports `cause` when the file is read.
    pub fn failed(&self, cause: io::Error) -> Error {
        self.named(Error::io("cannot be read", cause))
    }

    /// `error`, with the file's name.
    pub fn named(&self, error: Error) -> Error {
        error.at(&self.name)
    }

    fn ends_before(&self, at: u64, length: u64) -> Error {
        self.corrupt(format!(
            "has {} bytes, not the {length} from byte {at} on",
            self.size
        ))
    }
}

/// A part of a file, read from its start.
struct Span<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Read for Span<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.end.saturating_sub(self.at);
        let most = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let read = self.file.read_at(&mut buffer[..most], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
