//! Where clusters go in the file.

/// Bytes of whole clusters that are put behind a cluster that is not full yet. Who writes in
/// ascending order has to hold them back until it is.
const HOLD: u64 = 4 << 20;

/// Gives out places in the file, always the same ones for the same sequence of clusters.
///
/// Packed clusters follow one another byte by byte. Where something else comes between, the open
/// cluster is gone back to until the next one does not fit.
#[derive(Clone, Debug)]
pub(super) struct Placer {
    bits: u32,
    next: u64,
    open: Option<Open>,
}

/// A cluster that packed ones fill.
#[derive(Clone, Debug)]
struct Open {
    at: u64,
    end: u64,
    /// Bytes placed behind it.
    behind: u64,
}

impl Placer {
    /// One that begins at cluster `next` of the file.
    pub(super) fn new(bits: u32, next: u64) -> Self {
        Placer {
            bits,
            next,
            open: None,
        }
    }

    /// The cluster size's logarithm.
    pub(super) fn bits(&self) -> u32 {
        self.bits
    }

    /// The byte where `count` whole clusters go.
    pub(super) fn whole(&mut self, count: u64) -> u64 {
        let offset = self.next << self.bits;
        self.next += count;
        if let Some(open) = &mut self.open {
            open.behind += count << self.bits;
        }
        self.open.take_if(|open| open.behind > HOLD);
        offset
    }

    /// The byte where a packed cluster of `len` bytes goes, less than a cluster and at least 1.
    pub(super) fn packed(&mut self, len: u64) -> u64 {
        let end = self.next << self.bits;
        let cluster = 1 << self.bits;
        let mut open = match self.open.take() {
            Some(open) if open.at + len <= open.end => open,
            behind => {
                self.next += 1;
                Open {
                    at: behind
                        .filter(|open| open.end == end)
                        .map_or(end, |open| open.at),
                    end: end + cluster,
                    behind: 0,
                }
            }
        };
        let offset = open.at;
        open.at += len;
        self.open = (open.at < open.end).then_some(open);
        offset
    }

    /// The first byte that may be given out yet, if one before the end may be.
    pub(super) fn open_at(&self) -> Option<u64> {
        self.open.as_ref().map(|open| open.at)
    }

    /// The first cluster that something may be put into yet.
    pub(super) fn settled(&self) -> u64 {
        self.open_at().map_or(self.next, |at| at >> self.bits)
    }

    /// Clusters of the file so far.
    pub(super) fn end(&self) -> u64 {
        self.next
    }

    /// Leaves the rest of the open cluster empty.
    pub(super) fn close(&mut self) {
        self.open = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_clusters_follow_one_another_across_clusters() {
        let mut placer = Placer::new(16, 1);
        assert_eq!(placer.packed(60_000), 65_536);
        assert_eq!(placer.packed(60_000), 125_536);
        assert_eq!(placer.packed(11_072), 185_536);
        assert_eq!(
            (placer.open_at(), placer.settled(), placer.end()),
            (None, 3, 3)
        );
        assert_eq!(placer.packed(1), 3 << 16);
    }

    #[test]
    fn the_open_cluster_is_gone_back_to() {
        let mut placer = Placer::new(16, 1);
        assert_eq!(placer.packed(30_000), 65_536);
        assert_eq!(placer.whole(2), 2 << 16);
        assert_eq!(placer.settled(), 1);
        assert_eq!(placer.packed(30_000), 95_536);
        assert_eq!(placer.packed(30_000), 4 << 16);
        assert_eq!(placer.settled(), 4);
    }

    #[test]
    fn not_much_is_put_behind_it() {
        let mut placer = Placer::new(16, 1);
        placer.packed(1);
        placer.whole(64);
        assert_eq!(placer.open_at(), Some(65_537));
        placer.whole(1);
        assert_eq!((placer.open_at(), placer.settled()), (None, 67));
    }
}
