//! A directory out of which files are opened whose names strangers chose.

mod folder;

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use error::{Error, Result};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use sparse::{BlockRead, ByteSource};

use super::file::{FileSource, not_regular};

/// A directory, held open: nothing outside it is ever opened through it, whatever links are in it.
#[derive(Debug)]
pub struct Directory {
    name: String,
    directory: OwnedFd,
}

impl Directory {
    /// Opens the directory at `path`.
    ///
    /// # Errors
    /// [`error::Kind::Io`] naming it when it cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        let name = path.display().to_string();
        // To reach files in it, the permission to list it is not needed.
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match rustix::fs::openat(CWD, path, flags, Mode::empty()) {
            Ok(directory) => Ok(Directory { name, directory }),
            Err(cause) => {
                let cause = io::Error::from(cause);
                Err(Error::io("cannot be opened as a directory", cause).at(name))
            }
        }
    }

    /// Opens the regular file called `file` in the directory. Links are followed as long as they stay
    /// in it.
    ///
    /// # Errors
    /// They name the file: [`error::Kind::Refused`] for what is outside or is no regular file,
    /// [`error::Kind::Io`] when it cannot be opened.
    pub fn file(&self, file: &str) -> Result<Arc<dyn BlockRead>> {
        let file = Path::new(file);
        let opened = self.regular(file).and_then(|source| {
            let open = source.at_any_offset().ok_or_else(not_regular)?;
            open()?.ok_or_else(not_regular)
        });
        opened.map_err(|error| error.at(self.named(file)))
    }

    /// The names in the directory, in no order; at most `most` of them. Names that are not UTF-8 are left out.
    ///
    /// # Errors
    /// [`error::Kind::Io`] naming the directory when it cannot be listed.
    pub fn names(&self, most: usize) -> Result<Vec<String>> {
        let listed = self.dir(Path::new("")).and_then(|entries| {
            let names =
                entries.map(|entry| Ok(entry?.file_name().to_str().ok().map(str::to_owned)));
            names.filter_map(Result::transpose).take(most).collect()
        });
        listed.map_err(|cause| folder::failed(cause).at(&self.name))
    }

    /// The regular file at `path` in the directory.
    fn regular(&self, path: &Path) -> Result<FileSource> {
        // A pipe must not make the program wait.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let opened = self.open_within(path, flags).map_err(not_opened)?;
        FileSource::regular(self.named(path), File::from(opened))
    }

    /// What messages call the file at `path` in the directory.
    fn named(&self, path: &Path) -> String {
        format!("{}/{}", self.name.trim_end_matches('/'), path.display())
    }

    fn open_within(&self, path: &Path, flags: OFlags) -> std::result::Result<OwnedFd, Errno> {
        let flags = flags | OFlags::CLOEXEC;
        let within = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        match rustix::fs::openat2(&self.directory, path, flags, Mode::empty(), within) {
            // A kernel before 5.6: without links there is no way out.
            Err(Errno::NOSYS) if path.components().count() == 1 => rustix::fs::openat(
                &self.directory,
                path,
                flags | OFlags::NOFOLLOW,
                Mode::empty(),
            ),
            opened => opened,
        }
    }
}

fn not_opened(cause: Errno) -> Error {
    match cause {
        Errno::XDEV | Errno::LOOP => Error::refused("leads out of its directory"),
        cause => Error::io("cannot be opened", io::Error::from(cause)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_regular_files_within_are_opened() {
        let outer = tempfile::tempdir().unwrap();
        let room = outer.path().join("room");
        std::fs::create_dir(&room).unwrap();
        std::fs::write(outer.path().join("secret"), "x").unwrap();
        std::fs::write(room.join("disk"), "abc").unwrap();
        symlink("disk", room.join("within")).unwrap();
        symlink("../secret", room.join("out")).unwrap();
        symlink("/etc/passwd", room.join("far")).unwrap();
        testkit::machine::run("mkfifo", &[room.join("pipe").to_str().unwrap()]);
        let directory = Directory::open(&room).unwrap();
        let told = |name: &str| match directory.file(name) {
            Ok(file) => format!("{} bytes", file.size().unwrap()),
            Err(error) => error.message().to_owned(),
        };
        assert_eq!(told("disk"), "3 bytes");
        assert_eq!(told("within"), "3 bytes");
        for name in ["out", "far", "../secret", "/etc/passwd"] {
            assert_eq!(told(name), "leads out of its directory", "{name}");
        }
        assert_eq!(told("pipe"), "is not a regular file");
        assert_eq!(told("."), "is not a regular file");
        assert_eq!(told("missing"), "cannot be opened");
        let mut names = directory.names(100).unwrap();
        names.sort();
        assert_eq!(names, [".", "..", "disk", "far", "out", "pipe", "within"]);
        assert_eq!(directory.names(3).unwrap().len(), 3);
    }
}
