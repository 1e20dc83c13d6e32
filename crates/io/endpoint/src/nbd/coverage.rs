//! Which bytes of a reply have come.

use std::collections::BTreeMap;

/// Ranges that were covered, each once; neighbours become one.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    /// Start to end.
    ranges: BTreeMap<u32, u32>,
}

impl Coverage {
    /// Adds `start..end`; says no when a part of it is there already or it is empty.
    pub(super) fn add(&mut self, mut start: u32, mut end: u32) -> bool {
        if start >= end {
            return false;
        }
        let before = self.ranges.range(..end).next_back();
        if let Some((&from, &to)) = before {
            if to > start {
                return false;
            }
            if to == start {
                start = from;
            }
        }
        if let Some(to) = self.ranges.remove(&end) {
            end = to;
        }
        self.ranges.insert(start, end);
        true
    }

    /// Whether `0..len` is covered.
    pub(super) fn is_whole(&self, len: u32) -> bool {
        len == 0 || self.ranges.get(&0).is_some_and(|&end| end >= len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_in_any_order_become_one() {
        let mut coverage = Coverage::default();
        for (start, end) in [(8, 10), (0, 2), (4, 6), (2, 4), (6, 8)] {
            assert!(!coverage.is_whole(10));
            assert!(coverage.add(start, end));
        }
        assert!(coverage.is_whole(10) && !coverage.is_whole(11));
        assert_eq!(coverage.ranges.len(), 1);
    }

    #[test]
    fn nothing_is_covered_twice() {
        let mut coverage = Coverage::default();
        assert!(coverage.add(4, 8));
        for (start, end) in [(4, 8), (0, 5), (7, 9), (0, 10), (5, 6), (3, 3), (9, 8)] {
            assert!(!coverage.add(start, end), "{start}..{end}");
        }
        assert!(coverage.add(8, 9) && coverage.add(0, 4) && coverage.is_whole(9));
    }
}
