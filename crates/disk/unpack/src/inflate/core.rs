//! The decoder between two slices of input.

use std::sync::LazyLock;

use super::bits::Bits;
use super::fast::{self, Exit};
use super::fault::Fault;
use super::header::{self, Body};
use super::run::{Halt, Run};
use super::symbol::{self, Symbol};
use super::table::Tables;
use super::window::{DEFLATE64, MIN_HOLE, Window};

/// Why decoding paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// What is left of the slice does not hold another header or symbol.
    Input,
    /// There is output to consume first.
    Output,
    /// The final block is over; the byte in which it ended counts as used.
    End,
}

/// Where in the stream the decoder is.
#[derive(Clone, Copy)]
enum State {
    Header,
    Stored(usize),
    Fixed,
    Dynamic,
    End,
}

/// A decoder that is given its input by the slice.
pub(super) struct Core<const SIZE: usize> {
    window: Window<SIZE>,
    /// Zeros to show after the window's bytes.
    hole: u64,
    /// Zeros that were consumed as a hole and are not in the window yet.
    passed: u64,
    run: Option<Run<SIZE>>,
    tables: Box<Tables>,
    state: State,
    last: bool,
    /// Bits of the first input byte that were used already.
    skip: u32,
}

static FIXED: LazyLock<Box<Tables>> = LazyLock::new(|| Box::new(Tables::fixed(false)));
static FIXED64: LazyLock<Box<Tables>> = LazyLock::new(|| Box::new(Tables::fixed(true)));

/// The tables that a format's blocks without any are decoded by.
fn fixed<const SIZE: usize>() -> &'static Tables {
    match SIZE {
        DEFLATE64 => &FIXED64,
        _ => &FIXED,
    }
}

impl<const SIZE: usize> Core<SIZE> {
    pub(super) fn new() -> Self {
        Core {
            window: Window::new(),
            hole: 0,
            passed: 0,
            run: None,
            tables: Box::new(Tables::new(SIZE == DEFLATE64)),
            state: State::Header,
            last: false,
            skip: 0,
        }
    }

    /// Starts over for another stream.
    pub(super) fn clear(&mut self) {
        self.window.clear();
        (self.hole, self.passed, self.run) = (0, 0, None);
        (self.state, self.last, self.skip) = (State::Header, false, 0);
    }

    /// Bytes to consume before the hole.
    pub(super) fn data(&self) -> &[u8] {
        self.window.unseen()
    }

    /// Zeros to consume after the data.
    pub(super) fn hole(&self) -> u64 {
        self.hole
    }

    /// Marks output as consumed: of the data, or of the hole once there is no data.
    pub(super) fn consume(&mut self, n: u64) {
        if self.window.shown < self.window.end {
            self.window.shown = self.window.end.min(self.window.shown + n as usize);
        } else {
            let n = n.min(self.hole);
            self.hole -= n;
            self.passed += n;
        }
    }

    /// Decodes as far as `input` and room go; all earlier output must have been consumed. Returns
    /// the number of whole bytes used, the first of which the next slice must not repeat.
    pub(super) fn run(&mut self, input: &[u8]) -> (usize, Result<Pause, Fault>) {
        if self.passed > 0 {
            self.window.pass_zeros(self.passed);
            self.passed = 0;
        }
        self.window.make_room();
        let mut bits = Bits::new(input, self.skip);
        let pause = self.decode(input, &mut bits);
        if pause.is_err() {
            // What came before the fault was right, and may be shown.
            self.end_run();
        }
        let position = bits.position();
        self.skip = position as u32 % 8;
        match pause {
            Ok(Pause::End) => (position.div_ceil(8), pause),
            _ => (position / 8, pause),
        }
    }

    fn decode<'a>(&mut self, input: &'a [u8], bits: &mut Bits<'a>) -> Result<Pause, Fault> {
        loop {
            let pause = match self.state {
                State::Header => self.header(bits)?,
                State::Stored(left) => self.stored(left, input, bits),
                State::Fixed | State::Dynamic if self.run.is_some() => self.follow_run(bits)?,
                State::Fixed | State::Dynamic => self.symbols(bits)?,
                State::End => {
                    self.end_run();
                    return Ok(Pause::End);
                }
            };
            if let Some(pause) = pause {
                return Ok(pause);
            }
        }
    }

    fn header(&mut self, bits: &mut Bits<'_>) -> Result<Option<Pause>, Fault> {
        let mark = *bits;
        let Some((last, body)) = header::read(bits, &mut self.tables)? else {
            *bits = mark;
            return Ok(Some(Pause::Input));
        };
        self.last = last;
        self.state = match body {
            Body::Stored(len) => State::Stored(usize::from(len)),
            Body::Fixed => State::Fixed,
            Body::Dynamic => State::Dynamic,
        };
        Ok(None)
    }

    fn end_block(&mut self) {
        self.state = if self.last { State::End } else { State::Header };
    }

    /// Takes what there is of a stored block's `left` bytes.
    fn stored<'a>(&mut self, left: usize, input: &'a [u8], bits: &mut Bits<'a>) -> Option<Pause> {
        if left == 0 {
            self.end_block();
            return None;
        }
        let bytes = bits.bytes(input);
        let bytes = &bytes[..left.min(bytes.len())];
        if bytes.is_empty() {
            return Some(Pause::Input);
        }
        let (used, pause) = match &mut self.run {
            Some(run) => {
                let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
                run.grow(zeros as u64);
                let over = zeros < bytes.len();
                (zeros, (over && self.end_run()).then_some(Pause::Output))
            }
            None => self.stored_data(bytes),
        };
        bits.rest = bits.rest.get(used..).unwrap_or_default();
        self.state = State::Stored(left - used);
        pause
    }

    /// Copies stored bytes as far as room and data go.
    fn stored_data(&mut self, bytes: &[u8]) -> (usize, Option<Pause>) {
        let mut used = 0;
        for chunk in bytes.chunks(MIN_HOLE) {
            if self.window.end >= Window::<SIZE>::FULL {
                return (used, Some(Pause::Output));
            }
            if chunk.len() == MIN_HOLE && sparse::zero::is_zero(chunk) {
                self.start_run();
                break;
            }
            self.window.extend(chunk);
            used += chunk.len();
        }
        (used, None)
    }

    fn symbols(&mut self, bits: &mut Bits<'_>) -> Result<Option<Pause>, Fault> {
        let tables = match self.state {
            State::Fixed => fixed::<SIZE>(),
            _ => &*self.tables,
        };
        match fast::decode(bits, &mut self.window, tables)? {
            Exit::EndOfBlock => self.end_block(),
            Exit::Zeros => self.start_run(),
            Exit::Edge if self.window.end >= Window::<SIZE>::FULL => {
                return Ok(Some(Pause::Output));
            }
            Exit::Edge => return self.one_symbol(bits),
        }
        Ok(None)
    }

    /// Decodes a symbol where the fast loop does not dare.
    fn one_symbol(&mut self, bits: &mut Bits<'_>) -> Result<Option<Pause>, Fault> {
        let tables = match self.state {
            State::Fixed => fixed::<SIZE>(),
            _ => &*self.tables,
        };
        bits.refill();
        let mark = *bits;
        match symbol::next::<SIZE>(bits, tables)? {
            Some(Symbol::Literal(byte)) => self.window.push(byte),
            Some(Symbol::Match { length, distance }) => {
                let have = self.window.reach();
                if distance > have {
                    return Err(Fault::TooFar { distance, have });
                }
                self.window.repeat(distance, length);
            }
            Some(Symbol::EndOfBlock) => self.end_block(),
            None => {
                *bits = mark;
                return Ok(Some(Pause::Input));
            }
        }
        Ok(None)
    }

    fn start_run(&mut self) {
        let (unseen, known) = self.window.take_zeros();
        self.run = Some(Run {
            len: unseen as u64,
            known,
        });
    }

    fn follow_run(&mut self, bits: &mut Bits<'_>) -> Result<Option<Pause>, Fault> {
        let tables = match self.state {
            State::Fixed => fixed::<SIZE>(),
            _ => &*self.tables,
        };
        let Some(run) = &mut self.run else {
            return Ok(None);
        };
        Ok(match run.follow(bits, tables)? {
            Halt::Input => Some(Pause::Input),
            Halt::EndOfBlock => {
                self.end_block();
                None
            }
            Halt::Long => {
                self.hole = std::mem::take(&mut run.len);
                Some(Pause::Output)
            }
            Halt::Over => self.end_run().then_some(Pause::Output),
        })
    }

    /// Ends the run if there is one; `true` when it is a hole to be given out.
    fn end_run(&mut self) -> bool {
        match self.run.take() {
            Some(run) if run.len >= MIN_HOLE as u64 => {
                self.hole = run.len;
                true
            }
            Some(run) => {
                self.window.push_zeros(run.len as usize);
                false
            }
            None => false,
        }
    }
}
