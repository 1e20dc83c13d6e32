//! Several members at once.
//!
//! The caller's thread reads ahead and cuts the file into groups of members; workers decode the
//! groups. A border is proven when the group before it ended exactly there. When one did not, the
//! worker hands over its half-decoded member, everything read ahead is given back, and the member is
//! finished in the caller's thread: a wrong guess costs time and nothing else.

use std::collections::VecDeque;
use std::sync::Arc;

use error::{Error, Result};
use sparse::{Piece, SparseRead};

use super::cutter::{Cutter, GROUP};
use super::feed::{Feed, Shared};
use super::header;
use super::member::Member;
use crate::Limits;
use crate::chunk::Chunk;
use pool::{Emit, Ordered};

/// Pieces a worker may have waiting.
const WAITING: usize = 8;
/// What a group in flight takes: its pieces, the decoder's window and tables.
const PER_GROUP: u64 = (WAITING as u64 + 1) * (128 << 10) + (256 << 10);

/// Groups in flight.
pub(super) struct Parallel {
    pool: Ordered<Shared, Output>,
    cutter: Cutter,
    groups: VecDeque<Shared>,
    /// Bytes in `groups`, and how many there may be before more are cut.
    held: usize,
    budget: usize,
    most_groups: usize,
}

/// What workers send.
enum Output {
    Chunk(Chunk),
    /// The group is decoded as far as its bytes go.
    Ended(Ended),
    /// The group's data is damaged, in the member after this many.
    Failed(u64, Error),
}

struct Ended {
    /// Members that are complete.
    members: u64,
    /// Bytes used.
    used: usize,
    /// The member in whose middle the group ends.
    unfinished: Option<Box<Member>>,
}

/// What to do next.
pub(super) enum Next {
    /// Something to show.
    Chunk(Chunk),
    /// Go on in the caller's thread: with a member already begun, or with what follows a member.
    Serial(Option<Box<Member>>),
}

/// What came of starting.
pub(super) enum Start {
    Started(Parallel),
    /// There is too little to share out, or too little memory for it. `over`: it will stay so.
    Not {
        over: bool,
    },
}

impl Parallel {
    /// Reads ahead and starts threads if there is work for several. `input` stands at a header.
    pub(super) fn start<R: SparseRead>(input: &mut Feed<R>, limits: &Limits) -> Result<Start> {
        // Half of the memory is for the input held, half for decoders and output.
        let budget = usize::try_from(limits.memory / 4).unwrap_or(usize::MAX);
        let most_groups = usize::try_from(limits.memory / 2 / PER_GROUP).unwrap_or(usize::MAX);
        let threads = limits.threads.min(most_groups);
        if threads < 2 || budget < 2 * GROUP {
            return Ok(Start::Not { over: true });
        }
        let mut cutter = Cutter::new(budget);
        let first = cutter.next(input)?;
        if cutter.done {
            let over = cutter.over;
            cutter.give_back(input);
            first
                .map(|group| input.give_back(group, 0))
                .unwrap_or_default();
            return Ok(Start::Not { over });
        }
        let mut parallel = Parallel {
            pool: Ordered::start(threads, WAITING, work)?,
            cutter,
            groups: VecDeque::new(),
            held: 0,
            budget,
            most_groups: most_groups.min(2 * threads + 1),
        };
        if let Some(group) = first {
            parallel.submit(group)?;
        }
        Ok(Start::Started(parallel))
    }

    fn submit(&mut self, group: Shared) -> Result<()> {
        self.held += group.len();
        self.pool.submit(Arc::clone(&group))?;
        self.groups.push_back(group);
        Ok(())
    }

    /// Keeps the workers busy and waits for the next piece. Adds the members completed to
    /// `ordinal`, which counts them from 1.
    pub(super) fn next<R: SparseRead>(
        &mut self,
        input: &mut Feed<R>,
        ordinal: &mut u64,
    ) -> Result<Next> {
        loop {
            while self.pool.in_flight() < self.most_groups && self.held < self.budget {
                let Some(group) = self.cutter.next(input)? else {
                    break;
                };
                self.submit(group)?;
            }
            match self.pool.output()? {
                Some(Output::Chunk(chunk)) => return Ok(Next::Chunk(chunk)),
                Some(Output::Failed(members, error)) => {
                    *ordinal += members;
                    return Err(error);
                }
                Some(Output::Ended(ended)) => {
                    let group = self.groups.pop_front().unwrap_or_default();
                    self.held -= group.len();
                    *ordinal += ended.members;
                    if ended.used < group.len() || ended.unfinished.is_some() {
                        self.give_back(input);
                        input.give_back(group, ended.used);
                        return Ok(Next::Serial(ended.unfinished));
                    }
                }
                None => return Ok(Next::Serial(None)),
            }
        }
    }

    fn give_back<R: SparseRead>(&mut self, input: &mut Feed<R>) {
        std::mem::replace(&mut self.cutter, Cutter::new(0)).give_back(input);
        for group in self.groups.drain(..).rev() {
            input.give_back(group, 0);
        }
    }
}

/// Decodes a group.
fn work(group: Shared, emit: &mut Emit<'_, Output>) {
    let mut out = Out { emit, zeros: 0 };
    let last = decode_group(&group, &mut out);
    if let Some(last) = last
        && out.flush()
    {
        emit(last);
    }
}

/// Decodes a group up to what is to be said about its end; `None` when nobody wants it any more.
fn decode_group(group: &[u8], out: &mut Out<'_, '_>) -> Option<Output> {
    let mut rest = Rest(group);
    let mut member = Box::new(Member::new());
    let mut members = 0;
    loop {
        let used = group.len() - rest.0.len();
        let ended = Output::Ended(Ended {
            members,
            used,
            unfinished: None,
        });
        if rest.0.first() != Some(&0x1f) {
            return Some(ended);
        }
        if let Err(error) = header::read(&mut rest) {
            // Within the header there may be a wrong border.
            let cut = rest.0.is_empty();
            return Some(if cut {
                ended
            } else {
                Output::Failed(members, error)
            });
        }
        match decode_member(&mut member, &mut rest, out) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(_) if member.starved() => {
                let (used, unfinished) = (group.len(), Some(member));
                return Some(Output::Ended(Ended {
                    members,
                    used,
                    unfinished,
                }));
            }
            Err(error) => return Some(Output::Failed(members, error)),
        }
        members += 1;
        member.restart();
    }
}

/// Decodes a member; `false` when nobody wants it any more.
fn decode_member(member: &mut Member, rest: &mut Rest<'_>, out: &mut Out<'_, '_>) -> Result<bool> {
    loop {
        member.prepare(rest)?;
        let piece = member.piece();
        let len = piece.len();
        let wanted = match piece {
            Piece::Data(data) => {
                out.flush() && (out.emit)(Output::Chunk(Chunk::Data(data.to_vec())))
            }
            Piece::Zeros(n) => {
                out.zeros += n;
                true
            }
            Piece::End => return Ok(true),
        };
        if !wanted {
            return Ok(false);
        }
        member.consume(len);
    }
}

/// Where pieces go. Holes wait here, so that those of small members become one.
struct Out<'a, 'b> {
    emit: &'a mut Emit<'b, Output>,
    zeros: u64,
}

impl Out<'_, '_> {
    /// `false` when nobody wants it any more.
    fn flush(&mut self) -> bool {
        match std::mem::take(&mut self.zeros) {
            0 => true,
            zeros => (self.emit)(Output::Chunk(Chunk::Zeros(zeros))),
        }
    }
}

/// What is left of a group.
struct Rest<'a>(&'a [u8]);

impl SparseRead for Rest<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        Ok(match self.0 {
            [] => Piece::End,
            data => Piece::Data(data),
        })
    }

    fn consume(&mut self, n: u64) {
        self.0 = self.0.get(n as usize..).unwrap_or_default();
    }
}
