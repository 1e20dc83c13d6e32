//! Writing a file whose tables lie among its data: each is appended when it is complete, the header is
//! written at the end.

use error::Result;
use sparse::BlockWrite;

use super::back::Back;
use super::body::Body;
use super::refcounts::Refcounts;
use super::shape::Shape;

/// A file that grows while the disk passes, and is none before the end.
pub(super) struct Appending {
    shape: Shape,
    pub(super) body: Body,
    /// Most entries of a large disk are 0, and their memory is never touched.
    l1: Vec<u64>,
    l2: L2,
    refcounts: Refcounts,
    /// Where the refcount blocks lie.
    blocks: Vec<u64>,
}

/// The L2 table at work.
struct L2 {
    /// Its number, once there is one.
    number: Option<u64>,
    entries: Vec<u64>,
}

impl Appending {
    /// One that writes to `inner`, which takes ranges in any order.
    pub(super) fn new(shape: Shape, inner: Box<dyn BlockWrite>) -> Self {
        let mut refcounts = Refcounts::new(shape.refcounts());
        // The header's cluster.
        refcounts.add(0..=0);
        Appending {
            shape,
            body: Body::new(inner, shape.bits(), shape.cluster(), 1),
            l1: vec![0; shape.l1_entries() as usize],
            l2: L2 {
                number: None,
                entries: vec![0; shape.entries() as usize],
            },
            refcounts,
            blocks: Vec::new(),
        }
    }

    /// Writes the tables that are complete when cluster `number` of the disk comes next.
    fn turn_to(&mut self, number: u64) -> Result<()> {
        let table = number / self.shape.entries();
        if self.l2.number != Some(table) {
            self.end_l2()?;
            self.l2.number = Some(table);
        }
        while let Some(block) = self.refcounts.complete(self.body.placer.settled()) {
            let offset = self.body.table(&block)?;
            self.count(offset, self.shape.cluster());
            self.blocks.push(offset);
        }
        Ok(())
    }

    fn end_l2(&mut self) -> Result<()> {
        let Some(number) = self.l2.number.take() else {
            return Ok(());
        };
        let offset = self.body.whole(1);
        self.body.numbers(&self.l2.entries)?;
        self.l2.entries.fill(0);
        self.count(offset, self.shape.cluster());
        if let Some(entry) = self.l1.get_mut(number as usize) {
            *entry = self.shape.l1_entry(offset);
        }
        Ok(())
    }

    /// Counts what lies in these bytes of the file, at least 1.
    fn count(&mut self, offset: u64, len: u64) {
        let bits = self.shape.bits();
        self.refcounts
            .add(offset >> bits..=(offset + len - 1) >> bits);
    }

    fn map(&mut self, number: u64, entry: u64) {
        let index = number % self.shape.entries();
        if let Some(place) = self.l2.entries.get_mut(index as usize) {
            *place = entry;
        }
    }

    /// Writes the L1 table; returns where.
    fn end_l1(&mut self) -> Result<u64> {
        let clusters = self.shape.l1_clusters();
        if clusters == 0 {
            return Ok(0);
        }
        let offset = self.body.whole(clusters);
        self.body.numbers(&self.l1)?;
        self.body.pad(self.body.end())?;
        self.count(offset, clusters * self.shape.cluster());
        Ok(offset)
    }

    /// Writes the refcount blocks that are left and the refcount table; returns where it lies, and
    /// its clusters.
    fn end_refcounts(&mut self) -> Result<(u64, u64)> {
        let others = self.body.placer.end();
        let written = self.blocks.len() as u64;
        let (_, clusters, all) = self.shape.with_refcounts(others, written);
        self.count(
            others << self.shape.bits(),
            (all - others) << self.shape.bits(),
        );
        while let Some(block) = self.refcounts.rest(all) {
            let offset = self.body.table(&block)?;
            self.blocks.push(offset);
        }
        let offset = self.body.whole(clusters);
        self.body.numbers(&self.blocks)?;
        self.body.pad(self.body.end())?;
        Ok((offset, clusters))
    }

    /// Writes the header's cluster, its beginning last: without it the file is none.
    fn end_header(&mut self, mut header: Vec<u8>) -> Result<()> {
        let cluster = self.shape.cluster();
        let first = cluster.min(4096);
        header.resize(first as usize, 0);
        let inner = &mut self.body.output.inner;
        if first < cluster {
            inner.zero_at(first, cluster - first)?;
        }
        inner.write_at(0, &header)
    }
}

impl Back for Appending {
    fn whole(&mut self, first: u64, count: u64) -> Result<()> {
        self.turn_to(first)?;
        let offset = self.body.whole(count);
        self.count(offset, count << self.shape.bits());
        for i in 0..count {
            self.map(
                first + i,
                self.shape.plain_entry(offset + (i << self.shape.bits())),
            );
        }
        Ok(())
    }

    fn data(&mut self, data: &[u8]) -> Result<()> {
        self.body.data(data)
    }

    fn zeros(&mut self, len: u64) -> Result<()> {
        self.body.zeros(len)
    }

    fn packed(&mut self, number: u64, stored: &[u8]) -> Result<()> {
        self.turn_to(number)?;
        let offset = self.body.packed(stored)?;
        let len = stored.len() as u64;
        self.count(offset, len);
        self.map(number, self.shape.packed_entry(offset, len));
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.end_l2()?;
        let l1 = self.end_l1()?;
        let (table, clusters) = self.end_refcounts()?;
        self.body.close()?;
        self.end_header(self.shape.header(l1, table, clusters))?;
        self.body.output.inner.finish(self.body.end())
    }
}
