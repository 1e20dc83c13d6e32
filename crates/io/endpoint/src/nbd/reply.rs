//! Replies as they come from the socket, held against what was asked.

use std::io::Read;

use super::coverage::Coverage;
use super::trouble::Trouble;
use super::wire::{CHUNK_MAGIC, Command, Request, SIMPLE_MAGIC, STATE_ZERO, chunk};

/// Most error chunks in a reply.
const MOST_ERRORS: u32 = 64;

/// Most bytes behind an error's message.
const MOST_DETAILS: usize = 1024;

/// Most extents in a reply; nbdkit and qemu send no more.
const MOST_EXTENTS: u32 = 1 << 20;

/// Extents that are kept of a reply; what the others say is asked for again.
const KEPT_EXTENTS: usize = 1 << 16;

/// What a server knows about a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Its length in bytes; never 0.
    pub(super) len: u64,
    /// Whether it reads as zeros for certain.
    pub(super) zero: bool,
}

/// The beginning of a reply, or of a chunk of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// Which request it answers.
    pub(super) cookie: u64,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Simple { errno: u32 },
    Chunk { flags: u16, kind: u16, len: u32 },
}

impl Head {
    /// Waits for the next reply.
    pub(super) fn read(input: &mut impl Read) -> Result<Self, Trouble> {
        let magic = u32::from_be_bytes(array(input)?);
        match magic {
            SIMPLE_MAGIC => {
                let errno = u32::from_be_bytes(array(input)?);
                let cookie = u64::from_be_bytes(array(input)?);
                let form = Form::Simple { errno };
                Ok(Head { cookie, form })
            }
            CHUNK_MAGIC => {
                let flags = u16::from_be_bytes(array(input)?);
                let kind = u16::from_be_bytes(array(input)?);
                let cookie = u64::from_be_bytes(array(input)?);
                let len = u32::from_be_bytes(array(input)?);
                let form = Form::Chunk { flags, kind, len };
                Ok(Head { cookie, form })
            }
            other => Err(Trouble::nonsense(format!(
                "a reply begins with {other:#010x}"
            ))),
        }
    }
}

/// A request and what has come of its reply.
#[derive(Debug)]
pub(super) struct Reply {
    request: Request,
    /// Whether the server may, and to reads must, answer in chunks.
    structured: bool,
    /// The number of `base:allocation`.
    context: Option<u32>,
    coverage: Coverage,
    /// What the server knows about the range, from its start on.
    pub(super) extents: Vec<Extent>,
    refusal: Option<Trouble>,
    errors: u32,
}

impl Reply {
    pub(super) fn new(request: Request, structured: bool, context: Option<u32>) -> Self {
        Reply {
            request,
            structured,
            context,
            coverage: Coverage::default(),
            extents: Vec::new(),
            refusal: None,
            errors: 0,
        }
    }

    /// The number of bytes that a buffer for the reply has to hold.
    pub(super) fn room(&self) -> usize {
        match self.request.command {
            Command::Read => self.request.len as usize,
            _ => 0,
        }
    }

    /// Takes what follows `head`, bytes that were read to their place in `buffer`, which has
    /// [`Reply::room`] for them; returns whether the reply is complete.
    pub(super) fn take(
        &mut self,
        head: &Head,
        input: &mut impl Read,
        buffer: &mut [u8],
    ) -> Result<bool, Trouble> {
        match head.form {
            Form::Simple { errno } => {
                self.simple(errno, input, buffer)?;
                Ok(true)
            }
            Form::Chunk { .. } if !self.structured => Err(Trouble::nonsense(
                "a structured reply comes without having been agreed on",
            )),
            Form::Chunk { flags, kind, len } => {
                self.chunk(kind, len, input, buffer)?;
                let done = flags & chunk::DONE != 0;
                if kind == chunk::NONE && !done {
                    return Err(Trouble::nonsense("a chunk of nothing is not the last one"));
                }
                Ok(done)
            }
        }
    }

    /// What became of the request, once the reply is complete.
    pub(super) fn result(self) -> Result<Vec<Extent>, Trouble> {
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        Ok(self.extents)
    }

    /// Whether a complete reply says all it should.
    pub(super) fn check(&self) -> Result<(), Trouble> {
        let Request {
            command,
            offset,
            len,
        } = self.request;
        let gap = match command {
            _ if self.refusal.is_some() => false,
            Command::Read => !self.coverage.is_whole(len),
            Command::BlockStatus => self.extents.is_empty(),
            _ => false,
        };
        if gap {
            Err(Trouble::nonsense(format!(
                "the reply leaves gaps in the {len} bytes at byte {offset}"
            )))
        } else {
            Ok(())
        }
    }

    fn simple(
        &mut self,
        errno: u32,
        input: &mut impl Read,
        buffer: &mut [u8],
    ) -> Result<(), Trouble> {
        let wants_more = matches!(self.request.command, Command::Read | Command::BlockStatus);
        if errno != 0 {
            self.refused(errno, String::new())
        } else if wants_more && self.structured {
            Err(Trouble::nonsense(
                "a simple reply comes where chunks are due",
            ))
        } else {
            input.read_exact(buffer)?;
            self.coverage.add(0, self.request.len);
            Ok(())
        }
    }

    fn chunk(
        &mut self,
        kind: u16,
        len: u32,
        input: &mut impl Read,
        buffer: &mut [u8],
    ) -> Result<(), Trouble> {
        match (kind, self.request.command) {
            (chunk::NONE, _) if len == 0 => Ok(()),
            (chunk::OFFSET_DATA, Command::Read) if len > 8 => {
                let offset = u64::from_be_bytes(array(input)?);
                input.read_exact(self.part(buffer, offset, len - 8)?)?;
                Ok(())
            }
            (chunk::OFFSET_HOLE, Command::Read) if len == 12 => {
                let offset = u64::from_be_bytes(array(input)?);
                let hole = u32::from_be_bytes(array(input)?);
                self.part(buffer, offset, hole)?.fill(0);
                Ok(())
            }
            (chunk::BLOCK_STATUS, Command::BlockStatus) if len >= 12 && len % 8 == 4 => {
                self.block_status((len - 4) / 8, input)
            }
            (kind, _) if kind & chunk::ERROR != 0 && len >= 6 => self.error(len as usize, input),
            (kind, command) => Err(Trouble::nonsense(format!(
                "a chunk of type {kind} with {len} bytes answers a {command:?} request"
            ))),
        }
    }

    /// The part of the buffer that a chunk is about.
    fn part<'a>(
        &mut self,
        buffer: &'a mut [u8],
        offset: u64,
        len: u32,
    ) -> Result<&'a mut [u8], Trouble> {
        let wrong = |what| {
            let of = format!("{} bytes at byte {}", self.request.len, self.request.offset);
            Trouble::nonsense(format!(
                "a chunk of {len} bytes at byte {offset} {what} in the reply for {of}"
            ))
        };
        let start = offset.checked_sub(self.request.offset);
        let start = start.and_then(|start| u32::try_from(start).ok());
        let range = start.and_then(|start| Some((start, start.checked_add(len)?)));
        let Some((start, end)) = range.filter(|&(_, end)| end <= self.request.len) else {
            return Err(wrong("does not fit"));
        };
        let Some(part) = buffer.get_mut(start as usize..end as usize) else {
            return Err(wrong("does not fit"));
        };
        if self.coverage.add(start, end) {
            Ok(part)
        } else {
            Err(wrong("overlaps another"))
        }
    }

    fn block_status(&mut self, count: u32, input: &mut impl Read) -> Result<(), Trouble> {
        if !self.extents.is_empty() {
            return Err(Trouble::nonsense("a reply has the block status twice"));
        }
        if count > MOST_EXTENTS {
            let text = format!("a reply of {count} extents, {MOST_EXTENTS} are the most");
            return Err(Trouble::nonsense(text));
        }
        let context = u32::from_be_bytes(array(input)?);
        if Some(context) != self.context {
            let text = format!("a block status of context {context}, which was not requested");
            return Err(Trouble::nonsense(text));
        }
        for _ in 0..count {
            let len = u32::from_be_bytes(array(input)?);
            let zero = u32::from_be_bytes(array(input)?) & STATE_ZERO != 0;
            if len == 0 {
                return Err(Trouble::nonsense("an extent of 0 bytes"));
            }
            self.keep(len.into(), zero);
        }
        Ok(())
    }

    fn keep(&mut self, len: u64, zero: bool) {
        // Once one was left out, all that follow are.
        if self.extents.len() >= KEPT_EXTENTS {
            return;
        }
        match self.extents.last_mut() {
            Some(last) if last.zero == zero => last.len += len,
            _ => self.extents.push(Extent { len, zero }),
        }
    }

    /// An error chunk of `len` bytes: number, message, and what else its type holds.
    fn error(&mut self, len: usize, input: &mut impl Read) -> Result<(), Trouble> {
        let errno = u32::from_be_bytes(array(input)?);
        let text_len: usize = u16::from_be_bytes(array(input)?).into();
        match len.checked_sub(6 + text_len) {
            Some(details) if details <= MOST_DETAILS => {
                let mut rest = vec![0; text_len + details];
                input.read_exact(&mut rest)?;
                rest.truncate(text_len);
                self.refused(errno, String::from_utf8_lossy(&rest).trim().to_owned())
            }
            _ => Err(Trouble::nonsense(format!(
                "an error of {len} bytes with a message of {text_len}"
            ))),
        }
    }

    /// Keeps the first error.
    fn refused(&mut self, errno: u32, message: String) -> Result<(), Trouble> {
        self.errors += 1;
        if errno == 0 {
            return Err(Trouble::nonsense("an error without a number"));
        }
        if self.errors > MOST_ERRORS {
            return Err(Trouble::nonsense(format!(
                "a reply of more than {MOST_ERRORS} errors"
            )));
        }
        self.refusal
            .get_or_insert(Trouble::Refusal { errno, message });
        Ok(())
    }
}

/// The next `N` bytes.
pub(super) fn array<const N: usize>(input: &mut impl Read) -> Result<[u8; N], Trouble> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}
