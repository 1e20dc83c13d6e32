//! apk's database: a file with records of lines, each a letter, a colon and a value; an empty line ends a record
//! (`src/database.c` of apk-tools).
//!
//! `P` name, `V` version, `A` architecture, `o` origin, `f` what is broken; then `F` a directory, which `R` files follow.

use error::Result;
use host::Files;

use crate::lines::Lines;
use crate::package::{self, Package, Place, State, text};
use crate::store::Store;

/// Where it is: that of apk-tools 3 first, which moves the other there.
const PATHS: [&str; 2] = ["/usr/lib/apk/db/installed", "/lib/apk/db/installed"];

/// An apk database.
#[derive(Debug)]
pub(crate) struct Database(Store);

/// The host's apk database and its packages.
///
/// # Errors
/// Those of [`Store::open`] and of [`Lines::next`]; [`error::Kind::Corrupt`] for what is no database.
pub(crate) fn read(files: &Files) -> Result<Option<(Database, Vec<Package>)>> {
    let mut found = None;
    for path in PATHS {
        if let Some(store) = Store::open(files, path)? {
            let packages = packages(&store)?;
            let is_empty = packages.is_empty();
            found = Some((Database(store), packages));
            if !is_empty {
                break;
            }
        }
    }
    Ok(found)
}

impl Database {
    /// Calls `each` with the path of every file and directory of `package`.
    ///
    /// # Errors
    /// Those of [`Lines::next`]; [`error::Kind::Corrupt`] for a file before the first directory.
    pub fn files(
        &self,
        package: &Package,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let Place {
            at, length, line, ..
        } = package.place;
        let mut lines = Lines::part(&self.0, at, length, line);
        let mut path = Vec::new();
        let mut directory = None;
        while let Some(line) = lines.next()? {
            match line.split_at_checked(2) {
                Some((b"F:", name)) => {
                    path.clear();
                    path.push(b'/');
                    path.extend_from_slice(name);
                    each(&path)?;
                    directory = Some(path.len());
                }
                Some((b"R:", name)) => {
                    let Some(directory) = directory else {
                        return Err(lines.corrupt("a file before the first directory"));
                    };
                    path.truncate(directory);
                    path.push(b'/');
                    path.extend_from_slice(name);
                    each(&path)?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn packages(store: &Store) -> Result<Vec<Package>> {
    let mut lines = Lines::all(store);
    let mut packages = Vec::new();
    let mut record = Record::default();
    while let Some(line) = lines.next()? {
        if line.is_empty() {
            record.end(&lines, &mut packages)?;
            continue;
        }
        match line {
            [letter, b':', value @ ..] => record.add(*letter, value),
            _ => return Err(lines.corrupt("not a letter, a colon and a value")),
        }
        if record.place.line == 0 {
            record.place.at = lines.start();
            record.place.line = lines.number();
        }
    }
    record.end(&lines, &mut packages)?;
    Ok(packages)
}

/// A record that is being read.
#[derive(Default)]
struct Record {
    name: Option<String>,
    version: Option<String>,
    architecture: Option<String>,
    origin: Option<String>,
    broken: Vec<u8>,
    place: Place,
}

impl Record {
    fn add(&mut self, letter: u8, value: &[u8]) {
        match letter {
            b'P' => self.name = text(value),
            b'V' => self.version = text(value),
            b'A' => self.architecture = text(value),
            b'o' => self.origin = text(value),
            b'f' => self.broken = value.to_vec(),
            _ => {}
        }
    }

    /// Makes a package of it, and begins another one; `lines` are at its end.
    fn end(&mut self, lines: &Lines, packages: &mut Vec<Package>) -> Result<()> {
        let record = std::mem::take(self);
        let mut place = record.place;
        if place.line == 0 {
            return Ok(());
        }
        place.length = lines.start() - place.at;
        let line = place.line;
        let (Some(name), Some(version)) = (record.name, record.version) else {
            let text = format!(
                "the record that starts at line {line} has no name (P:) or no version (V:)"
            );
            return Err(lines.corrupt(&text));
        };
        let state = match record.broken {
            broken if broken.contains(&b'f') => State::Partial,
            broken if broken.contains(&b's') => State::Unpacked,
            _ => State::Installed,
        };
        let package = Package {
            name,
            version,
            architecture: record.architecture,
            source: record.origin,
            state,
            place,
        };
        package::add(packages, package).map_err(|error| lines.named(error))
    }
}
