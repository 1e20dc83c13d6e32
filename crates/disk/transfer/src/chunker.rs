//! Cutting a stream into chunks and holes.

use error::{Error, Result};
use sparse::{DiskRead, Piece, SparseRead, digest};

use crate::buffers::Pool;
use crate::chunk::{CHUNK, Chunk};
use crate::direct_write::Written;

/// A stretch of a disk, with its data: in ascending order and without gaps, unless the disk comes in another
/// order.
pub(crate) enum Extent {
    /// A piece with data in it.
    Chunk(Chunk),
    /// A piece with data in it that all targets hold already, but for its zeros.
    Written(Written),
    /// Bytes `offset..offset + len` are zeros.
    Hole { offset: u64, len: u64 },
}

impl Extent {
    /// Where it ends, in bytes.
    pub(crate) fn end(&self) -> u64 {
        match self {
            Extent::Chunk(chunk) => chunk.offset + chunk.len() as u64,
            Extent::Written(written) => written.offset + written.len,
            Extent::Hole { offset, len } => offset + len,
        }
    }
}

/// Empty chunks, or holes of any length, that the chunker swallows before it shows one hole.
const PATIENCE: usize = 256;

enum Filled {
    Data(Chunk),
    Zeros,
    End,
}

/// Gives a disk in chunks and holes.
pub(crate) trait ChunkSource {
    /// The next chunk or hole; `None` at the disk's end.
    ///
    /// # Errors
    /// Those of reading the disk.
    fn next(&mut self) -> Result<Option<Extent>>;
}

/// Cuts a disk that comes as a stream.
pub(crate) struct StreamChunker<'a> {
    stream: &'a mut dyn DiskRead,
    pool: Pool,
    position: u64,
    /// A chunk that was filled while a hole before it had to go first.
    waiting: Option<Chunk>,
    /// A buffer that held only zeros, to be used again.
    spare: Option<Chunk>,
}

impl<'a> StreamChunker<'a> {
    /// Cuts `stream` using `buffers` chunk buffers.
    pub(crate) fn new(stream: &'a mut dyn DiskRead, buffers: usize) -> Self {
        StreamChunker {
            stream,
            pool: Pool::new(buffers, CHUNK),
            position: 0,
            waiting: None,
            spare: None,
        }
    }

    /// Goes where the stream's next piece lies; `false` when that is here.
    fn jump(&mut self) -> Result<bool> {
        let to = self.stream.offset()?;
        let from = self.position;
        if to == from || self.stream.peek()?.is_empty() {
            return Ok(false);
        }
        let block = digest::BLOCK as u64;
        let at_end = self.stream.size() == Some(from);
        if !to.is_multiple_of(block) || !(from.is_multiple_of(block) || at_end) {
            let message =
                format!("is stored out of order, in pieces that end at byte {from} of the disk");
            return Err(Error::unsupported(message).hint("unpack it first and give the file"));
        }
        self.position = to;
        Ok(true)
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
        let start = self.position;
        let room = CHUNK - (start % CHUNK as u64) as usize;
        let mut chunk = match self.spare.take() {
            Some(chunk) => chunk.restart(start),
            None => Chunk::new(&self.pool, start),
        };
        if room == CHUNK {
            chunk.adopt(|buffer| self.stream.exchange(buffer))?;
        }
        while chunk.len() < room && self.stream.offset()? == start + chunk.len() as u64 {
            let left = room - chunk.len();
            let n = match self.stream.peek()? {
                Piece::Data(data) => chunk.push(&data[..data.len().min(left)]),
                Piece::Zeros(len) => chunk.push_zeros(len.min(left as u64)),
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

impl ChunkSource for StreamChunker<'_> {
    /// A hole comes out after [`PATIENCE`] chunks at the latest, so that the caller can show progress
    /// and notice that it should stop.
    fn next(&mut self) -> Result<Option<Extent>> {
        if let Some(chunk) = self.waiting.take() {
            return Ok(Some(Extent::Chunk(chunk)));
        }
        self.jump()?;
        let offset = self.position;
        for _ in 0..PATIENCE {
            if self.position > offset && self.stream.offset()? != self.position {
                break;
            }
            if self.pass_whole_chunks()? {
                continue;
            }
            match self.fill()? {
                Filled::Zeros => {}
                Filled::End => break,
                Filled::Data(chunk) if chunk.offset == offset => {
                    return Ok(Some(Extent::Chunk(chunk)));
                }
                Filled::Data(chunk) => {
                    let len = chunk.offset - offset;
                    self.waiting = Some(chunk);
                    return Ok(Some(Extent::Hole { offset, len }));
                }
            }
        }
        let len = self.position - offset;
        Ok((len > 0).then_some(Extent::Hole { offset, len }))
    }
}

/// A disk whose pieces ascend, the gaps between them filled with zeros.
pub(crate) struct Ascending<'a> {
    disk: &'a mut dyn DiskRead,
    position: u64,
    /// Whether the disk promises its order.
    promised: bool,
}

impl<'a> Ascending<'a> {
    /// `disk` for somebody who takes it in ascending order only.
    pub(crate) fn new(disk: &'a mut dyn DiskRead) -> Self {
        let promised = disk.is_in_order();
        Ascending {
            disk,
            position: 0,
            promised,
        }
    }

    /// Zeros before the next piece, or before the disk's end.
    fn gap(&mut self) -> Result<u64> {
        let to = if self.disk.peek()?.is_empty() {
            self.disk.size().unwrap_or(self.position)
        } else {
            self.disk.offset()?
        };
        match to.checked_sub(self.position) {
            Some(gap) => Ok(gap),
            None if self.promised => {
                Err(Error::corrupt(format!("holds byte {to} of the disk twice")))
            }
            None => Err(Error::unsupported(format!(
                "holds byte {to} of the disk behind byte {}, and a target wants them in order",
                self.position
            ))
            .hint("write to a file, a device or a volume, or unpack the image first")),
        }
    }
}

impl SparseRead for Ascending<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        match self.gap()? {
            0 => self.disk.peek(),
            gap => Ok(Piece::Zeros(gap)),
        }
    }

    fn consume(&mut self, n: u64) {
        // Peeked before: the gap is known and cannot fail.
        if self.gap().is_ok_and(|gap| gap == 0) {
            self.disk.consume(n);
        }
        self.position += n;
    }

    fn exchange(&mut self, buffer: &mut Box<[u8]>) -> Result<Option<usize>> {
        if self.gap()? > 0 {
            return Ok(None);
        }
        let exchanged = self.disk.exchange(buffer)?;
        self.position += exchanged.unwrap_or(0) as u64;
        Ok(exchanged)
    }
}

impl DiskRead for Ascending<'_> {
    fn size(&self) -> Option<u64> {
        self.disk.size()
    }

    fn offset(&mut self) -> Result<u64> {
        Ok(self.position)
    }

    fn is_in_order(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sparse::{InOrder, SliceSource};

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

    fn chunks(stream: &mut dyn SparseRead) -> Vec<(u64, u64, bool)> {
        let mut disk = InOrder::new(stream, None);
        let mut chunker = StreamChunker::new(&mut disk, 2);
        let mut chunks = Vec::new();
        while let Some(extent) = chunker.next().unwrap() {
            chunks.push(match extent {
                Extent::Chunk(chunk) => (chunk.offset, chunk.len() as u64, true),
                Extent::Hole { offset, len } => (offset, len, false),
                Extent::Written(_) => unreachable!("a cutter writes nothing"),
            });
        }
        chunks
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
            chunks(&mut Script(script, vec![])),
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
            chunks(&mut SliceSource::new(&zeros)),
            [(0, zeros.len() as u64, false)]
        );
        assert_eq!(chunks(&mut SliceSource::new(&[])), []);
    }
}
