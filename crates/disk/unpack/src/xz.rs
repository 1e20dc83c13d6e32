//! The .xz format.
//!
//! Streams and blocks are walked here. A block is a chain of LZMA2 chunks that say how long they
//! are, so whole blocks can be cut out, whether their header tells their size or not, and go to
//! workers as far as memory allows; longer blocks are decoded in the caller's thread.

mod block;
mod check;
mod container;
mod lzma;
mod lzma2;
mod range;
mod window;
mod zeros;

use std::collections::VecDeque;

use error::{Error, Kind, Result};
use sparse::{Piece, SparseRead};

use crate::Limits;
use crate::chunk::{BATCH, Batch, Chunk, Outbox, needs_memory};
use crate::input::Input;
use block::BlockDecoder;
use check::CheckKind;
use container::{BlockHeader, Records};
use lzma2::ChunkKind;
use pool::{Emit, Ordered};

/// Batches of a block's output that may wait to be fetched: all of it, at the usual block sizes, or
/// blocks would in effect be decoded one after the other.
const WAITING: usize = 128;

/// A decoder of .xz streams, one after another.
///
/// Corrupt are truncated streams, wrong checks and sizes, an index that names other blocks, and
/// anything but a stream or padding behind a stream. Unsupported are checks and filters that are not
/// known, and dictionaries beyond [`Limits::xz_memory`]. With less memory, fewer blocks are decoded at
/// a time.
pub struct Xz<R> {
    input: Input<R>,
    threads: usize,
    memory: u64,
    outbox: Outbox,
    /// Streams and blocks begun so far.
    streams: u64,
    blocks: u64,
    check: CheckKind,
    records: Records,
    state: State,
    workers: Option<Ordered<Block, Result<Reply>>>,
    /// The blocks that workers have.
    away: VecDeque<Away>,
}

enum State {
    /// Between streams.
    Stream,
    /// Between blocks.
    Between,
    /// Before a block that a worker will decode.
    Whole(BlockHeader),
    /// Before a block that will be decoded here.
    Long(BlockHeader),
    /// In a block that is decoded here; with the bytes of it that have been read.
    Decoding(Box<BlockDecoder>, BlockHeader, u64),
    /// Before a stream's index.
    Index,
    /// Behind the last stream.
    End,
}

/// What the reader remembers of a block that a worker has.
struct Away {
    /// Bytes of memory it takes.
    memory: u64,
    /// Bytes of the file it takes, without padding.
    unpadded: u64,
}

/// A whole block.
struct Block {
    number: u64,
    header: BlockHeader,
    kind: CheckKind,
    packed: Vec<u8>,
    check: Vec<u8>,
}

enum Reply {
    Output(Vec<Chunk>),
    Done { content: u64 },
}

impl<R: SparseRead> Xz<R> {
    /// A decoder over `input`, which stands at the first stream.
    ///
    /// # Errors
    /// None so far; what is wrong with the content shows when the decoder is read.
    pub fn new(input: R, limits: &Limits) -> Result<Self> {
        Ok(Xz {
            input: Input::new("xz", input),
            threads: limits.threads.max(1),
            memory: limits.xz_memory,
            outbox: Outbox::new("xz", limits),
            streams: 0,
            blocks: 0,
            check: CheckKind::None,
            records: Records::new(),
            state: State::Stream,
            workers: None,
            away: VecDeque::new(),
        })
    }

    /// The input; at the end it stands at its end.
    pub(crate) fn into_input(self) -> R {
        self.input.into_inner()
    }

    /// Reads on as far as possible before something has to be fetched from a worker; `false` when
    /// that is so, or at the end.
    fn advance(&mut self) -> Result<bool> {
        let idle = self.away.is_empty();
        self.state = match std::mem::replace(&mut self.state, State::End) {
            State::Stream => self.stream()?,
            State::Between => self.between()?,
            State::Whole(header) if self.has_room(&header) => self.whole(header)?,
            State::Long(header) if idle => {
                let decoder = BlockDecoder::new(self.blocks, &header, self.check)?;
                State::Decoding(Box::new(decoder), header, 0)
            }
            State::Decoding(decoder, header, read) => self.decode(decoder, header, read)?,
            State::Index if idle => {
                container::index_and_footer(&mut self.input, self.check, &self.records)?;
                State::Stream
            }
            waiting => {
                self.state = waiting;
                return Ok(false);
            }
        };
        Ok(true)
    }

    /// Passes padding, and begins a stream.
    fn stream(&mut self) -> Result<State> {
        loop {
            if self.streams > 0 && self.input.at_end()? {
                return Ok(State::End);
            }
            match self.input.peek()? {
                Piece::Zeros(len) if self.streams > 0 && len >= 4 => {
                    self.input.consume(len / 4 * 4);
                    continue;
                }
                _ => {}
            }
            let head: [u8; 4] = self.input.array("a stream's header")?;
            if head == [0; 4] && self.streams > 0 {
                continue;
            }
            self.check = container::stream_header(&mut self.input, head)?;
            self.streams += 1;
            self.records = Records::new();
            return Ok(State::Between);
        }
    }

    /// Begins a block, or ends the stream.
    fn between(&mut self) -> Result<State> {
        let [size] = self.input.array("a block's header")?;
        if size == 0 {
            return Ok(State::Index);
        }
        self.blocks += 1;
        let header = BlockHeader::read(&mut self.input, size)?;
        let need = block::memory(&header);
        if need > self.memory {
            return Err(needs_memory("the xz dictionary", need, self.memory));
        }
        // Without its length in the header, a block is most likely the only one.
        let fits = self.threads > 1 && cost(&header).is_some_and(|cost| cost <= self.memory);
        Ok(if fits {
            State::Whole(header)
        } else {
            State::Long(header)
        })
    }

    fn has_room(&self, header: &BlockHeader) -> bool {
        let held: u64 = self.away.iter().map(|away| away.memory).sum();
        let more = cost(header).unwrap_or(u64::MAX);
        self.away.len() <= self.threads && held.saturating_add(more) <= self.memory
    }

    /// Reads a whole block and gives it to a worker.
    fn whole(&mut self, header: BlockHeader) -> Result<State> {
        let mut packed = Vec::new();
        while self.read_chunk(&mut packed)? {
            self.check_packed(&header, packed.len() as u64, false)?;
        }
        let len = packed.len() as u64;
        let (check, unpadded) = self.block_end(&header, len)?;
        self.away.push_back(Away {
            memory: cost(&header).unwrap_or(len),
            unpadded,
        });
        let workers = match &mut self.workers {
            Some(workers) => workers,
            none => {
                let zeros = zeros::ZeroBlock::default();
                none.insert(Ordered::start(
                    self.threads,
                    WAITING,
                    move |block, emit| {
                        work(block, &zeros, emit);
                    },
                )?)
            }
        };
        workers.submit(Block {
            number: self.blocks,
            header,
            kind: self.check,
            packed,
            check,
        })?;
        Ok(State::Between)
    }

    /// Decodes one LZMA2 chunk of a block in this thread.
    fn decode(
        &mut self,
        mut decoder: Box<BlockDecoder>,
        header: BlockHeader,
        read: u64,
    ) -> Result<State> {
        let mut chunk = Vec::new();
        let more = self.read_chunk(&mut chunk)?;
        let read = read + chunk.len() as u64;
        let outbox = &mut self.outbox;
        decoder.chunk(&chunk, &mut |chunk| outbox.put(chunk))?;
        if more {
            self.check_packed(&header, read, false)?;
            return Ok(State::Decoding(decoder, header, read));
        }
        let (check, unpadded) = self.block_end(&header, read)?;
        let content = decoder.finish(&check)?;
        self.records.add(unpadded, content);
        Ok(State::Between)
    }

    /// Appends the next LZMA2 chunk to `packed`; `false` when it is the last.
    fn read_chunk(&mut self, packed: &mut Vec<u8>) -> Result<bool> {
        const WHAT: &str = "a block";
        let [control] = self.input.array(WHAT)?;
        let kind = ChunkKind::parse(control).ok_or_else(|| {
            Error::corrupt(format!(
                "xz block {}: an LZMA2 chunk cannot begin with {control:#04x}",
                self.blocks
            ))
        })?;
        let start = packed.len();
        packed.push(control);
        self.input.append(packed, kind.header_len() - 1, WHAT)?;
        let len = kind.content_len(packed.get(start..).unwrap_or_default());
        self.input.append(packed, len, WHAT)?;
        Ok(kind != ChunkKind::End)
    }

    /// Refuses a block that is longer than its header says or, at its `end`, shorter.
    fn check_packed(&self, header: &BlockHeader, read: u64, end: bool) -> Result<()> {
        match header.packed {
            Some(told) if read > told || (end && read < told) => Err(Error::corrupt(format!(
                "xz block {}: announces {told} packed bytes and holds {}{read}",
                self.blocks,
                if end { "" } else { "at least " }
            ))),
            _ => Ok(()),
        }
    }

    /// Reads a block's padding and check behind `packed` bytes; the check, and the block's size.
    fn block_end(&mut self, header: &BlockHeader, packed: u64) -> Result<(Vec<u8>, u64)> {
        self.check_packed(header, packed, true)?;
        let mut padding = [0; 3];
        let len = packed.next_multiple_of(4) - packed;
        let padding = padding.get_mut(..len as usize).unwrap_or_default();
        self.input.fill(padding, "a block's padding")?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(Error::corrupt(format!(
                "xz block {}: the padding is not zero",
                self.blocks
            )));
        }
        let mut check = Vec::new();
        self.input
            .append(&mut check, self.check.len(), "a block's check")?;
        Ok((check, header.len + packed + self.check.len() as u64))
    }

    /// Fetches something from the workers.
    fn fetch(&mut self) -> Result<()> {
        let reply = match &mut self.workers {
            Some(workers) => workers.output()?,
            None => None,
        };
        let reply = reply.ok_or_else(|| {
            Error::io("decompression stopped", "a worker exited without a result")
        })?;
        match reply? {
            Reply::Output(chunks) => self.outbox.put_all(chunks)?,
            Reply::Done { content } => {
                if let Some(away) = self.away.pop_front() {
                    self.records.add(away.unpadded, content);
                }
            }
        }
        Ok(())
    }
}

/// Bytes of memory that a whole block takes while a worker has it, if its header tells.
fn cost(header: &BlockHeader) -> Option<u64> {
    let waiting = ((WAITING + 1) * BATCH) as u64;
    let output = header.content.unwrap_or(waiting).min(waiting);
    header.packed?.checked_add(block::memory(header) + output)
}

fn work(block: Block, zeros: &zeros::ZeroBlock, emit: &mut Emit<'_, Result<Reply>>) {
    let reply = match zeros.recall(&block) {
        Some(content) => {
            emit(Ok(Reply::Output(vec![Chunk::Zeros(content)])));
            Ok(Reply::Done { content })
        }
        None => decode(block, zeros, emit),
    };
    emit(reply);
}

fn decode(
    block: Block,
    zeros: &zeros::ZeroBlock,
    emit: &mut Emit<'_, Result<Reply>>,
) -> Result<Reply> {
    let mut decoder = BlockDecoder::new(block.number, &block.header, block.kind)?;
    let (mut all_zeros, mut batch) = (true, Batch::default());
    let mut put = |chunk: Chunk| {
        if let Chunk::Data(data) = &chunk {
            all_zeros = all_zeros && sparse::zero::is_zero(data);
        }
        let wanted = match batch.add(chunk) {
            Some(chunks) => emit(Ok(Reply::Output(chunks))),
            None => true,
        };
        if wanted {
            Ok(())
        } else {
            Err(Error::new(Kind::Interrupted, "nobody reads on"))
        }
    };
    let mut rest = block.packed.as_slice();
    while let Some(control) = rest.first() {
        let kind = ChunkKind::parse(*control).unwrap_or(ChunkKind::End);
        let len = kind.header_len() + kind.content_len(rest);
        let (chunk, behind) = rest.split_at(len.min(rest.len()));
        decoder.chunk(chunk, &mut put)?;
        rest = behind;
    }
    emit(Ok(Reply::Output(batch.take())));
    let content = decoder.finish(&block.check)?;
    if all_zeros {
        zeros.remember(block, content);
    }
    Ok(Reply::Done { content })
}

impl<R: SparseRead> SparseRead for Xz<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        while self.outbox.is_empty() {
            if self.advance()? {
                continue;
            }
            if self.away.is_empty() {
                return Ok(Piece::End);
            }
            self.fetch()?;
        }
        Ok(self.outbox.piece())
    }

    fn consume(&mut self, n: u64) {
        self.outbox.consume(n);
    }
}

#[cfg(test)]
mod tests;
