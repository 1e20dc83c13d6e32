//! Refcounts: how many use each cluster of the file.

use std::ops::RangeInclusive;

/// Counts, in blocks that are given away as they are complete.
pub(super) struct Refcounts {
    /// Entries of a block.
    block: u64,
    /// The first cluster of the first block that has not been given away.
    first: u64,
    counts: Vec<u16>,
}

impl Refcounts {
    /// None, in blocks of `block` entries.
    pub(super) fn new(block: u64) -> Self {
        Refcounts {
            block,
            first: 0,
            counts: Vec::new(),
        }
    }

    /// Counts one more user of each of these clusters. What was given away counts no more.
    pub(super) fn add(&mut self, clusters: RangeInclusive<u64>) {
        let index = |cluster: u64| cluster.saturating_sub(self.first) as usize;
        let (start, end) = (index(*clusters.start()), index(*clusters.end()) + 1);
        if self.counts.len() < end {
            self.counts.resize(end, 0);
        }
        for count in self.counts.get_mut(start..end).unwrap_or_default() {
            *count = count.saturating_add(1);
        }
    }

    /// The next block, if nothing changes any more in the clusters before `settled` and it has no
    /// others.
    pub(super) fn complete(&mut self, settled: u64) -> Option<Vec<u8>> {
        (settled >= self.first + self.block).then(|| self.next_block())
    }

    /// The next block as it is, if it has a cluster before `end`.
    pub(super) fn rest(&mut self, end: u64) -> Option<Vec<u8>> {
        (self.first < end).then(|| self.next_block())
    }

    fn next_block(&mut self) -> Vec<u8> {
        let have = self.counts.len().min(self.block as usize);
        let mut block: Vec<u8> = self
            .counts
            .drain(..have)
            .flat_map(|count| count.to_be_bytes())
            .collect();
        block.resize(self.block as usize * 2, 0);
        self.first += self.block;
        block
    }
}
