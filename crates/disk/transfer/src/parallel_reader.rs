//! Cutting a disk that can be read at any offset: every thread reads, unpacks, looks for zeros and
//! hashes a piece of its own while that is hot in its cache.

use std::collections::VecDeque;
use std::sync::Arc;

use diskimage::{Image, Location, Packed, Unpackers};
use error::{Error, Result};
use pool::Ordered;
use sparse::BlockRead;

use crate::buffers::Pool;
use crate::chunk::{CHUNK, Chunk};
use crate::chunker::{ChunkSource, Extent};
use crate::control::Control;
use crate::direct_write::{DirectWrite, Written};

/// Bytes of the disk in one piece of work, at least, where workers write what they read. Every piece
/// wakes three threads, on processors that the workers need; more than this gains nothing.
const SPAN: u64 = 8 << 20;

/// Bytes of the disk in one piece of work, at most: units that straddle borders make it longer.
const LONGEST: u64 = 64 << 20;

/// Stretches without data that are passed before a hole is shown, so that whoever waits sees that it
/// goes on.
const PATIENCE: usize = 4096;

/// Reads one image in parallel; its chunks come in ascending order.
pub(crate) struct ParallelReader {
    image: Image,
    workers: Ordered<Span, Result<Extent>>,
    /// Spans that may be under way.
    ahead: usize,
    /// How far the disk is planned: a chunk's border, or its end.
    planned: u64,
    plan: VecDeque<Planned>,
    pool: Pool,
    direct: Option<DirectWrite>,
    control: Arc<Control>,
}

enum Planned {
    Hole {
        offset: u64,
        len: u64,
    },
    /// A span that a worker has, up to here.
    Span(u64),
}

/// A piece of work: a range of the disk that begins at a chunk's border.
struct Span {
    start: u64,
    parts: Vec<Part>,
}

struct Part {
    len: u64,
    location: Location,
}

/// How an image is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadOptions {
    /// Threads that read and unpack.
    pub(crate) threads: usize,
    /// Chunks that may be under way.
    pub(crate) buffers: usize,
    /// Whether the blocks of the disk's digest are hashed.
    pub(crate) want_digest: bool,
}

impl ParallelReader {
    /// Starts workers on `image`. They write to the targets of `direct` themselves.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when the system gives no threads.
    pub(crate) fn start(
        image: Image,
        options: ReadOptions,
        direct: Option<DirectWrite>,
        control: &Arc<Control>,
    ) -> Result<Self> {
        let ReadOptions {
            threads,
            buffers,
            want_digest,
        } = options;
        let pool = Pool::new(buffers, CHUNK);
        let bench = WorkerContext {
            files: image.files().to_vec(),
            unpackers: Unpackers::default(),
            pool: pool.clone(),
            control: Arc::clone(control),
            direct: direct.clone(),
            want_digest,
            patience: usize::from(4 * threads <= buffers),
        };
        let workers = Ordered::start(threads, 1, move |span: Span, emit| {
            if let Err(error) = bench.work(span, &mut |extent| emit(Ok(extent))) {
                emit(Err(error));
            }
        })?;
        Ok(ParallelReader {
            image,
            workers,
            // All of them may hold buffers while the first one still needs some.
            ahead: (buffers / 4).max(1),
            planned: 0,
            plan: VecDeque::new(),
            pool,
            direct,
            control: Arc::clone(control),
        })
    }

    /// Plans one hole or one span.
    fn plan(&mut self) -> Result<()> {
        let (start, size) = (self.planned, self.image.size());
        let data = self.pass_holes()?;
        let hole_end = match data {
            data if data >= size => size,
            data => data - data % CHUNK as u64,
        };
        if hole_end > start {
            let len = hole_end - start;
            self.plan.push_back(Planned::Hole { offset: start, len });
            self.planned = hole_end;
            return Ok(());
        }
        let span = match self.direct {
            Some(_) => SPAN,
            None => CHUNK as u64,
        };
        let border = |at: u64| at.next_multiple_of(span).min(size);
        let mut end = border(start + 1);
        let (mut at, mut parts) = (start, Vec::new());
        while at < end {
            let stretch = self.image.lookup(at)?;
            let len = match stretch.location {
                // A unit is unpacked once, and so never shared by two workers.
                Location::Packed(_) => stretch.len,
                _ => stretch.len.min(end - at),
            };
            let location = stretch.location;
            parts.push(Part { len, location });
            at += len;
            end = end.max(border(at));
            if at - start > LONGEST {
                return Err(Error::unsupported(format!(
                    "stores its disk in units that overlap the borders of {CHUNK} bytes"
                )));
            }
        }
        self.planned = at;
        self.plan.push_back(Planned::Span(at));
        self.workers.submit(Span { start, parts })
    }

    /// Where data begins, or where patience ends.
    fn pass_holes(&mut self) -> Result<u64> {
        let mut at = self.planned;
        for _ in 0..PATIENCE {
            if at >= self.image.size() {
                break;
            }
            let stretch = self.image.lookup(at)?;
            match stretch.location {
                Location::Nowhere | Location::Below => at += stretch.len,
                Location::Plain { .. } | Location::Packed(_) => break,
            }
        }
        Ok(at)
    }
}

impl ChunkSource for ParallelReader {
    fn next(&mut self) -> Result<Option<Extent>> {
        while self.planned < self.image.size()
            && self.workers.in_flight() < self.ahead
            && self.plan.len() < 2 * self.ahead
        {
            self.plan()?;
        }
        match self.plan.front() {
            None => {
                let files = self.image.files().iter();
                files
                    .into_iter()
                    .try_for_each(|file| file.check_unchanged())?;
                Ok(None)
            }
            Some(&Planned::Hole { offset, len }) => {
                self.plan.pop_front();
                Ok(Some(Extent::Hole { offset, len }))
            }
            Some(&Planned::Span(end)) => {
                let missing = || {
                    Error::io(
                        "reading stopped",
                        "internal error: a worker exited without a result",
                    )
                };
                let control = &self.control;
                let extent = self.workers.output_while(|| control.check())?;
                let extent = extent.ok_or_else(missing)??;
                if extent.end() >= end {
                    self.plan.pop_front();
                }
                Ok(Some(extent))
            }
        }
    }
}

impl Drop for ParallelReader {
    fn drop(&mut self) {
        self.pool.close();
        if let Some(direct) = &self.direct {
            direct.close();
        }
    }
}

/// What every worker works with.
struct WorkerContext {
    files: Vec<Arc<dyn BlockRead>>,
    unpackers: Unpackers,
    pool: Pool,
    control: Arc<Control>,
    direct: Option<DirectWrite>,
    /// Full chunks that each may keep while another one writes: with the one that it fills, half of
    /// the buffers at most.
    patience: usize,
    /// Whether chunks are hashed.
    want_digest: bool,
}

type Emit<'a> = dyn FnMut(Extent) -> bool + 'a;

impl WorkerContext {
    fn work<'a>(&'a self, span: Span, emit: &'a mut Emit<'a>) -> Result<()> {
        let packed = |part: &Part| matches!(part.location, Location::Packed(_));
        let mut filling = ChunkBuilder {
            pool: &self.pool,
            direct: self.direct.as_ref(),
            emit,
            offset: span.start,
            want_digest: self.want_digest,
            chunk: None,
            waiting: Vec::new(),
            // Who only copies has little to do meanwhile.
            patience: if span.parts.iter().any(packed) {
                self.patience
            } else {
                0
            },
            written: None,
        };
        for part in span.parts {
            self.control.check()?;
            match part.location {
                Location::Nowhere | Location::Below => zeros(part.len, &mut filling)?,
                Location::Plain { file, offset } => {
                    self.plain(file, offset, part.len, &mut filling)?;
                }
                Location::Packed(packed) => self.packed(&packed, part.len, &mut filling)?,
            }
        }
        filling.hand_on();
        filling.write();
        filling.tell();
        Ok(())
    }

    fn file(&self, file: usize) -> Result<&dyn BlockRead> {
        let file = self.files.get(file).map(|file| &**file);
        file.ok_or_else(|| Error::io("cannot be read", "the map names a file that is not there"))
    }

    fn plain(&self, file: usize, offset: u64, len: u64, to: &mut ChunkBuilder<'_>) -> Result<()> {
        let file = self.file(file)?;
        let mut done = 0;
        while done < len {
            let (chunk, room) = to.chunk()?;
            let n = room.min(usize::try_from(len - done).unwrap_or(room));
            chunk.fill(n, |bytes| {
                let read = file.read_at(offset + done, bytes)?;
                self.control.read(read as u64);
                if read == n {
                    Ok(())
                } else {
                    Err(Error::corrupt(format!(
                        "ends at byte {}, and its tables say that data goes on to byte {}",
                        offset + done + read as u64,
                        offset + len
                    )))
                }
            })?;
            done += n as u64;
        }
        Ok(())
    }

    fn packed(&self, packed: &Packed, len: u64, to: &mut ChunkBuilder<'_>) -> Result<()> {
        let file = self.file(packed.file)?;
        let unpack = |unit: &mut [u8]| {
            let unpackers = &self.unpackers;
            let read = unpackers.lend(|unpacker| unpacker.read(file, packed, unit))?;
            self.control.read(read);
            Ok(())
        };
        let (chunk, room) = to.chunk()?;
        if packed.skip == 0 && len == packed.unit && len <= room as u64 {
            return chunk.fill(len as usize, unpack);
        }
        let mut unit = vec![0; packed.unit as usize];
        unpack(&mut unit)?;
        let wanted = unit.get(packed.skip as usize..(packed.skip + len) as usize);
        let mut rest = wanted.unwrap_or_default();
        while !rest.is_empty() {
            let (chunk, _) = to.chunk()?;
            rest = &rest[chunk.push(rest)..];
        }
        Ok(())
    }
}

fn zeros(mut len: u64, to: &mut ChunkBuilder<'_>) -> Result<()> {
    while len > 0 {
        let (chunk, _) = to.chunk()?;
        len -= chunk.push_zeros(len) as u64;
    }
    Ok(())
}

/// The chunk that a worker is filling, and where it goes then.
struct ChunkBuilder<'a> {
    pool: &'a Pool,
    direct: Option<&'a DirectWrite>,
    /// Whether chunks are hashed.
    want_digest: bool,
    emit: &'a mut Emit<'a>,
    /// Where the chunk begins.
    offset: u64,
    chunk: Option<Chunk>,
    /// Full chunks that wait until another thread has written.
    waiting: Vec<Chunk>,
    /// How many of them, at most.
    patience: usize,
    /// What has been written and not told.
    written: Option<Written>,
}

impl ChunkBuilder<'_> {
    /// The chunk, and how many bytes it has room for, never 0: a full one is handed on first.
    fn chunk(&mut self) -> Result<(&mut Chunk, usize)> {
        if self
            .chunk
            .as_ref()
            .is_some_and(|chunk| chunk.len() == CHUNK)
        {
            self.hand_on();
        }
        if self.chunk.is_none() {
            self.chunk = Chunk::take(self.pool, self.offset);
        }
        // A closed pool: nobody is listening any more.
        let chunk = self.chunk.as_mut().ok_or_else(job::interrupted)?;
        let room = CHUNK - chunk.len();
        Ok((chunk, room))
    }

    fn hand_on(&mut self) {
        let Some(mut chunk) = self.chunk.take() else {
            return;
        };
        let (offset, len) = (chunk.offset, chunk.len() as u64);
        if len == 0 {
            return;
        }
        self.offset = offset + len;
        let data = chunk.seal();
        if data && self.want_digest {
            chunk.hash();
        }
        match self.direct {
            Some(direct) if data => {
                self.waiting.push(chunk);
                if self.waiting.len() > self.patience || !direct.is_busy() {
                    self.write();
                }
            }
            Some(_) => {
                self.write();
                self.add(Written::zeros(offset, len));
                self.chunk = Some(chunk.restart(self.offset));
            }
            None if data => {
                (self.emit)(Extent::Chunk(chunk));
            }
            None => {
                (self.emit)(Extent::Hole { offset, len });
                self.chunk = Some(chunk.restart(self.offset));
            }
        }
    }

    /// Writes what waits for it; the last buffer is filled again while it is hot.
    fn write(&mut self) {
        for chunk in std::mem::take(&mut self.waiting) {
            match self.direct.and_then(|direct| direct.take(&chunk)) {
                Some(written) => {
                    self.add(written);
                    self.chunk = Some(chunk.restart(self.offset));
                }
                None => {
                    self.tell();
                    (self.emit)(Extent::Chunk(chunk));
                }
            }
        }
    }

    fn add(&mut self, written: Written) {
        match &mut self.written {
            Some(before) => before.append(written),
            none => *none = Some(written),
        }
    }

    /// Tells what has been written.
    fn tell(&mut self) {
        if let Some(written) = self.written.take() {
            (self.emit)(Extent::Written(written));
        }
    }
}

#[cfg(test)]
#[path = "parallel_reader/tests.rs"]
mod tests;
