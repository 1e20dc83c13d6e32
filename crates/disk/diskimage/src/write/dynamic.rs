//! Dynamic disks: blocks of one size, appended as they come, and a table that finds them.
//!
//! VHD, VHDX and VDI are made like this. A block exists once data belongs to it; parts of it that hold none
//! are zeroed the target's way, so that the file has holes there. Nothing is collected: data goes to its
//! place at once. The table is in front of the blocks and is written behind them, and what makes the
//! file one of its format comes last, so that a file that was cut never looks complete.

use std::ops::Range;

use error::{Error, Result};
use sparse::BlockWrite;

use super::encoder::Encoder;
use super::fingerprint::Fingerprint;
use super::units::{Progress, parts};
use crate::advice::Advice;
use crate::fields::guid_bytes;

/// Bytes of a table that are collected before they are written.
const PIECE: usize = 64 << 10;

/// What one dynamic format has and the other has not.
pub(super) trait Form: Send {
    /// How its blocks are in the file.
    fn shape(&self) -> Shape;

    /// Writes the table, the headers and whatever else is no block, the part without which no reader takes
    /// the file for complete last; returns the file's size in bytes.
    ///
    /// # Errors
    /// Those of `inner`.
    fn finish(&self, disk: &Contents, inner: &mut dyn BlockWrite) -> Result<u64>;
}

/// How blocks are in a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Where the first one begins.
    pub(super) first: u64,
    /// Zeros in front of each block.
    pub(super) gap: u64,
    /// What follows those zeros, right in front of the block.
    pub(super) lead: &'static [u8],
    /// Bytes in a block.
    pub(super) block: u64,
}

impl Shape {
    /// Where the `lead` of the block is that came when there were `rank` others.
    pub(super) fn place(&self, rank: u64) -> u64 {
        self.first + rank * self.stride() + self.gap
    }

    /// Where the file goes on behind `count` blocks.
    pub(super) fn end(&self, count: u64) -> u64 {
        self.first + count * self.stride()
    }

    fn stride(&self) -> u64 {
        self.gap + self.lead.len() as u64 + self.block
    }
}

/// What has been written of a disk.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// The numbers of blocks that exist, in ascending order. They are in the file in that order.
    runs: Vec<Range<u64>>,
    /// How many they are.
    count: u64,
    print: Fingerprint,
}

impl Contents {
    /// Blocks in the file.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The UUID of the disk, which has `size` bytes, in network byte order.
    pub(super) fn uuid(&self, size: u64) -> [u8; 16] {
        self.print.uuid(size)
    }

    /// The same UUID as a GUID in memory.
    pub(super) fn guid(&self, size: u64) -> [u8; 16] {
        guid_bytes(self.uuid(size))
    }

    /// Writes the table of `total` blocks at byte `at`: `entry` appends what stands there for the block
    /// of this number, which came when there were so many others, or does not exist.
    pub(super) fn write_table(
        &self,
        inner: &mut dyn BlockWrite,
        at: u64,
        total: u64,
        entry: impl Fn(&mut Vec<u8>, u64, Option<u64>),
    ) -> Result<()> {
        let mut at = at;
        let mut piece = Vec::new();
        for (number, rank) in (0..total).zip(self.ranks(total)) {
            entry(&mut piece, number, rank);
            if piece.len() >= PIECE {
                inner.write_at(at, &piece)?;
                at += piece.len() as u64;
                piece.clear();
            }
        }
        if piece.is_empty() {
            Ok(())
        } else {
            inner.write_at(at, &piece)
        }
    }

    /// For each of `total` blocks how many are before it in the file, if it exists.
    fn ranks(&self, total: u64) -> impl Iterator<Item = Option<u64>> {
        let mut runs = self.runs.iter().peekable();
        let mut rank = 0;
        (0..total).map(move |number| {
            while runs.next_if(|run| run.end <= number).is_some() {}
            let exists = runs.peek().is_some_and(|run| run.contains(&number));
            rank += u64::from(exists);
            exists.then(|| rank - 1)
        })
    }

    fn push(&mut self, number: u64) {
        self.count += 1;
        match self.runs.last_mut() {
            Some(last) if last.end == number => last.end += 1,
            _ => self.runs.push(number..number + 1),
        }
    }

    /// The last block, if there is one.
    fn last(&self) -> Option<u64> {
        self.runs.last().map(|run| run.end - 1)
    }
}

/// Writes a dynamic disk.
pub(super) struct Dynamic<F> {
    form: F,
    shape: Shape,
    inner: Box<dyn BlockWrite>,
    progress: Progress,
    contents: Contents,
    /// Bytes of the last block that are accounted for.
    filled: u64,
}

impl<F: Form> Dynamic<F> {
    /// Writes a disk of `size` bytes in `form` to `inner`.
    ///
    /// # Errors
    /// [`error::Kind::Unsupported`] when `inner` wants its bytes in ascending order.
    pub(super) fn new(
        form: F,
        format: &str,
        size: u64,
        inner: Box<dyn BlockWrite>,
    ) -> Result<Self> {
        if !inner.any_order() {
            let message = format!(
                "{format} has its table before its data, and {} takes bytes in ascending order only",
                inner.name()
            );
            return Err(Error::unsupported(message).advise(Advice::ChooseVmdk));
        }
        Ok(Dynamic {
            shape: form.shape(),
            form,
            inner,
            progress: Progress::new(size),
            contents: Contents::default(),
            filled: 0,
        })
    }

    /// Makes the block with this number the last one.
    fn enter(&mut self, number: u64) -> Result<()> {
        if self.contents.last() == Some(number) {
            return Ok(());
        }
        self.zero_until(self.shape.block)?;
        let at = self.shape.place(self.contents.count);
        self.contents.push(number);
        self.filled = 0;
        if self.shape.gap > 0 {
            self.inner.zero_at(at - self.shape.gap, self.shape.gap)?;
        }
        match self.shape.lead {
            [] => Ok(()),
            lead => self.inner.write_at(at, lead),
        }
    }

    /// Fills the last block with zeros up to its byte `end`.
    fn zero_until(&mut self, end: u64) -> Result<()> {
        if self.contents.count == 0 || end <= self.filled {
            return Ok(());
        }
        let (at, len) = (self.at(), end - self.filled);
        self.filled = end;
        self.inner.zero_at(at, len)
    }

    /// Where the last block goes on in the file.
    fn at(&self) -> u64 {
        self.shape.end(self.contents.count) - self.shape.block + self.filled
    }
}

impl<F: Form> Encoder for Dynamic<F> {
    fn target(&self) -> &dyn BlockWrite {
        &*self.inner
    }

    fn target_mut(&mut self) -> &mut dyn BlockWrite {
        &mut *self.inner
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        self.progress.take(offset, data.len() as u64)?;
        self.contents.print.add(offset, data);
        for part in parts(self.shape.block, offset, data.len()) {
            self.enter(part.number)?;
            self.zero_until(part.skip)?;
            let (at, data) = (self.at(), data.get(part.bytes).unwrap_or_default());
            self.filled += data.len() as u64;
            self.inner.write_at(at, data)?;
        }
        Ok(())
    }

    /// Nothing to do yet: whether the block exists at all, only data can tell.
    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()> {
        self.progress.take(offset, len)
    }

    fn finish(&mut self, size: u64) -> Result<()> {
        self.progress.within(size)?;
        self.zero_until(self.shape.block)?;
        let end = self.form.finish(&self.contents, &mut *self.inner)?;
        self.inner.finish(end)
    }
}
