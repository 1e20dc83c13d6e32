//! What descriptors say about the members around them, from one pass to the next.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::Arc;

use diskimage::VmdkParts;
use error::{Error, Result};

use crate::advice::Advice;
use crate::siblings::Families;
use crate::walk::File;

/// Disks in several members that a source may hold.
const SETS: usize = 64;
/// Bytes that the names of all their parts may take.
const NAMES: usize = 8 << 20;
/// Names of members that are remembered as long as a descriptor may still come.
const PASSED: usize = 1 << 17;

/// What is known about disks in several members.
#[derive(Default)]
pub(crate) struct Parts {
    pub(super) stage: Stage,
    pub(super) sets: Vec<Known>,
    names: usize,
    /// Members that have passed in this pass; `None` when they became too many.
    passed: Passed,
    /// Members that passed before nothing was taken any more.
    before: Passed,
    /// Disks that were taken in this pass, by their keys, and the bytes of raw ones.
    taken: HashMap<String, Option<u64>>,
    /// Members whose names count, in all passes.
    pub(super) families: Families,
    /// Files in chunks that descriptions list.
    pub(super) chunked: Vec<Chunked>,
    /// The keys of files that descriptions list and that come in one piece.
    pub(super) whole: HashSet<String>,
    /// Members whose names count and that were let through in this pass.
    pub(super) numbered: Vec<File>,
}

/// A file that comes in chunks, and what has become of it in this pass.
#[derive(Clone, Debug)]
pub(super) struct Chunked {
    /// Its key.
    pub(super) key: String,
    /// Bytes in each chunk but the last.
    pub(super) chunk: u64,
    /// Bytes in all of them, as the description says.
    pub(super) size: Option<u64>,
    pub(super) fate: Fate,
}

impl Chunked {
    /// The number of its chunk that the member with this key is.
    pub(super) fn number(&self, key: &str) -> Option<u64> {
        let digits = key.strip_prefix(&self.key)?.strip_prefix('.')?;
        let counts = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| counts)
    }
}

/// Which pass through the source this is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// The first: descriptors become known as they come.
    #[default]
    First,
    /// Nothing is taken any more: what is left of the pass looks for descriptors.
    Ahead,
    /// Every descriptor is known.
    Known,
}

/// A disk in several members and what has become of it in this pass.
pub(super) struct Known {
    pub(super) set: Arc<Set>,
    /// Whether its descriptor has come.
    pub(super) met: bool,
    pub(super) fate: Fate,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Fate {
    /// None of its parts has come.
    #[default]
    Open,
    Taken,
    /// It is another disk that is meant.
    PassedBy,
}

/// A disk in several members.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Set {
    /// The descriptor's name.
    pub(super) descriptor: String,
    /// The archive's name.
    pub(super) archive: String,
    pub(super) disk: VmdkParts,
    /// The keys of the parts' members, as the descriptor writes them.
    keys: Vec<String>,
    /// The parts by these keys without capitals.
    index: HashMap<String, usize>,
}

impl Set {
    /// What the descriptor in `file` says.
    pub(super) fn new(file: &File, disk: VmdkParts) -> Self {
        let stem = file.stem();
        let parts = disk.files.iter();
        let keys: Vec<_> = parts.map(|part| format!("{stem}{}", part.name)).collect();
        Set {
            descriptor: file.member.clone(),
            archive: file.archive().to_owned(),
            index: (0..).zip(&keys).map(|(i, key)| (folded(key), i)).collect(),
            keys,
            disk,
        }
    }

    /// The part that the member with this key is.
    pub(super) fn part(&self, key: &str) -> Option<usize> {
        self.index.get(&folded(key)).copied()
    }

    /// The keys of the parts.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(String::as_str)
    }
}

/// A key without its capitals: Windows, where descriptors are written, does not tell them apart.
fn folded(key: &str) -> String {
    key.to_lowercase()
}

/// Names that have passed.
#[derive(Default)]
struct Passed {
    names: HashSet<u64>,
    hash: std::hash::RandomState,
    overflowed: bool,
}

impl Passed {
    fn add(&mut self, key: &str) {
        let key = &folded(key);
        if self.names.len() < PASSED {
            self.names.insert(self.hash.hash_one(key));
        } else {
            self.overflowed = true;
        }
    }

    fn has(&self, key: &str) -> bool {
        self.overflowed || self.names.contains(&self.hash.hash_one(folded(key)))
    }
}

impl Parts {
    /// A pass begins.
    pub(crate) fn begin(&mut self) {
        if self.stage == Stage::Ahead {
            self.stage = Stage::Known;
            self.before = std::mem::take(&mut self.passed);
        }
        for known in &mut self.sets {
            (known.met, known.fate) = (false, Fate::Open);
        }
        for file in &mut self.chunked {
            file.fate = Fate::Open;
        }
        self.passed = Passed::default();
        self.taken.clear();
        self.numbered.clear();
    }

    /// Whether nothing is taken before the next pass.
    pub(crate) fn is_ahead(&self) -> bool {
        self.stage == Stage::Ahead
    }

    /// The number of the disk that the member with this key is a part of.
    pub(super) fn find(&self, key: &str) -> Option<usize> {
        let is_part = |known: &Known| known.set.part(key).is_some();
        self.sets.iter().position(is_part)
    }

    /// Remembers a disk whose descriptor has come.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] when a member is a part of two disks, [`error::Kind::Unsupported`] when there
    /// are too many.
    pub(super) fn add(&mut self, set: Set) -> Result<()> {
        self.names += set.keys().map(str::len).sum::<usize>();
        if self.sets.len() == SETS || self.names > NAMES {
            return Err(Error::unsupported(format!(
                "is in an archive with more than {SETS} disks in several files, or with very many such files"
            ))
            .hint("unpack the archive and give the descriptor's path"));
        }
        if let Some((key, other)) = set.keys().find_map(|key| Some((key, self.find(key)?))) {
            let other = self.sets.get(other).map(|known| &known.set.descriptor);
            return Err(Error::refused(format!(
                "has the part {key}, which is a part of {} too",
                other.map_or("", String::as_str)
            ))
            .advise(Advice::SelectOneOfThese));
        }
        self.sets.push(Known {
            set: Arc::new(set),
            met: true,
            fate: Fate::Open,
        });
        Ok(())
    }

    /// The number of the file in chunks that the member with this key is a chunk of, and the chunk's.
    pub(super) fn chunk(&self, key: &str) -> Option<(usize, u64)> {
        let mut files = self.chunked.iter().enumerate();
        files.find_map(|(index, file)| Some((index, file.number(key)?)))
    }

    /// Remembers a file in chunks that a description lists.
    ///
    /// # Errors
    /// [`error::Kind::Unsupported`] when there are too many.
    pub(super) fn add_chunked(&mut self, file: Chunked) -> Result<()> {
        self.names += file.key.len();
        if self.chunked.len() == SETS || self.names > NAMES {
            return Err(Error::unsupported(format!(
                "lists more than {SETS} files in chunks, or files with very long names"
            )));
        }
        self.chunked.push(file);
        Ok(())
    }

    /// Remembers a file that a description lists and that comes in one piece.
    pub(super) fn add_whole(&mut self, key: String) {
        if self.names + key.len() <= NAMES {
            self.names += key.len();
            self.whole.insert(key);
        }
    }

    /// Remembers that the member with this key has passed.
    pub(super) fn pass(&mut self, key: &str) {
        self.passed.add(key);
    }

    /// Whether the member with this key has passed, or may have.
    pub(super) fn has_passed(&self, key: &str) -> bool {
        self.passed.has(key)
    }

    /// Whether the member with this key is in the source, as far as that is known.
    pub(super) fn is_there(&self, key: &str) -> bool {
        self.passed.has(key) || self.before.has(key)
    }

    /// Remembers that the member with this key was taken for a disk, which has so many bytes if it is raw.
    pub(crate) fn taken(&mut self, key: String, raw: Option<u64>) {
        self.taken.insert(folded(&key), raw);
    }

    /// Whether the member with this key was taken for a disk.
    pub(super) fn was_taken(&self, key: &str) -> bool {
        self.taken.contains_key(&folded(key))
    }

    /// The bytes of the raw disk that the member with this key was taken for.
    pub(super) fn raw(&self, key: &str) -> Option<u64> {
        self.taken.get(&folded(key)).copied().flatten()
    }
}
