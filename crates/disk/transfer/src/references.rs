//! The files that a guest's description names as its disks, and where they may lie.

use std::path::{Component, Path, PathBuf};

use error::{Error, Result};
use percent_encoding::percent_decode_str;
use vmconfig::{Choice, Chunks, ovf};

use crate::config::{Config, ConfigKind};
use crate::guest;
use crate::names::shortened;

/// Parts at the end of an absolute path that are looked for: a disk may lie in a folder of its own.
const SUFFIX: usize = 3;
/// Characters of a file's name that a message shows.
const SHOWN: usize = 200;

/// A file that a description names as a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// As the description writes it.
    pub(crate) name: String,
    /// Whether the description says that the disk is raw.
    pub(crate) raw: bool,
    /// The chunks that the file comes in, where it does.
    pub(crate) chunks: Option<Chunks>,
}

/// The disks that `config` names, in its order; CD images and blank disks are none.
///
/// # Errors
/// Those of the language's reader.
pub(crate) fn disks(config: &Config) -> Result<Vec<Reference>> {
    if config.kind == ConfigKind::Ovf {
        let files = ovf::disk_files(&config.text)?.into_iter();
        return Ok(files
            .map(|file| Reference {
                name: file.href,
                raw: false,
                chunks: file.chunks,
            })
            .collect());
    }
    let disks = guest::read(config, &Choice::default())?.disks.into_iter();
    let disks = disks.filter(|disk| !disk.cdrom);
    Ok(disks
        .filter_map(|disk| {
            Some(Reference {
                raw: guest::is_raw(config.kind, &disk),
                name: disk.source?,
                chunks: disk.chunks,
            })
        })
        .collect())
}

impl Reference {
    /// What messages call it.
    pub(crate) fn shown(&self) -> String {
        format!("{:?}", shortened(&self.name, SHOWN))
    }

    /// Where in a folder the file may lie when the description lies in its `directory`, the likeliest
    /// place first. Of an absolute path only the end counts: it is where the file was on another machine.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] for what is no file of a folder, and what lies outside it.
    pub(crate) fn places(&self, directory: &Path) -> Result<Vec<PathBuf>> {
        let name = self.name.strip_prefix("file://").unwrap_or(&self.name);
        let decoded = percent_decode_str(name).decode_utf8();
        let decoded = decoded.map_or_else(|_| name.to_owned(), Into::into);
        let slashes = decoded.replace('\\', "/");
        if is_device(&slashes) {
            return Err(self.refused("which is a device and not a file beside it"));
        }
        if name.contains("://") {
            return Err(self.refused("which is not a file beside it"));
        }
        let mut places = Vec::new();
        for name in [name, &decoded, &slashes] {
            match without_root(name) {
                None => places.extend(inside(directory, Path::new(name))),
                Some(rest) => places.extend(ends(directory, rest)),
            }
        }
        if places.is_empty() {
            return Err(self.refused("which leads out of its directory"));
        }
        let mut seen = Vec::new();
        places.retain(|place| {
            let new = !seen.contains(place);
            seen.push(place.clone());
            new
        });
        Ok(places)
    }

    /// A refusal to read the file.
    pub(crate) fn refused(&self, why: &str) -> Error {
        Error::refused(format!("names the disk {}, {why}", self.shown()))
    }
}

/// Whether `name`, with slashes only, is a device of Linux or of Windows.
fn is_device(name: &str) -> bool {
    name.starts_with("/dev/") || name.starts_with("//./") || name.starts_with("/vmfs/devices/")
}

/// What follows the root of an absolute path of Linux or Windows; `None` for a relative one.
fn without_root(name: &str) -> Option<&str> {
    let mut chars = name.chars();
    let drive = chars
        .next()
        .is_some_and(|letter| letter.is_ascii_alphabetic())
        && chars.next() == Some(':')
        && chars.next().is_none_or(|slash| matches!(slash, '/' | '\\'));
    if drive {
        name.get(2..)
            .map(|rest| rest.trim_start_matches(['/', '\\']))
    } else {
        let rest = name.trim_start_matches(['/', '\\']);
        (rest.len() < name.len()).then_some(rest)
    }
}

/// The ends of `path` in `directory`, the longest first.
fn ends(directory: &Path, path: &str) -> Vec<PathBuf> {
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
    let longest = parts.len().min(SUFFIX);
    let ends = (1..=longest)
        .rev()
        .filter_map(|len| parts.get(parts.len() - len..));
    ends.filter_map(|end| inside(directory, Path::new(&end.join("/"))))
        .collect()
}

/// `path` as seen from `directory`, a path in a folder, if it does not leave the folder and is not the
/// folder itself.
pub(crate) fn inside(directory: &Path, path: &Path) -> Option<PathBuf> {
    let mut found = directory.to_owned();
    for part in path.components() {
        match part {
            Component::Normal(name) => found.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                found.pop().then_some(())?;
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    (!found.as_os_str().is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(name: &str, directory: &str) -> String {
        let reference = Reference {
            name: name.into(),
            raw: false,
            chunks: None,
        };
        match reference.places(Path::new(directory)) {
            Err(error) => error.to_string(),
            Ok(places) => {
                let shown = places.iter().map(|place| place.display().to_string());
                shown.collect::<Vec<_>>().join(" | ")
            }
        }
    }

    #[test]
    fn a_relative_name_is_seen_from_its_description() {
        for (name, directory, expected) in [
            ("disk.vmdk", "", "disk.vmdk"),
            ("./disk.vmdk", "vm", "vm/disk.vmdk"),
            ("disks/./a.vmdk", "", "disks/a.vmdk"),
            ("../base/a.vmdk", "vm", "base/a.vmdk"),
            ("my%20disk.vmdk", "", "my%20disk.vmdk | my disk.vmdk"),
            ("100%.vmdk", "", "100%.vmdk"),
            (
                r"Snapshots\{a}.vdi",
                "",
                r"Snapshots\{a}.vdi | Snapshots/{a}.vdi",
            ),
            ("a:b.vmdk", "", "a:b.vmdk"),
        ] {
            assert_eq!(places(name, directory), expected, "{name}");
        }
    }

    #[test]
    fn of_an_absolute_path_the_end_counts() {
        for (name, expected) in [
            ("/srv/web.img", "srv/web.img | web.img"),
            ("file:///srv/web.img", "srv/web.img | web.img"),
            (
                r"C:\VMs\web\Snapshots\x.vdi",
                "VMs\\web\\Snapshots\\x.vdi | web/Snapshots/x.vdi | Snapshots/x.vdi | x.vdi",
            ),
            ("/a/b/c/d/e", "c/d/e | d/e | e"),
        ] {
            assert_eq!(places(name, ""), expected, "{name}");
        }
    }

    #[test]
    fn what_lies_elsewhere_is_refused() {
        for (name, why) in [
            ("/dev/vg0/web", "which is a device and not a file beside it"),
            (
                r"\\.\PhysicalDrive0",
                "which is a device and not a file beside it",
            ),
            (
                "https://example.org/a.vmdk",
                "which is not a file beside it",
            ),
            ("../a.vmdk", "which leads out of its directory"),
            ("a/../../b", "which leads out of its directory"),
            ("", "which leads out of its directory"),
            ("/", "which leads out of its directory"),
            ("/a/..", "which leads out of its directory"),
        ] {
            assert_eq!(places(name, ""), format!("names the disk {name:?}, {why}"));
        }
    }
}
