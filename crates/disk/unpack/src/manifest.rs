//! OVF manifests: the digests of an appliance's files.
//!
//! A manifest (`.mf`) is a text of lines such as `SHA256(disk1.vmdk)= 5f2d…`, one for each file
//! (DSP0243, Open Virtualization Format Specification 2.1, section 5.1; older programs write spaces
//! around the parentheses). It may lie before the files it names or behind them, so [`Checking`]
//! takes what comes as it comes and has its verdict at the end, and [`Hashed`] computes digests of a
//! file while it passes.

mod checking;
mod hashed;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use error::{Error, Result};

use crate::archive::shown;

pub use checking::{Certificate, Checking, Found, Verdict, Verified};
pub use hashed::{Digests, Hashed};

/// The longest manifest that is read, in bytes: some thousand files.
pub const LONGEST: usize = 1 << 20;

/// A way to make digests. The weaker come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// SHA-1, 20 bytes.
    Sha1,
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-512, 64 bytes.
    Sha512,
}

impl Algorithm {
    /// All of them: what has to be computed while the manifest is still to come.
    pub const ALL: [Algorithm; 3] = [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512];

    /// The usual name: `SHA-256`.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Sha1 => "SHA-1",
            Algorithm::Sha256 => "SHA-256",
            Algorithm::Sha512 => "SHA-512",
        }
    }

    /// Bytes of a digest.
    fn size(self) -> usize {
        match self {
            Algorithm::Sha1 => 20,
            Algorithm::Sha256 => 32,
            Algorithm::Sha512 => 64,
        }
    }

    /// By the name that a manifest uses, or openssl, with which many are made by hand.
    fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "SHA1" | "SHA-1" => Algorithm::Sha1,
            "SHA256" | "SHA-256" | "SHA2-256" => Algorithm::Sha256,
            "SHA512" | "SHA-512" | "SHA2-512" => Algorithm::Sha512,
            _ => return None,
        })
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The digests that a manifest tells, by the files' names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    digests: BTreeMap<String, (Algorithm, Vec<u8>)>,
}

impl Manifest {
    /// Reads a manifest's text.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] for a line that is none of a manifest, two digests for one file, or
    /// no digest at all; [`error::Kind::Unsupported`] for an algorithm that is not known here and for
    /// more than [`LONGEST`] bytes.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > LONGEST {
            let len = text.len();
            return Err(Error::unsupported(format!(
                "the manifest has {len} bytes, more than {LONGEST}"
            )));
        }
        let mut manifest = Manifest {
            digests: BTreeMap::new(),
        };
        let text = text.trim_start_matches('\u{feff}');
        for (line, number) in text.lines().zip(1..) {
            if !line.trim().is_empty() {
                manifest.add(line, number)?;
            }
        }
        if manifest.digests.is_empty() {
            Err(Error::corrupt("the manifest names no file"))
        } else {
            Ok(manifest)
        }
    }

    fn add(&mut self, text: &str, number: usize) -> Result<()> {
        let wrong = |what: String| Error::corrupt(format!("line {number} of the manifest {what}"));
        let Some(line) = Line::parse(text) else {
            return Err(wrong(format!("is not a digest: {}", shown(text))));
        };
        let Some(algorithm) = Algorithm::named(line.algorithm) else {
            let name = shown(line.algorithm);
            return Err(Error::unsupported(format!(
                "line {number} of the manifest has a digest of the kind {name}, \
                 which is not known here"
            )));
        };
        let Some(digest) = bytes(line.digits).filter(|digest| digest.len() == algorithm.size())
        else {
            let digits = shown(line.digits);
            return Err(wrong(format!(
                "has an invalid {algorithm} digest: {digits}"
            )));
        };
        let found = (algorithm, digest);
        match self.digests.entry(plain(line.name).to_owned()) {
            Entry::Vacant(entry) => {
                entry.insert(found);
                Ok(())
            }
            Entry::Occupied(entry) if *entry.get() == found => Ok(()),
            Entry::Occupied(_) => Err(wrong(format!(
                "has a second digest for {}",
                shown(line.name)
            ))),
        }
    }

    /// What the manifest says about the file `name`.
    pub fn digest_of(&self, name: &str) -> Option<(Algorithm, Vec<u8>)> {
        self.digests.get(plain(name)).cloned()
    }

    /// The files it names and their digests.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&str, Algorithm, &[u8])> {
        self.digests
            .iter()
            .map(|(name, (algorithm, digest))| (name.as_str(), *algorithm, digest.as_slice()))
    }
}

/// `SHA256(name)= digits`, with or without spaces.
struct Line<'a> {
    algorithm: &'a str,
    name: &'a str,
    digits: &'a str,
}

impl<'a> Line<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        // A name may hold parentheses and equals signs, the digits do not.
        let (front, digits) = text.rsplit_once('=')?;
        let (algorithm, name) = front.trim_end().strip_suffix(')')?.split_once('(')?;
        (!name.is_empty()).then_some(Line {
            algorithm: algorithm.trim(),
            name,
            digits: digits.trim(),
        })
    }
}

/// A name without what does not matter in front of it.
fn plain(name: &str) -> &str {
    let mut name = name;
    while let Some(rest) = name.strip_prefix("./") {
        name = rest;
    }
    name
}

/// The bytes that pairs of hexadecimal digits stand for.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let (pairs, []) = digits.as_bytes().as_chunks() else {
        return None;
    };
    pairs
        .iter()
        .map(|[high, low]| Some((digit(high)? * 16 + digit(low)?) as u8))
        .collect()
}
