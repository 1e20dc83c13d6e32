//! Whose trouble it is when something inside an archive cannot be read.

use error::{Error, Kind, Result};
use sparse::{Piece, SparseRead};

/// Whether `error` is about the content, and not about the way to it.
pub(crate) fn is_about_content(error: &Error) -> bool {
    matches!(
        error.kind(),
        Kind::Corrupt | Kind::Unsupported | Kind::Refused
    )
}

/// A stream that remembers whether it has failed: then nothing behind it can be read either.
pub(crate) struct Witness<'a> {
    stream: &'a mut dyn SparseRead,
    /// Bytes that were read.
    pub(crate) passed: u64,
    pub(crate) failed: bool,
}

impl<'a> Witness<'a> {
    /// Nothing read yet.
    pub(crate) fn new(stream: &'a mut dyn SparseRead) -> Self {
        Witness {
            stream,
            passed: 0,
            failed: false,
        }
    }
}

impl SparseRead for Witness<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        let failed = &mut self.failed;
        self.stream.peek().inspect_err(|_| *failed = true)
    }

    fn consume(&mut self, n: u64) {
        self.passed += n;
        self.stream.consume(n);
    }

    fn exchange(&mut self, buffer: &mut Box<[u8]>) -> Result<Option<usize>> {
        let exchanged = self.stream.exchange(buffer);
        match &exchanged {
            Ok(read) => self.passed += read.unwrap_or(0) as u64,
            Err(_) => self.failed = true,
        }
        exchanged
    }
}
