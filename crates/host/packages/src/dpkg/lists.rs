//! The files of dpkg's packages, and where they really are (dpkg-divert(1)).

use std::collections::HashMap;

use error::Result;
use host::Files;

use super::DIRECTORY;
use crate::lines::Lines;
use crate::package::Package;
use crate::store::Store;

/// How the name of a list ends that an image made without dpkg has: MD5 sums and paths.
pub(super) const SUMS: &str = ".md5sums";

/// Most diversions that are read; a desktop has a few dozen.
const MOST_DIVERSIONS: usize = 1 << 16;

/// Calls `each` with the paths in the list of `package`. As for dpkg, a package without a list has no files.
///
/// # Errors
/// Those of [`Store::open`] and of [`Lines::next`]; [`error::Kind::Corrupt`] for a path that does not begin with `/`.
pub(super) fn files(
    files: &Files,
    package: &Package,
    each: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let name = &package.name;
    let architecture = package.architecture.as_deref().unwrap_or_default();
    // The first of several architectures has the longer name, and so do all that follow.
    for name in [format!("{name}:{architecture}"), name.clone()] {
        if let Some(store) = Store::open(files, &format!("{DIRECTORY}/info/{name}.list"))? {
            return paths(&store, each);
        }
    }
    match Store::open(files, &format!("{DIRECTORY}/status.d/{name}{SUMS}"))? {
        Some(store) => summed_paths(&store, each),
        None => Ok(()),
    }
}

fn paths(store: &Store, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut lines = Lines::all(store);
    while let Some(line) = lines.next()? {
        if !line.starts_with(b"/") {
            return Err(lines.corrupt("the path does not begin with '/'"));
        }
        each(line)?;
    }
    Ok(())
}

/// Lines as md5sum(1) writes them, the paths from the root on without `/`.
fn summed_paths(store: &Store, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut lines = Lines::all(store);
    while let Some(line) = lines.next()? {
        let Some((_, [b' ', b' ' | b'*', path @ ..])) = line.split_at_checked(32) else {
            return Err(lines.corrupt("not an MD5 sum and a path"));
        };
        each(&[b"/", path].concat())?;
    }
    Ok(())
}

/// Files whose place another package has taken.
#[derive(Debug, Default)]
pub(super) struct Diversions(HashMap<Vec<u8>, Diversion>);

#[derive(Debug)]
struct Diversion {
    to: Vec<u8>,
    /// The package whose own file stays in place; none of that name where an administrator has diverted it.
    by: Vec<u8>,
}

impl Diversions {
    /// Those of the host: three lines each, from where, where to, and by which package.
    ///
    /// # Errors
    /// Those of [`Store::open`] and of [`Lines::next`]; [`error::Kind::Corrupt`] where the last are not three lines,
    /// [`error::Kind::Refused`] for more than 65,536.
    pub(super) fn read(files: &Files) -> Result<Self> {
        let mut diversions = HashMap::new();
        let Some(store) = Store::open(files, &format!("{DIRECTORY}/diversions"))? else {
            return Ok(Diversions(diversions));
        };
        let mut lines = Lines::all(&store);
        while let Some(from) = lines.next()?.map(<[u8]>::to_vec) {
            let to = lines.next()?.map(<[u8]>::to_vec);
            let by = lines.next()?.map(<[u8]>::to_vec);
            let (Some(to), Some(by)) = (to, by) else {
                return Err(lines.corrupt("the last diversion does not have three lines"));
            };
            if diversions.len() == MOST_DIVERSIONS {
                let text = format!("has more than {MOST_DIVERSIONS} diversions");
                return Err(store.named(error::Error::refused(text)));
            }
            diversions.insert(from, Diversion { to, by });
        }
        Ok(Diversions(diversions))
    }

    /// Where the file is that is `path` in the list of `package`.
    pub(super) fn place<'a>(&'a self, package: &str, path: &'a [u8]) -> &'a [u8] {
        match self.0.get(path) {
            Some(diversion) if diversion.by != package.as_bytes() => &diversion.to,
            _ => path,
        }
    }
}
