//! Cutting ranges into clusters.

use error::Result;

use super::geometry::Geometry;
use super::pack::BATCH;
use super::sink::Sink;
use crate::write::units::Progress;

/// Cuts a disk that comes in ascending ranges into its clusters, and leaves out those that are all
/// zeros.
pub(super) struct Cutter {
    geometry: Geometry,
    progress: Progress,
    at: u64,
    /// Whether the cluster with byte `at` in it has been begun, because something in it is not zero.
    begun: bool,
}

impl Cutter {
    /// One at the beginning of a disk of `size` bytes.
    pub(super) fn new(geometry: Geometry, size: u64) -> Self {
        Cutter {
            geometry,
            progress: Progress::new(size),
            at: 0,
            begun: false,
        }
    }

    /// Takes `data` at byte `offset`.
    ///
    /// # Errors
    /// Those of [`Progress::take`] and of `sink`.
    pub(super) fn data(&mut self, offset: u64, data: &[u8], sink: &mut impl Sink) -> Result<()> {
        self.turn_to(offset, data.len() as u64, sink)?;
        let mut rest = data;
        while !rest.is_empty() {
            let taken = match self.count_whole(rest) {
                0 => self.part(rest, sink)?,
                count => self.whole(count, rest, sink)?,
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    /// Takes `len` zeros at byte `offset`.
    ///
    /// # Errors
    /// As [`Cutter::data`].
    pub(super) fn zeros(&mut self, offset: u64, len: u64, sink: &mut impl Sink) -> Result<()> {
        self.turn_to(offset, len, sink)?;
        self.pass(len, sink)
    }

    /// Ends the disk, after `size` bytes. What has not been given reads as zeros.
    ///
    /// # Errors
    /// As [`Cutter::data`].
    pub(super) fn finish(&mut self, size: u64, sink: &mut impl Sink) -> Result<()> {
        self.progress.within(size)?;
        self.pass(self.rest_of_cluster(), sink)?;
        sink.finish()
    }

    /// Goes to byte `offset`, where `len` bytes come; what has been left out before reads as zeros.
    fn turn_to(&mut self, offset: u64, len: u64, sink: &mut impl Sink) -> Result<()> {
        self.progress.take(offset, len)?;
        self.pass(offset - self.at, sink)
    }

    /// Moves over `len` zeros.
    fn pass(&mut self, len: u64, sink: &mut impl Sink) -> Result<()> {
        let inside = len.min(self.rest_of_cluster());
        if self.begun && inside > 0 {
            sink.zeros(inside)?;
        }
        self.advance(len);
        Ok(())
    }

    fn advance(&mut self, len: u64) {
        self.begun &= len < self.rest_of_cluster();
        self.at += len;
    }

    /// Bytes from here to the cluster's end, at least 1.
    fn rest_of_cluster(&self) -> u64 {
        self.geometry.cluster() - self.at % self.geometry.cluster()
    }

    /// How many clusters that are not all zeros `data` begins with, as many as are worth passing on
    /// together. They share an L2 table.
    fn count_whole(&self, data: &[u8]) -> u64 {
        let cluster = self.geometry.cluster();
        if !self.at.is_multiple_of(cluster) {
            return 0;
        }
        let number = self.at / cluster;
        let of_table = self.geometry.entries() - number % self.geometry.entries();
        let most = of_table.min((BATCH / cluster).max(1));
        let whole = data.chunks_exact(cluster as usize).take(most as usize);
        whole
            .take_while(|cluster| !sparse::zero::is_zero(cluster))
            .count() as u64
    }

    /// Takes `count` clusters from the beginning of `data`; returns their bytes.
    fn whole(&mut self, count: u64, data: &[u8], sink: &mut impl Sink) -> Result<usize> {
        let len = count * self.geometry.cluster();
        sink.whole(self.at / self.geometry.cluster(), count)?;
        sink.data(data.get(..len as usize).unwrap_or_default())?;
        self.advance(len);
        Ok(len as usize)
    }

    /// Takes what is in this cluster from the beginning of `data`; returns its bytes.
    fn part(&mut self, data: &[u8], sink: &mut impl Sink) -> Result<usize> {
        let len = self.rest_of_cluster().min(data.len() as u64);
        let data = data.get(..len as usize).unwrap_or_default();
        if sparse::zero::is_zero(data) {
            self.pass(len, sink)?;
            return Ok(data.len());
        }
        if !self.begun {
            let within = self.at % self.geometry.cluster();
            sink.whole(self.at / self.geometry.cluster(), 1)?;
            if within > 0 {
                sink.zeros(within)?;
            }
            self.begun = true;
        }
        sink.data(data)?;
        self.advance(len);
        Ok(data.len())
    }
}
