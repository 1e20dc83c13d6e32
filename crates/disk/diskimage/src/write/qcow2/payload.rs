//! Clusters on their way into the file, whatever their tables look like.

use error::Result;
use sparse::BlockWrite;

use super::output::Output;
use super::place::Placer;

/// The part of a file that grows: places are given out and filled.
pub(super) struct Payload {
    pub(super) placer: Placer,
    pub(super) output: Output,
    /// Where the next byte of the whole clusters goes that were placed last.
    cursor: u64,
}

impl Payload {
    /// One that writes to `inner` from byte `start` on, and places from cluster `first` on.
    pub(super) fn new(inner: Box<dyn BlockWrite>, bits: u32, start: u64, first: u64) -> Self {
        Payload {
            placer: Placer::new(bits, first),
            output: Output::new(inner, start),
            cursor: start,
        }
    }

    /// Places `count` whole clusters, which [`Payload::data`] and [`Payload::zeros`] then fill; returns where.
    pub(super) fn whole(&mut self, count: u64) -> u64 {
        self.cursor = self.placer.whole(count);
        self.cursor
    }

    /// Goes on filling.
    pub(super) fn data(&mut self, data: &[u8]) -> Result<()> {
        self.output.put(self.cursor, data)?;
        self.cursor += data.len() as u64;
        self.settle()
    }

    /// Goes on filling with zeros.
    pub(super) fn zeros(&mut self, len: u64) -> Result<()> {
        self.output.zero(self.cursor, len)?;
        self.cursor += len;
        self.settle()
    }

    /// Goes on filling with 64-bit numbers, of which many are 0.
    pub(super) fn numbers(&mut self, numbers: &[u64]) -> Result<()> {
        for numbers in numbers.chunks(4096) {
            if numbers.iter().all(|&number| number == 0) {
                self.zeros(numbers.len() as u64 * 8)?
            } else {
                let bytes = numbers.iter().flat_map(|number| number.to_be_bytes());
                self.data(&bytes.collect::<Vec<u8>>())?;
            }
        }
        Ok(())
    }

    /// Fills up to byte `end` with zeros.
    pub(super) fn pad(&mut self, end: u64) -> Result<()> {
        match end.saturating_sub(self.cursor) {
            0 => Ok(()),
            len => self.zeros(len),
        }
    }

    /// Places a packed cluster and puts it there; returns where.
    pub(super) fn packed(&mut self, stored: &[u8]) -> Result<u64> {
        let offset = self.placer.packed(stored.len() as u64);
        self.output.put(offset, stored)?;
        self.cursor = self.end();
        self.settle()?;
        Ok(offset)
    }

    /// Places a cluster of a table and puts it there; returns where.
    pub(super) fn table(&mut self, table: &[u8]) -> Result<u64> {
        let offset = self.whole(1);
        self.data(table)?;
        Ok(offset)
    }

    /// The byte where the file ends so far.
    pub(super) fn end(&self) -> u64 {
        self.placer.end() << self.placer.bits()
    }

    /// Leaves the rest of the last packed cluster empty, and writes all there is.
    pub(super) fn close(&mut self) -> Result<()> {
        self.placer.close();
        self.output.settle(self.end())?;
        self.output.flush()
    }

    fn settle(&mut self) -> Result<()> {
        self.output
            .settle(self.placer.open_at().unwrap_or(self.cursor))
    }
}
