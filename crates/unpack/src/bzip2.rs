//! bzip2, its blocks decoded in parallel.
//!
//! Nothing in the format says where a block begins, but each begins with a number of 48 bits, at any
//! bit. The input is cut wherever this number is, and the parts go to workers. The number can also
//! occur inside a block, by accident or on purpose; then the block's part is too short, which shows,
//! and the block is decoded once more from the whole input.

mod bits;
mod block;
mod huffman;
mod scan;

use std::collections::VecDeque;

use extent::{Piece, SparseRead};
use report::{Error, Result};

use crate::Limits;
use crate::chunk::{Batch, Chunk, Outbox};
use crate::input::Input;
use crate::ordered::{Emit, Ordered};
use bits::Bits;
use block::{Block, Damage};
use scan::{Mark, Scanner};

/// Memory a worker takes: its block, the part of the input it comes from, and chunks of output.
const WORKER_MEMORY: u64 = 8 << 20;
/// Batches of a block's output that may wait to be fetched.
const WAITING: usize = 4;
/// No block takes so many bytes of the input.
const PART_MAX: u64 = 4 << 20;
/// Bytes of the input to read ahead at most, as long as no part needs more.
const AHEAD: u64 = 2 * PART_MAX;
/// Bits of a stream's header.
const HEADER: u64 = 32;
/// Bits of a stream's end before it is padded to a byte.
const TRAILER: u64 = 80;

/// A decoder of bzip2 streams, one after another.
///
/// Corrupt are truncated streams, wrong checksums, and anything but a stream behind a stream.
/// Unsupported are the randomised blocks of bzip2 before 0.9.5.
pub struct Bzip2<R> {
    input: Input<R>,
    threads: usize,
    outbox: Outbox,
    scanner: Scanner,
    /// The input from byte `raw_start` on, as far as it has been read.
    raw: Vec<u8>,
    raw_start: u64,
    input_ended: bool,
    /// Where blocks and ends may begin; the input up to the last is with the workers.
    marks: VecDeque<Mark>,
    workers: Ordered<Part, Result<Reply>>,
    /// Decodes blocks that turned out to be longer than their part.
    second_try: Option<Ordered<Part, Result<Reply>>>,
    /// The bit at which the next block or end must begin.
    position: u64,
    stream: Stream,
    state: State,
}

/// The stream being decoded.
#[derive(Clone, Copy, Debug, Default)]
struct Stream {
    number: u64,
    blocks: u64,
    block_max: usize,
    /// The checksum over the blocks' checksums.
    crc: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Header,
    Between,
    Block { again: bool },
    End,
}

/// The part of the input that a block is in.
struct Part {
    bytes: Vec<u8>,
    /// The bit of the first byte with which the block begins.
    start: u32,
    /// Bits the block should take; `None` when the part goes beyond it.
    bits: Option<u64>,
}

enum Reply {
    Output(Vec<Chunk>),
    Done {
        len: usize,
        bits: u64,
        told: u32,
        found: u32,
    },
    Damaged(Damage),
}

impl<R: SparseRead> Bzip2<R> {
    /// A decoder over `input`, which stands at the first stream's header.
    ///
    /// # Errors
    /// [`report::Kind::Io`] when the system gives no threads; what is wrong with the content shows
    /// when the decoder is read.
    pub fn new(input: R, limits: &Limits) -> Result<Self> {
        let threads =
            (limits.memory / WORKER_MEMORY).clamp(1, limits.threads.max(1) as u64) as usize;
        Ok(Bzip2 {
            input: Input::new("bzip2", input),
            threads,
            outbox: Outbox::new("bzip2", limits),
            scanner: Scanner::new(),
            raw: Vec::new(),
            raw_start: 0,
            input_ended: false,
            marks: VecDeque::new(),
            workers: Ordered::start(threads, WAITING, work)?,
            second_try: None,
            position: 0,
            stream: Stream::default(),
            state: State::Header,
        })
    }

    /// Reads some more of the input and hands out the parts that are complete.
    fn read(&mut self) -> Result<()> {
        const STEP: usize = 64 << 10;
        let known = self.raw.len();
        match self.input.peek()? {
            Piece::Data(data) => self.raw.extend(data.iter().take(STEP)),
            Piece::Zeros(len) => self.raw.resize(known + len.min(STEP as u64) as usize, 0),
            Piece::End => {
                self.input_ended = true;
                return self.close_part(8 * self.raw_end());
            }
        }
        let new = self.raw.get(known..).unwrap_or_default();
        self.input.consume(new.len() as u64);
        let mut found = Vec::new();
        self.scanner.scan(new, &mut |mark| found.push(mark));
        for mark in found {
            self.close_part(mark.start)?;
            self.marks.push_back(mark);
        }
        let open = self.marks.back().map_or(self.position, |mark| mark.start);
        if self.raw_end() - open / 8 > PART_MAX {
            return Err(self.wrong(format!("no block is longer than {PART_MAX} bytes")));
        }
        Ok(())
    }

    fn raw_end(&self) -> u64 {
        self.raw_start + self.raw.len() as u64
    }

    /// Hands the block at the last mark, which ends before bit `end`, to a worker.
    fn close_part(&mut self, end: u64) -> Result<()> {
        let Some(mark) = self.marks.back().filter(|mark| mark.block) else {
            return Ok(());
        };
        let start = mark.start;
        let mut part = self.part(start, end);
        part.bits = Some(end - start);
        self.workers.submit(part)
    }

    /// The input between two bits.
    fn part(&self, start: u64, end: u64) -> Part {
        let from = (start / 8).saturating_sub(self.raw_start) as usize;
        let to = end.div_ceil(8).saturating_sub(self.raw_start) as usize;
        Part {
            bytes: self.raw.get(from..to).unwrap_or_default().to_vec(),
            start: (start % 8) as u32,
            bits: None,
        }
    }

    /// Reads until everything before `byte` is there, or the input ends.
    fn read_up_to(&mut self, byte: u64) -> Result<()> {
        while !self.input_ended && self.raw_end() < byte {
            self.read()?;
        }
        Ok(())
    }

    /// The input between bit `start` and the end of the byte that `start + n` lies in.
    fn bits(&mut self, start: u64, n: u64) -> Result<Part> {
        let end = (start + n).div_ceil(8);
        self.read_up_to(end)?;
        if self.raw_end() < end {
            return Err(self.truncated());
        }
        Ok(self.part(start, start + n))
    }

    fn header(&mut self) -> Result<()> {
        let start = self.position;
        self.read_up_to(start / 8 + 1)?;
        if self.stream.number > 0 && self.raw_end() == start / 8 {
            self.state = State::End;
            return Ok(());
        }
        let part = self.bits(start, HEADER)?;
        let number = self.stream.number + 1;
        let &[b'B', b'Z', b'h', level @ b'1'..=b'9'] = part.bytes.as_slice() else {
            return Err(Error::corrupt(format!(
                "bzip2 stream {number} has no header at byte {}",
                start / 8
            )));
        };
        self.stream = Stream {
            number,
            block_max: usize::from(level - b'0') * 100_000,
            ..Stream::default()
        };
        self.position += HEADER;
        self.state = State::Between;
        Ok(())
    }

    /// Finds out what begins where the last block ended.
    fn between(&mut self) -> Result<()> {
        let far = self.position / 8 + AHEAD;
        while !self.input_ended && self.workers.in_flight() <= self.threads && self.raw_end() < far
        {
            self.read()?;
        }
        while self
            .marks
            .front()
            .is_none_or(|mark| mark.start < self.position)
        {
            match self.marks.front() {
                Some(mark) if mark.block && (self.marks.len() > 1 || self.input_ended) => {
                    self.forget()?
                }
                Some(mark) if !mark.block => drop(self.marks.pop_front()),
                _ if self.input_ended => return Err(self.truncated()),
                _ => self.read()?,
            }
        }
        match self.marks.front() {
            Some(mark) if mark.start == self.position => {
                let block = mark.block;
                self.discard();
                if block {
                    self.state = State::Block { again: false };
                    Ok(())
                } else {
                    self.trailer()
                }
            }
            _ => Err(self.wrong("neither a block nor the end follows")),
        }
    }

    /// Drops the input that nobody needs any more.
    fn discard(&mut self) {
        let passed = (self.position / 8).saturating_sub(self.raw_start) as usize;
        if passed >= 1 << 20 {
            self.raw.drain(..passed.min(self.raw.len()));
            self.raw_start += passed as u64;
        }
    }

    /// Throws away what workers make of the first mark: it was inside a block.
    fn forget(&mut self) -> Result<()> {
        while let Some(reply) = self.workers.next()? {
            if !matches!(reply, Ok(Reply::Output(_))) {
                break;
            }
        }
        self.marks.pop_front();
        Ok(())
    }

    /// Fetches the next reply about the current block.
    fn block(&mut self, again: bool) -> Result<()> {
        // The part of the last mark goes to a worker when its end is known.
        while !again && self.marks.len() < 2 && !self.input_ended {
            self.read()?;
        }
        let pool = match &mut self.second_try {
            Some(pool) if again => pool,
            _ => &mut self.workers,
        };
        let reply = match pool.next()? {
            Some(reply) => reply?,
            None => return Err(Error::io("decompression stopped", "a worker said nothing")),
        };
        match reply {
            Reply::Output(chunks) => self.outbox.put_all(chunks),
            Reply::Damaged(Damage::Short) if !again => self.try_again(),
            Reply::Damaged(damage) => Err(self.damaged(damage)),
            Reply::Done {
                len,
                bits,
                told,
                found,
            } => {
                self.stream.blocks += 1;
                if told != found {
                    return Err(self.wrong(format!(
                        "the CRC-32 is {told:#010x}, the data has {found:#010x}"
                    )));
                }
                if len > self.stream.block_max {
                    return Err(self.wrong(format!(
                        "has {len} bytes, the stream allows {}",
                        self.stream.block_max
                    )));
                }
                self.stream.crc = self.stream.crc.rotate_left(1) ^ found;
                self.position += bits;
                if !again {
                    self.marks.pop_front();
                }
                self.state = State::Between;
                Ok(())
            }
        }
    }

    /// Decodes the current block from all the input there is.
    fn try_again(&mut self) -> Result<()> {
        self.marks.pop_front();
        self.read_up_to(self.position / 8 + PART_MAX)?;
        let part = self.part(self.position, 8 * self.raw_end());
        let pool = match &mut self.second_try {
            Some(pool) => pool,
            none => none.insert(Ordered::start(1, WAITING, work)?),
        };
        self.state = State::Block { again: true };
        pool.submit(part)
    }

    /// Checks the end of a stream.
    fn trailer(&mut self) -> Result<()> {
        self.marks.pop_front();
        let part = self.bits(self.position, TRAILER)?;
        let mut bits = Bits::new(&part.bytes, part.start);
        bits.skip(48);
        let (told, found) = (bits.take(32), self.stream.crc);
        if told != found {
            return Err(Error::corrupt(format!(
                "bzip2 stream {}: the combined CRC is {told:#010x}, the blocks have {found:#010x}",
                self.stream.number
            )));
        }
        self.position = (self.position + TRAILER).next_multiple_of(8);
        self.state = State::Header;
        Ok(())
    }

    fn damaged(&self, damage: Damage) -> Error {
        match damage {
            Damage::Short => self.truncated(),
            Damage::Bad(what) => self.wrong(format!("cannot be decoded: {what} is wrong")),
            Damage::Randomised => Error::unsupported(format!(
                "bzip2 stream {} has randomised blocks, which bzip2 stopped making with 0.9.5",
                self.stream.number
            )),
        }
    }

    fn truncated(&self) -> Error {
        Error::corrupt(format!(
            "the bzip2 data ends at byte {}, in the middle of stream {}",
            self.raw_end(),
            self.stream.number.max(1)
        ))
    }

    fn wrong(&self, what: impl std::fmt::Display) -> Error {
        let Stream { number, blocks, .. } = self.stream;
        Error::corrupt(format!("bzip2 stream {number}, block {blocks}: {what}"))
    }
}

fn work(part: Part, emit: &mut Emit<'_, Result<Reply>>) {
    let reply = match Block::read(&part.bytes, part.start) {
        Err(damage) => Reply::Damaged(damage),
        // Its last byte is shared with what follows: the block may end beyond the part, in that byte.
        Ok(block) if part.bits.is_some_and(|bits| block.bits > bits) => {
            Reply::Damaged(Damage::Short)
        }
        Ok(block) => {
            let mut batch = Batch::default();
            let found = block.unfold(&mut |chunk| match batch.add(chunk) {
                Some(chunks) => emit(Ok(Reply::Output(chunks))),
                None => true,
            });
            emit(Ok(Reply::Output(batch.take())));
            Reply::Done {
                len: block.len(),
                bits: block.bits,
                told: block.crc,
                found,
            }
        }
    };
    emit(Ok(reply));
}

impl<R: SparseRead> SparseRead for Bzip2<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        while self.outbox.is_empty() {
            match self.state {
                State::Header => self.header()?,
                State::Between => self.between()?,
                State::Block { again } => self.block(again)?,
                State::End => return Ok(Piece::End),
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
