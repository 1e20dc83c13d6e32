//! What has been fetched, what is under way, and what to fetch next.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of data that are kept or under way.
pub(super) const DATA: u64 = 16 << 20;
/// Bytes of announced tables that are kept or under way.
pub(super) const TABLES: u64 = 8 << 20;
/// The first part of a row, in bytes; each further one is four times as large, up to [`LARGEST`].
pub(super) const SMALLEST: u64 = 128 << 10;
/// The largest part, in bytes.
const LARGEST: u64 = 4 << 20;
/// Parts of a row that are under way ahead of the reader.
const ROW_AHEAD: usize = 2;
/// Parts that are under way ahead of all readers.
const AHEAD: usize = 3;
/// Bytes of tables that were not read yet.
const TABLES_AHEAD: u64 = 2 << 20;
/// Announced ranges this near are fetched as one.
const GAP: u64 = 64 << 10;
/// Announced ranges that are remembered.
const ANNOUNCED: usize = 16 << 10;
/// What a part takes besides its bytes, generously.
const COST: u64 = 1 << 10;

/// The parts of a file.
pub(super) struct Cache {
    size: u64,
    /// By where they begin; they do not overlap.
    parts: BTreeMap<u64, Part>,
    /// Announced ranges that have not been fetched, start and end.
    announced: BTreeMap<u64, u64>,
    time: u64,
}

struct Part {
    end: u64,
    /// `None` while it is under way.
    data: Option<Arc<Vec<u8>>>,
    /// Whether it was announced.
    table: bool,
    /// Whether it goes on where another one ended.
    row: bool,
    /// Whether it was asked for yet.
    used: bool,
    /// When that was last.
    time: u64,
}

/// What is known about a byte.
pub(super) enum Look {
    /// It is in this part, which begins here.
    Here(u64, Arc<Vec<u8>>),
    /// It is under way.
    Coming,
    /// It was not asked for.
    Missing,
}

impl Cache {
    /// Nothing of a file of `size` bytes.
    pub(super) fn new(size: u64) -> Self {
        Cache {
            size,
            parts: BTreeMap::new(),
            announced: BTreeMap::new(),
            time: 0,
        }
    }

    /// Where byte `at` is.
    pub(super) fn look(&mut self, at: u64) -> Look {
        self.time += 1;
        let time = self.time;
        match self.parts.range_mut(..=at).next_back() {
            Some((start, part)) if part.end > at => match &part.data {
                Some(data) => {
                    part.time = time;
                    Look::Here(*start, Arc::clone(data))
                }
                None => Look::Coming,
            },
            _ => Look::Missing,
        }
    }

    /// Decides what to fetch for byte `at`, which is missing and of which `want` bytes are going to be
    /// read; it is under way from now on.
    pub(super) fn expect(&mut self, at: u64, want: u64) -> Range<u64> {
        let announced = self.announced.range(..=at).next_back();
        let announced = announced.map(|(&start, &end)| (start, end));
        if let Some((start, end)) = announced
            && end > at
        {
            let part = self.take_announced(start, at);
            return self.begin(part, true, false);
        }
        let before = self.parts.range(..at).next_back();
        let (row, len) = match before {
            // Little was left out: a hole, most likely.
            Some((start, part)) if at - part.end <= part.end - start && !part.table => {
                (true, grown(part.end - start))
            }
            _ => (false, SMALLEST),
        };
        let end = at.saturating_add(len.max(want.min(LARGEST)));
        self.begin(at..end, false, row)
    }

    /// What to fetch besides, now that byte `at`, here or under way, is being read: parts that are
    /// under way from now on.
    pub(super) fn ahead(&mut self, at: u64) -> Vec<Range<u64>> {
        let Some((&start, part)) = self.parts.range_mut(..=at).next_back() else {
            return Vec::new();
        };
        let first = !std::mem::replace(&mut part.used, true);
        let (end, table, row) = (part.end, part.table, part.row);
        let mut parts = Vec::new();
        if first && table {
            self.tables_ahead(end, &mut parts);
        } else if first && row {
            self.row_ahead(start..end, &mut parts);
        }
        parts
    }

    /// The next tables behind byte `from`.
    fn tables_ahead(&mut self, from: u64, parts: &mut Vec<Range<u64>>) {
        let mut from = from;
        while self.under_way_ahead() < AHEAD && self.tables_unread() < TABLES_AHEAD {
            let Some((&start, _)) = self.announced.range(from..).next() else {
                return;
            };
            let part = self.take_announced(start, start);
            from = part.end;
            if self.overlaps(part.start) {
                continue;
            }
            if !self.make_room(true, part.end - part.start) {
                self.announced.insert(part.start, part.end);
                return;
            }
            parts.push(self.begin(part, true, false));
        }
    }

    /// The next parts of the row that `last` belongs to.
    fn row_ahead(&mut self, last: Range<u64>, parts: &mut Vec<Range<u64>>) {
        let mut last = last;
        for _ in 0..ROW_AHEAD {
            let at = last.end;
            if at >= self.size {
                return;
            }
            if let Some(part) = self.parts.get(&at) {
                last = at..part.end;
                continue;
            }
            let len = grown(last.end - last.start);
            if self.under_way_ahead() >= AHEAD || !self.make_room(false, len) {
                return;
            }
            last = self.begin(at..at.saturating_add(len), false, true);
            parts.push(last.clone());
        }
    }

    /// Puts the part that begins at `start`, fetched.
    pub(super) fn put(&mut self, start: u64, data: Vec<u8>) -> Arc<Vec<u8>> {
        let data = Arc::new(data);
        self.time += 1;
        let end = start.saturating_add(data.len() as u64);
        let part = self.parts.entry(start).or_insert(Part {
            end,
            data: None,
            table: false,
            row: false,
            used: false,
            time: 0,
        });
        part.time = self.time;
        part.data = Some(Arc::clone(&data));
        data
    }

    /// The part that begins at `start` is no longer under way; what has arrived stays.
    pub(super) fn give_up(&mut self, start: u64) {
        if self
            .parts
            .get(&start)
            .is_some_and(|part| part.data.is_none())
        {
            self.parts.remove(&start);
        }
    }

    /// Remembers that `range` is going to be read.
    pub(super) fn announce(&mut self, range: &Range<u64>) {
        let end = range.end.min(self.size);
        if range.start >= end || self.announced.len() >= ANNOUNCED {
            return;
        }
        let known = self.announced.entry(range.start).or_insert(end);
        *known = end.max(*known);
    }

    /// Takes from `at` on what was announced from `start` on, with what is near behind it.
    fn take_announced(&mut self, start: u64, at: u64) -> Range<u64> {
        let limit = at.saturating_add(LARGEST);
        let mut end = self.announced.remove(&start).unwrap_or(at);
        while let Some((&next, &next_end)) = self.announced.range(start..).next()
            && next <= end.saturating_add(GAP)
            && next_end <= limit
        {
            self.announced.remove(&next);
            end = end.max(next_end);
        }
        if end > limit {
            self.announced.insert(limit, end);
        }
        at..end.min(limit)
    }

    /// Notes `part`, cut to what is missing, as under way.
    fn begin(&mut self, part: Range<u64>, table: bool, row: bool) -> Range<u64> {
        let start = part.start;
        let next = self.parts.range(start..).next();
        let next = next.map_or(self.size, |(next, _)| *next);
        let end = part.end.min(next).min(self.size);
        // It is fetched whatever else there is: the reader waits.
        self.make_room(table, end.saturating_sub(start));
        self.time += 1;
        let part = Part {
            end,
            data: None,
            table,
            row,
            used: false,
            time: self.time,
        };
        self.parts.insert(start, part);
        start..end
    }

    /// Forgets what was not used for longest until `len` more bytes of data, or of tables, fit.
    fn make_room(&mut self, table: bool, len: u64) -> bool {
        let limit = if table { TABLES } else { DATA };
        let mine = |part: &Part| part.table == table;
        let cost = |(start, part): (&u64, &Part)| part.end - start + COST;
        let mut held: u64 = self
            .parts
            .iter()
            .filter(|(_, part)| mine(part))
            .map(cost)
            .sum();
        while held + len + COST > limit {
            let here = self.parts.iter();
            let here = here.filter(|(_, part)| mine(part) && part.data.is_some());
            let Some((&oldest, _)) = here.min_by_key(|(_, part)| part.time) else {
                return false;
            };
            held -= self
                .parts
                .remove_entry(&oldest)
                .map_or(0, |(start, part)| cost((&start, &part)));
        }
        true
    }

    fn overlaps(&self, at: u64) -> bool {
        let before = self.parts.range(..=at).next_back();
        before.is_some_and(|(_, part)| part.end > at)
    }

    fn under_way_ahead(&self) -> usize {
        let ahead = |part: &&Part| part.data.is_none() && !part.used;
        self.parts.values().filter(ahead).count()
    }

    fn tables_unread(&self) -> u64 {
        let unread = self
            .parts
            .iter()
            .filter(|(_, part)| part.table && !part.used);
        unread.map(|(start, part)| part.end - start).sum()
    }
}

/// The length of a part behind one of `len` bytes.
fn grown(len: u64) -> u64 {
    len.saturating_mul(4).clamp(SMALLEST, LARGEST)
}
