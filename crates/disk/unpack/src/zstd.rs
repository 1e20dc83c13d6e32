//! Zstandard, RFC 8878.
//!
//! Frames are walked here, block by block; what blocks hold is decoded by libzstd. A file of several
//! frames (pzstd, the seekable format, files joined by `cat`) is decoded by several threads.

mod frame;
mod header;

use error::{Error, Kind, Result};
use sparse::{Piece, SparseRead};

use crate::Limits;
use crate::chunk::{BATCH, Batch, Chunk, Outbox, needs_memory};
use crate::input::Input;
use frame::{FrameDecoder, Sink};
use header::{BlockHeader, FrameHeader, OLD};
pub(crate) use header::{MAGIC, SKIPPABLE};
use pool::{Emit, Ordered};

/// The least memory a worker is started with.
const WORKER_MEMORY: u64 = 8 << 20;
/// The longest window libzstd takes.
const WINDOW_MAX: u64 = 1 << 31;

/// A decoder of Zstandard frames, one after another, skippable ones passed over.
///
/// Corrupt are truncated frames, wrong checksums and sizes, and anything but a frame behind a frame.
/// Unsupported are frames that need a dictionary, windows beyond [`Limits::memory`], and the formats
/// of versions before 0.8.
pub struct Zstd<R> {
    input: Input<R>,
    limits: Limits,
    outbox: Outbox,
    /// Frames begun so far.
    frames: u64,
    /// Decodes what is not worth a worker: long frames, and everything on a single core.
    here: Option<FrameDecoder>,
    /// A frame that is being decoded here, or will be when the workers are done.
    current: Option<Begun>,
    workers: Option<Ordered<Frame, Result<Vec<Chunk>>>>,
    end: bool,
}

/// A whole frame.
struct Frame {
    header: FrameHeader,
    blocks: Vec<u8>,
    checksum: Option<[u8; 4]>,
}

/// A frame of which some blocks have been read.
struct Begun {
    header: FrameHeader,
    blocks: Vec<u8>,
    /// Bytes of `blocks` that are decoded.
    decoded: usize,
    complete: bool,
    started: bool,
}

impl<R: SparseRead> Zstd<R> {
    /// A decoder over `input`, which stands at the first frame.
    ///
    /// # Errors
    /// None so far; what is wrong with the content shows when the decoder is read.
    pub fn new(input: R, limits: &Limits) -> Result<Self> {
        let threads = (limits.memory / WORKER_MEMORY).clamp(1, limits.threads.max(1) as u64);
        Ok(Zstd {
            input: Input::new("zstd", input),
            limits: Limits {
                threads: threads as usize,
                ..*limits
            },
            outbox: Outbox::new("zstd", limits),
            frames: 0,
            here: None,
            current: None,
            workers: None,
            end: false,
        })
    }

    /// The input; at the end it stands at its end.
    pub(crate) fn into_input(self) -> R {
        self.input.into_inner()
    }

    /// What each job may hold of the memory: half of it is for the blocks, half for the window; a
    /// quarter more is for output, since not every job has a window yet.
    fn share(&self) -> u64 {
        self.limits.memory / (self.limits.threads as u64 + 2)
    }

    /// The header of the next frame; `None` at the end of the input.
    fn next_frame(&mut self) -> Result<Option<FrameHeader>> {
        loop {
            if self.frames > 0 && self.input.at_end()? {
                return Ok(None);
            }
            self.frames += 1;
            match u32::from_le_bytes(self.input.array("a frame's magic number")?) {
                MAGIC => return self.header().map(Some),
                word if SKIPPABLE.contains(&word) => {
                    let size = u32::from_le_bytes(self.input.array("a skippable frame")?);
                    self.input.skip(size.into(), "a skippable frame")?;
                }
                word if OLD.contains(&word) => {
                    return Err(Error::unsupported(format!(
                        "zstd frame {} is in the format of version 0.{}",
                        self.frames,
                        word & 0xf
                    )));
                }
                word => {
                    return Err(Error::corrupt(format!(
                        "zstd frame {} cannot begin with {word:#010x} at byte {}",
                        self.frames,
                        self.input.position() - 4
                    )));
                }
            }
        }
    }

    fn header(&mut self) -> Result<FrameHeader> {
        let header = FrameHeader::read(&mut self.input, self.frames)?;
        // libzstd holds the window, rounded up to the next eighth, and two blocks beside it.
        let need = header.window.saturating_add(header.window / 8 + (1 << 20));
        if header.window > WINDOW_MAX {
            return Err(Error::unsupported(format!(
                "zstd frame {} has a window of {} bytes, at most {WINDOW_MAX} are possible",
                header.number, header.window
            )));
        }
        if need > self.limits.memory {
            let what = format!("the window of zstd frame {}", header.number);
            return Err(needs_memory(&what, need, self.limits.memory));
        }
        Ok(header)
    }

    /// Reads the next block of `frame` and keeps it.
    fn read_block(&mut self, frame: &mut Begun) -> Result<()> {
        let bytes = self.input.array("a block's header")?;
        let block = BlockHeader::parse(bytes, &frame.header)?;
        frame.blocks.extend_from_slice(&bytes);
        self.input
            .append(&mut frame.blocks, block.stored(), "a block")?;
        frame.complete = block.last;
        Ok(())
    }

    fn checksum(&mut self, header: &FrameHeader) -> Result<Option<[u8; 4]>> {
        header
            .checksum
            .then(|| self.input.array("a frame's checksum"))
            .transpose()
    }

    /// Reads ahead as long as workers want more.
    fn submit(&mut self) -> Result<()> {
        let share = self.share();
        while self.current.is_none() && !self.end {
            let busy = self.workers.as_ref().map_or(0, Ordered::in_flight);
            if busy > self.limits.threads {
                break;
            }
            let Some(header) = self.next_frame()? else {
                self.end = true;
                break;
            };
            let small = self.limits.threads > 1 && header.window <= share / 2;
            let mut frame = Begun {
                header,
                blocks: Vec::new(),
                decoded: 0,
                complete: false,
                started: false,
            };
            while small && !frame.complete && (frame.blocks.len() as u64) < share / 2 {
                self.read_block(&mut frame)?;
            }
            if !frame.complete {
                self.current = Some(frame);
                break;
            }
            let checksum = self.checksum(&frame.header)?;
            let workers = match &mut self.workers {
                Some(workers) => workers,
                none => {
                    let waiting = (share / 4) as usize / BATCH;
                    none.insert(Ordered::start(self.limits.threads, waiting, work)?)
                }
            };
            workers.submit(Frame {
                header: frame.header,
                blocks: frame.blocks,
                checksum,
            })?;
        }
        Ok(())
    }

    /// Decodes some of the current frame in this thread.
    fn step(&mut self, mut frame: Begun) -> Result<()> {
        let mut decoder = match self.here.take() {
            Some(decoder) if frame.started => decoder,
            Some(mut decoder) => {
                decoder.restart(frame.header.clone())?;
                decoder
            }
            None => FrameDecoder::new(frame.header.clone())?,
        };
        frame.started = true;
        if frame.decoded == frame.blocks.len() {
            frame.blocks.clear();
            frame.decoded = 0;
            self.read_block(&mut frame)?;
        }
        let blocks = frame.blocks.get(frame.decoded..).unwrap_or_default();
        let rest = decode_block(&mut decoder, blocks, &mut self.outbox)?.len();
        frame.decoded = frame.blocks.len() - rest;
        if frame.complete && rest == 0 {
            decoder.finish(self.checksum(&frame.header)?)?;
        } else {
            self.current = Some(frame);
        }
        self.here = Some(decoder);
        Ok(())
    }
}

/// Decodes the first of the whole blocks that lie one behind another; returns the others.
fn decode_block<'a>(
    decoder: &mut FrameDecoder,
    blocks: &'a [u8],
    sink: &mut dyn Sink,
) -> Result<&'a [u8]> {
    let Some((bytes, rest)) = blocks.split_first_chunk() else {
        return Ok(&[]);
    };
    let header = BlockHeader::parse(*bytes, decoder.header())?;
    let (content, rest) = rest.split_at(header.stored().min(rest.len()));
    decoder.block(header, content, sink)?;
    Ok(rest)
}

impl Sink for Outbox {
    fn buffer(&mut self) -> Vec<u8> {
        Outbox::buffer(self)
    }
    fn put(&mut self, chunk: Chunk) -> Result<()> {
        Outbox::put(self, chunk)
    }
}

/// A worker's way to the reader.
struct Emitter<'a, 'b> {
    batch: Batch,
    emit: &'a mut Emit<'b, Result<Vec<Chunk>>>,
}

impl Sink for Emitter<'_, '_> {
    fn buffer(&mut self) -> Vec<u8> {
        self.batch.buffer()
    }
    fn put(&mut self, chunk: Chunk) -> Result<()> {
        let wanted = match self.batch.add(chunk) {
            Some(chunks) => (self.emit)(Ok(chunks)),
            None => true,
        };
        if wanted {
            Ok(())
        } else {
            Err(Error::new(Kind::Interrupted, "nobody reads on"))
        }
    }
}

fn work(frame: Frame, emit: &mut Emit<'_, Result<Vec<Chunk>>>) {
    let outcome = work_on(frame, emit);
    emit(outcome);
}

/// Decodes a frame; returns what has not been handed over yet.
fn work_on(frame: Frame, emit: &mut Emit<'_, Result<Vec<Chunk>>>) -> Result<Vec<Chunk>> {
    let mut decoder = FrameDecoder::new(frame.header)?;
    let batch = Batch::default();
    let mut emitter = Emitter { batch, emit };
    let mut blocks = frame.blocks.as_slice();
    while !blocks.is_empty() {
        blocks = decode_block(&mut decoder, blocks, &mut emitter)?;
    }
    decoder.finish(frame.checksum)?;
    Ok(emitter.batch.take())
}

impl<R: SparseRead> SparseRead for Zstd<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        while self.outbox.is_empty() {
            self.submit()?;
            let ready = match &mut self.workers {
                Some(workers) => workers.output()?,
                None => None,
            };
            match (ready, self.current.take()) {
                (Some(chunks), current) => {
                    self.current = current;
                    self.outbox.put_all(chunks?)?;
                }
                (None, Some(frame)) => self.step(frame)?,
                (None, None) if self.end => return Ok(Piece::End),
                (None, None) => {}
            }
        }
        Ok(self.outbox.piece())
    }

    fn consume(&mut self, n: u64) {
        self.outbox.consume(n);
    }
}

#[cfg(test)]
mod tests;
