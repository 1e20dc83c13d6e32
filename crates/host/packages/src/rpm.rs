//! rpm's database: a table of headers, one for each package, in one of three formats of files.
//!
//! ```text
//! sqlite, ndb, berkeley:   where the bytes of each header are ── Place ──┐
//! blob:                    the first bytes of a header, however a format has split it over pages
//! header:                  index of tags ── name, version, … and, when they are asked for, names of files
//! ```

mod berkeley;
mod blob;
mod header;
mod ndb;
mod places;
mod sqlite;

use error::{Error, Result};
use host::Files;

use crate::package::{self, Package, Place, State};
use crate::store::Store;
use blob::Format;
use header::{Index, Tag};

/// Where the database is: openSUSE and Fedora, all others, those whose system is an image (rpm-ostree).
const DIRECTORIES: [&str; 3] = ["/usr/lib/sysimage/rpm", "/var/lib/rpm", "/usr/share/rpm"];

/// Most bytes of a header that are read: those of packages with 100,000 files have some 10 MiB.
const LARGEST: u64 = 64 << 20;

/// An rpm database.
#[derive(Debug)]
pub(crate) struct Database {
    store: Store,
    format: Format,
    warning: Option<Error>,
}

/// The host's rpm database and its packages. Of several the first with packages counts: those of older formats are left
/// behind by conversions.
///
/// # Errors
/// Those of [`Store::open`]; [`error::Kind::Corrupt`] and [`error::Kind::Unsupported`] for what is no database that is
/// known.
pub(crate) fn read(files: &Files) -> Result<Option<(Database, Vec<Package>)>> {
    let mut found = None;
    for directory in DIRECTORIES {
        for (name, open) in FORMATS {
            let path = format!("{directory}/{name}");
            let Some(store) = Store::open(files, &path)? else {
                continue;
            };
            let warning = pending(files, &path)?;
            let (format, places) = open(&store).map_err(|error| match &warning {
                Some(warning) => error.cause(warning),
                None => error,
            })?;
            let database = Database {
                store,
                format,
                warning,
            };
            let packages = database.packages(places)?;
            if !packages.is_empty() {
                return Ok(Some((database, packages)));
            }
            found = found.or(Some((database, packages)));
        }
    }
    Ok(found)
}

/// Recognises a format and finds its headers.
type Open = fn(&Store) -> Result<(Format, Vec<Place>)>;

/// The names of the file in each format, newest first.
const FORMATS: [(&str, Open); 3] = [
    ("rpmdb.sqlite", sqlite::open),
    ("Packages.db", ndb::open),
    ("Packages", berkeley::open),
];

/// What SQLite has in its log beside the file `path`. It is not read: only the program that wrote it, or one with its locks,
/// can tell what of it counts.
fn pending(files: &Files, path: &str) -> Result<Option<Error>> {
    let log = format!("{path}-wal");
    let size = files.status(&log)?.map_or(0, |status| status.size);
    Ok((size > 0).then(|| {
        let text = format!(
            "has {size} bytes of changes that are not in the database yet and are not read"
        );
        Error::unsupported(text).at(files.real(log.as_ref()).display())
    }))
}

impl Database {
    /// Why it may lack what was done last.
    pub fn warning(&self) -> Option<&Error> {
        self.warning.as_ref()
    }

    /// Calls `each` with the path of every file and directory of `package`.
    ///
    /// # Errors
    /// Those of [`Store::read`]; [`error::Kind::Corrupt`] for what is no header.
    pub fn files(
        &self,
        package: &Package,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let index = self.index(package.place)?;
        let header = self.header(package.place, &index, &header::FILES)?;
        header
            .files(each)
            .map_err(|error| self.within(package.place, error))
    }

    fn packages(&self, places: Vec<Place>) -> Result<Vec<Package>> {
        let mut packages = Vec::new();
        for place in places {
            package::add(&mut packages, self.package(place)?)
                .map_err(|error| self.store.named(error))?;
        }
        Ok(packages)
    }

    fn package(&self, place: Place) -> Result<Package> {
        let index = self.index(place)?;
        let header = self.header(place, &index, &header::IDENTITY)?;
        let package = || {
            let version = header.required(Tag::Version)?;
            let release = header.required(Tag::Release)?;
            let epoch = header.number(Tag::Epoch)?;
            let epoch = epoch.map_or(String::new(), |epoch| format!("{epoch}:"));
            Ok(Package {
                name: header.required(Tag::Name)?,
                version: format!("{epoch}{version}-{release}"),
                architecture: header.text(Tag::Architecture)?,
                source: header.text(Tag::Source)?,
                state: State::Installed,
                place,
            })
        };
        package().map_err(|error| self.within(place, error))
    }

    /// The index of the header at `place`.
    fn index(&self, place: Place) -> Result<Index> {
        let intro = self.read(place, header::INTRO)?;
        let length = header::index_length(&intro).map_err(|error| self.within(place, error))?;
        let bytes = self.read(place, length)?;
        Index::read(&bytes, place.length).map_err(|error| self.within(place, error))
    }

    /// As much of the header at `place` as is needed for `tags`.
    fn header<'a>(
        &self,
        place: Place,
        index: &'a Index,
        tags: &[Tag],
    ) -> Result<header::Header<'a>> {
        let bytes = self.read(place, index.end(tags))?;
        Ok(index.header(bytes))
    }

    /// The first `length` bytes of what is at `place`.
    fn read(&self, place: Place, length: u64) -> Result<Vec<u8>> {
        if length > LARGEST {
            let text = format!("has {length} bytes, more than are read");
            return Err(self.within(place, Error::unsupported(text)));
        }
        blob::read(&self.store, self.format, place, length)
    }

    /// `error`, which is about the header at `place`.
    fn within(&self, place: Place, error: Error) -> Error {
        let start = match (place.local, place.page) {
            (0, page) => format!("the header that starts on page {page}"),
            (_, _) => format!("the header that starts at byte {}", place.at),
        };
        self.store.named(error.at(start))
    }
}
