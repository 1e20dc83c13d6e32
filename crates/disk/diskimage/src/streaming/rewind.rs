//! A stream whose beginning is kept as long as it is short.

use error::Result;
use sparse::{Piece, SparseRead, read_full, skip};

/// A stream that can be read ahead, and then, if not too much of it has passed, from its beginning.
///
/// Pages are looked at first, with [`Rewind::page`], always forward; afterwards the whole is read like any
/// stream.
pub struct Rewind<R> {
    stream: R,
    /// The stream's first bytes, until they became too many.
    kept: Vec<u8>,
    most: usize,
    /// How far the stream below was read.
    position: u64,
    /// How far `kept` was read again.
    read: usize,
}

impl<R: SparseRead> Rewind<R> {
    /// A stream of which at most `most` bytes are kept.
    pub(super) fn new(stream: R, most: u64) -> Self {
        Rewind {
            stream,
            kept: Vec::new(),
            most: usize::try_from(most).unwrap_or(usize::MAX),
            position: 0,
            read: 0,
        }
    }

    /// Whether the stream can still be read from its beginning.
    pub(super) fn is_whole(&self) -> bool {
        self.kept.len() as u64 == self.position
    }

    /// How far the stream was read.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The `len` bytes at `at`, fewer at the end; `None` when they have passed and were not kept.
    pub(super) fn page(&mut self, at: u64, len: usize) -> Result<Option<Vec<u8>>> {
        if at < self.position {
            let kept = usize::try_from(at).ok().and_then(|at| self.kept.get(at..));
            return Ok(match kept {
                Some(kept) if kept.len() >= len => Some(kept[..len].to_vec()),
                _ => None,
            });
        }
        if !self.pass(at)? {
            return Ok(Some(Vec::new()));
        }
        let mut page = vec![0; len];
        let n = read_full(&mut self.stream, &mut page)?;
        page.truncate(n);
        if self.is_whole() && self.kept.len() + n <= self.most {
            self.kept.extend_from_slice(&page);
        } else {
            self.kept = Vec::new();
        }
        self.position += n as u64;
        Ok(Some(page))
    }

    /// Moves to `at`; `false` when the stream ends before.
    fn pass(&mut self, at: u64) -> Result<bool> {
        let fits = usize::try_from(at).is_ok_and(|at| at <= self.most);
        if self.is_whole() && fits {
            let have = self.kept.len();
            self.kept.resize(at as usize, 0);
            let n = read_full(&mut self.stream, &mut self.kept[have..])?;
            self.kept.truncate(have + n);
            self.position += n as u64;
        } else {
            self.kept = Vec::new();
            self.position += skip(&mut self.stream, at - self.position)?;
        }
        Ok(self.position == at)
    }
}

impl<R> Rewind<R> {
    /// The stream below. The caller must see to it that nothing that was kept is still wanted.
    pub fn into_inner(self) -> R {
        self.stream
    }
}

impl<R: SparseRead> SparseRead for Rewind<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        if self.read < self.kept.len() {
            return Ok(Piece::Data(&self.kept[self.read..]));
        }
        self.kept = Vec::new();
        self.read = 0;
        self.stream.peek()
    }

    fn consume(&mut self, n: u64) {
        if self.read < self.kept.len() {
            self.read += n as usize
        } else {
            self.stream.consume(n)
        }
    }

    fn exchange(&mut self, buffer: &mut Box<[u8]>) -> Result<Option<usize>> {
        if self.read < self.kept.len() {
            Ok(None)
        } else {
            self.stream.exchange(buffer)
        }
    }
}
