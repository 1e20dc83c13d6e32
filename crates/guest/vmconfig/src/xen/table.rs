//! Tables of names and the releases that know them.

use super::Release;

/// What a release makes of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is known.
    Known,
    /// It may be known: sources of releases between are missing.
    Unsure,
    /// It came with this release, or not before it.
    NotYet(Release),
    /// This is the last release that knew it.
    Gone(Release),
    /// No release knows it.
    Unknown,
}

/// A name and the releases that know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: &'static str,
    kinds: &'static str,
    /// The first release that may know it, and the first that does for certain.
    pub first: (Release, Release),
    /// The last release that knows it for certain, and the last that may; `None` where it is known still.
    pub last: Option<(Release, Release)>,
}

impl Entry {
    /// A line of a table.
    fn read(line: &'static str) -> Option<Entry> {
        let mut words = line.split_ascii_whitespace();
        Some(Entry {
            name: words.next()?,
            kinds: words.next()?,
            first: bounds(words.next()?)?,
            last: bounds(words.next()?),
        })
    }

    /// The kinds of values it takes, in the table's words: `number`, `boolean`, `string`, `list` for keys; `custom`, `boolean`,
    /// `integer`, `size`, `string`, `ignore` for options.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.kinds.split(',').filter(|kind| *kind != "-")
    }

    /// What `release` makes of it.
    pub fn standing(&self, release: Release) -> Standing {
        if release < self.first.0 {
            return Standing::NotYet(self.first.0);
        }
        match self.last {
            Some((last, most)) if release > most => Standing::Gone(last),
            Some((last, _)) if release > last => Standing::Unsure,
            _ if release < self.first.1 => Standing::Unsure,
            _ => Standing::Known,
        }
    }
}

/// Reads `4.17` or `4.7..4.14`; `None` for `-`.
fn bounds(text: &str) -> Option<(Release, Release)> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    Some((from.parse().ok()?, to.parse().ok()?))
}

/// The entries of a table, in the order of their names.
pub(super) fn entries(table: &'static str) -> Vec<Entry> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(Entry::read).collect()
}

/// The name among `entries` that is most like `name`: of a few letters' difference, the fewer the shorter it is.
pub(super) fn nearest(entries: &[Entry], name: &str) -> Option<&'static str> {
    let most = match name.len() {
        0..3 => 0,
        3..6 => 1,
        6..10 => 2,
        _ => 3,
    };
    // Comparing costs the product of the lengths.
    let is_alike = |entry: &&Entry| entry.name.len().abs_diff(name.len()) <= most;
    let near = entries.iter().filter(is_alike).filter_map(|entry| {
        let distance = strsim::damerau_levenshtein(entry.name, name);
        (distance <= most).then_some((distance, entry.name))
    });
    near.min().map(|(_, name)| name)
}
