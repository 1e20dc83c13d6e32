//! dpkg's database below `/var/lib/dpkg`: paragraphs of fields (deb822(5)) with the packages, and for each package a list of
//! its files.
//!
//! ```text
//! status              all packages; dpkg writes it anew at the end of a run
//! updates/NNNN        paragraphs that take the place of those in status: left behind by a run that was interrupted
//! status.d/NAME       a package of an image that was made without dpkg (distroless)
//! info/NAME.list      the files of a package, info/NAME:ARCH.list where several architectures may be installed
//! diversions          files that are elsewhere because another package has taken their place
//! ```

mod lists;
mod paragraph;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use error::Result;
use host::Files;

use crate::package::{self, Package};
use crate::store::Store;
use lists::Diversions;
use paragraph::{Default, Paragraphs};

/// Where the database is.
const DIRECTORY: &str = "/var/lib/dpkg";

/// A dpkg database.
#[derive(Debug)]
pub(crate) struct Database {
    files: Files,
    diversions: Diversions,
}

/// The host's dpkg database and its packages, those that are only known by name left out.
///
/// # Errors
/// Those of [`Store::open`] and of [`Paragraphs::next`].
pub(crate) fn read(files: &Files) -> Result<Option<(Database, Vec<Package>)>> {
    let status = Store::open(files, &format!("{DIRECTORY}/status"))?;
    let single = files.list(format!("{DIRECTORY}/status.d"))?;
    if status.is_none() && single.is_none() {
        return Ok(None);
    }
    let mut packages = Packages::default();
    if let Some(status) = &status {
        packages.read(status, Default::NotInstalled)?;
    }
    for name in single.unwrap_or_default() {
        let name = name.to_string_lossy();
        if !name.ends_with(lists::SUMS) {
            packages.read_file(files, &format!("status.d/{name}"), Default::Installed)?;
        }
    }
    let updates = files.list(format!("{DIRECTORY}/updates"))?;
    for name in updates.unwrap_or_default() {
        let name = name.to_string_lossy();
        // What has another name was not finished.
        if name.bytes().all(|byte| byte.is_ascii_digit()) {
            packages.read_file(files, &format!("updates/{name}"), Default::NotInstalled)?;
        }
    }
    let database = Database {
        files: files.clone(),
        diversions: Diversions::read(files)?,
    };
    Ok(Some((database, packages.0.into_values().collect())))
}

impl Database {
    /// Calls `each` with the path of every file and directory of `package`; of one that was diverted, where it is.
    ///
    /// # Errors
    /// Those of [`Store::open`] and of [`crate::lines::Lines::next`]; [`error::Kind::Corrupt`] for what is no list.
    pub fn files(
        &self,
        package: &Package,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        lists::files(&self.files, package, &mut |path| {
            each(self.diversions.place(&package.name, path))
        })
    }
}

/// Packages by name and architecture. Of two paragraphs about one package the last counts.
#[derive(Default)]
struct Packages(BTreeMap<(String, Option<String>), Package>);

impl Packages {
    fn read_file(&mut self, files: &Files, name: &str, default: Default) -> Result<()> {
        let store = Store::open(files, &format!("{DIRECTORY}/{name}"))?;
        store.map_or(Ok(()), |store| self.read(&store, default))
    }

    fn read(&mut self, store: &Store, default: Default) -> Result<()> {
        let mut paragraphs = Paragraphs::new(store, default);
        while let Some(paragraph) = paragraphs.next()? {
            let key = (paragraph.name.clone(), paragraph.architecture.clone());
            let Some(package) = paragraph.package() else {
                self.0.remove(&key);
                continue;
            };
            let is_full = self.0.len() == package::MOST;
            match self.0.entry(key) {
                Entry::Vacant(_) if is_full => return Err(store.named(package::too_many())),
                Entry::Vacant(entry) => drop(entry.insert(package)),
                Entry::Occupied(mut entry) => drop(entry.insert(package)),
            }
        }
        Ok(())
    }
}
