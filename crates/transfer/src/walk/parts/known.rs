//! What descriptors say about the members around them, from one pass to the next.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use diskimage::VmdkParts;
use report::{Error, Result};

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
    /// Raw disks that were taken in this pass, by their keys, and their bytes.
    raw: HashMap<String, u64>,
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
    /// The parts by the keys of their members.
    index: HashMap<String, usize>,
}

impl Set {
    /// What the descriptor in `file` says.
    pub(super) fn new(file: &File, disk: VmdkParts) -> Self {
        let stem = file.stem();
        let parts = disk.files.iter().enumerate();
        Set {
            descriptor: file.member.clone(),
            archive: file.archive().to_owned(),
            index: parts
                .map(|(i, part)| (format!("{stem}{}", part.name), i))
                .collect(),
            disk,
        }
    }

    /// The part that the member with this key is.
    pub(super) fn part(&self, key: &str) -> Option<usize> {
        self.index.get(key).copied()
    }

    /// The keys of the parts.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.index.keys().map(String::as_str)
    }
}

/// Names that have passed.
#[derive(Default)]
struct Passed {
    names: HashSet<u64>,
    hash: std::hash::RandomState,
    overflowed: bool,
}

impl Parts {
    /// A pass begins.
    pub(crate) fn begin(&mut self) {
        if self.stage == Stage::Ahead {
            self.stage = Stage::Known;
        }
        for known in &mut self.sets {
            (known.met, known.fate) = (false, Fate::Open);
        }
        self.passed = Passed::default();
        self.raw.clear();
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
    /// [`report::Kind::Refused`] when a member is a part of two disks, [`report::Kind::Unsupported`] when there
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
            .hint("choose one of them with --member"));
        }
        self.sets.push(Known {
            set: Arc::new(set),
            met: true,
            fate: Fate::Open,
        });
        Ok(())
    }

    /// Remembers that the member with this key has passed.
    pub(super) fn pass(&mut self, key: &str) {
        use std::hash::BuildHasher;
        let passed = &mut self.passed;
        let hash = passed.hash.hash_one(key);
        if passed.names.len() < PASSED {
            passed.names.insert(hash);
        } else {
            passed.overflowed = true;
        }
    }

    /// Whether the member with this key has passed, or may have.
    pub(super) fn has_passed(&self, key: &str) -> bool {
        use std::hash::BuildHasher;
        let passed = &self.passed;
        passed.overflowed || passed.names.contains(&passed.hash.hash_one(key))
    }

    /// Remembers that the member with this key was taken for a raw disk of so many bytes.
    pub(crate) fn taken_raw(&mut self, key: String, bytes: u64) {
        self.raw.insert(key, bytes);
    }

    /// The bytes of the raw disk that the member with this key was taken for.
    pub(super) fn raw(&self, key: &str) -> Option<u64> {
        self.raw.get(key).copied()
    }
}
