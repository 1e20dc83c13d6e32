//! A directory as a folder: what is in it, and names in another case.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use error::{Error, Result};
use rustix::fs::{AtFlags, Dir, FileType, OFlags, statat};
use rustix::io::Errno;
use sparse::{ByteSource, EntryKind, Folder, FolderEntry};

use super::{Directory, not_opened};

/// The most entries of a directory and of those inside it, all together.
const ENTRIES: usize = 10_000;
/// Directories inside each other.
const DEPTH: usize = 16;
/// Names that are compared with one that is not there.
const NAMES: usize = 100_000;

impl Folder for Directory {
    fn list(&self) -> Result<Option<Vec<FolderEntry>>> {
        let mut found = Vec::new();
        let mut waiting = vec![PathBuf::new()];
        while let Some(directory) = waiting.pop() {
            let listed = self.list_one(&directory, &mut found);
            waiting.extend(listed.map_err(|error| {
                if directory.as_os_str().is_empty() {
                    error
                } else {
                    error.at(directory.display())
                }
            })?);
        }
        found.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        Ok(Some(found))
    }

    fn find(&self, path: &Path) -> Result<Option<PathBuf>> {
        match self.is_there(path) {
            Ok(true) => Ok(Some(path.to_owned())),
            Ok(false) => self.spelled(path),
            Err(error) => Err(error),
        }
    }

    fn open(&self, path: &Path) -> Result<Box<dyn ByteSource>> {
        Ok(Box::new(self.regular(path)?))
    }
}

impl Directory {
    /// Adds what is in `directory` to `found`; returns the directories among that.
    fn list_one(&self, directory: &Path, found: &mut Vec<FolderEntry>) -> Result<Vec<PathBuf>> {
        let mut inside = Vec::new();
        let mut listing = self.dir(directory).map_err(failed)?;
        while let Some(entry) = listing.read() {
            let name = entry.map_err(failed)?.file_name().to_owned();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            if found.len() == ENTRIES {
                return Err(Error::unsupported(format!(
                    "holds more than {ENTRIES} files and directories"
                ))
                .hint("give the disk itself, or the description of the guest that names it"));
            }
            let here = listing.fd().map_err(failed)?;
            let stat = match statat(here, &name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                // It was removed meanwhile.
                Err(Errno::NOENT) => continue,
                Err(cause) => return Err(failed(cause)),
            };
            let path = directory.join(OsStr::from_bytes(name.to_bytes()));
            let kind = match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => EntryKind::File,
                FileType::Directory => EntryKind::Folder,
                FileType::Symlink => EntryKind::Link,
                _ => EntryKind::Other,
            };
            if kind == EntryKind::Folder && path.components().count() < DEPTH {
                inside.push(path.clone());
            }
            let size = u64::try_from(stat.st_size).unwrap_or(0);
            found.push(FolderEntry { path, kind, size });
        }
        Ok(inside)
    }

    /// Opens `directory`, a path in this one, to be listed.
    pub(super) fn dir(&self, directory: &Path) -> std::result::Result<Dir, Errno> {
        let path = if directory.as_os_str().is_empty() {
            Path::new(".")
        } else {
            directory
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW;
        self.open_within(path, flags).and_then(Dir::new)
    }

    fn is_there(&self, path: &Path) -> Result<bool> {
        match self.open_within(path, OFlags::PATH) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(false),
            Err(cause) => Err(not_opened(cause)),
        }
    }

    /// The path of the one thing whose name differs from `path` in the case of letters only.
    fn spelled(&self, path: &Path) -> Result<Option<PathBuf>> {
        let mut found = PathBuf::new();
        for part in path.components() {
            let Component::Normal(name) = part else {
                return Ok(None);
            };
            if self.is_there(&found.join(name))? {
                found.push(name);
                continue;
            }
            match self.only_like(&found, name)? {
                Some(name) => found.push(name),
                None => return Ok(None),
            }
        }
        // Links in the names that were found are followed here.
        Ok(self.is_there(&found)?.then_some(found))
    }

    /// The one name in `directory` that is `name` in another case.
    fn only_like(&self, directory: &Path, name: &OsStr) -> Result<Option<PathBuf>> {
        let Some(wanted) = name.to_str().map(str::to_lowercase) else {
            return Ok(None);
        };
        let mut only = None;
        let listing = match self.dir(directory) {
            Err(Errno::NOTDIR) => return Ok(None),
            listing => listing.map_err(failed)?,
        };
        for entry in listing.take(NAMES) {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            if name.to_lowercase() != wanted {
                continue;
            }
            if let Some(other) = only.replace(PathBuf::from(name)) {
                return Err(Error::refused(format!(
                    "is there only as {:?} and as {name:?}, of which either may be meant",
                    other.display().to_string()
                )));
            }
        }
        Ok(only)
    }
}

pub(super) fn failed(cause: Errno) -> Error {
    Error::io("cannot be listed", io::Error::from(cause))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn room() -> (tempfile::TempDir, Directory) {
        let room = tempfile::tempdir().unwrap();
        let directory = Directory::open(room.path()).unwrap();
        (room, directory)
    }

    #[test]
    fn everything_is_listed_in_order_and_links_are_not_followed() {
        let (room, directory) = room();
        let at = |name: &str| room.path().join(name);
        fs::create_dir_all(at("b/c")).unwrap();
        fs::write(at("b/c/disk"), "abc").unwrap();
        fs::write(at("a"), "").unwrap();
        symlink("b", at("link")).unwrap();
        symlink("/", at("root")).unwrap();
        testkit::machine::run("mkfifo", &[at("pipe").to_str().unwrap()]);
        let told: Vec<_> = directory
            .list()
            .unwrap()
            .unwrap()
            .into_iter()
            .map(|entry| (entry.path.display().to_string(), entry.kind))
            .collect();
        let expected = [
            ("a", EntryKind::File),
            ("b", EntryKind::Folder),
            ("b/c", EntryKind::Folder),
            ("b/c/disk", EntryKind::File),
            ("link", EntryKind::Link),
            ("pipe", EntryKind::Other),
            ("root", EntryKind::Link),
        ];
        let expected = expected.map(|(name, kind)| (name.to_owned(), kind));
        assert_eq!(told, expected);
    }

    #[test]
    fn too_much_is_not_listed() {
        let (room, directory) = room();
        for number in 0..=ENTRIES {
            fs::write(room.path().join(number.to_string()), "").unwrap();
        }
        assert_eq!(
            directory.list().unwrap_err().to_text(),
            "error: holds more than 10000 files and directories\n\
             hint: give the disk itself, or the description of the guest that names it"
        );
    }

    #[test]
    fn a_name_in_another_case_is_found_where_there_is_one() {
        let (room, directory) = room();
        let at = |name: &str| room.path().join(name);
        fs::create_dir(at("Snapshots")).unwrap();
        fs::write(at("Snapshots/{AB}.VDI"), "").unwrap();
        for name in ["Disk.vmdk", "disk.VMDK", "Übung.img"] {
            fs::write(at(name), "").unwrap();
        }
        symlink("/etc/passwd", at("Out")).unwrap();
        let found = |name: &str| match directory.find(Path::new(name)) {
            Ok(found) => found
                .map(|path| path.display().to_string())
                .unwrap_or_default(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found("Disk.vmdk"), "Disk.vmdk");
        let both = found("DISK.vmdk");
        assert!(both.starts_with("is there only as \"") && both.contains("\"disk.VMDK\""));
        assert_eq!(found("übung.IMG"), "Übung.img");
        assert_eq!(found("snapshots/{ab}.vdi"), "Snapshots/{AB}.VDI");
        assert_eq!(found("snapshots/{ab}.vdi/x"), "");
        for name in ["Out", "OUT", "../x", "Snapshots/../../x"] {
            assert_eq!(found(name), "leads out of its directory", "{name}");
        }
    }
}
