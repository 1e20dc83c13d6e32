//! A file with changes that are only in memory.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use error::{Error, Result};
use sparse::{BlockRead, Run};

/// Bytes in a page, the unit in which a log tells of changes.
pub(super) const PAGE: usize = 4096;

/// Pages that are held at most: 32 MiB.
const PAGES: usize = 8192;

/// Changes that are held at most, those that only write zeros included.
const CHANGES: usize = 65_536;

/// A file and what is over it.
pub(super) struct Overlay {
    file: Arc<dyn BlockRead>,
    /// Bytes in the file once it is changed, where that is known.
    size: Option<u64>,
    /// What is changed, by where it begins; nothing overlaps.
    changes: BTreeMap<u64, Change>,
    pages: usize,
}

#[derive(Clone)]
struct Change {
    end: u64,
    /// The new content of a page; zeros of any length without one.
    page: Option<Box<[u8; PAGE]>>,
}

impl Overlay {
    /// `file`, unchanged but for its size, which is `size` if it was less.
    pub(super) fn new(file: Arc<dyn BlockRead>, size: u64) -> Self {
        Overlay {
            size: file.size().map(|there| there.max(size)),
            file,
            changes: BTreeMap::new(),
            pages: 0,
        }
    }

    /// Pages that are held.
    pub(super) fn pages(&self) -> usize {
        self.pages
    }

    /// Whether anything is changed in `range`.
    pub(super) fn changes(&self, range: &Range<u64>) -> bool {
        self.over(range).next().is_some()
    }

    /// Writes `page` at byte `at`, a multiple of its length.
    pub(super) fn write(&mut self, at: u64, page: Box<[u8; PAGE]>) -> Result<()> {
        self.change(at, PAGE as u64, Some(page))
    }

    /// Writes `len` zeros at byte `at`; both are multiples of a page.
    pub(super) fn zero(&mut self, at: u64, len: u64) -> Result<()> {
        match len {
            0 => Ok(()),
            len => self.change(at, len, None),
        }
    }

    fn change(&mut self, at: u64, len: u64, page: Option<Box<[u8; PAGE]>>) -> Result<()> {
        let size = self.size.unwrap_or(u64::MAX);
        let end = at.checked_add(len).filter(|&end| end <= size);
        let Some(end) = end else {
            return Err(Error::corrupt(format!(
                "its log changes {len} bytes at byte {at}, outside the file of {size} bytes"
            )));
        };
        self.clear(&(at..end));
        self.pages += usize::from(page.is_some());
        self.changes.insert(at, Change { end, page });
        if self.pages > PAGES || self.changes.len() > CHANGES {
            Err(
                Error::unsupported(format!("has a log with more than {PAGES} pages of changes"))
                    .hint("let qemu-img write it back on a copy: qemu-img check -r all"),
            )
        } else {
            Ok(())
        }
    }

    /// Forgets what was changed in `range`. Pages are forgotten whole, for everything is aligned to
    /// them; zeros may stay before and behind.
    fn clear(&mut self, range: &Range<u64>) {
        let over: Vec<u64> = self.over(range).map(|(start, _)| start).collect();
        for start in over {
            let Some(change) = self.changes.remove(&start) else {
                continue;
            };
            self.pages -= usize::from(change.page.is_some());
            let before = start..range.start;
            let behind = range.end..change.end;
            for rest in [before, behind].into_iter().filter(|rest| !rest.is_empty()) {
                let zeros = Change {
                    end: rest.end,
                    page: None,
                };
                self.changes.insert(rest.start, zeros);
            }
        }
    }

    /// The changes in `range` in ascending order.
    fn over(&self, range: &Range<u64>) -> impl Iterator<Item = (u64, &Change)> {
        let before = self.changes.range(..range.start).next_back();
        let before = before.filter(|(_, change)| change.end > range.start);
        let others = self.changes.range(range.start..range.end.max(range.start));
        let all = before.into_iter().chain(others);
        all.map(|(&start, change)| (start, change))
    }
}

impl BlockRead for Overlay {
    fn name(&self) -> &str {
        self.file.name()
    }

    fn size(&self) -> Option<u64> {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let mut there = self.file.read_at(offset, buffer)?;
        if let Some(size) = self.size {
            let left = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
            let all = left.min(buffer.len());
            buffer.get_mut(there..all).unwrap_or_default().fill(0);
            there = there.max(all);
        }
        let range = offset..offset.saturating_add(there as u64);
        for (start, change) in self.over(&range) {
            let (from, to) = (start.max(range.start), change.end.min(range.end));
            let part = (from - offset) as usize..(to - offset) as usize;
            let part = buffer.get_mut(part).unwrap_or_default();
            match &change.page {
                None => part.fill(0),
                Some(page) => {
                    let skip = (from - start) as usize;
                    let new = page.get(skip..skip + part.len()).unwrap_or_default();
                    part.copy_from_slice(new);
                }
            }
        }
        Ok(there)
    }

    fn run_at(&self, offset: u64) -> Result<Run> {
        let change = self.over(&(offset..u64::MAX)).next();
        let until = match change {
            Some((start, change)) if start <= offset => {
                let len = change.end - offset;
                return Ok(match change.page {
                    Some(_) => Run::Data(len),
                    None => Run::Hole(len),
                });
            }
            Some((start, _)) => start - offset,
            None => u64::MAX,
        };
        let behind = self.size.unwrap_or(0).saturating_sub(offset);
        Ok(match self.file.run_at(offset)? {
            Run::Data(len) => Run::Data(len.min(until)),
            Run::Hole(len) => Run::Hole(len.min(until)),
            Run::End if behind > 0 => Run::Hole(behind.min(until)),
            Run::End => Run::End,
        })
    }

    fn will_need(&self, ranges: &[Range<u64>]) {
        self.file.will_need(ranges);
    }

    fn check_unchanged(&self) -> Result<()> {
        self.file.check_unchanged()
    }

    fn is_far(&self) -> bool {
        self.file.is_far()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LEN: u64 = 10 * PAGE as u64;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn it_is_the_file_changed(
            changes in prop::collection::vec((any::<bool>(), 0u64..10, 1u64..4), 0..12),
            reads in prop::collection::vec((0..LEN + 9, 0usize..9000), 1..20),
        ) {
            let file = crate::test_util::random(1, 7 * PAGE + 100);
            let mut changed = file.clone();
            changed.resize(LEN as usize, 0);
            let mut overlay = Overlay::new(Arc::new(file), LEN);
            for (i, (zero, page, pages)) in changes.into_iter().enumerate() {
                let at = page * PAGE as u64;
                let len = if zero { pages.min(10 - page) as usize * PAGE } else { PAGE };
                let part = &mut changed[at as usize..][..len];
                if zero { overlay.zero(at, len as u64).unwrap() } else { overlay.write(at, Box::new([i as u8 + 1; PAGE])).unwrap() }
                part.fill(if zero { 0 } else { i as u8 + 1 });
            }
            let held = overlay.changes.values().filter(|change| change.page.is_some());
            prop_assert_eq!(held.count(), overlay.pages());
            for (at, len) in reads {
                let mut buffer = vec![0xee; len];
                let n = overlay.read_at(at, &mut buffer).unwrap();
                let expected = &changed[(at as usize).min(changed.len())..];
                prop_assert!(buffer[..n] == expected[..len.min(expected.len())]);
            }
            let mut at = 0;
            while at < LEN {
                let len = match overlay.run_at(at).unwrap() {
                    Run::Data(len) => len,
                    Run::Hole(len) => {
                        prop_assert!(changed[at as usize..][..len as usize].iter().all(|&b| b == 0));
                        len
                    }
                    Run::End => 0,
                };
                prop_assert!(len > 0 && at + len <= LEN);
                at += len;
            }
            prop_assert_eq!(overlay.run_at(LEN).unwrap(), Run::End);
        }
    }

    #[test]
    fn memory_is_bounded() {
        let file: Vec<u8> = Vec::new();
        let told = |change: &dyn Fn(&mut Overlay, u64) -> Result<()>| {
            let mut overlay = Overlay::new(Arc::new(file.clone()), u64::MAX);
            let at = (0..100_000).find_map(|i| Some((i, change(&mut overlay, i * 8192).err()?)));
            let (i, error) = at.unwrap();
            assert_eq!(
                error.to_string(),
                "has a log with more than 8192 pages of changes"
            );
            i
        };
        assert_eq!(told(&|o, at| o.write(at, Box::new([1; PAGE]))), 8192);
        assert_eq!(told(&|o, at| o.zero(at, 4096)), 65_536);
        let mut overlay = Overlay::new(Arc::new(file.clone()), 8192);
        let error = overlay.zero(4096, u64::MAX - 4095).unwrap_err();
        assert_eq!(
            error.to_string(),
            "its log changes 18446744073709547520 bytes at byte 4096, outside the file of 8192 bytes"
        );
    }
}
