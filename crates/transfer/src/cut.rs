//! Cutting a stream into chunks and holes.

use extent::{Piece, SparseRead};
use report::Result;

use crate::chunk::{CHUNK, Chunk};
use crate::pool::Pool;

/// What the cutter yields, in ascending order and without gaps.
#[derive(Debug)]
pub(crate) enum Cut {
    /// A piece with data in it.
    Chunk(Chunk),
    /// Bytes `offset..offset + len` are zeros.
    Hole { offset: u64, len: u64 },
}

/// Empty chunks, or holes of any length, that the cutter swallows before it shows one hole.
const PATIENCE: usize = 256;

enum Filled {
    Data(Chunk),
    Zeros,
    End,
}

/// Cuts one disk.
pub(crate) struct Cutter<'a> {
    stream: &'a mut dyn SparseRead,
    pool: Pool,
    position: u64,
    /// A chunk that was filled while a hole before it had to go first.
    waiting: Option<Chunk>,
    /// A buffer that held only zeros, to be used again.
    spare: Option<Chunk>,
}

impl<'a> Cutter<'a> {
    /// Cuts `stream` using `buffers` chunk buffers.
    pub(crate) fn new(stream: &'a mut dyn SparseRead, buffers: usize) -> Self {
        Cutter {
            stream,
            pool: Pool::new(buffers, CHUNK),
            position: 0,
            waiting: None,
            spare: None,
        }
    }

    /// The next chunk or hole; `None` at the stream's end. A hole comes out after [`PATIENCE`] chunks
    /// at the latest, so that the caller can show progress and notice that it should stop.
    ///
    /// # Errors
    /// The stream's.
    pub(crate) fn next(&mut self) -> Result<Option<Cut>> {
        if let Some(chunk) = self.waiting.take() {
            return Ok(Some(Cut::Chunk(chunk)));
        }
        let offset = self.position;
        for _ in 0..PATIENCE {
            if self.pass_whole_chunks()? {
                continue;
            }
            match self.fill()? {
                Filled::Zeros => {}
                Filled::End => break,
                Filled::Data(chunk) if chunk.offset == offset => {
                    return Ok(Some(Cut::Chunk(chunk)));
                }
                Filled::Data(chunk) => {
                    let len = chunk.offset - offset;
                    self.waiting = Some(chunk);
                    return Ok(Some(Cut::Hole { offset, len }));
                }
            }
        }
        let len = self.position - offset;
        Ok((len > 0).then_some(Cut::Hole { offset, len }))
    }

    /// At a chunk's border with a long hole ahead: moves past all of it that is whole chunks.
    fn pass_whole_chunks(&mut self) -> Result<bool> {
        let chunk = CHUNK as u64;
        match self.stream.peek()? {
            Piece::Zeros(len) if len >= chunk && self.position.is_multiple_of(chunk) => {
                let whole = len - len % chunk;
                self.stream.consume(whole);
                self.position += whole;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Fills one chunk, or finds that it would hold nothing.
    fn fill(&mut self) -> Result<Filled> {
        let mut chunk = match self.spare.take() {
            Some(chunk) => chunk.restart(self.position),
            None => Chunk::new(&self.pool, self.position),
        };
        chunk.adopt(|buffer| self.stream.exchange(buffer))?;
        while chunk.len() < CHUNK {
            let n = match self.stream.peek()? {
                Piece::Data(data) => chunk.push(data),
                Piece::Zeros(len) => chunk.push_zeros(len),
                Piece::End => break,
            };
            self.stream.consume(n as u64);
        }
        self.position += chunk.len() as u64;
        if chunk.seal() {
            return Ok(Filled::Data(chunk));
        }
        let empty = chunk.len() == 0;
        self.spare = Some(chunk);
        Ok(if empty { Filled::End } else { Filled::Zeros })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use extent::SliceSource;

    /// Data and holes of given lengths.
    struct Script(Vec<(u64, Option<u8>)>, Vec<u8>);

    impl SparseRead for Script {
        fn peek(&mut self) -> Result<Piece<'_>> {
            Ok(match self.0.first() {
                None => Piece::End,
                Some(&(len, None)) => Piece::Zeros(len),
                Some(&(len, Some(byte))) => {
                    self.1 = vec![byte; (len as usize).min(100_000)];
                    Piece::Data(&self.1)
                }
            })
        }
        fn consume(&mut self, n: u64) {
            self.0[0].0 -= n;
            if self.0[0].0 == 0 {
                self.0.remove(0);
            }
        }
    }

    fn cuts(stream: &mut dyn SparseRead) -> Vec<(u64, u64, bool)> {
        let mut cutter = Cutter::new(stream, 2);
        let mut cuts = Vec::new();
        while let Some(cut) = cutter.next().unwrap() {
            cuts.push(match cut {
                Cut::Chunk(chunk) => (chunk.offset, chunk.len() as u64, true),
                Cut::Hole { offset, len } => (offset, len, false),
            });
        }
        cuts
    }

    #[test]
    fn a_huge_hole_takes_one_step_and_nothing_is_lost() {
        let chunk = CHUNK as u64;
        let tib = 1 << 40;
        let script = vec![
            (5, Some(1)),
            (tib, None),
            (7, Some(2)),
            (chunk, None),
            (3, None),
        ];
        let end = 5 + tib + 7 + chunk + 3;
        let data_at = (5 + tib) / chunk * chunk;
        assert_eq!(
            cuts(&mut Script(script, vec![])),
            [
                (0, chunk, true),
                (chunk, data_at - chunk, false),
                (data_at, chunk, true),
                (data_at + chunk, end - data_at - chunk, false),
            ]
        );
    }

    #[test]
    fn zeros_that_came_as_data_are_a_hole_and_an_empty_stream_is_nothing() {
        let zeros = vec![0; 3 * CHUNK + 1];
        assert_eq!(
            cuts(&mut SliceSource::new(&zeros)),
            [(0, zeros.len() as u64, false)]
        );
        assert_eq!(cuts(&mut SliceSource::new(&[])), []);
    }
}
