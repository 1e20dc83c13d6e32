//! A disk in the order in which its file stores it.

use std::collections::VecDeque;

use error::{Error, Result};
use pool::Ordered;
use sparse::{DiskRead, Piece, SparseRead, drain, read_full, skip};

use super::StreamLimits;
use super::extents::{Extents, Stored};
use crate::{About, Coding, Unpacker, Unpackers};

/// Bytes of the disk in one piece of work.
const BATCH: u64 = 512 << 10;
/// Units in one piece of work.
const UNITS: usize = 256;
/// How far packed units may reach into each other: they are counted in sectors and begin at any byte.
const SECTOR: usize = 512;

/// Reads `stream`, the image's file, from its beginning to its end, and gives out the disk's data in the
/// order in which it comes.
pub struct InFileOrder<S> {
    file: File<S>,
    size: u64,
    about: About,
    in_order: bool,
    extents: VecDeque<Stored>,
    /// What has to be unpacked goes through here, and with it everything else, to stay in order.
    pool: Option<Pool>,
    in_flight: usize,
    now: Now,
}

type Pool = Ordered<Vec<Item>, Result<VecDeque<Part>>>;

/// A run taken out of the file.
struct Item {
    run: Stored,
    bytes: Vec<u8>,
}

/// Bytes of the disk.
struct Part {
    guest: u64,
    bytes: Vec<u8>,
}

enum Now {
    /// In a run that is read as it is.
    Plain {
        guest: u64,
        left: u64,
    },
    /// In the first of these, so far in.
    Parts {
        parts: VecDeque<Part>,
        used: usize,
    },
    End,
}

impl<S: SparseRead> InFileOrder<S> {
    /// The disk that `extents` describes, out of `file`, which stands at its first byte.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when the system gives no threads.
    pub(super) fn new(file: S, extents: Extents, limits: StreamLimits) -> Result<Self> {
        let packed = extents.extents.iter().any(|run| run.packed.is_some());
        let pool = if packed {
            let unpackers = Unpackers::default();
            Some(Ordered::start(limits.threads, 1, move |items, emit| {
                emit(unpackers.lend(|unpacker| unpack(items, unpacker)));
            })?)
        } else {
            None
        };
        let in_order = extents.is_in_order();
        // Each may hold what is stored and what it decompresses to.
        let unit = |run: &Stored| run.packed.map_or(0, |packed| packed.unit + packed.stored);
        let each = 2 * BATCH + extents.extents.iter().map(unit).max().unwrap_or(0);
        let affordable = usize::try_from(limits.memory / each).unwrap_or(usize::MAX);
        Ok(InFileOrder {
            file: File::new(file),
            size: extents.size,
            about: extents.about,
            in_order,
            extents: extents.extents.into(),
            pool,
            in_flight: (2 * limits.threads + 1).min(affordable).max(2),
            now: Now::Plain { guest: 0, left: 0 },
        })
    }

    /// What the image says about itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The file, as far as it has been read.
    pub fn into_file(self) -> S {
        self.file.stream
    }

    /// Has something at hand, or is at the end.
    fn advance(&mut self) -> Result<()> {
        loop {
            match &mut self.now {
                Now::Plain { left: 1.., .. } | Now::End => return Ok(()),
                Now::Parts { parts, used } => match parts.front() {
                    Some(part) if *used < part.bytes.len() => return Ok(()),
                    Some(_) => {
                        parts.pop_front();
                        *used = 0;
                        continue;
                    }
                    None => {}
                },
                Now::Plain { .. } => {}
            }
            self.now = match self.pool.take() {
                None => self.next_run()?,
                Some(mut pool) => {
                    let next = self.next_parts(&mut pool);
                    self.pool = Some(pool);
                    next?
                }
            };
        }
    }

    fn next_run(&mut self) -> Result<Now> {
        let Some(run) = self.extents.pop_front() else {
            drain(&mut self.file.stream)?;
            return Ok(Now::End);
        };
        self.file.pass(run.offset)?;
        Ok(Now::Plain {
            guest: run.guest,
            left: run.len,
        })
    }

    fn next_parts(&mut self, pool: &mut Pool) -> Result<Now> {
        while pool.in_flight() < self.in_flight {
            let items = self.batch()?;
            if items.is_empty() {
                break;
            }
            pool.submit(items)?;
        }
        match pool.output()? {
            Some(parts) => Ok(Now::Parts {
                parts: parts?,
                used: 0,
            }),
            None => {
                drain(&mut self.file.stream)?;
                Ok(Now::End)
            }
        }
    }

    /// Takes the next runs out of the file.
    fn batch(&mut self) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        let mut len = 0;
        while len < BATCH && items.len() < UNITS {
            let Some(run) = self.next_piece() else { break };
            let bytes = self.file.take(&run)?;
            len += run.len;
            items.push(Item { run, bytes });
        }
        Ok(items)
    }

    /// The next run, or a first piece of it where it is long and plain.
    fn next_piece(&mut self) -> Option<Stored> {
        let run = self.extents.front_mut()?;
        if run.packed.is_some() || run.len <= BATCH {
            return self.extents.pop_front();
        }
        let first = Stored {
            stored: BATCH,
            len: BATCH,
            ..*run
        };
        run.offset += BATCH;
        run.stored -= BATCH;
        run.guest += BATCH;
        run.len -= BATCH;
        Some(first)
    }
}

impl<S: SparseRead> SparseRead for InFileOrder<S> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        self.advance()?;
        match &self.now {
            Now::Plain { left, .. } => self.file.piece(*left),
            Now::Parts { parts, used } => Ok(match parts.front() {
                Some(part) => Piece::Data(&part.bytes[*used..]),
                None => Piece::End,
            }),
            Now::End => Ok(Piece::End),
        }
    }

    fn consume(&mut self, n: u64) {
        match &mut self.now {
            Now::Plain { guest, left } => {
                *guest += n;
                *left -= n;
                self.file.consume(n);
            }
            Now::Parts { used, .. } => *used += n as usize,
            Now::End => {}
        }
    }
}

impl<S: SparseRead> DiskRead for InFileOrder<S> {
    fn size(&self) -> Option<u64> {
        Some(self.size)
    }

    fn offset(&mut self) -> Result<u64> {
        self.advance()?;
        Ok(match &self.now {
            Now::Plain { guest, .. } => *guest,
            Now::Parts { parts, used } => parts
                .front()
                .map_or(self.size, |part| part.guest + *used as u64),
            Now::End => self.size,
        })
    }

    fn is_in_order(&self) -> bool {
        self.in_order
    }

    fn is_shuffled(&self) -> bool {
        !self.in_order
    }
}

/// The image's file as it passes.
struct File<S> {
    stream: S,
    position: u64,
    /// The last bytes before `position` that were taken.
    tail: Vec<u8>,
}

impl<S: SparseRead> File<S> {
    fn new(stream: S) -> Self {
        File {
            stream,
            position: 0,
            tail: Vec::new(),
        }
    }

    /// Moves to byte `to`.
    fn pass(&mut self, to: u64) -> Result<()> {
        let Some(ahead) = to.checked_sub(self.position) else {
            return Err(Error::corrupt(format!(
                "stores two things in one place: byte {to} is used twice"
            )));
        };
        if ahead > 0 {
            self.tail.clear();
            let passed = skip(&mut self.stream, ahead)?;
            self.position += passed;
            if passed < ahead {
                return Err(ended(self.position, to));
            }
        }
        Ok(())
    }

    /// What comes next, at most `left` bytes.
    fn piece(&mut self, left: u64) -> Result<Piece<'_>> {
        let position = self.position;
        Ok(match self.stream.peek()? {
            Piece::Data(data) => {
                let n = usize::try_from(left).unwrap_or(usize::MAX).min(data.len());
                Piece::Data(&data[..n])
            }
            Piece::Zeros(len) => Piece::Zeros(len.min(left)),
            Piece::End => return Err(ended(position, position + left)),
        })
    }

    fn consume(&mut self, n: u64) {
        self.stream.consume(n);
        self.position += n;
    }

    /// Takes the stored bytes of `run`.
    fn take(&mut self, run: &Stored) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if run.packed.is_some() && run.offset < self.position {
            let back = usize::try_from(self.position - run.offset).unwrap_or(usize::MAX);
            if let Some(start) = self.tail.len().checked_sub(back) {
                let n = usize::try_from(run.stored).unwrap_or(usize::MAX).min(back);
                bytes.extend_from_slice(&self.tail[start..start + n]);
            }
        }
        let have = bytes.len() as u64;
        if have < run.stored {
            self.pass(run.offset + have)?;
            let wanted = usize::try_from(run.stored).unwrap_or(usize::MAX);
            bytes.resize(wanted, 0);
            let n = read_full(&mut self.stream, &mut bytes[have as usize..])?;
            bytes.truncate(have as usize + n);
            self.position += n as u64;
            // How long a grain is stored shows in it alone: the next one may begin anywhere in what was taken.
            let keep = match &run.packed {
                Some(packed) if matches!(packed.coding, Coding::Grain { .. }) => bytes.len(),
                _ => SECTOR,
            };
            self.keep_tail(&bytes, keep);
            if run.packed.is_none() && bytes.len() < wanted {
                return Err(ended(self.position, run.offset + run.stored));
            }
        }
        Ok(bytes)
    }

    fn keep_tail(&mut self, taken: &[u8], len: usize) {
        self.tail.clear();
        let start = taken.len().saturating_sub(len);
        self.tail.extend_from_slice(&taken[start..]);
    }
}

fn ended(at: u64, wanted: u64) -> Error {
    Error::corrupt(format!(
        "ends at byte {at}, and its tables say that data goes on to byte {wanted}"
    ))
}

/// Unpacks what is packed and joins what follows one another.
fn unpack(items: Vec<Item>, unpacker: &mut Unpacker) -> Result<VecDeque<Part>> {
    let mut parts: VecDeque<Part> = VecDeque::new();
    for Item { run, bytes } in items {
        let part = match parts.back_mut() {
            Some(last) if last.guest + last.bytes.len() as u64 == run.guest => last,
            _ => {
                parts.push_back(Part {
                    guest: run.guest,
                    bytes: Vec::new(),
                });
                let last = parts.len() - 1;
                &mut parts[last]
            }
        };
        let Some(packed) = run.packed else {
            part.bytes.extend_from_slice(&bytes);
            continue;
        };
        let start = part.bytes.len();
        part.bytes.resize(start + packed.unit as usize, 0);
        unpacker
            .unpack(packed.coding, &bytes, &mut part.bytes[start..])
            .map_err(|error| error.at(format!("unit at byte {}", packed.offset)))?;
        let skip = packed.skip as usize;
        part.bytes.drain(start..start + skip);
        part.bytes.truncate(start + run.len as usize);
    }
    Ok(parts)
}
