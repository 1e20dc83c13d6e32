//! Which packages own a file, without all their files in memory.
//!
//! ```text
//! listed path ── aliases ──► key ── hash ──► 40 bits of it and the package's number: an entry of 8 bytes
//! entries, sorted:     question ── key, hash ──► the few packages that have it ── their lists are read again ──► yes, no
//! ```

use std::hash::{DefaultHasher, Hasher};

use error::{Error, Result};
use host::Files;

/// Most files of all packages together: 32 MiB of entries.
const MOST_FILES: usize = 1 << 22;

/// Bits of an entry that are the package's number: enough for [`crate::package::MOST`].
const NUMBER: u32 = 24;

/// Directories that are a link to another one since some release of some distribution, while packages go on naming files
/// by either.
const MERGED: [&str; 9] = [
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/usr/sbin",
    "/var/run",
    "/var/lock",
];

/// The directories of a host that have two names.
#[derive(Debug)]
pub(crate) struct Aliases(Vec<(Vec<u8>, Vec<u8>)>);

impl Aliases {
    /// Those of the host with these files.
    ///
    /// # Errors
    /// Those of [`Files::canonical`].
    pub fn of(files: &Files) -> Result<Self> {
        let mut aliases = Vec::new();
        for name in MERGED {
            let real = files.canonical(name)?;
            let real = real.map(|real| real.into_os_string().into_encoded_bytes());
            if let Some(real) = real.filter(|real| real != name.as_bytes()) {
                aliases.push((name.as_bytes().to_vec(), real));
            }
        }
        Ok(Aliases(aliases))
    }

    /// What all names of the file `path` have in common: the path from the root on, without `.`, doubled slashes and
    /// links among its first directories.
    pub fn key(&self, path: &[u8]) -> Vec<u8> {
        let mut key = Vec::with_capacity(path.len() + 8);
        for name in path.split(|&byte| byte == b'/') {
            match name {
                b"" | b"." => {}
                b".." => key.truncate(key.iter().rposition(|&byte| byte == b'/').unwrap_or(0)),
                name => {
                    key.push(b'/');
                    key.extend_from_slice(name);
                }
            }
        }
        let merged = self.0.iter().find_map(|(name, real)| {
            let rest = key.strip_prefix(name.as_slice())?;
            rest.starts_with(b"/").then(|| [real, rest].concat())
        });
        merged.unwrap_or(key)
    }
}

/// Hashes of the files of packages.
#[derive(Debug, Default)]
pub(crate) struct Index(Vec<u64>);

impl Index {
    /// Adds the file with this key, which the package with this number has.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] for more than 4,194,304 files.
    pub fn add(&mut self, key: &[u8], number: usize) -> Result<()> {
        if self.0.len() == MOST_FILES {
            let text = format!("its packages have more than {MOST_FILES} files");
            return Err(Error::refused(text));
        }
        self.0.push(hash(key) << NUMBER | number as u64);
        Ok(())
    }

    /// Makes it ready to be asked.
    pub fn finish(&mut self) {
        self.0.sort_unstable();
        self.0.dedup();
    }

    /// The numbers of the packages that may have the file with this key, in their order: all that have it, and by
    /// chance another one.
    pub fn candidates(&self, key: &[u8]) -> impl Iterator<Item = usize> {
        let hash = hash(key);
        let first = self.0.partition_point(|entry| entry >> NUMBER < hash);
        let same = self.0[first..]
            .iter()
            .take_while(move |&&entry| entry >> NUMBER == hash);
        same.map(|entry| (entry & ((1 << NUMBER) - 1)) as usize)
    }
}

/// The upper bits of the key's hash, as many as an entry has for it.
fn hash(key: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(key);
    hasher.finish() >> NUMBER
}
