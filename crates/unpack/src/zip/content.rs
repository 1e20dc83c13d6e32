//! The content of one member, checked against its header or its data descriptor.

use extent::{Piece, SparseRead, drain};
use report::{Error, Result};

use super::Input;
use super::descriptor;
use super::record::{DEFLATE, Local};
use crate::archive::{clip, shown};
use crate::chunk::unfolds_too_far;
use crate::crc::Crc32;
use crate::inflate::Inflate;

/// What a member comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) crc: u32,
    pub(super) compressed: u64,
    pub(super) size: u64,
}

/// The archive's bytes, seen as the content of the current member.
pub(super) struct Content<R> {
    stream: Inflate<Input<R>>,
    member: Option<Current>,
    /// Bytes that all members together may still have.
    allowance: u64,
    limit: u64,
}

struct Current {
    name: String,
    deflated: bool,
    /// What the local header says, as far as it does.
    crc: Option<u32>,
    compressed: Option<u64>,
    size: Option<u64>,
    /// Whether a data descriptor follows; its sizes are probably wide.
    descriptor: Option<bool>,
    start: u64,
    at: u64,
    sum: Crc32,
    checked: Option<Sums>,
}

impl<R: SparseRead> Content<R> {
    /// No content yet; `limit` bytes may come in all.
    pub(super) fn new(input: Input<R>, limit: u64) -> Self {
        Content {
            stream: Inflate::new(input),
            member: None,
            allowance: limit,
            limit,
        }
    }

    /// The archive's bytes.
    pub(super) fn input(&mut self) -> &mut Input<R> {
        self.stream.get_mut()
    }

    /// Becomes the content of the member whose header was just read; returns its size if known.
    pub(super) fn begin(&mut self, name: &str, local: &Local) -> Result<Option<u64>> {
        let streamed = local.has_descriptor();
        let deflated = local.method == DEFLATE;
        if !deflated && streamed && local.size == 0 && !descriptor::comes_next(self.input())? {
            return Err(Error::unsupported(format!(
                "zip member {} is stored and its size unknown before its end",
                shown(name)
            ))
            .hint("make the archive anew as a file, or with compression"));
        }
        // Before a data descriptor the header's sizes are none or a guess; what is stored needs them.
        let known = |value| (!streamed || !deflated).then_some(value);
        if known(local.size) > Some(self.allowance) {
            return Err(self.too_much());
        }
        if deflated {
            self.stream.restart();
        }
        self.member = Some(Current {
            name: name.to_string(),
            deflated,
            crc: (!streamed).then_some(local.crc),
            compressed: known(local.compressed),
            size: known(local.size),
            descriptor: streamed.then_some(local.wide),
            start: self.input().at(),
            at: 0,
            sum: Crc32::new(),
            checked: None,
        });
        Ok(known(local.size))
    }

    /// Moves past what is left of the member; tells what it came to, if there was one.
    pub(super) fn finish(&mut self) -> Result<Option<Sums>> {
        if let Err(error) = drain(self) {
            return Err(match &self.member {
                Some(member) => error.at(shown(&member.name)),
                None => error,
            });
        }
        Ok(self.member.take().and_then(|member| member.checked))
    }

    fn too_much(&self) -> Error {
        unfolds_too_far("zip: the members unfold", self.limit)
    }

    /// Checks a member whose content is over.
    fn check(&mut self) -> Result<()> {
        let input = self.stream.get_mut();
        let Some(member) = &mut self.member else {
            return Ok(());
        };
        let sums = Sums {
            crc: member.sum.finish(),
            compressed: input.at() - member.start,
            size: member.at,
        };
        let name = shown(&member.name);
        agree(&name, "its header", "size", member.size, sums.size)?;
        agree(
            &name,
            "its header",
            "compressed size",
            member.compressed,
            sums.compressed,
        )?;
        if let Some(crc) = member.crc {
            agree_crc(&name, crc, sums.crc)?;
        }
        if let Some(wide) = member.descriptor {
            descriptor::check(input, &name, &sums, wide)?;
        }
        member.checked = Some(sums);
        Ok(())
    }
}

/// What comes next, decided before it is shown.
enum Next {
    Over,
    Check,
    Stored(u64),
    Deflated,
}

impl<R: SparseRead> Content<R> {
    fn next(&mut self) -> Result<Next> {
        let Some(member) = &self.member else {
            return Ok(Next::Over);
        };
        if member.checked.is_some() {
            return Ok(Next::Over);
        }
        let left = member.size.map(|size| size - member.at);
        if !member.deflated {
            return Ok(match left.unwrap_or(0) {
                0 => Next::Check,
                left => Next::Stored(left),
            });
        }
        let len = self.stream.peek()?.len();
        if self.allowance < len {
            return Err(self.too_much());
        }
        match left {
            _ if len == 0 => Ok(Next::Check),
            Some(left) if left < len => Err(Error::corrupt(format!(
                "zip member {} unfolds to more than the {} bytes its header states",
                shown(&member.name),
                left + member.at
            ))),
            _ => Ok(Next::Deflated),
        }
    }
}

impl<R: SparseRead> SparseRead for Content<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        let piece = match self.next()? {
            Next::Over => return Ok(Piece::End),
            Next::Check => {
                self.check()?;
                return Ok(Piece::End);
            }
            Next::Stored(left) => clip(self.stream.get_mut().peek()?, left),
            Next::Deflated => self.stream.peek()?,
        };
        match (piece, &self.member) {
            (Piece::End, Some(member)) => Err(Error::corrupt(format!(
                "zip member {}: the archive ends at byte {} of {}",
                shown(&member.name),
                member.at,
                member.size.unwrap_or(member.at)
            ))),
            (piece, _) => Ok(piece),
        }
    }

    fn consume(&mut self, n: u64) {
        let Some(member) = &mut self.member else {
            return;
        };
        let stream: &mut dyn SparseRead = match member.deflated {
            true => &mut self.stream,
            false => self.stream.get_mut(),
        };
        // The same piece again, to sum it up before it goes.
        match stream.peek().map(|piece| clip(piece, n)) {
            Ok(Piece::Data(data)) => member.sum.update(data),
            Ok(Piece::Zeros(len)) => member.sum.update_zeros(len),
            // Nothing to consume: the next `peek` says why.
            Ok(Piece::End) | Err(_) => return,
        }
        stream.consume(n);
        member.at += n;
        self.allowance -= n;
    }
}

/// Whether what `whose` record says, if it does, is what was found.
pub(super) fn agree(
    name: &str,
    whose: &str,
    what: &str,
    stated: Option<u64>,
    found: u64,
) -> Result<()> {
    match stated {
        Some(stated) if stated != found => Err(Error::corrupt(format!(
            "zip member {name}: the {what} is {found}, {whose} says {stated}"
        ))),
        _ => Ok(()),
    }
}

/// The same for the checksum.
pub(super) fn agree_crc(name: &str, stated: u32, found: u32) -> Result<()> {
    match stated == found {
        true => Ok(()),
        false => Err(Error::corrupt(format!(
            "zip member {name}: CRC-32 is {stated:#010x}, the data has {found:#010x}"
        ))),
    }
}
