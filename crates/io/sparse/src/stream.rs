//! A stream of data and holes, read like [`std::io::BufRead`].

use error::Result;

/// What comes next in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Bytes; never empty. They may happen to be zeros.
    Data(&'a [u8]),
    /// This many zero bytes that did not have to be stored; never 0.
    Zeros(u64),
    /// The stream is complete and everything that could be checked about it was right.
    End,
}

impl Piece<'_> {
    /// The number of bytes the piece stands for; 0 at the end.
    pub fn len(&self) -> u64 {
        match self {
            Piece::Data(data) => data.len() as u64,
            Piece::Zeros(len) => *len,
            Piece::End => 0,
        }
    }

    /// Whether the stream is over.
    pub fn is_empty(&self) -> bool {
        matches!(self, Piece::End)
    }
}

/// A stream of bytes that knows its holes; the sparse sibling of [`std::io::BufRead`].
///
/// `peek` shows what comes next and may do work to find out; peeking again without `consume` shows
/// the same position again (more of it, perhaps, never less). After [`Piece::End`] it stays there.
/// After an error the stream is dead: the caller must not use it any more.
pub trait SparseRead {
    /// Shows what comes next.
    ///
    /// # Errors
    /// Whatever the source or a decoder below found wrong. `End` is returned only when the stream
    /// really is complete: a decoder checks its checksums first.
    fn peek(&mut self) -> Result<Piece<'_>>;

    /// Moves past `n` bytes. The caller must see to it that `n` is at most the length of the piece that the last
    /// `peek` showed.
    fn consume(&mut self, n: u64);

    /// Spares a copy where a stream has its bytes in a buffer of their own: exchanges `buffer` for
    /// one of the same length whose first bytes are what comes next, moves past them and says how
    /// many they are, at least 1. `None` leaves everything as it was, and is always allowed.
    ///
    /// # Errors
    /// As [`SparseRead::peek`].
    fn exchange(&mut self, buffer: &mut Box<[u8]>) -> Result<Option<usize>> {
        let _ = buffer;
        Ok(None)
    }
}

impl<T: SparseRead + ?Sized> SparseRead for &mut T {
    fn peek(&mut self) -> Result<Piece<'_>> {
        (**self).peek()
    }
    fn consume(&mut self, n: u64) {
        (**self).consume(n);
    }
    fn exchange(&mut self, buffer: &mut Box<[u8]>) -> Result<Option<usize>> {
        (**self).exchange(buffer)
    }
}

impl<T: SparseRead + ?Sized> SparseRead for Box<T> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        (**self).peek()
    }
    fn consume(&mut self, n: u64) {
        (**self).consume(n);
    }
    fn exchange(&mut self, buffer: &mut Box<[u8]>) -> Result<Option<usize>> {
        (**self).exchange(buffer)
    }
}

/// Reads until `buffer` is full or the stream ends, zeros written out; returns the bytes read.
///
/// # Errors
/// The stream's.
pub fn read_full(stream: &mut dyn SparseRead, buffer: &mut [u8]) -> Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        let room = &mut buffer[filled..];
        let n = match stream.peek()? {
            Piece::Data(data) => {
                let n = data.len().min(room.len());
                room[..n].copy_from_slice(&data[..n]);
                n
            }
            Piece::Zeros(len) => {
                let n = usize::try_from(len).unwrap_or(usize::MAX).min(room.len());
                room[..n].fill(0);
                n
            }
            Piece::End => break,
        };
        stream.consume(n as u64);
        filled += n;
    }
    Ok(filled)
}

/// Fills `buffer` or says no: `Ok(false)` when the stream ended first.
///
/// # Errors
/// The stream's.
pub fn read_exact(stream: &mut dyn SparseRead, buffer: &mut [u8]) -> Result<bool> {
    Ok(read_full(stream, buffer)? == buffer.len())
}

/// Moves past `n` bytes, or to the end if that is nearer; returns the bytes passed.
///
/// # Errors
/// The stream's.
pub fn skip(stream: &mut dyn SparseRead, n: u64) -> Result<u64> {
    let mut passed = 0;
    while passed < n {
        let step = stream.peek()?.len().min(n - passed);
        if step == 0 {
            break;
        }
        stream.consume(step);
        passed += step;
    }
    Ok(passed)
}

/// Moves to the end; returns the bytes passed.
///
/// # Errors
/// The stream's.
pub fn drain(stream: &mut dyn SparseRead) -> Result<u64> {
    skip(stream, u64::MAX)
}

/// Bytes in memory as a stream, for heads that were read already, for tests and for fuzz targets.
#[derive(Clone, Debug)]
pub struct SliceSource<'a> {
    rest: &'a [u8],
    step: usize,
}

impl<'a> SliceSource<'a> {
    /// A stream of `data` in one piece.
    pub fn new(data: &'a [u8]) -> Self {
        Self::in_steps(data, usize::MAX)
    }

    /// A stream of `data` that shows at most `step` bytes (at least 1) at a time, so that tests can
    /// put every boundary everywhere.
    pub fn in_steps(data: &'a [u8], step: usize) -> Self {
        SliceSource {
            rest: data,
            step: step.max(1),
        }
    }
}

impl SparseRead for SliceSource<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        let n = self.rest.len().min(self.step);
        Ok(match n {
            0 => Piece::End,
            n => Piece::Data(&self.rest[..n]),
        })
    }

    fn consume(&mut self, n: u64) {
        self.rest = &self.rest[n as usize..];
    }
}

/// A stream whose beginning can be looked at before it is read, to find out what it is.
#[derive(Debug)]
pub struct Lookahead<R> {
    head: Vec<u8>,
    consumed: usize,
    rest: R,
}

impl<R: SparseRead> Lookahead<R> {
    /// Wraps `stream` without reading from it.
    pub fn new(stream: R) -> Self {
        Lookahead {
            head: Vec::new(),
            consumed: 0,
            rest: stream,
        }
    }

    /// The first `n` bytes from here, zeros written out; fewer only if the stream ends before.
    ///
    /// # Errors
    /// The stream's.
    pub fn head(&mut self, n: usize) -> Result<&[u8]> {
        self.head.drain(..self.consumed);
        self.consumed = 0;
        let have = self.head.len();
        if have < n {
            self.head.resize(n, 0);
            let got = read_full(&mut self.rest, &mut self.head[have..])?;
            self.head.truncate(have + got);
        }
        Ok(&self.head[..n.min(self.head.len())])
    }

    /// The bytes that were looked at and not read yet, and what the stream has behind them. Reads nothing.
    ///
    /// # Errors
    /// The stream's.
    pub fn beyond(&mut self) -> Result<(&[u8], Piece<'_>)> {
        let head = self.head.get(self.consumed..).unwrap_or_default();
        Ok((head, self.rest.peek()?))
    }
}

impl<R: SparseRead> SparseRead for Lookahead<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        if self.consumed < self.head.len() {
            return Ok(Piece::Data(&self.head[self.consumed..]));
        }
        self.rest.peek()
    }

    fn consume(&mut self, n: u64) {
        if self.consumed < self.head.len() {
            self.consumed += n as usize;
        } else {
            self.rest.consume(n);
        }
    }

    fn exchange(&mut self, buffer: &mut Box<[u8]>) -> Result<Option<usize>> {
        if self.consumed < self.head.len() {
            Ok(None)
        } else {
            self.rest.exchange(buffer)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_and_skipping_stop_at_the_end() {
        let data = [7u8; 10];
        let mut stream = SliceSource::in_steps(&data, 3);
        let mut buffer = [0u8; 4];
        assert!(read_exact(&mut stream, &mut buffer).unwrap());
        assert_eq!(skip(&mut stream, 2).unwrap(), 2);
        assert!(!read_exact(&mut stream, &mut [0u8; 5]).unwrap());
        assert_eq!(drain(&mut stream).unwrap(), 0);
        assert_eq!(stream.peek().unwrap(), Piece::End);
    }

    #[test]
    fn looking_ahead_takes_nothing_away() {
        let data: Vec<u8> = (0..100).collect();
        for step in [1, 7, 1000] {
            let mut stream = Lookahead::new(SliceSource::in_steps(&data, step));
            assert_eq!(stream.head(10).unwrap(), &data[..10]);
            assert_eq!(skip(&mut stream, 4).unwrap(), 4);
            assert_eq!(stream.head(20).unwrap(), &data[4..24]);
            let (head, piece) = stream.beyond().unwrap();
            assert_eq!(head, &data[4..24]);
            assert!(matches!(piece, Piece::Data([24, ..])));
            assert_eq!(stream.head(200).unwrap(), &data[4..]);
            let mut rest = [0; 96];
            assert!(read_exact(&mut stream, &mut rest).unwrap());
            assert_eq!(rest, data[4..]);
            assert_eq!(stream.peek().unwrap(), Piece::End);
        }
    }
}
