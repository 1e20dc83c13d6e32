//! gzip (RFC 1952): members of deflated data, one after another.
//!
//! A single member is decoded in the caller's thread. Once a second one follows, the rest of the file
//! is cut into groups of members, which `parallel` decodes in several threads.

mod cutter;
mod feed;
mod header;
mod member;
mod parallel;

use error::{Error, Result};
use sparse::{Piece, SparseRead};

use self::feed::Feed;
use self::member::Member;
use self::parallel::{Next, Parallel, Start};
use crate::Limits;
use crate::chunk::{Chunk, unfolds_too_far};
use crate::input::skip_zeros;

/// How often decoding in parallel may come to nothing before it is left.
const PATIENCE: u32 = 3;

/// A gzip file's content.
///
/// Takes any number of members, and zeros as padding after the last. Checks header CRC, CRC-32 and
/// size of each member.
///
/// Errors: [`error::Kind::Corrupt`] for damage, truncation and trailing garbage,
/// [`error::Kind::Unsupported`] for a compression method other than deflate,
/// [`error::Kind::Refused`] beyond [`Limits::output`], and the input's.
pub struct Gzip<R> {
    input: Feed<R>,
    state: State,
    member: Member,
    /// Counts members from 1.
    ordinal: u64,
    /// Bytes of all members so far.
    total: u64,
    limits: Limits,
    /// How many more times to try in parallel; 0 when everything is to happen in this thread.
    patience: u32,
}

/// What comes next.
enum State {
    Header,
    /// Data of a member, decoded here.
    Data,
    /// A member is over.
    After,
    Parallel(Box<Parallel>),
    /// Data decoded elsewhere, so much of it consumed.
    Chunk(Box<Parallel>, Chunk, u64),
    End,
}

impl<R: SparseRead> Gzip<R> {
    /// The content of the gzip file `input`.
    pub fn new(input: R, limits: &Limits) -> Self {
        Gzip {
            input: Feed::new(input),
            state: State::Header,
            member: Member::new(),
            ordinal: 1,
            total: 0,
            limits: *limits,
            patience: if limits.threads > 1 { PATIENCE } else { 0 },
        }
    }

    /// Decodes until there is a piece to show, or everything is over.
    fn prepare(&mut self) -> Result<()> {
        loop {
            match std::mem::replace(&mut self.state, State::End) {
                State::Header if self.ordinal > 1 && self.patience > 0 => self.start_parallel()?,
                State::Header => self.header()?,
                State::Data => {
                    let new = self.member.prepare(&mut self.input)?;
                    if self.member.piece().is_empty() {
                        self.state = State::After;
                    } else {
                        self.state = State::Data;
                        return self.count(new);
                    }
                }
                State::After => self.after()?,
                State::Parallel(parallel) => self.parallel(parallel)?,
                State::Chunk(parallel, chunk, consumed) => {
                    self.state = State::Chunk(parallel, chunk, consumed);
                    return Ok(());
                }
                State::End => return Ok(()),
            }
        }
    }

    fn header(&mut self) -> Result<()> {
        header::read(&mut self.input)?;
        self.state = State::Data;
        Ok(())
    }

    fn start_parallel(&mut self) -> Result<()> {
        match Parallel::start(&mut self.input, &self.limits)? {
            Start::Started(parallel) => {
                self.state = State::Parallel(Box::new(parallel));
                Ok(())
            }
            Start::Not { over } => {
                self.patience = if over { 0 } else { self.patience - 1 };
                self.header()
            }
        }
    }

    fn parallel(&mut self, mut parallel: Box<Parallel>) -> Result<()> {
        let serial = match parallel.next(&mut self.input, &mut self.ordinal)? {
            Next::Chunk(chunk) => {
                self.count(chunk.len())?;
                self.state = State::Chunk(parallel, chunk, 0);
                return Ok(());
            }
            Next::Serial(serial) => serial,
        };
        self.patience = self.patience.saturating_sub(1);
        self.state = match serial {
            Some(member) => {
                self.member = *member;
                State::Data
            }
            None => {
                // The ordinal is already that of the member to come.
                self.ordinal -= 1;
                State::After
            }
        };
        Ok(())
    }

    /// Counts `n` bytes of output.
    fn count(&mut self, n: u64) -> Result<()> {
        self.total += n;
        if self.total > self.limits.output {
            return Err(unfolds_too_far(
                "the gzip data decompresses",
                self.limits.output,
            ));
        }
        Ok(())
    }

    /// Finds out what comes after a member: another, padding or nothing.
    fn after(&mut self) -> Result<()> {
        let padded = skip_zeros(&mut self.input)? > 0;
        match self.input.peek()? {
            Piece::End => self.state = State::End,
            Piece::Data([0x1f, ..]) if !padded => {
                self.member.restart();
                self.ordinal += 1;
                self.state = State::Header;
            }
            _ => return Err(Error::corrupt("trailing garbage after the member")),
        }
        Ok(())
    }
}

impl<R: SparseRead> SparseRead for Gzip<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        if let Err(error) = self.prepare() {
            return Err(match error.kind() {
                error::Kind::Corrupt | error::Kind::Unsupported => {
                    error.at(format!("gzip member {}", self.ordinal))
                }
                _ => error,
            });
        }
        Ok(match &self.state {
            State::Data => self.member.piece(),
            State::Chunk(_, Chunk::Data(data), consumed) => {
                Piece::Data(data.get(*consumed as usize..).unwrap_or_default())
            }
            State::Chunk(_, Chunk::Zeros(n), consumed) => Piece::Zeros(n.saturating_sub(*consumed)),
            _ => Piece::End,
        })
    }

    fn consume(&mut self, n: u64) {
        match std::mem::replace(&mut self.state, State::End) {
            State::Data => {
                self.member.consume(n);
                self.state = State::Data;
            }
            State::Chunk(parallel, chunk, consumed) => {
                let consumed = consumed + n;
                self.state = if consumed >= chunk.len() {
                    State::Parallel(parallel)
                } else {
                    State::Chunk(parallel, chunk, consumed)
                };
            }
            other => self.state = other,
        }
    }
}

#[cfg(test)]
mod tests;
