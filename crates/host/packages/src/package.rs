//! A package as its database has it.

use error::{Error, Result};

/// Most packages of a host: twice what Debian has in all.
pub(crate) const MOST: usize = 1 << 17;

/// A package of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name. Several packages may share one: of several architectures, and with rpm of several versions.
    pub name: String,
    /// Its version as its system writes it: `4.17.5+23-1~deb12u1`, `4.6.1-r0`, `2:4.17.5-13.xcpng8.3`; with an epoch
    /// where it has one, and with the release. Empty only where `state` is [`State::Partial`] or [`State::Removed`].
    pub version: String,
    /// The architecture it is for, in its system's own word: `amd64`, `x86_64`, `noarch`. Keys that rpm has imported
    /// (`gpg-pubkey`) have none.
    pub architecture: Option<String>,
    /// What it was built from. dpkg: the name of the source package; apk: the origin; rpm: the file name of the source
    /// package (`xen-4.17.5-13.src.rpm`).
    pub source: Option<String>,
    /// How far it is installed.
    pub state: State,
    /// Where its database has it.
    pub(crate) place: Place,
}

/// How far a package is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Installed.
    Installed,
    /// Its files are there, but its configuration was not finished: dpkg's `unpacked` and `half-configured`, apk's
    /// broken script.
    Unpacked,
    /// Its installation or removal was interrupted, and its files may be there or not: dpkg's `half-installed`, apk's
    /// broken files.
    Partial,
    /// Removed; only its configuration files are there (dpkg's `config-files`).
    Removed,
}

/// Where a database has a package: bytes in a file, and where a format splits them, the page that has the next ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Where the first bytes start.
    pub at: u64,
    /// How many bytes are there.
    pub local: u64,
    /// The page with the bytes behind those; 0 for none.
    pub page: u32,
    /// How many bytes there are in all.
    pub length: u64,
    /// Of text: the number of the line that starts at `at`, counted from 1.
    pub line: u64,
}

impl Package {
    /// Whether it is installed completely.
    pub fn is_installed(&self) -> bool {
        self.state == State::Installed
    }

    /// Whether its files are there: it is installed or unpacked.
    pub fn has_files(&self) -> bool {
        matches!(self.state, State::Installed | State::Unpacked)
    }
}

/// Adds a package to those of a host.
///
/// # Errors
/// [`error::Kind::Refused`] for more than 131,072 packages.
pub(crate) fn add(packages: &mut Vec<Package>, package: Package) -> Result<()> {
    if packages.len() == MOST {
        return Err(too_many());
    }
    packages.push(package);
    Ok(())
}

/// The error that a host has more than [`MOST`] packages.
pub(crate) fn too_many() -> Error {
    Error::refused(format!("has more than {MOST} packages"))
}

/// The text of a field without the white space around it; `None` for an empty one.
pub(crate) fn text(value: &[u8]) -> Option<String> {
    let value = value.trim_ascii();
    (!value.is_empty()).then(|| String::from_utf8_lossy(value).into_owned())
}
