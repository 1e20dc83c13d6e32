//! Writing a file whose tables are among its data: each is appended when it is complete, the header is
//! written at the end.

use error::Result;
use sparse::BlockWrite;

use super::geometry::Geometry;
use super::payload::Payload;
use super::refcounts::Refcounts;
use super::sink::Sink;

/// A file that grows while the disk passes, and is none before the end.
pub(super) struct Seekable {
    geometry: Geometry,
    pub(super) payload: Payload,
    /// Most entries of a large disk are 0, and their memory is never touched.
    l1: Vec<u64>,
    l2: L2,
    refcounts: Refcounts,
    /// Where the refcount blocks are.
    blocks: Vec<u64>,
}

/// The L2 table at work.
struct L2 {
    /// Its number, once there is one.
    number: Option<u64>,
    entries: Vec<u64>,
}

impl Seekable {
    /// One that writes to `inner`, which takes ranges in any order.
    pub(super) fn new(geometry: Geometry, inner: Box<dyn BlockWrite>) -> Self {
        let mut refcounts = Refcounts::new(geometry.refcounts());
        // The header's cluster.
        refcounts.add(0..=0);
        Seekable {
            geometry,
            payload: Payload::new(inner, geometry.bits(), geometry.cluster(), 1),
            l1: vec![0; geometry.l1_entries() as usize],
            l2: L2 {
                number: None,
                entries: vec![0; geometry.entries() as usize],
            },
            refcounts,
            blocks: Vec::new(),
        }
    }

    /// Writes the tables that are complete when cluster `number` of the disk comes next.
    fn turn_to(&mut self, number: u64) -> Result<()> {
        let table = number / self.geometry.entries();
        if self.l2.number != Some(table) {
            self.end_l2()?;
            self.l2.number = Some(table);
        }
        while let Some(block) = self.refcounts.complete(self.payload.placer.settled()) {
            let offset = self.payload.table(&block)?;
            self.count(offset, self.geometry.cluster());
            self.blocks.push(offset);
        }
        Ok(())
    }

    fn end_l2(&mut self) -> Result<()> {
        let Some(number) = self.l2.number.take() else {
            return Ok(());
        };
        let offset = self.payload.whole(1);
        self.payload.numbers(&self.l2.entries)?;
        self.l2.entries.fill(0);
        self.count(offset, self.geometry.cluster());
        if let Some(entry) = self.l1.get_mut(number as usize) {
            *entry = self.geometry.l1_entry(offset);
        }
        Ok(())
    }

    /// Counts what is in these bytes of the file, at least 1.
    fn count(&mut self, offset: u64, len: u64) {
        let bits = self.geometry.bits();
        self.refcounts
            .add(offset >> bits..=(offset + len - 1) >> bits);
    }

    fn map(&mut self, number: u64, entry: u64) {
        let index = number % self.geometry.entries();
        if let Some(place) = self.l2.entries.get_mut(index as usize) {
            *place = entry;
        }
    }

    /// Writes the L1 table; returns where.
    fn end_l1(&mut self) -> Result<u64> {
        let clusters = self.geometry.l1_clusters();
        if clusters == 0 {
            return Ok(0);
        }
        let offset = self.payload.whole(clusters);
        self.payload.numbers(&self.l1)?;
        self.payload.pad(self.payload.end())?;
        self.count(offset, clusters * self.geometry.cluster());
        Ok(offset)
    }

    /// Writes the refcount blocks that are left and the refcount table; returns where it is, and
    /// its clusters.
    fn end_refcounts(&mut self) -> Result<(u64, u64)> {
        let others = self.payload.placer.end();
        let written = self.blocks.len() as u64;
        let (_, clusters, all) = self.geometry.with_refcounts(others, written);
        self.count(
            others << self.geometry.bits(),
            (all - others) << self.geometry.bits(),
        );
        while let Some(block) = self.refcounts.rest(all) {
            let offset = self.payload.table(&block)?;
            self.blocks.push(offset);
        }
        let offset = self.payload.whole(clusters);
        self.payload.numbers(&self.blocks)?;
        self.payload.pad(self.payload.end())?;
        Ok((offset, clusters))
    }

    /// Writes the header's cluster, its beginning last: without it the file is none.
    fn end_header(&mut self, mut header: Vec<u8>) -> Result<()> {
        let cluster = self.geometry.cluster();
        let first = cluster.min(4096);
        header.resize(first as usize, 0);
        let inner = &mut self.payload.output.inner;
        if first < cluster {
            inner.zero_at(first, cluster - first)?;
        }
        inner.write_at(0, &header)
    }
}

impl Sink for Seekable {
    fn whole(&mut self, first: u64, count: u64) -> Result<()> {
        self.turn_to(first)?;
        let offset = self.payload.whole(count);
        self.count(offset, count << self.geometry.bits());
        for i in 0..count {
            self.map(
                first + i,
                self.geometry
                    .plain_entry(offset + (i << self.geometry.bits())),
            );
        }
        Ok(())
    }

    fn data(&mut self, data: &[u8]) -> Result<()> {
        self.payload.data(data)
    }

    fn zeros(&mut self, len: u64) -> Result<()> {
        self.payload.zeros(len)
    }

    fn packed(&mut self, number: u64, stored: &[u8]) -> Result<()> {
        self.turn_to(number)?;
        let offset = self.payload.packed(stored)?;
        let len = stored.len() as u64;
        self.count(offset, len);
        self.map(number, self.geometry.packed_entry(offset, len));
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.end_l2()?;
        let l1 = self.end_l1()?;
        let (table, clusters) = self.end_refcounts()?;
        self.payload.close()?;
        self.end_header(self.geometry.header(l1, table, clusters))?;
        self.payload.output.inner.finish(self.payload.end())
    }
}
