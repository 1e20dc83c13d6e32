//! bzip2, its blocks decoded in parallel.
//!
//! Nothing in the format says where a block begins, but each begins with a number of 48 bits, at any
//! bit. The input is cut wherever this number is, and the parts go to workers. The number can also
//! occur inside a block, by accident or on purpose; then the block's part is too short, which shows,
//! and the block is decoded once more from the whole input.

mod bits;
mod block;
mod huffman;
mod part;
mod scan;

use std::collections::VecDeque;

use error::{Error, Result};
use sparse::{Piece, SparseRead};

use crate::Limits;
use crate::chunk::Outbox;
use crate::input::Input;
use bits::Bits;
use block::Damage;
use part::{Done, Part, Reply, work};
use pool::Ordered;
use scan::{Mark, Scanner};

/// Memory a worker takes: its block, the part of the input it comes from, and chunks of output.
const WORKER_MEMORY: u64 = 8 << 20;
/// Batches of a block's output that may wait to be fetched.
const WAITING: usize = 4;
/// No block takes so many bytes of the input.
const PART_MAX: u64 = 4 << 20;
/// Bytes of the input from which a block that is longer than its part is decoded at first.
const PART_AGAIN: u64 = 4 << 10;
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
    /// Where blocks and ends may begin.
    marks: VecDeque<Mark>,
    /// How many of the marks are behind us as far as handing out goes: their blocks are with the
    /// workers.
    handed: usize,
    workers: Ordered<Part, Reply>,
    /// Decodes blocks that turned out to be longer than their part.
    second_try: Option<Ordered<Part, Reply>>,
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
    /// In a block; again when its part was too short, now from so many bytes of the input.
    Block {
        again: Option<u64>,
    },
    End,
}

impl<R: SparseRead> Bzip2<R> {
    /// A decoder over `input`, which stands at the first stream's header.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when the system gives no threads; what is wrong with the content shows
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
            handed: 0,
            workers: Ordered::start(threads, WAITING, work)?,
            second_try: None,
            position: 0,
            stream: Stream::default(),
            state: State::Header,
        })
    }

    /// The input; at the end it stands at its end.
    pub(crate) fn into_input(self) -> R {
        self.input.into_inner()
    }

    /// Reads some more of the input and looks for marks in it.
    fn read(&mut self) -> Result<()> {
        const STEP: usize = 64 << 10;
        let known = self.raw.len();
        match self.input.peek()? {
            Piece::Data(data) => self.raw.extend(data.iter().take(STEP)),
            Piece::Zeros(len) => self.raw.resize(known + len.min(STEP as u64) as usize, 0),
            Piece::End => {
                self.input_ended = true;
                return Ok(());
            }
        }
        let new = self.raw.get(known..).unwrap_or_default();
        self.input.consume(new.len() as u64);
        self.scanner
            .scan(new, &mut |mark| self.marks.push_back(mark));
        let open = self.marks.back().map_or(self.position, |mark| mark.start);
        if self.raw_end() - open / 8 > PART_MAX {
            return Err(self.wrong(format!("no block is longer than {PART_MAX} bytes")));
        }
        Ok(())
    }

    fn raw_end(&self) -> u64 {
        self.raw_start + self.raw.len() as u64
    }

    /// Hands parts whose ends are known to workers, as many as these want. No more: a part of some
    /// bytes may unfold to what fills its share of memory.
    fn hand_out(&mut self) -> Result<()> {
        while self.workers.in_flight() <= self.threads {
            let Some(&Mark { start, block }) = self.marks.get(self.handed) else {
                break;
            };
            let end = match self.marks.get(self.handed + 1) {
                Some(next) => next.start,
                None if self.input_ended => 8 * self.raw_end(),
                None => break,
            };
            if block {
                let mut part = self.part(start, end);
                part.bits = Some(end - start);
                self.workers.submit(part)?;
            }
            self.handed += 1;
        }
        Ok(())
    }

    /// Drops the first mark. What a worker made of it has been fetched.
    fn pass_mark(&mut self) {
        self.marks.pop_front();
        self.handed = self.handed.saturating_sub(1);
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
        loop {
            self.forget()?;
            self.hand_out()?;
            let idle = self.workers.in_flight() <= self.threads && self.raw_end() < far;
            if self.input_ended || !(idle || self.marks.is_empty()) {
                break;
            }
            self.read()?;
        }
        match self.marks.front() {
            None => Err(self.truncated()),
            Some(mark) if mark.start > self.position => {
                Err(self.wrong("neither a block nor the end follows"))
            }
            Some(&Mark { block, .. }) => {
                self.discard();
                if block {
                    self.state = State::Block { again: None };
                    Ok(())
                } else {
                    self.trailer()
                }
            }
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

    /// Drops the marks that turned out to be inside a block, with what workers make of them.
    fn forget(&mut self) -> Result<()> {
        while let Some(&Mark { start, block }) = self.marks.front()
            && start < self.position
        {
            while block && self.handed > 0 {
                match self.workers.output()? {
                    Some(Reply::Output(_)) => {}
                    _ => break,
                }
            }
            self.pass_mark();
        }
        Ok(())
    }

    /// Fetches the next reply about the current block.
    fn block(&mut self, again: Option<u64>) -> Result<()> {
        // The part goes to a worker when its end is known.
        while again.is_none() && self.handed == 0 {
            self.read()?;
            self.hand_out()?;
        }
        let pool = match &mut self.second_try {
            Some(pool) if again.is_some() => pool,
            _ => &mut self.workers,
        };
        let reply = match pool.output()? {
            Some(reply) => reply,
            None => {
                return Err(Error::io(
                    "decompression stopped",
                    "a worker exited without a result",
                ));
            }
        };
        match reply {
            Reply::Output(chunks) => self.outbox.put_all(chunks),
            Reply::Damaged(Damage::Short) if self.may_try_again(again) => self.try_again(again),
            Reply::Damaged(damage) => Err(self.damaged(damage)),
            Reply::Done(done) => {
                if again.is_none() {
                    self.pass_mark();
                }
                self.end_block(done)
            }
        }
    }

    /// Checks a block that has been fetched.
    fn end_block(&mut self, done: Done) -> Result<()> {
        let Done { told, found, .. } = done;
        self.stream.blocks += 1;
        if told != found {
            return Err(self.wrong(format!(
                "the CRC-32 is {told:#010x}, the data has {found:#010x}"
            )));
        }
        if done.len > self.stream.block_max {
            return Err(self.wrong(format!(
                "has {} bytes, the stream allows {}",
                done.len, self.stream.block_max
            )));
        }
        self.stream.crc = self.stream.crc.rotate_left(1) ^ found;
        self.position += done.bits;
        self.state = State::Between;
        Ok(())
    }

    /// Whether there is more of the input than a block was decoded from.
    fn may_try_again(&self, again: Option<u64>) -> bool {
        again.is_none_or(|tried| tried < PART_MAX && self.raw_end() >= self.position / 8 + tried)
    }

    /// Decodes the current block once more, from eight times as much of the input, whatever marks
    /// are in it.
    fn try_again(&mut self, again: Option<u64>) -> Result<()> {
        if again.is_none() {
            self.pass_mark();
        }
        let size = again.map_or(PART_AGAIN, |tried| (8 * tried).min(PART_MAX));
        let end = self.position / 8 + size;
        self.read_up_to(end)?;
        let part = self.part(self.position, 8 * end.min(self.raw_end()));
        let pool = match &mut self.second_try {
            Some(pool) => pool,
            none => none.insert(Ordered::start(1, WAITING, work)?),
        };
        self.state = State::Block { again: Some(size) };
        pool.submit(part)
    }

    /// Checks the end of a stream.
    fn trailer(&mut self) -> Result<()> {
        self.pass_mark();
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
