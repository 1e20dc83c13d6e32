//! A directory out of which files are opened whose names strangers chose.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use extent::{BlockRead, ByteSource};
use report::{Error, Result};
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::file::FileSource;

/// A directory, held open: nothing outside it is ever opened through it, whatever links lie in it.
#[derive(Debug)]
pub struct Directory {
    name: String,
    directory: OwnedFd,
}

impl Directory {
    /// Opens the directory at `path`.
    ///
    /// # Errors
    /// [`report::Kind::Io`] naming it when it cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        let path = match path.as_os_str().is_empty() {
            true => Path::new("."),
            false => path,
        };
        let name = path.display().to_string();
        // To reach files in it, nobody has to be allowed to list it.
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
    /// They name the file: [`report::Kind::Refused`] for what lies outside or is no regular file,
    /// [`report::Kind::Io`] when it cannot be opened.
    pub fn file(&self, file: &str) -> Result<Arc<dyn BlockRead>> {
        let name = self.called(file);
        let opened = self.open_within(file).and_then(|opened| {
            let source = FileSource::regular(name.clone(), opened)?;
            let open = source.at_any_offset().ok_or_else(not_regular)?;
            open()?.ok_or_else(not_regular)
        });
        opened.map_err(|error| error.at(name))
    }

    /// The name of the file that is called `file`, or whose name differs from it only in capitals: Windows does
    /// not tell them apart. `None` when there is none. `most` names are looked at.
    ///
    /// # Errors
    /// [`report::Kind::Refused`] naming it when two files differ only in capitals from it.
    pub fn find(&self, file: &str, most: usize) -> Result<Option<String>> {
        if rustix::fs::statat(&self.directory, file, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
            return Ok(Some(file.to_owned()));
        }
        // Who may not list a directory has to know the right name.
        let names = self.names(most).unwrap_or_default().into_iter();
        let mut alike = names.filter(|name| name.to_lowercase() == file.to_lowercase());
        match (alike.next(), alike.next()) {
            (Some(one), Some(other)) => Err(Error::refused(format!(
                "is there only as {one:?} and as {other:?}, of which either may be meant"
            ))
            .at(self.called(file))),
            (found, _) => Ok(found),
        }
    }

    /// What messages call a file.
    fn called(&self, file: &str) -> String {
        format!("{}/{file}", self.name.trim_end_matches('/'))
    }

    /// The names in the directory, in no order; at most `most` of them. Names that are not UTF-8 are left out.
    ///
    /// # Errors
    /// [`report::Kind::Io`] naming the directory when it cannot be listed.
    pub fn names(&self, most: usize) -> Result<Vec<String>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let listed = rustix::fs::openat(&self.directory, ".", flags, Mode::empty())
            .and_then(Dir::new)
            .and_then(|entries| {
                let names =
                    entries.map(|entry| Ok(entry?.file_name().to_str().ok().map(str::to_owned)));
                names.filter_map(Result::transpose).take(most).collect()
            });
        let failed = |cause: Errno| Error::io("cannot be listed", io::Error::from(cause));
        listed.map_err(|cause| failed(cause).at(&self.name))
    }

    fn open_within(&self, file: &str) -> Result<File> {
        // A pipe must not make the program wait.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let within = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let opened = match rustix::fs::openat2(&self.directory, file, flags, Mode::empty(), within)
        {
            // A kernel before 5.6: without links there is no way out.
            Err(Errno::NOSYS) if !file.contains('/') => rustix::fs::openat(
                &self.directory,
                file,
                flags | OFlags::NOFOLLOW,
                Mode::empty(),
            ),
            opened => opened,
        };
        match opened {
            Ok(opened) => Ok(opened.into()),
            Err(Errno::XDEV | Errno::LOOP) => Err(Error::refused("leads out of its directory")),
            Err(cause) => Err(Error::io("cannot be opened", io::Error::from(cause))),
        }
    }
}

pub(super) fn not_regular() -> Error {
    Error::refused("is not a regular file")
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
    #[test]
    fn capitals_do_not_matter_where_one_file_is_meant() {
        let room = tempfile::tempdir().unwrap();
        for name in ["Base.VHD", "a", "A", "Ärger", "two", "TWO"] {
            std::fs::write(room.path().join(name), "x").unwrap();
        }
        let directory = Directory::open(room.path()).unwrap();
        let told = |name: &str| match directory.find(name, 100) {
            Ok(found) => found.unwrap_or_else(|| "nothing".into()),
            Err(error) => error.message().to_owned(),
        };
        assert_eq!(told("base.vhd"), "Base.VHD");
        assert_eq!(told("ÄRGER"), "Ärger");
        assert_eq!((told("a"), told("A")), ("a".into(), "A".into()));
        assert_eq!(told("b"), "nothing");
        assert_eq!(told("../base.vhd"), "nothing");
        let both = told("Two");
        assert!(
            both.starts_with("is there only as \"")
                && both.contains("\"two\"")
                && both.contains("\"TWO\""),
            "{both}"
        );
    }
}
