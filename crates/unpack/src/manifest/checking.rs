//! Whether the files are those that the manifest names.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use report::{Error, Result, hex};

use super::{Algorithm, Digests, Line, Manifest, plain};
use crate::archive::shown;

/// Bytes of names and digests that are kept while there is no manifest.
const KEPT: usize = 4 << 20;
/// Bytes that a file costs besides its name, at most.
const EACH: usize = 300;
/// Files that are listed because the manifest does not name them.
const LISTED: usize = 100;

/// Compares the files of an appliance with its manifest, whichever comes first.
///
/// Names are those of the archive; a manifest names files beside itself.
#[derive(Debug, Default)]
pub struct Checking {
    manifest: Option<Found>,
    certificate: Option<Certificate>,
    files: BTreeMap<String, File>,
    /// Bytes that `files` take, about.
    kept: usize,
    /// Whether files passed that are not in `files` for want of room.
    overflowed: bool,
    /// Files that a manifest that came before them does not name.
    unnamed: Vec<String>,
    unnamed_count: usize,
}

#[derive(Debug)]
struct Found {
    name: String,
    content: Manifest,
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
    /// Takes the manifest, member `name` of the archive.
    ///
    /// # Errors
    /// Those of [`Manifest::parse`], [`report::Kind::Corrupt`] when there was one before, and
    /// [`report::Kind::Unsupported`] when more files came before it than were kept.
    pub fn manifest(&mut self, name: &str, text: &str) -> Result<()> {
        if let Some(first) = &self.manifest {
            let (first, second) = (shown(&first.name), shown(name));
            let message = format!("there are two manifests, {first} and {second}");
            return Err(Error::corrupt(message));
        }
        let content = Manifest::parse(text)?;
        if self.overflowed {
            let count = self.files.len();
            let message = format!("the manifest comes after more than {count} files");
            return Err(Error::unsupported(message));
        }
        self.manifest = Some(Found {
            name: plain(name).to_owned(),
            content,
        });
        for (name, file) in std::mem::take(&mut self.files) {
            self.keep(name, file);
        }
        Ok(())
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
    /// manifest is known not to name it, and by all algorithms as long as there is no manifest.
    pub fn algorithms(&self, name: &str) -> Vec<Algorithm> {
        match &self.manifest {
            None if self.overflowed => Vec::new(),
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

    /// What came of it, once the archive has ended; `None` when there was no manifest.
    ///
    /// # Errors
    /// [`report::Kind::Corrupt`] when a file that the manifest names is not there, is there twice, or
    /// has another digest.
    pub fn verdict(mut self) -> Result<Option<Verified>> {
        let Some(found) = self.manifest else {
            return Ok(None);
        };
        let mut weakest = Algorithm::Sha512;
        for (name, algorithm, told) in found.content.files() {
            let file = self.files.get(&format!("{}{name}", found.directory()));
            compare(name, algorithm, told, file)?;
            weakest = weakest.min(algorithm);
        }
        self.unnamed.sort_unstable();
        Ok(Some(Verified {
            files: found.content.files().len(),
            algorithm: weakest,
            unnamed: self.unnamed,
            unnamed_count: self.unnamed_count,
        }))
    }
}

impl Found {
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

fn compare(name: &str, algorithm: Algorithm, told: &[u8], file: Option<&File>) -> Result<()> {
    let name = shown(name);
    let Some(file) = file else {
        let message = format!("the manifest names {name}, which is not there");
        return Err(Error::corrupt(message));
    };
    if file.twice {
        let message = format!("{name} is there twice, the manifest means one");
        return Err(Error::corrupt(message));
    }
    match file.digests.get(algorithm) {
        Some(found) if found == told => Ok(()),
        found => {
            let found = found.map_or_else(|| "unknown".into(), hex);
            let told = hex(told);
            Err(Error::corrupt(format!(
                "{name} has the {algorithm} {found}, the manifest says {told}"
            )))
        }
    }
}
