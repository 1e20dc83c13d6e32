//! The files beside one on a server.

use std::path::{Component, Path, PathBuf};

use error::{Error, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sparse::{ByteSource, Folder, FolderEntry};

use super::failure::is_missing;
use super::{Http, HttpOptions};

/// What is encoded in a part of a path: all but RFC 3986's unreserved characters (section 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The files beside one on a server, and in the folders there. They cannot be listed, and a name in another
/// case is another name.
#[derive(Clone, Debug)]
pub struct Around {
    /// An address up to the last slash of its path.
    base: String,
    options: HttpOptions,
}

impl Around {
    /// What is beside the file at `url`, and the file's own name there; `None` for an address without a file's
    /// name. A query is good for that one file, and is left out.
    pub fn of(url: &str, options: &HttpOptions) -> Option<(Self, PathBuf)> {
        let path = url.split(['?', '#']).next()?;
        let host = path.find("://")? + 3;
        let slash = path.rfind('/').filter(|&slash| slash >= host)?;
        let (base, name) = path.split_at_checked(slash + 1)?;
        let name = percent_decode_str(name).decode_utf8().ok()?;
        let around = Around {
            base: base.to_owned(),
            options: options.clone(),
        };
        let is_name = !name.is_empty() && !name.contains('/') && name != ".." && name != ".";
        is_name.then(|| (around, PathBuf::from(&*name)))
    }

    /// The address of the file at `path`.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] for a path that leads out of the folder or is no text.
    fn address(&self, path: &Path) -> Result<String> {
        let mut parts = Vec::new();
        for part in path.components() {
            match part {
                Component::Normal(name) => match name.to_str() {
                    Some(name) => parts.push(utf8_percent_encode(name, ENCODED).to_string()),
                    None => return Err(Error::refused("has a name that is not UTF-8")),
                },
                _ => return Err(Error::refused("leads out of its directory")),
            }
        }
        Ok(format!("{}{}", self.base, parts.join("/")))
    }
}

impl Folder for Around {
    fn list(&self) -> Result<Option<Vec<FolderEntry>>> {
        Ok(None)
    }

    fn is_far(&self) -> bool {
        true
    }

    /// Asks the server for the file.
    fn find(&self, path: &Path) -> Result<Option<PathBuf>> {
        match Http::open(&self.address(path)?, &self.options) {
            Ok(_) => Ok(Some(path.to_owned())),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn open(&self, path: &Path) -> Result<Box<dyn ByteSource>> {
        Ok(Box::new(Http::open(&self.address(path)?, &self.options)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(url: &str) -> Option<(Around, String)> {
        let (around, name) = Around::of(url, &HttpOptions::default())?;
        Some((around, name.display().to_string()))
    }

    #[test]
    fn files_lie_where_the_address_says() {
        let (around, name) = around("https://me:secret@host:81/a/my%20vm.ovf?sig=x/y#z").unwrap();
        assert_eq!(name, "my vm.ovf");
        let address = |path: &str| match around.address(Path::new(path)) {
            Ok(address) => address,
            Err(error) => error.to_string(),
        };
        assert_eq!(
            address("disk.vmdk"),
            "https://me:secret@host:81/a/disk.vmdk"
        );
        assert_eq!(
            address("d/my disk?#%.vmdk"),
            "https://me:secret@host:81/a/d/my%20disk%3F%23%25.vmdk"
        );
        for path in ["../x", "/etc/passwd", "a/../../x"] {
            assert_eq!(address(path), "leads out of its directory", "{path}");
        }
    }

    #[test]
    fn an_address_without_a_files_name_has_nothing_beside_it() {
        for url in [
            "http://host",
            "http://host/",
            "http://host/a/",
            "host/a",
            "http://host/%2e%2e",
        ] {
            assert!(around(url).is_none(), "{url}");
        }
        assert!(around("http://host/a").is_some());
    }
}
