//! Watches a disk as it passes: whether it is all there, and whether it is the disk it was taken for.
//!
//! What a disk says about its own end, by its partition table or by its file system, stands at its beginning;
//! how long it is may show only at its end. And what was taken for a disk without data, because it begins
//! with zeros, is one only if nothing else follows.

mod mixed;

use diskimage::{END, Format};
use error::{Error, Result};
use recognise::foreign;
use recognise::reach::{self, By, Fit, Reach};
use sparse::zero::is_zero;
use sparse::{DiskRead, Piece, SparseRead};

use crate::advice::Advice;
use crate::basis::{Basis, not_whole_sectors, nothing_recognised, shows_at_its_end};

pub(crate) use mixed::GuardedMixed;

/// Bytes of a sector, which every disk has a whole number of.
const SECTOR: u64 = 512;

/// What a disk has to be like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Why raw bytes were taken for a disk; `None` for a disk in a format.
    pub(crate) basis: Option<Basis>,
    /// Whether a part of it may be missing.
    pub(crate) may_be_cut: bool,
}

/// Looks at a disk's bytes as they pass, in whatever order.
#[derive(Debug)]
pub(crate) struct Watch {
    claim: Claim,
    /// The disk's first bytes, as far as they have passed.
    head: Vec<u8>,
    /// The last bytes that have passed.
    tail: Vec<u8>,
    /// The piece that was seen last, from where to where: it may be shown again, and more of it.
    seen: (u64, u64),
    /// The first byte that is not zero.
    data: Option<u64>,
}

impl Watch {
    pub(crate) fn new(claim: Claim) -> Self {
        Watch {
            claim,
            head: Vec::new(),
            tail: Vec::new(),
            seen: (0, 0),
            data: None,
        }
    }

    /// Sees the `bytes` at byte `offset` of the disk.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] when they show that it is no disk.
    pub(crate) fn see(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        let (start, end) = self.seen;
        let known = if (start..=end).contains(&offset) {
            usize::try_from(end - offset).unwrap_or(usize::MAX)
        } else {
            0
        };
        let Some(bytes) = bytes.get(known..).filter(|bytes| !bytes.is_empty()) else {
            return Ok(());
        };
        let at = offset + known as u64;
        self.seen = (offset, at + bytes.len() as u64);
        if at == self.head.len() as u64 {
            let room = reach::HEAD - self.head.len();
            self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        if self.claim.basis.is_none() {
            return Ok(());
        }
        let last = &bytes[bytes.len().saturating_sub(END)..];
        self.keep_tail(last);
        if self.claim.basis == Some(Basis::Blank) && self.data.is_none() && !is_zero(bytes) {
            let first = bytes.iter().position(|&byte| byte != 0).unwrap_or(0);
            self.data = Some(at + first as u64);
        }
        self.is_blank_so_far()
    }

    /// Sees `len` zeros at byte `offset` of the disk.
    ///
    /// # Errors
    /// As [`Watch::see`].
    pub(crate) fn zeros(&mut self, offset: u64, len: u64) -> Result<()> {
        let end = offset + len;
        if offset <= self.head.len() as u64 && self.head.len() < reach::HEAD {
            let to = usize::try_from(end).unwrap_or(usize::MAX).min(reach::HEAD);
            self.head.resize(to.max(self.head.len()), 0);
        }
        if self.claim.basis.is_some() {
            let new = end.saturating_sub(self.seen.1.max(offset));
            let zeros = usize::try_from(new).unwrap_or(END).min(END);
            self.keep_tail(&[0; END][..zeros]);
        }
        self.seen = (offset, end);
        self.is_blank_so_far()
    }

    fn keep_tail(&mut self, last: &[u8]) {
        let keep = END - last.len();
        let from = self.tail.len().saturating_sub(keep);
        self.tail.drain(..from);
        self.tail.extend_from_slice(last);
    }

    /// Behind a disk without data there may be the footer of a fixed VHD, and nothing else.
    fn is_blank_so_far(&self) -> Result<()> {
        let footer = |data: u64| self.seen.1 - data / SECTOR * SECTOR <= END as u64;
        match self.data {
            Some(data) if !footer(data) => Err(nothing_recognised()),
            _ => Ok(()),
        }
    }

    /// What the disk says about its end, as far as its beginning has passed; `None` where it says nothing.
    pub(crate) fn reach(&self) -> Option<Reach> {
        reach::of(&self.head)
    }

    /// Bytes in a sector, as far as the disk's beginning tells.
    pub(crate) fn sector(&self) -> Option<u32> {
        reach::sector(&self.head)
    }

    /// Whether there is a partition table.
    pub(crate) fn is_partitioned(&self) -> bool {
        let by_table = |reach: Reach| !matches!(reach.by, By::Whole(_));
        self.reach().is_some_and(by_table)
    }

    /// Whether a disk of `size` bytes is as long as it says.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] when it is shorter and may not be.
    pub(crate) fn fits(&self, size: u64) -> Result<()> {
        match self.reach() {
            Some(reach) if reach.fit(size) == Fit::Cut && !self.claim.may_be_cut => {
                Err(cut(&reach, size))
            }
            _ => Ok(()),
        }
    }

    /// Judges a disk that is over, after `passed` bytes; `size` is its size where that was known before.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] when it is cut, or no disk.
    pub(crate) fn end(&self, passed: u64, size: Option<u64>) -> Result<()> {
        if matches!(self.claim.basis, Some(Basis::Evidence | Basis::Blank)) {
            if self.data.is_some() && !self.has_footer() {
                return Err(nothing_recognised());
            }
            if let Some(known) = foreign::in_tail(&self.tail) {
                return Err(shows_at_its_end(known));
            }
            if !passed.is_multiple_of(SECTOR) {
                return Err(not_whole_sectors(passed));
            }
        }
        self.fits(self.without_footer(size.unwrap_or(passed)))
    }

    /// Whether the last bytes that have passed are the footer of a fixed VHD.
    fn has_footer(&self) -> bool {
        self.tail.len() == END && diskimage::probe_end(&self.tail) == Some(Format::Vhd)
    }

    /// The size of the disk in a file of `size` bytes.
    fn without_footer(&self, size: u64) -> u64 {
        if self.has_footer() {
            size.saturating_sub(END as u64)
        } else {
            size
        }
    }

    /// What is to be said of a disk of `size` bytes that is taken.
    pub(crate) fn warning(&self, size: u64) -> Option<Error> {
        let (reach, size) = (self.reach()?, self.without_footer(size));
        match reach.fit(size) {
            Fit::Whole => None,
            Fit::Cut => Some(Error::refused(cut(&reach, size).message())),
            Fit::Nearly => Some(Error::corrupt(format!(
                "is {} bytes shorter than its {} says: {}",
                reach.most - size,
                reach.by.source(),
                reach.by.excuse(),
            ))),
        }
    }
}

/// A disk of `size` bytes that is cut off.
fn cut(reach: &Reach, size: u64) -> Error {
    Error::refused(format!(
        "is cut off: {} ends at byte {}, the disk at byte {size}",
        reach.by, reach.end
    ))
    .advise(Advice::AcceptTruncated)
}

/// A disk that is watched as it passes.
pub(crate) struct Guarded<'a> {
    disk: &'a mut dyn DiskRead,
    pub(crate) watch: Watch,
    /// Whether what is wrong ends the stream, or is kept for whoever asks.
    strict: bool,
    pub(crate) trouble: Option<Error>,
    /// Bytes that have passed.
    pub(crate) passed: u64,
}

impl<'a> Guarded<'a> {
    /// `disk`, of which `claim` has to be true: the stream ends with an error where it is not.
    pub(crate) fn new(disk: &'a mut dyn DiskRead, claim: Claim) -> Self {
        Guarded {
            disk,
            watch: Watch::new(claim),
            strict: true,
            trouble: None,
            passed: 0,
        }
    }

    /// The same for whoever only looks: what is wrong shows in [`Guarded::trouble`].
    pub(crate) fn looked_at(disk: &'a mut dyn DiskRead, claim: Claim) -> Self {
        Guarded {
            strict: false,
            ..Self::new(disk, claim)
        }
    }

    /// Looks at the first piece, and at what it says about the disk's end where that is known.
    ///
    /// # Errors
    /// Those of the disk, and [`error::Kind::Refused`] when it is cut.
    pub(crate) fn begin(&mut self) -> Result<()> {
        self.peek()?;
        match self.disk.size() {
            Some(size) => self.watch.fits(size),
            None => Ok(()),
        }
    }

    /// What is to be said of the disk once all of it has passed.
    pub(crate) fn warning(&self) -> Option<Error> {
        self.watch.warning(self.disk.size().unwrap_or(self.passed))
    }
}

fn judged(judgement: Result<()>, strict: bool, trouble: &mut Option<Error>) -> Result<()> {
    match judgement {
        Err(error) if !strict => {
            trouble.get_or_insert(error);
            Ok(())
        }
        judgement => judgement,
    }
}

impl SparseRead for Guarded<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        let offset = self.disk.offset()?;
        let size = self.disk.size();
        let piece = self.disk.peek()?;
        let judgement = match piece {
            Piece::Data(bytes) => self.watch.see(offset, bytes),
            Piece::Zeros(len) => self.watch.zeros(offset, len),
            Piece::End => self.watch.end(self.passed, size),
        };
        judged(judgement, self.strict, &mut self.trouble)?;
        Ok(piece)
    }

    fn consume(&mut self, n: u64) {
        self.passed += n;
        self.disk.consume(n);
    }

    fn exchange(&mut self, buffer: &mut Box<[u8]>) -> Result<Option<usize>> {
        let offset = self.disk.offset()?;
        let exchanged = self.disk.exchange(buffer)?;
        if let Some(bytes) = exchanged.and_then(|n| buffer.get(..n)) {
            self.passed += bytes.len() as u64;
            let judgement = self.watch.see(offset, bytes);
            judged(judgement, self.strict, &mut self.trouble)?;
        }
        Ok(exchanged)
    }
}

impl DiskRead for Guarded<'_> {
    fn size(&self) -> Option<u64> {
        self.disk.size()
    }

    fn offset(&mut self) -> Result<u64> {
        self.disk.offset()
    }

    fn is_in_order(&self) -> bool {
        self.disk.is_in_order()
    }

    fn is_shuffled(&self) -> bool {
        self.disk.is_shuffled()
    }

    fn is_whole(&self) -> bool {
        self.disk.is_whole()
    }
}

#[cfg(test)]
#[path = "guard/tests.rs"]
mod tests;
