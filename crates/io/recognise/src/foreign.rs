//! Formats that are known and are not a disk, so that no backup or document is written over a volume
//! as if it were one.
//!
//! The magic numbers are those of each format's own documentation or source, and of the database of file(1).
//! Formats that this program reads are in the crates that read them.

mod archives;
mod check;
mod data;
mod images;
mod memory;
mod programs;
#[cfg(test)]
mod tests;

use crate::without_article;
use sparse::fields::holds;

/// What kind of thing a format is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A disk or a disc, packed in a way that is not read here.
    Image,
    /// What is made for flash memory, a ROM or a boot loader.
    Firmware,
    /// Several files in one.
    Archive,
    /// A compressed file.
    Compressed,
    /// A backup of files or of disks.
    Backup,
    /// Something encrypted.
    Encrypted,
    /// A machine's or a program's memory, or the state of a suspended guest.
    Memory,
    /// A kernel or another program.
    Program,
    /// A document.
    Document,
    /// A picture, sound or film.
    Media,
    /// A font.
    Font,
    /// A database or another file of data.
    Data,
}

impl Kind {
    /// The kind in one word, as a script reads it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Image => "image",
            Kind::Firmware => "firmware",
            Kind::Archive => "archive",
            Kind::Compressed => "compressed",
            Kind::Backup => "backup",
            Kind::Encrypted => "encrypted",
            Kind::Memory => "memory",
            Kind::Program => "program",
            Kind::Document => "document",
            Kind::Media => "media",
            Kind::Font => "font",
            Kind::Data => "data",
        }
    }

    /// Whether a disk may be inside, so that there is a way to it.
    pub fn may_hold_a_disk(self) -> bool {
        use Kind::{Archive, Backup, Compressed, Encrypted, Image};
        matches!(self, Image | Archive | Compressed | Backup | Encrypted)
    }
}

/// What a user can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// What there usually is to do with things of its kind.
    Usual,
    /// This.
    Say(&'static str),
    /// Run this command, which writes what is inside to its standard output.
    Pipe(&'static str),
}

/// A known format.
#[derive(Debug)]
pub struct Known {
    /// What it is, with its article: `a 7-Zip archive`.
    pub what: &'static str,
    /// What kind of thing it is.
    pub kind: Kind,
    /// What to do about it.
    pub advice: Advice,
    /// Magic numbers and where they are, in bytes from the start.
    magic: &'static [(usize, &'static [u8])],
    makes_sense: Option<fn(&[u8]) -> bool>,
}

/// Each is one row of the table.
impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Known {}

impl Known {
    const fn new(kind: Kind, what: &'static str, magic: &'static [(usize, &'static [u8])]) -> Self {
        Known {
            what,
            kind,
            advice: Advice::Usual,
            magic,
            makes_sense: None,
        }
    }

    const fn say(self, advice: &'static str) -> Self {
        Known {
            advice: Advice::Say(advice),
            ..self
        }
    }

    const fn pipe(self, command: &'static str) -> Self {
        Known {
            advice: Advice::Pipe(command),
            ..self
        }
    }

    /// The magic number counts only where `check` says so of the first bytes.
    const fn when(self, check: fn(&[u8]) -> bool) -> Self {
        Known {
            makes_sense: Some(check),
            ..self
        }
    }

    /// The name without its article.
    pub fn name(&self) -> &'static str {
        without_article(self.what)
    }

    fn is_in(&self, head: &[u8]) -> bool {
        let magic = self.magic.iter();
        magic.into_iter().all(|(at, magic)| holds(head, *at, magic))
            && self.makes_sense.is_none_or(|check| check(head))
    }

    /// Bytes of magic numbers.
    pub fn telling(&self) -> usize {
        self.magic.iter().map(|(_, magic)| magic.len()).sum()
    }

    /// Whether what was matched is so telling that it is no accident: then bytes that look like a disk as
    /// well are made to be read in two ways.
    pub fn is_strong(&self) -> bool {
        self.makes_sense.is_some() || self.telling() >= 4
    }
}

const TABLES: [&[Known]; 5] = [
    images::TABLE,
    archives::TABLE,
    memory::TABLE,
    programs::TABLE,
    data::TABLE,
];

/// Every format in the table.
pub fn all() -> impl Iterator<Item = &'static Known> {
    TABLES.into_iter().flatten()
}

/// The format that `head`, the first bytes of a file, belongs to; what is told by more bytes first.
pub fn in_head(head: &[u8]) -> Option<&'static Known> {
    let found = || all().filter(|known| known.is_in(head));
    found()
        .find(|known| known.is_strong())
        .or_else(|| found().next())
}

/// Bytes before a file's end in which [`in_tail`] looks.
pub const TAIL: usize = 512;

/// Formats that begin as the disk in them does and show only at their end: what they are, bytes before the
/// end, and the magic number there.
const AT_END: &[(Known, usize)] = &[
    (
        Known::new(
            Kind::Encrypted,
            "an encrypted Apple disk image",
            &[(0, b"cdsaencr")],
        ),
        8,
    ),
    (
        Known::new(Kind::Image, "a Nero disc image", &[(0, b"NER5")]),
        12,
    ),
    (
        Known::new(Kind::Image, "a Nero disc image", &[(0, b"NERO")]),
        8,
    ),
    (
        Known::new(Kind::Image, "a MagicISO image", &[(0, b"bbis")]),
        64,
    ),
    (
        Known::new(
            Kind::Backup,
            "a Macrium Reflect image",
            &[(0, b"MACRIUM_FILE")],
        ),
        12,
    ),
    (
        Known::new(
            Kind::Backup,
            "a Macrium Reflect image",
            &[(0, b"__79241006_2651_11D4_")],
        ),
        40,
    ),
];

/// The format that `tail`, the last bytes of a file, belongs to.
pub fn in_tail(tail: &[u8]) -> Option<&'static Known> {
    let found = AT_END.iter().find(|(known, before)| {
        let at = tail.len().checked_sub(*before);
        at.is_some_and(|at| tail.get(at..).is_some_and(|end| known.is_in(end)))
    });
    found.map(|(known, _)| known)
}
