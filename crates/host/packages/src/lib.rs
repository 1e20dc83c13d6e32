//! A host's packages, from the database of its package manager, which is read directly: dpkg, apk or rpm need not be
//! there, nor the host run.
//!
//! Each database has a module, which lists packages and, for one package, its files. Everything is read through
//! [`host::Files`], within bounds, and never whole: a list of packages does not read lists of files. Only the first question
//! for an owner does, once, and keeps 8 bytes for each file.
//!
//! ```text
//! Packages::read(host)      kind()  all()  named(name)  installed(name)       owners_of(path)    files(package)
//!        │                            │                                          │     └────────────────┤
//!        │                     Vec<Package>, by name                      Index of hashes               │
//!        ▼                            ▲                                          ▲                      ▼
//!   dpkg  paragraphs ─────────────────┤                                          └──────────── lists, diversions
//!   apk   records ────────────────────┤                                                        the same records
//!   rpm   SQLite, ndb, Berkeley DB ── headers                                                  the same headers
//! ```
//!
//! [`Kind::compare`] orders versions as each package manager does.

mod apk;
mod dpkg;
mod lines;
mod owners;
mod package;
mod rpm;
mod store;
mod version;

use std::cmp::Ordering;
use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use error::{Error, Result};
use host::{Family, Files, Host};

pub use package::{Package, State};

use owners::{Aliases, Index};

/// Most bytes of the path of a file: Linux has none that are longer (PATH_MAX).
const LONGEST_PATH: usize = 4096;

/// Most bytes of all paths of a package: those with 100,000 files have some 10 MiB.
const MOST_PATHS: usize = 64 << 20;

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// dpkg: Debian and those made from it.
    Dpkg,
    /// apk: Alpine.
    Apk,
    /// rpm: Fedora, Red Hat, SUSE, XCP-ng, XenServer and others.
    Rpm,
}

impl Kind {
    /// Its name: that of its command.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Dpkg => "dpkg",
            Kind::Apk => "apk",
            Kind::Rpm => "rpm",
        }
    }

    /// Whether version `a` is older than, equal to or newer than `b` for this package manager: deb-version(7) for dpkg,
    /// `apk version -t` for apk, rpm-version(7) with epoch and release for rpm. Text that is no version has some order
    /// too.
    ///
    /// A missing revision is 0 for dpkg, and older than any for apk and rpm: `4.17 < 4.17-1`.
    pub fn compare(self, a: &str, b: &str) -> Ordering {
        match self {
            Kind::Dpkg => version::dpkg::compare(a, b),
            Kind::Apk => version::apk::compare(a, b),
            Kind::Rpm => version::rpm::compare(a, b),
        }
    }

    /// The one that a family of distributions has.
    fn of(family: Family) -> Self {
        match family {
            Family::Debian => Kind::Dpkg,
            Family::Alpine => Kind::Apk,
            Family::Fedora | Family::Suse => Kind::Rpm,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The packages of a host.
#[derive(Debug)]
pub struct Packages {
    files: Files,
    database: Database,
    /// By name.
    packages: Vec<Package>,
    /// What is needed to find owners, once it is.
    owners: OnceLock<(Aliases, Index)>,
}

/// Where packages were found.
#[derive(Debug)]
enum Database {
    Dpkg(dpkg::Database),
    Apk(apk::Database),
    Rpm(rpm::Database),
}

impl Packages {
    /// Reads the packages of `host`; `None` when it has no database of a known package manager. Of several databases the
    /// first with packages in it counts, that of its distribution first: dpkg and rpm are tools too, which other
    /// distributions have with an empty database.
    ///
    /// # Errors
    /// They name the file and the line or byte. [`error::Kind::Corrupt`] for a database that contradicts its format,
    /// [`error::Kind::Unsupported`] for one of an unknown version, [`error::Kind::Refused`] for one beyond bounds (a file of
    /// 1 GiB, a line of 1 MiB, a header of 64 MiB, 131,072 packages), [`error::Kind::Io`] when it cannot be read.
    pub fn read(host: &Host) -> Result<Option<Self>> {
        let mut found = None;
        for kind in order(host) {
            if let Some((database, packages)) = Database::read(kind, host.files())? {
                let is_empty = packages.is_empty();
                if found.is_none() || !is_empty {
                    found = Some((database, packages));
                }
                if !is_empty {
                    break;
                }
            }
        }
        Ok(found.map(|(database, mut packages)| {
            packages.sort_by(|a, b| a.name.cmp(&b.name));
            Packages {
                files: host.files().clone(),
                database,
                packages,
                owners: OnceLock::new(),
            }
        }))
    }

    /// The package manager that they belong to.
    pub fn kind(&self) -> Kind {
        match self.database {
            Database::Dpkg(_) => Kind::Dpkg,
            Database::Apk(_) => Kind::Apk,
            Database::Rpm(_) => Kind::Rpm,
        }
    }

    /// Why the database may lack what was done last; `None` as a rule. rpm: changes that SQLite has in its log and not
    /// in the database yet.
    pub fn warning(&self) -> Option<&Error> {
        match &self.database {
            Database::Rpm(rpm) => rpm.warning(),
            _ => None,
        }
    }

    /// All packages that the database knows more of than the name, whatever their state, sorted by name.
    pub fn all(&self) -> &[Package] {
        &self.packages
    }

    /// The packages with this name, whatever their state.
    pub fn named(&self, name: &str) -> &[Package] {
        let first = self
            .packages
            .partition_point(|package| *package.name < *name);
        let rest = &self.packages[first..];
        let length = rest.partition_point(|package| package.name == name);
        &rest[..length]
    }

    /// The packages with this name that are installed.
    pub fn installed(&self, name: &str) -> impl Iterator<Item = &Package> {
        self.named(name)
            .iter()
            .filter(|package| package.is_installed())
    }

    /// The files and directories of `package`, in the order of its list; with dpkg those that were diverted where they
    /// are. Paths are as the package names them: `/bin/x` too where `/bin` has become a link to `/usr/bin`.
    ///
    /// # Errors
    /// Those of [`Packages::read`]; [`error::Kind::Refused`] for a path of more than 4096 bytes, or paths of more than
    /// 64 MiB.
    pub fn files(&self, package: &Package) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        self.database.files(package, &mut |path| {
            files.push(OsString::from_vec(path.to_vec()).into());
            Ok(())
        })?;
        Ok(files)
    }

    /// The packages, installed or unpacked, that have the file or directory `path` of the host, sorted by name. Links among
    /// the directories in `path` are followed, a link at its end is not: it is a file of its own.
    ///
    /// The first call reads the lists of all files, which later calls use.
    ///
    /// # Errors
    /// Those of [`Packages::files`]; [`error::Kind::Refused`] where all packages together have more than 4,194,304 files,
    /// [`error::Kind::Io`] when links cannot be followed.
    pub fn owners_of(&self, path: impl AsRef<Path>) -> Result<Vec<&Package>> {
        let (aliases, index) = self.owners()?;
        let mut keys = vec![aliases.key(path.as_ref().as_os_str().as_bytes())];
        keys.extend(self.real_key(path.as_ref(), aliases)?);
        keys.dedup();
        let mut numbers: Vec<usize> = keys.iter().flat_map(|key| index.candidates(key)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut owners = Vec::new();
        for package in numbers
            .into_iter()
            .filter_map(|number| self.packages.get(number))
        {
            let mut has = false;
            self.database.files(package, &mut |listed| {
                has |= keys.contains(&aliases.key(listed));
                Ok(())
            })?;
            if has {
                owners.push(package);
            }
        }
        Ok(owners)
    }

    /// The first of [`Packages::owners_of`]. A file has one as a rule, a directory many.
    ///
    /// # Errors
    /// Those of [`Packages::owners_of`].
    pub fn owner_of(&self, path: impl AsRef<Path>) -> Result<Option<&Package>> {
        Ok(self.owners_of(path)?.first().copied())
    }

    /// The key of `path` with the links among its directories followed; `None` where they are not there.
    fn real_key(&self, path: &Path, aliases: &Aliases) -> Result<Option<Vec<u8>>> {
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(None);
        };
        let real = self.files.canonical(directory)?;
        Ok(real.map(|real| aliases.key(real.join(name).as_os_str().as_bytes())))
    }

    fn owners(&self) -> Result<&(Aliases, Index)> {
        if let Some(owners) = self.owners.get() {
            return Ok(owners);
        }
        let aliases = Aliases::of(&self.files)?;
        let mut index = Index::default();
        for (number, package) in self.packages.iter().enumerate() {
            if package.has_files() {
                let add = &mut |path: &[u8]| index.add(&aliases.key(path), number);
                self.database.files(package, add)?;
            }
        }
        index.finish();
        Ok(self.owners.get_or_init(|| (aliases, index)))
    }
}

impl Database {
    fn read(kind: Kind, files: &Files) -> Result<Option<(Self, Vec<Package>)>> {
        Ok(match kind {
            Kind::Dpkg => {
                dpkg::read(files)?.map(|(found, packages)| (Database::Dpkg(found), packages))
            }
            Kind::Apk => {
                apk::read(files)?.map(|(found, packages)| (Database::Apk(found), packages))
            }
            Kind::Rpm => {
                rpm::read(files)?.map(|(found, packages)| (Database::Rpm(found), packages))
            }
        })
    }

    fn files(&self, package: &Package, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut total = 0;
        let each = &mut |path: &[u8]| {
            total += path.len();
            let refused = |text| Err(Error::refused(text).at(&package.name));
            if path.len() > LONGEST_PATH {
                let text = format!("a path of {} bytes, longer than {LONGEST_PATH}", path.len());
                return refused(text);
            }
            if total > MOST_PATHS {
                let most = error::amount(MOST_PATHS as u64);
                return refused(format!("paths of files of more than {most}"));
            }
            each(path)
        };
        match self {
            Database::Dpkg(dpkg) => dpkg.files(package, each),
            Database::Apk(apk) => apk.files(package, each),
            Database::Rpm(rpm) => rpm.files(package, each),
        }
    }
}

/// The package managers in the order in which `host` is likely to use them.
fn order(host: &Host) -> Vec<Kind> {
    // A host that does not say what it is may have packages nevertheless.
    let distribution = host.distribution().ok();
    let likely = distribution
        .and_then(|distribution| distribution.family())
        .map(Kind::of);
    let others = [Kind::Dpkg, Kind::Apk, Kind::Rpm].into_iter();
    likely
        .into_iter()
        .chain(others.filter(|kind| Some(*kind) != likely))
        .collect()
}
