//! Which parts of a disk have been written, where they come in any order.

use std::collections::BTreeMap;

use report::{Error, Result};

/// Ranges of bytes, joined where they touch.
#[derive(Debug, Default)]
pub(crate) struct Cover(BTreeMap<u64, u64>);

impl Cover {
    /// Adds the `len` bytes at `start`.
    ///
    /// # Errors
    /// [`report::Kind::Corrupt`] when some of them are there already.
    pub(crate) fn add(&mut self, start: u64, len: u64) -> Result<()> {
        let mut end = start + len;
        let mut start = start;
        if let Some((&next, &next_end)) = self.0.range(start..).next() {
            if next < end {
                return Err(twice(next));
            }
            if next == end {
                self.0.remove(&next);
                end = next_end;
            }
        }
        if let Some((&before, &before_end)) = self.0.range(..start).next_back() {
            if before_end > start {
                return Err(twice(start));
            }
            if before_end == start {
                start = before;
            }
        }
        self.0.insert(start, end);
        Ok(())
    }

    /// The ranges of a disk of `size` bytes that are not covered: where each begins and its length.
    pub(crate) fn gaps(&self, size: u64) -> Vec<(u64, u64)> {
        let mut at = 0;
        let mut gaps = Vec::new();
        for (&start, &end) in &self.0 {
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

    /// Where the last range ends.
    pub(crate) fn end(&self) -> u64 {
        self.0.last_key_value().map_or(0, |(_, &end)| end)
    }
}

fn twice(at: u64) -> Error {
    Error::corrupt(format!("holds byte {at} of the disk twice"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_join_and_gaps_remain() {
        let mut cover = Cover::default();
        for (start, len) in [(30, 10), (0, 10), (10, 5), (40, 1), (20, 10)] {
            cover.add(start, len).unwrap();
        }
        assert_eq!(cover.0.len(), 2);
        assert_eq!(cover.gaps(50), [(15, 5), (41, 9)]);
        assert_eq!(cover.end(), 41);
        assert_eq!(Cover::default().gaps(7), [(0, 7)]);
        assert_eq!(Cover::default().gaps(0), []);
    }

    #[test]
    fn nothing_is_covered_twice() {
        for (start, len) in [(5, 1), (0, 6), (9, 5), (3, 20), (5, 5)] {
            let mut cover = Cover::default();
            cover.add(5, 5).unwrap();
            assert!(cover.add(start, len).is_err(), "{start} {len}");
        }
    }
}
