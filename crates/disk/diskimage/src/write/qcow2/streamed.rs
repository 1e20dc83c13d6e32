//! Writing a file whose tables come before its data, as a pipe needs it: the layout is known.

use error::{Error, Result};
use sparse::BlockWrite;

use super::geometry::Geometry;
use super::layout::{Layout, Mark, Stored};
use super::payload::Payload;
use super::place::Placer;
use super::refcounts::Refcounts;
use super::sink::Sink;

/// A file that is written from its first byte to its last: header, refcount table, refcount blocks, L1
/// table, L2 tables, data.
pub(super) struct Streamed {
    layout: Layout,
    /// What has to come next.
    mark: Mark,
    plan: Plan,
    pub(super) payload: Payload,
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
        let geometry = &layout.geometry;
        let mut placer = Placer::new(geometry.bits(), 0);
        let (mut l2, mut last) = (0, None);
        for (number, stored) in layout.clusters() {
            place(&mut placer, stored);
            let table = number / geometry.entries();
            if last.replace(table) != Some(table) {
                l2 += 1;
            }
        }
        let data = placer.end();
        let l1 = geometry.l1_clusters();
        let (blocks, refcount_table, all) = geometry.with_refcounts(1 + l1 + l2 + data, 0);
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

impl Streamed {
    /// One that writes what `layout` says to `inner`.
    pub(super) fn new(layout: Layout, inner: Box<dyn BlockWrite>) -> Self {
        let plan = Plan::new(&layout);
        Streamed {
            payload: Payload::new(inner, layout.geometry.bits(), 0, plan.tables),
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
        let geometry = self.layout.geometry;
        let plan = self.plan;
        let blocks = 1 + plan.refcount_table;
        let l1 = blocks + plan.blocks;
        let l2 = l1 + plan.l1;
        let byte = |cluster: u64| cluster << geometry.bits();
        let l1_at = if plan.l1 == 0 { 0 } else { byte(l1) };
        let header = geometry.header(l1_at, byte(1), plan.refcount_table);
        self.payload.data(&header)?;
        self.payload.pad(byte(1))?;
        let table: Vec<u64> = (blocks..l1).map(byte).collect();
        self.payload.numbers(&table)?;
        self.payload.pad(byte(blocks))?;
        self.refcount_blocks()?;
        self.payload.numbers(&self.l1(&geometry, l2))?;
        self.payload.pad(byte(l2))?;
        self.l2_tables(&geometry)
    }

    fn refcount_blocks(&mut self) -> Result<()> {
        let geometry = self.layout.geometry;
        let bits = geometry.bits();
        let mut placer = self.payload.placer.clone();
        let mut refcounts = Refcounts::new(geometry.refcounts());
        for table in 0..self.plan.tables {
            refcounts.add(table..=table);
            if let Some(block) = refcounts.complete(table + 1) {
                self.payload.data(&block)?;
            }
        }
        for (_, stored) in self.layout.clusters() {
            let (offset, len) = place(&mut placer, stored);
            refcounts.add(offset >> bits..=(offset + len - 1) >> bits);
            while let Some(block) = refcounts.complete(placer.settled()) {
                self.payload.data(&block)?;
            }
        }
        while let Some(block) = refcounts.rest(self.plan.all) {
            self.payload.data(&block)?;
        }
        Ok(())
    }

    /// The L1 table for L2 tables from cluster `next` of the file on.
    fn l1(&self, geometry: &Geometry, mut next: u64) -> Vec<u64> {
        let mut entries = vec![0; geometry.l1_entries() as usize];
        for (number, _) in self.layout.clusters() {
            let table = (number / geometry.entries()) as usize;
            if let Some(entry) = entries.get_mut(table).filter(|entry| **entry == 0) {
                *entry = geometry.l1_entry(next << geometry.bits());
                next += 1;
            }
        }
        entries
    }

    fn l2_tables(&mut self, geometry: &Geometry) -> Result<()> {
        let mut placer = self.payload.placer.clone();
        let mut entries = vec![0; geometry.entries() as usize];
        let mut last = None;
        for (number, stored) in self.layout.clusters() {
            let table = number / geometry.entries();
            if last.replace(table).is_some_and(|last| last != table) {
                self.payload.numbers(&entries)?;
                entries.fill(0);
            }
            let (offset, len) = place(&mut placer, stored);
            if let Some(entry) = entries.get_mut((number % geometry.entries()) as usize) {
                *entry = match stored {
                    Stored::Whole => geometry.plain_entry(offset),
                    Stored::Packed(_) => geometry.packed_entry(offset, len),
                };
            }
        }
        match last {
            Some(_) => self.payload.numbers(&entries),
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
        let at = differs.unwrap_or_default() << self.layout.geometry.bits();
        Err(Error::io(
            "the disk has changed between the two passes over it",
            format!("its data at byte {at} is not what it was"),
        ))
    }
}

impl Sink for Streamed {
    fn whole(&mut self, first: u64, count: u64) -> Result<()> {
        for number in first..first + count {
            self.expect(Some((number, Stored::Whole)))?;
        }
        self.payload.whole(count);
        Ok(())
    }

    fn data(&mut self, data: &[u8]) -> Result<()> {
        self.payload.data(data)
    }

    fn zeros(&mut self, len: u64) -> Result<()> {
        self.payload.zeros(len)
    }

    fn packed(&mut self, number: u64, stored: &[u8]) -> Result<()> {
        self.expect(Some((number, Stored::Packed(stored.len() as u32))))?;
        self.payload.packed(stored).map(drop)
    }

    fn finish(&mut self) -> Result<()> {
        self.expect(None)?;
        self.payload.close()?;
        self.payload.output.inner.finish(self.payload.end())
    }
}
