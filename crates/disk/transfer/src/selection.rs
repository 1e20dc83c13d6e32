//! Which disk is meant, and what the walk's end means for it.

use diskimage::Format;
use error::{Error, Result, printable};
use vmconfig::Choice;

use crate::advice::Advice;
use crate::disk::Taken;
use crate::names::last_part;
use crate::summary::Summary;

/// What the person said about the disk.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The member's name, or a pattern of names.
    pub member: Option<Pattern>,
    /// The disk's format.
    pub format: Option<Format>,
    /// Whether a disk is taken that says that it is longer than it is.
    pub may_be_cut: bool,
    /// Whether an archive is taken whose end mark is missing, or is followed by something else.
    pub any_end: bool,
    /// Whether every disk is meant that the rest does not exclude, and not just one.
    pub several: bool,
    /// The guest that is meant, whose disks alone are taken then, and its deployment.
    pub choice: Choice,
    /// Whether one guest has to be meant, because it is going to be described.
    pub one_guest: bool,
}

/// A member's name or a glob.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    glob: glob::Pattern,
}

impl Pattern {
    /// Reads `text` as a glob: `*` and `?` match anything, `/` included.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] when it is none.
    pub fn new(text: &str) -> Result<Self> {
        let glob = glob::Pattern::new(text)
            .map_err(|cause| Error::usage(format!("invalid pattern '{text}'")).cause(cause))?;
        Ok(Pattern {
            text: text.to_owned(),
            glob,
        })
    }

    /// Whether it means the member called `name`: by the whole name, its last part, or as a glob.
    fn matches(&self, name: &str) -> bool {
        let text = self.text.strip_prefix("./").unwrap_or(&self.text);
        let same = |name: &str| {
            let name = name.strip_prefix("./").unwrap_or(name);
            let last = last_part(name);
            name == text || last == text || self.glob.matches(name) || self.glob.matches(last)
        };
        // Archives from Windows may have backslashes between directories.
        same(name) || (name.contains('\\') && same(&name.replace('\\', "/")))
    }
}

impl Selection {
    /// Whether a member of this name was asked for.
    pub(crate) fn names(&self, member: &str) -> bool {
        let pattern = self.member.as_ref();
        !member.is_empty() && pattern.is_some_and(|pattern| pattern.matches(member))
    }

    /// Whether a disk of this name may be the one.
    pub(crate) fn wants(&self, member: &str) -> bool {
        self.member.is_none() || self.names(member)
    }

    /// Judges what a whole walk saw: the disks that were taken, if they were the only ones meant.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] when there was none, or several, with the list and a hint.
    pub(crate) fn judge<'a>(&self, summary: &'a Summary) -> Result<&'a [Taken]> {
        let Some(Taken { disk: taken, .. }) = summary.taken.first() else {
            return Err(self.none_but_trouble(summary));
        };
        if summary.twice {
            let name = if self.several {
                summary.rivals.list()
            } else {
                taken.member.clone()
            };
            return Err(Error::refused(format!("holds {name} twice")));
        }
        if summary.rivals.count == 0 {
            return Ok(&summary.taken);
        }
        let (first, rivals) = (summary.first.list(), summary.rivals.list());
        let count = 1 + summary.rivals.count;
        let example = typeable(&taken.member).then(|| taken.member.clone());
        Err(
            Error::refused(format!("holds {count} disks: {first}, {rivals}"))
                .advise(Advice::SelectMember { example }),
        )
    }

    /// Why there is no disk: what was asked for is none, or what could not be read may have held it.
    fn none_but_trouble(&self, summary: &Summary) -> Error {
        if let Some(error) = &summary.no_disk {
            return error.clone();
        }
        match (&summary.trouble, &self.member) {
            (Some(trouble), None) => trouble.clone(),
            (Some(trouble), Some(_)) => self.none(summary).because(trouble.clone()),
            (None, _) => self.none(summary),
        }
    }

    fn none(&self, summary: &Summary) -> Error {
        let list = summary.rest.list();
        match &self.member {
            Some(pattern) if !summary.archive => Error::refused(format!(
                "is not an archive, so it has no member '{}'",
                pattern.text
            )),
            None if !summary.archive => {
                Error::refused("is text, not a disk").advise(Advice::DeclareRaw)
            }
            _ if summary.rest.count == 0 => Error::refused("is empty"),
            Some(pattern) => Error::refused(format!(
                "holds no member that matches '{}'; it holds {list}",
                pattern.text
            )),
            None => Error::refused(format!("holds no disk; it holds {list}"))
                .advise(Advice::DeclareMemberRaw),
        }
    }
}

/// Whether a user can type the name.
fn typeable(name: &str) -> bool {
    name.len() <= 200 && printable(name) == name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Disk;
    use crate::names::Names;

    fn disk(member: &str) -> Vec<Taken> {
        let disk = Disk {
            member: member.into(),
            size: Some(1024),
            format: Format::Raw,
            variant: String::new(),
        };
        let layers = vec![];
        vec![Taken { disk, layers }]
    }

    fn selection(pattern: &str) -> Selection {
        Selection {
            member: Some(Pattern::new(pattern).unwrap()),
            ..Selection::default()
        }
    }

    #[test]
    fn a_pattern_is_a_name_a_last_part_or_a_glob() {
        for pattern in [
            "guest/disk.img",
            "./guest/disk.img",
            "disk.img",
            "*.img",
            "guest/*",
        ] {
            assert!(selection(pattern).names("./guest/disk.img"), "{pattern}");
        }
        for pattern in [
            "disk.img",
            "guest/disk.img",
            r"guest\disk.img",
            "guest/*.img",
        ] {
            assert!(selection(pattern).names(r"guest\disk.img"), "{pattern}");
        }
        assert!(!selection("disk").names("guest/disk.img"));
        assert!(!selection("*").names(""), "the source itself is no member");
        let error = Pattern::new("a[").unwrap_err();
        assert_eq!(error.message(), "invalid pattern 'a['");
    }

    fn names(names: &[&str]) -> Names {
        let mut list = Names::default();
        for name in names {
            list.push(name, Some(1024));
        }
        list
    }

    #[test]
    fn several_disks_are_listed() {
        let summary = Summary {
            taken: disk("a b.img"),
            first: names(&["a b.img"]),
            rivals: names(&["b.img"]),
            ..Summary::default()
        };
        let error = Selection::default().judge(&summary).unwrap_err();
        assert_eq!(
            error.message(),
            "holds 2 disks: a b.img (1024 bytes), b.img (1024 bytes)"
        );
        let example = Some("a b.img".to_owned());
        assert_eq!(error.advice(), Some(&Advice::SelectMember { example }));
    }

    #[test]
    fn a_member_that_is_there_twice_is_refused() {
        let summary = Summary {
            taken: disk("a.img"),
            rivals: names(&["a.img"]),
            twice: true,
            ..Summary::default()
        };
        let error = selection("a.img").judge(&summary).unwrap_err();
        assert_eq!(error.message(), "holds a.img twice");
    }

    #[test]
    fn no_disk_says_what_there_is() {
        let summary = Summary {
            archive: true,
            rest: names(&["README"]),
            ..Summary::default()
        };
        let error = Selection::default().judge(&summary).unwrap_err();
        assert_eq!(
            error.message(),
            "holds no disk; it holds README (1024 bytes)"
        );
        let error = selection("x").judge(&summary).unwrap_err();
        assert_eq!(
            error.message(),
            "holds no member that matches 'x'; it holds README (1024 bytes)"
        );
    }
}
