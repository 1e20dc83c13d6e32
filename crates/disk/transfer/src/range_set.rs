//! Which parts of a disk have been written, where they come in any order.

use std::collections::BTreeMap;

use error::{Error, Result};

/// Ranges that are remembered, in some 30 MiB: a disk of 64 GiB in clusters of 64 KiB, of which no two
/// that follow one another lie side by side.
const MOST: usize = 1 << 20;

/// Ranges of bytes, joined where they touch.
#[derive(Debug)]
pub(crate) struct RangeSet {
    ranges: BTreeMap<u64, u64>,
    most: usize,
}

impl Default for RangeSet {
    fn default() -> Self {
        RangeSet::of(MOST)
    }
}

impl RangeSet {
    /// One that remembers `most` ranges.
    fn of(most: usize) -> Self {
        RangeSet {
            ranges: BTreeMap::new(),
            most,
        }
    }

    /// Adds the `len` bytes at `start`.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when some of them are there already, and
    /// [`error::Kind::Unsupported`] when there are too many ranges to remember.
    pub(crate) fn add(&mut self, start: u64, len: u64) -> Result<()> {
        let mut end = start + len;
        let mut start = start;
        if let Some((&next, &next_end)) = self.ranges.range(start..).next() {
            if next < end {
                return Err(twice(next));
            }
            if next == end {
                self.ranges.remove(&next);
                end = next_end;
            }
        }
        if let Some((&before, &before_end)) = self.ranges.range(..start).next_back() {
            if before_end > start {
                return Err(twice(start));
            }
            if before_end == start {
                start = before;
            }
        }
        self.ranges.insert(start, end);
        if self.ranges.len() > self.most {
            Err(scattered(self.most))
        } else {
            Ok(())
        }
    }

    /// The ranges of a disk of `size` bytes that are not covered: where each begins and its length.
    pub(crate) fn gaps(&self, size: u64) -> Vec<(u64, u64)> {
        let mut at = 0;
        let mut gaps = Vec::new();
        for (&start, &end) in &self.ranges {
            if at < start {
                gaps.push((at, start - at));
            }
            at = end;
        }
        if at < size {
            gaps.push((at, size - at));
        }
        gaps
    }

    /// Where the first gap begins.
    pub(crate) fn settled(&self) -> u64 {
        let first = self.ranges.first_key_value();
        first.map_or(0, |(&start, &end)| if start == 0 { end } else { 0 })
    }

    /// Where the last range ends.
    pub(crate) fn end(&self) -> u64 {
        self.ranges.last_key_value().map_or(0, |(_, &end)| end)
    }
}

fn twice(at: u64) -> Error {
    Error::corrupt(format!("holds byte {at} of the disk twice"))
}

fn scattered(most: usize) -> Error {
    let message = format!("holds its data in more than {most} scattered pieces");
    Error::unsupported(message).hint("unpack it first and give the file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_join_and_gaps_remain() {
        let mut set = RangeSet::default();
        for (start, len) in [(30, 10), (0, 10), (10, 5), (40, 1), (20, 10)] {
            set.add(start, len).unwrap();
        }
        assert_eq!(set.ranges.len(), 2);
        assert_eq!(set.gaps(50), [(15, 5), (41, 9)]);
        assert_eq!((set.settled(), set.end()), (15, 41));
        assert_eq!(RangeSet::default().settled(), 0);
        assert_eq!(RangeSet::default().gaps(7), [(0, 7)]);
        assert_eq!(RangeSet::default().gaps(0), []);
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let mut set = RangeSet::of(2);
        for start in [10, 30, 20] {
            set.add(start, 10).unwrap();
        }
        set.add(50, 10).unwrap();
        let error = set.add(70, 10).unwrap_err();
        assert_eq!(error.kind(), error::Kind::Unsupported);
        assert_eq!(
            error.message(),
            "holds its data in more than 2 scattered pieces"
        );
    }

    #[test]
    fn nothing_is_covered_twice() {
        for (start, len) in [(5, 1), (0, 6), (9, 5), (3, 20), (5, 5)] {
            let mut set = RangeSet::default();
            set.add(5, 5).unwrap();
            assert!(set.add(start, len).is_err(), "{start} {len}");
        }
    }
}
