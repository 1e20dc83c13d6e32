//! Tables, of which little is held.

use std::ops::Range;

use error::Result;
use sparse::BlockRead;

use super::entry::{Cluster, Layout};
use crate::fields::{be64, read_exact};

/// Entries of the L1 table that are held at a time: with clusters of 64 KiB, those of 4 TiB.
const PAGE: u64 = 8192;

/// The L1 table, of which one page is held.
pub(super) struct L1 {
    offset: u64,
    entries: u64,
    first: u64,
    page: Vec<u8>,
}

impl L1 {
    /// The table at byte `offset`, of which so many entries matter.
    pub(super) fn new(offset: u64, entries: u64) -> Self {
        L1 {
            offset,
            entries,
            first: 0,
            page: Vec::new(),
        }
    }

    /// Where it is.
    pub(super) fn range(&self) -> Range<u64> {
        self.offset..self.offset.saturating_add(self.entries * 8)
    }

    /// Entry number `index`.
    pub(super) fn entry(&mut self, file: &dyn BlockRead, index: u64) -> Result<u64> {
        let first = index / PAGE * PAGE;
        if self.page.is_empty() || self.first != first {
            let entries = PAGE.min(self.entries.saturating_sub(first));
            let mut page = bytes(entries * 8);
            let at = self.offset.saturating_add(first * 8);
            read_exact(file, at, &mut page, "L1 table")?;
            (self.first, self.page) = (first, page);
        }
        Ok(number(&self.page, index - first))
    }
}

/// An L2 table.
pub(super) struct L2 {
    /// Its number, which is that of its entry in the L1 table.
    pub(super) table: u64,
    bytes: Vec<u8>,
}

impl L2 {
    /// Reads table number `table`, which is at byte `offset`.
    pub(super) fn read(
        file: &dyn BlockRead,
        layout: &Layout,
        table: u64,
        offset: u64,
    ) -> Result<Self> {
        let mut bytes = bytes(layout.cluster());
        read_exact(file, offset, &mut bytes, &format!("L2 table {table}"))?;
        Ok(L2 { table, bytes })
    }

    /// Entries that stand for bytes of the disk: what is behind its end is not used.
    pub(super) fn clusters(&self, layout: &Layout) -> u64 {
        let start = self.table.saturating_mul(layout.covered());
        let left = layout.size.saturating_sub(start);
        left.div_ceil(layout.cluster()).min(layout.in_table())
    }

    /// Entry number `index`, and which byte of the disk it begins with.
    pub(super) fn cluster(&self, layout: &Layout, index: u64) -> Result<(u64, Cluster)> {
        let guest = self.table * layout.covered() + index * layout.cluster();
        let (entry, bitmap) = if layout.extended {
            (
                number(&self.bytes, index * 2),
                number(&self.bytes, index * 2 + 1),
            )
        } else {
            (number(&self.bytes, index), 0)
        };
        Ok((guest, Cluster::read(layout, guest, entry, bitmap)?))
    }
}

/// So many bytes, which must be few.
fn bytes(len: u64) -> Vec<u8> {
    vec![0; usize::try_from(len).unwrap_or_default()]
}

/// Number `index` in a table of numbers.
fn number(table: &[u8], index: u64) -> u64 {
    be64(table, usize::try_from(index * 8).unwrap_or(usize::MAX))
}
