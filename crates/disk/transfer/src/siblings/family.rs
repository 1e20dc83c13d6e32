//! Files whose names count, and what that means for them.

use std::collections::{BTreeMap, HashMap};

use error::Error;

use super::like::Like;
use super::name::{PartName, Series};
use crate::advice::Advice;
use crate::names::Names;

/// Files that are remembered.
const MOST: usize = 1 << 15;
/// Bytes that their names may take.
const NAMES: usize = 4 << 20;

/// What the names of one family have in common.
type Key = (String, Series, String);

/// Files whose names count, by what is the same in them.
#[derive(Debug, Default)]
pub(crate) struct Families {
    families: HashMap<Key, BTreeMap<u64, Sibling>>,
    count: usize,
    bytes: usize,
}

/// Files whose names differ in their number, in the order of these.
#[derive(Debug)]
pub(crate) struct Family<'a>(Vec<&'a Sibling>);

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Sibling {
    pub(crate) name: String,
    pub(crate) size: Option<u64>,
    pub(crate) like: Like,
}

impl Families {
    /// Remembers the file called `name`, which begins like `like`.
    pub(crate) fn add(&mut self, name: &str, size: Option<u64>, like: Like) {
        let Some(part) = PartName::parse(name) else {
            return;
        };
        self.count += 1;
        self.bytes += 2 * name.len();
        if self.count > MOST || self.bytes > NAMES {
            return;
        }
        let family = self.families.entry(key(&part)).or_default();
        family.entry(part.number).or_insert_with(|| Sibling {
            name: name.to_owned(),
            size,
            like,
        });
    }

    /// The files that the one called `name` counts among, itself included.
    pub(crate) fn of(&self, name: &str) -> Option<Family<'_>> {
        let part = PartName::parse(name)?;
        let family = self.families.get(&key(&part))?;
        let last = match part.series {
            // Other endings count as well: `disk.img.gz` is no part beside `disk.img.aa`.
            Series::Letters(_) => (0..)
                .find(|number| !family.contains_key(number))?
                .checked_sub(1)?,
            _ => u64::MAX,
        };
        let files: Vec<_> = family.range(..=last).map(|(_, file)| file).collect();
        (part.number <= last).then_some(Family(files))
    }
}

fn key(part: &PartName<'_>) -> Key {
    (part.before.to_owned(), part.series, part.after.to_owned())
}

impl Family<'_> {
    /// Its files in the order of their numbers.
    pub(crate) fn files(&self) -> impl DoubleEndedIterator<Item = &Sibling> {
        self.0.iter().copied()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether they are the parts of one file, by all that shows, and not files that happen to be numbered.
    pub(crate) fn is_split(&self) -> bool {
        let Some((first, last)) = self.files().next().zip(self.files().next_back()) else {
            return false;
        };
        let Some(part) = PartName::parse(&first.name) else {
            return false;
        };
        // What is numbered as 002 is a part whether the first is there or not; 20261130 is a day.
        let counts =
            part.is_first() || part.digits.starts_with('0') || part.series == Series::VirtualPc;
        let rest = || self.files().skip(usize::from(part.is_first()));
        if !counts || self.len() < 2 {
            return false;
        }
        if part.sure {
            return rest().any(|file| file.like != Like::Whole);
        }
        // Programs that split make all parts but the last equally long.
        let full = self
            .files()
            .rev()
            .skip(1)
            .all(|file| file.size == first.size);
        let shorter = first
            .size
            .zip(last.size)
            .is_some_and(|(first, last)| last < first);
        full && shorter && rest().all(|file| file.like == Like::Nothing)
    }

    /// The refusal of one of its files, which are parts of one.
    pub(crate) fn refusal(&self) -> Error {
        let mut names = Names::default();
        self.files()
            .for_each(|file| names.push(&file.name, file.size));
        let message = format!("is one of {} parts of a file: {}", self.len(), names.list());
        self.advised(Error::refused(message))
    }

    /// `refusal` with how to join the files.
    fn advised(&self, refusal: Error) -> Error {
        let part = self
            .files()
            .next()
            .and_then(|file| PartName::parse(&file.name));
        if part.is_some_and(|part| part.series == Series::Extents) {
            return refusal.hint(
                "give the descriptor, a small text file that names them, with all of them beside it",
            );
        }
        let pattern = self.pattern();
        refusal.advise(Advice::JoinParts { pattern })
    }

    /// What a shell makes the list of the files from, in their order.
    fn pattern(&self) -> Option<String> {
        let mut parts = self.files().filter_map(|file| PartName::parse(&file.name));
        let (first, last) = (parts.next()?, parts.next_back()?);
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%".contains(c);
        let harmless = |text: &str| text.chars().all(plain) && text.len() < 200;
        let (before, digits, width) = (first.before, first.digits, first.digits.len());
        if first.is_packed() || !harmless(before) || before.starts_with('-') {
            return None;
        }
        let even = last.digits.len() == width && parts.all(|part| part.digits.len() == width);
        Some(match first.series {
            Series::VirtualPc => format!("{before}.{digits} {before}.v[0-9]?"),
            Series::Letters(_) => match last.digits.split_at_checked(width - 1)? {
                (high, low) if digits.starts_with(high) => format!("{before}{high}[a-{low}]"),
                _ => return None,
            },
            _ if even => format!("{before}[0-9]{}", "?".repeat(width - 1)),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Like::{Nothing, Signature, Whole};

    fn family(files: &[(&str, u64, Like)]) -> Families {
        let mut families = Families::default();
        for (name, size, like) in files {
            families.add(name, Some(*size), *like);
        }
        families
    }

    fn split(files: &[(&str, u64, Like)]) -> bool {
        let families = family(files);
        families
            .of(files[0].0)
            .is_some_and(|family| family.is_split())
    }

    #[test]
    fn parts_are_told_from_files_that_are_numbered() {
        assert!(split(&[("a.img.000", 9, Whole), ("a.img.001", 9, Nothing)]));
        assert!(split(&[("a.img.ab", 9, Nothing), ("a.img.aa", 9, Whole)]));
        assert!(split(&[
            ("a.000", 9, Whole),
            ("a.001", 9, Whole),
            ("a.002", 9, Nothing)
        ]));
        assert!(split(&[("a.000", 9, Whole), ("a.001", 9, Signature)]));
        assert!(split(&[
            ("a-f001.vmdk", 9, Whole),
            ("a-f002.vmdk", 5, Nothing)
        ]));
        assert!(split(&[("a.vhd", 9, Whole), ("a.v01", 5, Nothing)]));
        assert!(split(&[("a.002", 9, Nothing), ("a.003", 9, Nothing)]));
        assert!(!split(&[("a.000", 9, Whole)]), "alone");
        assert!(
            !split(&[("a.000", 9, Nothing), ("a.001", 9, Whole)]),
            "each a disk"
        );
        assert!(
            !split(&[("a.20261129", 9, Whole), ("a.20261130", 9, Nothing)]),
            "days"
        );
        assert!(
            !split(&[("a.ab", 9, Whole), ("a.ac", 9, Nothing)]),
            "no first"
        );
        assert!(!split(&[
            ("a.gz", 9, Whole),
            ("a.aa", 9, Whole),
            ("a.ab", 9, Nothing)
        ]));
    }

    #[test]
    fn names_that_anything_may_have_need_more() {
        assert!(split(&[
            ("d.0", 9, Whole),
            ("d.1", 9, Nothing),
            ("d.2", 4, Nothing)
        ]));
        assert!(
            !split(&[("d.0", 9, Whole), ("d.1", 9, Nothing)]),
            "of one length"
        );
        assert!(
            !split(&[("d.0", 9, Whole), ("d.1", 12, Nothing)]),
            "a longer one"
        );
        assert!(
            !split(&[("d.0", 9, Whole), ("d.1", 4, Signature)]),
            "a file system"
        );
        assert!(!split(&[
            ("d.0", 9, Whole),
            ("d.1", 8, Nothing),
            ("d.2", 4, Nothing)
        ]));
    }

    fn refusal(files: &[(&str, u64, Like)]) -> Error {
        family(files).of(files[0].0).unwrap().refusal()
    }

    #[test]
    fn a_refusal_lists_the_parts_and_says_how_to_join_them() {
        let files = [("d/a.img.000", 9, Whole), ("d/a.img.001", 4, Nothing)];
        assert_eq!(
            refusal(&files).message(),
            "is one of 2 parts of a file: d/a.img.000 (9 bytes), d/a.img.001 (4 bytes)"
        );
        let joined = |files: &[(&str, u64, Like)]| match refusal(files).advice() {
            Some(Advice::JoinParts { pattern }) => pattern.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(joined(&files).as_deref(), Some("d/a.img.[0-9]??"));
        let files = [("a.vhd", 9, Whole), ("a.v01", 9, Nothing)];
        assert_eq!(joined(&files).as_deref(), Some("a.vhd a.v[0-9]?"));
        let files = [
            ("x.aa", 9, Whole),
            ("x.ab", 9, Nothing),
            ("x.ac", 9, Nothing),
            ("x.gz", 9, Whole),
        ];
        assert_eq!(joined(&files).as_deref(), Some("x.a[a-c]"));
        for odd in [
            ["a b.00", "a b.01"],
            ["a.00.gz", "a.01.gz"],
            ["a.9", "a.10"],
            ["-a.00", "-a.01"],
        ] {
            assert_eq!(joined(&odd.map(|name| (name, 9, Nothing))), None);
        }
        let extents = [("a-f001.vmdk", 9, Whole), ("a-f002.vmdk", 9, Nothing)];
        assert_eq!(
            refusal(&extents).hint_text(),
            Some(
                "give the descriptor, a small text file that names them, with all of them beside it"
            )
        );
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut families = Families::default();
        for number in 0..2 * MOST {
            families.add(&format!("a.{number}"), None, Nothing);
        }
        assert_eq!(families.of("a.0").unwrap().len(), MOST);
        let long = "x".repeat(NAMES);
        let mut families = Families::default();
        families.add(&format!("{long}.0"), None, Nothing);
        assert!(families.of(&format!("{long}.0")).is_none());
        families = Families::default();
        families.add("a.0", None, Nothing);
        assert!(families.of("a.0").is_some() && families.of("b").is_none());
    }
}
