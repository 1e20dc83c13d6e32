//! Whether the files are those that the manifest names.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use error::{Error, Result, hex};

use super::{Algorithm, Digests, Line, Manifest, plain};
use crate::archive::shown;

/// Bytes of names and digests that are kept while there is no manifest.
const KEPT: usize = 4 << 20;
/// Bytes that a file costs besides its name, at most.
const EACH: usize = 300;
/// Files that are listed because the manifest does not name them.
const LISTED: usize = 100;

/// Compares the files of an archive with its manifest, whichever comes first.
///
/// Names are those of the archive; a manifest names files beside itself. What comes before the manifest
/// is hashed only after [`Checking::hash_ahead`]; a manifest that names other files has to be
/// compared in a second pass ([`Verdict::Unhashed`]).
#[derive(Debug, Default)]
pub struct Checking {
    manifest: Option<Found>,
    certificate: Option<Certificate>,
    files: BTreeMap<String, File>,
    /// Whether the files are hashed that come before the manifest.
    ahead: bool,
    /// Whether the manifest was known before the archive began.
    known: bool,
    /// Whether there is an OVF description, to which a manifest belongs.
    described: bool,
    /// What is wrong with a file that is called like a manifest.
    unreadable: Option<Error>,
    /// Bytes that `files` take, about.
    kept: usize,
    /// Whether files passed that are not in `files` for want of room.
    overflowed: bool,
    /// Files that a manifest that came before them does not name.
    unnamed: Vec<String>,
    unnamed_count: usize,
}

/// A manifest and where in the archive it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    name: String,
    content: Manifest,
}

/// What came of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There was no manifest.
    None,
    /// Every file that the manifest names, itself left out, is there and agrees.
    Verified(Verified),
    /// The manifest names none of the files.
    Foreign(Found),
    /// Files that the manifest names came before it and were not hashed.
    Unhashed(Found),
}

#[derive(Debug)]
struct File {
    digests: Digests,
    twice: bool,
}

/// A manifest that every file it names agrees with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many files it names.
    pub files: usize,
    /// How the digests were made; the weakest way, should there be several.
    pub algorithm: Algorithm,
    /// Files in the archive that it does not name: the first hundred, sorted.
    pub unnamed: Vec<String>,
    /// How many of those there are.
    pub unnamed_count: usize,
}

/// A certificate file (`.cert`): who signs the manifest, and the signature. It is told, not checked:
/// that would take an opinion about whom to trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The member's name.
    pub name: String,
    /// The digest that is signed, where there is a signature of a kind known here.
    pub algorithm: Option<Algorithm>,
    /// Whether an X.509 certificate is in it.
    pub certified: bool,
}

impl Certificate {
    /// What is in a certificate file's text; anything may be.
    pub fn parse(name: &str, text: &str) -> Self {
        let mut lines = text.lines().filter_map(Line::parse);
        Certificate {
            name: name.to_owned(),
            algorithm: lines.find_map(|line| Algorithm::named(line.algorithm)),
            certified: text.contains("-----BEGIN CERTIFICATE-----"),
        }
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.certified, self.algorithm) {
            (true, Some(algorithm)) => write!(f, "present, {algorithm} signature not checked"),
            (true, None) => f.write_str("present, without a signature of the manifest"),
            (false, Some(_)) => f.write_str("a signature without a certificate, not checked"),
            (false, None) => f.write_str("neither a certificate nor a signature"),
        }
    }
}

impl Checking {
    /// A comparison with the manifest that an earlier pass through the archive has `found`.
    pub fn with(found: Found) -> Self {
        Checking {
            manifest: Some(found),
            known: true,
            ..Checking::default()
        }
    }

    /// Says that the files from here on are to be hashed before there is a manifest.
    pub fn hash_ahead(&mut self) {
        self.ahead = true;
    }

    /// Takes the manifest, member `name` of the archive; `false` says that `text` is something else, such
    /// as the manifest of a Java archive.
    ///
    /// # Errors
    /// Those of [`Manifest::parse`], and [`error::Kind::Corrupt`] when there was one before.
    pub fn manifest(&mut self, name: &str, text: &str) -> Result<bool> {
        let content = match Manifest::parse(text) {
            Ok(content) => content,
            Err(error) if text.lines().all(|line| Line::parse(line).is_none()) => {
                self.unreadable.get_or_insert(error.at(shown(name)));
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        let found = Found {
            name: plain(name).to_owned(),
            content,
        };
        match &self.manifest {
            None => {}
            Some(first) if std::mem::take(&mut self.known) && *first == found => return Ok(true),
            Some(first) => {
                let (first, second) = (shown(&first.name), shown(name));
                let message = format!("there are two manifests, {first} and {second}");
                return Err(Error::corrupt(message));
            }
        }
        self.manifest = Some(found);
        for (name, file) in std::mem::take(&mut self.files) {
            self.keep(name, file);
        }
        Ok(true)
    }

    /// Takes the certificate, member `name` of the archive.
    pub fn certificate(&mut self, name: &str, text: &str) {
        self.certificate = Some(Certificate::parse(name, text));
    }

    /// The certificate, if one has come.
    pub fn has_certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// How member `name`, neither manifest nor certificate, has to be hashed: not at all when the
    /// manifest is known not to name it, and by all algorithms as long as there is no manifest and
    /// [`Checking::hash_ahead`] was asked for.
    pub fn algorithms(&self, name: &str) -> Vec<Algorithm> {
        match &self.manifest {
            None if self.overflowed || !self.ahead => Vec::new(),
            None => Algorithm::ALL.to_vec(),
            Some(found) => found
                .digest_of(plain(name))
                .map(|(by, _)| by)
                .into_iter()
                .collect(),
        }
    }

    /// Takes the digests of member `name`, neither manifest nor certificate.
    pub fn member(&mut self, name: &str, digests: Digests) {
        self.described |= name.to_ascii_lowercase().ends_with(".ovf");
        let file = File {
            digests,
            twice: false,
        };
        self.keep(plain(name).to_owned(), file);
    }

    fn keep(&mut self, name: String, file: File) {
        if let Some(found) = &self.manifest
            && found.digest_of(&name).is_none()
        {
            self.unnamed_count += 1;
            if self.unnamed.len() < LISTED {
                self.unnamed.push(name);
            }
            return;
        }
        let cost = name.len() + EACH;
        match self.files.entry(name) {
            Entry::Occupied(mut entry) => entry.get_mut().twice = true,
            // What a manifest names is bounded by its length.
            Entry::Vacant(_) if self.manifest.is_none() && self.kept + cost > KEPT => {
                self.overflowed = true;
            }
            Entry::Vacant(entry) => {
                self.kept += cost;
                entry.insert(file);
            }
        }
    }

    /// What came of it, once the archive has ended.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when a file that the manifest names is not there, is there twice, or
    /// has another digest, and when a description is accompanied by a manifest that cannot be read.
    pub fn verdict(mut self) -> Result<Verdict> {
        let Some(found) = self.manifest else {
            return match self.unreadable.filter(|_| self.described) {
                Some(error) => Err(error),
                None => Ok(Verdict::None),
            };
        };
        let mut weakest = Algorithm::Sha512;
        let (mut files, mut there, mut unhashed) = (0, 0, false);
        let mut missing = None;
        for (name, algorithm, told) in found.files() {
            files += 1;
            match self.files.get(&format!("{}{name}", found.directory())) {
                None => drop(missing.get_or_insert(name)),
                Some(file) => {
                    there += 1;
                    unhashed |= compare(name, algorithm, told, file)?.is_none();
                }
            }
            weakest = weakest.min(algorithm);
        }
        match missing {
            // There may have been files that were not remembered.
            _ if unhashed || (self.overflowed && missing.is_some()) => {
                return Ok(Verdict::Unhashed(found));
            }
            _ if there == 0 => return Ok(Verdict::Foreign(found)),
            Some(name) => {
                let name = shown(name);
                let message = format!("the manifest names {name}, which is not there");
                return Err(Error::corrupt(message));
            }
            None => {}
        }
        self.unnamed.sort_unstable();
        Ok(Verdict::Verified(Verified {
            files,
            algorithm: weakest,
            unnamed: self.unnamed,
            unnamed_count: self.unnamed_count,
        }))
    }
}

impl Found {
    /// The manifest's own name in the archive.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The files that can be compared: a line about the manifest itself, as some tools write it, cannot
    /// hold.
    fn files(&self) -> impl Iterator<Item = (&str, Algorithm, &[u8])> {
        let own = self.name.strip_prefix(self.directory());
        let files = self.content.files();
        files.filter(move |(name, _, _)| Some(*name) != own)
    }

    /// What stands before the names of the manifest and of the files beside it.
    fn directory(&self) -> &str {
        let end = self.name.rfind('/').map_or(0, |slash| slash + 1);
        self.name.get(..end).unwrap_or_default()
    }

    /// What the manifest says about member `name` of the archive.
    fn digest_of(&self, name: &str) -> Option<(Algorithm, Vec<u8>)> {
        let name = name.strip_prefix(self.directory())?;
        self.content.digest_of(name)
    }
}

/// Compares a file's digest with what is `told`; `None` when the file was not hashed.
fn compare(name: &str, algorithm: Algorithm, told: &[u8], file: &File) -> Result<Option<()>> {
    let name = shown(name);
    if file.twice {
        let message = format!("{name} is there twice, the manifest means one");
        return Err(Error::corrupt(message));
    }
    match file.digests.get(algorithm) {
        None => Ok(None),
        Some(found) if found == told => Ok(Some(())),
        Some(found) => {
            let (found, told) = (hex(found), hex(told));
            Err(Error::corrupt(format!(
                "{name} has the {algorithm} {found}, the manifest says {told}"
            )))
        }
    }
}
