//! What a user types for a place.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use error::{Error, Result};
use host::{Host, Number, Storage, overlap};
use percent_encoding::percent_decode_str;

use crate::lvm::Volume;
use crate::nbd::Address;
use crate::secrets::shown;

/// A place as a user names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `-`: standard input as a source, standard output as a target.
    Stdio,
    /// A path: file, block device or named pipe.
    File(PathBuf),
    /// An `http://` or `https://` address, as given.
    Http(String),
    /// `nbd://HOST[:PORT]/EXPORT` or `nbd+unix:///EXPORT?socket=PATH`.
    Nbd(Address),
    /// `lv:VG/NAME` or `lv:VG/POOL/NAME`.
    Volume(Volume),
}

impl Place {
    /// Understands `-`, `http(s)://…`, `nbd://…`, `nbd+unix://…`, `lv:VG/NAME`, `lv:VG/POOL/NAME`;
    /// everything else is a path.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] for an empty name, for a scheme that is not known and for names that
    /// LVM does not allow.
    pub fn parse(text: impl AsRef<OsStr>) -> Result<Self> {
        let text = text.as_ref();
        if text.is_empty() {
            return Err(Error::usage("an empty name is not a place"));
        }
        if text == "-" {
            return Ok(Place::Stdio);
        }
        if let Some(scheme) = scheme(text.as_bytes()) {
            return address(scheme, text);
        }
        match text.as_bytes().strip_prefix(b"lv:") {
            Some(volume) => Volume::parse(&String::from_utf8_lossy(volume))
                .map(Place::Volume)
                .map_err(|error| error.at(text.display())),
            None => Ok(Place::File(text.into())),
        }
    }

    /// The last part of its name: of a path, or of a URL without its query and decoded (RFC 3986,
    /// section 2.1). Text that is not UTF-8 gets replacement characters.
    pub fn last_name(&self) -> String {
        let text = match self {
            Place::Http(url) => {
                let url = url.split(['?', '#']).next().unwrap_or(url);
                let last = url.rsplit('/').next().unwrap_or(url);
                percent_decode_str(last).decode_utf8_lossy().into_owned()
            }
            other => other.to_string(),
        };
        text.rsplit('/').next().unwrap_or(&text).to_owned()
    }

    /// Whether both name the same thing on `host`, by whatever paths lead there: standard input and
    /// standard output are one thing, a volume and its device node are.
    pub fn is_same(&self, other: &Place, host: &Host) -> bool {
        if let (Place::Nbd(one), Place::Nbd(other)) = (self, other) {
            return one.is_same(other);
        }
        let same_thing = || Some(self.thing(host)? == other.thing(host)?);
        self == other || same_thing().unwrap_or(false)
    }

    /// Whether writing the one changes the other although they are not the same: a disk and its
    /// partition or a volume on it, a loop device and its file.
    pub fn overlaps(&self, other: &Place, host: &Host) -> bool {
        let storage = |place: &Place| match place.thing(host) {
            Some(Thing::Device(device)) => host.storage(device),
            Some(Thing::File(system, inode)) => vec![Storage::File(system, inode)],
            Some(Thing::Name(..)) | None => Vec::new(),
        };
        overlap(&storage(self), &storage(other))
    }

    /// What the file system knows it by, if it is there.
    fn thing(&self, host: &Host) -> Option<Thing> {
        let path = match self {
            Place::Stdio | Place::Http(_) | Place::Nbd(_) => return None,
            Place::File(path) => path.clone(),
            Place::Volume(volume) => host.dev().join(volume.path()),
        };
        let Ok(metadata) = std::fs::metadata(&path) else {
            // Not there yet: a name in a directory that may be.
            let parent = path.parent()?;
            let parent = if parent.as_os_str().is_empty() {
                Path::new(".")
            } else {
                parent
            };
            let parent = std::fs::metadata(parent).ok()?;
            return Some(Thing::Name(
                parent.dev(),
                parent.ino(),
                path.file_name()?.into(),
            ));
        };
        Some(match Number::of(&metadata) {
            Some(device) => Thing::Device(device),
            None => Thing::File(metadata.dev(), metadata.ino()),
        })
    }
}

/// A file or a device, whatever its names.
#[derive(PartialEq, Eq)]
enum Thing {
    Device(Number),
    File(u64, u64),
    Name(u64, u64, OsString),
}

/// The scheme of `scheme://…` in the characters of RFC 3986, section 3.1.
fn scheme(text: &[u8]) -> Option<&[u8]> {
    let end = text.windows(3).position(|three| three == b"://")?;
    let scheme = &text[..end];
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    (scheme.first()?.is_ascii_alphabetic() && scheme.iter().all(known)).then_some(scheme)
}

fn address(scheme: &[u8], text: &OsStr) -> Result<Place> {
    let web = [b"http".as_slice(), b"https"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    let nbd = Address::is_scheme(scheme);
    if !web && !nbd {
        let scheme = String::from_utf8_lossy(scheme);
        let text = shown(&text.to_string_lossy());
        return Err(
            Error::usage(format!("{text}: {scheme}:// is not known"))
                .hint("give a file, a device, -, http://…, https://…, nbd://…, nbd+unix://… or lv:VG/NAME"),
        );
    }
    match text.to_str() {
        Some(uri) if nbd => Address::parse(uri).map(Place::Nbd),
        Some(url) => Ok(Place::Http(url.to_owned())),
        None => Err(Error::usage(format!(
            "{}: an address has to be UTF-8",
            shown(&text.to_string_lossy())
        ))),
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Stdio => f.write_str("-"),
            Place::File(path) => path.display().fmt(f),
            Place::Http(url) => f.write_str(&shown(url)),
            Place::Nbd(address) => address.fmt(f),
            Place::Volume(volume) => volume.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(group: &str, pool: Option<&str>, name: &str) -> Place {
        Place::Volume(Volume {
            group: group.into(),
            pool: pool.map(Into::into),
            name: name.into(),
        })
    }

    #[test]
    fn places_are_told_apart_and_shown_as_given() {
        let cases = [
            ("-", Place::Stdio),
            ("disk.img", Place::File("disk.img".into())),
            ("./lv:x", Place::File("./lv:x".into())),
            ("./a://b", Place::File("./a://b".into())),
            ("/dev/sdb", Place::File("/dev/sdb".into())),
            ("http://h/x", Place::Http("http://h/x".into())),
            ("HTTPS://h/x", Place::Http("HTTPS://h/x".into())),
            (
                "nbd://h/x",
                Place::Nbd(Address::parse("nbd://h/x").unwrap()),
            ),
            ("lv:vg0/web01", volume("vg0", None, "web01")),
            ("lv:vg0/pool/web01", volume("vg0", Some("pool"), "web01")),
        ];
        for (text, place) in cases {
            assert_eq!(Place::parse(text).unwrap(), place, "{text}");
            assert_eq!(place.to_string(), text);
        }
    }

    #[test]
    fn a_path_need_not_be_text() {
        let name = OsStr::from_bytes(b"disk\xff.img");
        assert_eq!(Place::parse(name).unwrap(), Place::File(name.into()));
    }

    #[test]
    fn a_thing_is_the_same_by_all_its_names() {
        let room = tempfile::tempdir().unwrap();
        let at = |name: &str| room.path().join(name);
        std::fs::write(at("a"), "").unwrap();
        std::fs::write(at("b"), "").unwrap();
        std::fs::hard_link(at("a"), at("hard")).unwrap();
        std::os::unix::fs::symlink("a", at("soft")).unwrap();
        let same = |one: &str, other: &str| {
            Place::File(at(one)).is_same(&Place::File(at(other)), &Host::live())
        };
        assert!(same("a", "hard") && same("soft", "a") && same("missing", "./missing"));
        assert!(!same("a", "b") && !same("a", "missing"));
    }

    #[test]
    fn the_last_name_is_the_one_that_lists_give() {
        for (text, last) in [
            ("a/My Disk.img", "My Disk.img"),
            ("https://h/a/My%20Disk.img?x=/y#z", "My Disk.img"),
            ("https://h/a%2Fb", "b"),
            ("lv:vg0/web01", "web01"),
        ] {
            assert_eq!(Place::parse(text).unwrap().last_name(), last);
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        let place = Place::parse("https://me:secret@host:81/a/b").unwrap();
        assert_eq!(place.to_string(), "https://host:81/a/b");
        for refused in ["ftp://me:secret@host/a", "nbd://me:secret@host/a"] {
            let error = Place::parse(refused).unwrap_err().to_text();
            assert!(!error.contains("secret"), "{error}");
        }
        let bytes = OsStr::from_bytes(b"https://me:secret@host/\xff");
        let error = Place::parse(bytes).unwrap_err().to_text();
        assert!(!error.contains("secret"), "{error}");
    }

    #[test]
    fn what_is_no_place_is_wrong_usage() {
        let cases = [
            ("", "an empty name is not a place"),
            ("foo://x", "foo://x: foo:// is not known"),
            ("nbd+unix:///x", "nbd+unix:///x: does not name its socket"),
            ("nbds://h/x", "nbds://h/x: NBD over TLS is not supported"),
            (
                "nbd+vsock://1/x",
                "nbd+vsock://1/x: nbd+vsock:// is not supported",
            ),
            ("lv:", "lv:: give a volume as lv:VG/NAME or lv:VG/POOL/NAME"),
            (
                "lv:a/b/c/d",
                "lv:a/b/c/d: give a volume as lv:VG/NAME or lv:VG/POOL/NAME",
            ),
            (
                "lv:vg0/",
                "lv:vg0/: volume name \"\" is not allowed: it is empty",
            ),
        ];
        for (text, message) in cases {
            let error = Place::parse(text).unwrap_err();
            assert_eq!(error.kind(), error::Kind::Usage);
            assert_eq!(error.to_string(), message);
        }
    }
}
