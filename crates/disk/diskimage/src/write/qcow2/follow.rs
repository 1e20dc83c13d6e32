//! Writing a file whose tables come before its data, as a pipe needs it: the layout is known.

use error::{Error, Result};
use sparse::BlockWrite;

use super::back::Back;
use super::body::Body;
use super::layout::{Layout, Mark, Stored};
use super::place::Placer;
use super::refcounts::Refcounts;
use super::shape::Shape;

/// A file that is written from its first byte to its last: header, refcount table, refcount blocks, L1
/// table, L2 tables, data.
pub(super) struct Following {
    layout: Layout,
    /// What has to come next.
    mark: Mark,
    plan: Plan,
    pub(super) body: Body,
    begun: bool,
}

/// How many clusters of the file there are of everything.
#[derive(Clone, Copy)]
struct Plan {
    refcount_table: u64,
    blocks: u64,
    l1: u64,
    /// Those of the header and of all tables.
    tables: u64,
    all: u64,
}

impl Plan {
    fn new(layout: &Layout) -> Self {
        let shape = &layout.shape;
        let mut placer = Placer::new(shape.bits(), 0);
        let (mut l2, mut last) = (0, None);
        for (number, stored) in layout.clusters() {
            place(&mut placer, stored);
            let table = number / shape.entries();
            if last.replace(table) != Some(table) {
                l2 += 1;
            }
        }
        let data = placer.end();
        let l1 = shape.l1_clusters();
        let (blocks, refcount_table, all) = shape.with_refcounts(1 + l1 + l2 + data, 0);
        Plan {
            refcount_table,
            blocks,
            l1,
            tables: all - data,
            all,
        }
    }
}

/// The byte where a cluster goes, and its bytes.
fn place(placer: &mut Placer, stored: Stored) -> (u64, u64) {
    match stored {
        Stored::Whole => (placer.whole(1), 1 << placer.bits()),
        Stored::Packed(len) => (placer.packed(u64::from(len)), u64::from(len)),
    }
}

impl Following {
    /// One that writes what `layout` says to `inner`.
    pub(super) fn new(layout: Layout, inner: Box<dyn BlockWrite>) -> Self {
        let plan = Plan::new(&layout);
        Following {
            body: Body::new(inner, layout.shape.bits(), 0, plan.tables),
            layout,
            mark: Mark::default(),
            plan,
            begun: false,
        }
    }

    /// Writes all that comes before the data, once.
    fn begin(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        let shape = self.layout.shape;
        let plan = self.plan;
        let blocks = 1 + plan.refcount_table;
        let l1 = blocks + plan.blocks;
        let l2 = l1 + plan.l1;
        let byte = |cluster: u64| cluster << shape.bits();
        let l1_at = if plan.l1 == 0 { 0 } else { byte(l1) };
        let header = shape.header(l1_at, byte(1), plan.refcount_table);
        self.body.data(&header)?;
        self.body.pad(byte(1))?;
        let table: Vec<u64> = (blocks..l1).map(byte).collect();
        self.body.numbers(&table)?;
        self.body.pad(byte(blocks))?;
        self.refcount_blocks()?;
        self.body.numbers(&self.l1(&shape, l2))?;
        self.body.pad(byte(l2))?;
        self.l2_tables(&shape)
    }

    fn refcount_blocks(&mut self) -> Result<()> {
        let shape = self.layout.shape;
        let bits = shape.bits();
        let mut placer = self.body.placer.clone();
        let mut refcounts = Refcounts::new(shape.refcounts());
        for table in 0..self.plan.tables {
            refcounts.add(table..=table);
            if let Some(block) = refcounts.complete(table + 1) {
                self.body.data(&block)?;
            }
        }
        for (_, stored) in self.layout.clusters() {
            let (offset, len) = place(&mut placer, stored);
            refcounts.add(offset >> bits..=(offset + len - 1) >> bits);
            while let Some(block) = refcounts.complete(placer.settled()) {
                self.body.data(&block)?;
            }
        }
        while let Some(block) = refcounts.rest(self.plan.all) {
            self.body.data(&block)?;
        }
        Ok(())
    }

    /// The L1 table for L2 tables from cluster `next` of the file on.
    fn l1(&self, shape: &Shape, mut next: u64) -> Vec<u64> {
        let mut entries = vec![0; shape.l1_entries() as usize];
        for (number, _) in self.layout.clusters() {
            let table = (number / shape.entries()) as usize;
            if let Some(entry) = entries.get_mut(table).filter(|entry| **entry == 0) {
                *entry = shape.l1_entry(next << shape.bits());
                next += 1;
            }
        }
        entries
    }

    fn l2_tables(&mut self, shape: &Shape) -> Result<()> {
        let mut placer = self.body.placer.clone();
        let mut entries = vec![0; shape.entries() as usize];
        let mut last = None;
        for (number, stored) in self.layout.clusters() {
            let table = number / shape.entries();
            if last.replace(table).is_some_and(|last| last != table) {
                self.body.numbers(&entries)?;
                entries.fill(0);
            }
            let (offset, len) = place(&mut placer, stored);
            if let Some(entry) = entries.get_mut((number % shape.entries()) as usize) {
                *entry = match stored {
                    Stored::Whole => shape.plain_entry(offset),
                    Stored::Packed(_) => shape.packed_entry(offset, len),
                };
            }
        }
        match last {
            Some(_) => self.body.numbers(&entries),
            None => Ok(()),
        }
    }

    /// Sees that what comes is what came in the first pass; `None` is the end.
    fn expect(&mut self, found: Option<(u64, Stored)>) -> Result<()> {
        self.begin()?;
        let expected = self.layout.next(&mut self.mark);
        if expected == found {
            return Ok(());
        }
        let differs = [expected, found]
            .into_iter()
            .flatten()
            .map(|(number, _)| number)
            .min();
        let at = differs.unwrap_or_default() << self.layout.shape.bits();
        Err(Error::io(
            "the disk has changed between the two passes over it",
            format!("its data at byte {at} is not what it was"),
        ))
    }
}

impl Back for Following {
    fn whole(&mut self, first: u64, count: u64) -> Result<()> {
        for number in first..first + count {
            self.expect(Some((number, Stored::Whole)))?;
        }
        self.body.whole(count);
        Ok(())
    }

    fn data(&mut self, data: &[u8]) -> Result<()> {
        self.body.data(data)
    }

    fn zeros(&mut self, len: u64) -> Result<()> {
        self.body.zeros(len)
    }

    fn packed(&mut self, number: u64, stored: &[u8]) -> Result<()> {
        self.expect(Some((number, Stored::Packed(stored.len() as u32))))?;
        self.body.packed(stored).map(drop)
    }

    fn finish(&mut self) -> Result<()> {
        self.expect(None)?;
        self.body.close()?;
        self.body.output.inner.finish(self.body.end())
    }
}
