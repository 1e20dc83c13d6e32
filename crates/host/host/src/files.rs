//! The files of a host, read within bounds.

mod walk;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use error::{Error, Result, amount};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::device::Number;
use walk::Found;

/// Most bytes that [`Files::read`] takes: far more than any configuration or table of the kernel has.
pub const LARGEST: u64 = 16 << 20;

/// Most names that [`Files::list`] takes.
const MOST_NAMES: usize = 1 << 17;

/// The files below a host's root directory. Paths are the host's own, with or without `/` at their start.
///
/// Below a directory links are followed as the host would follow them, with the directory as `/`: none leads out of
/// it. What is not there is `None`; what is there and cannot be read is an error.
#[derive(Clone, Debug)]
pub struct Files {
    /// What messages call the root.
    name: PathBuf,
    /// The root, held open; none for `/` of the running system, whose links are the kernel's to follow: those in
    /// `/proc` are more than their text.
    root: Option<Arc<OwnedFd>>,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A block device.
    Block(Number),
    /// A character device.
    Character,
    /// A pipe or a socket.
    Other,
}

/// What inode(7) has about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// What it is.
    pub kind: Kind,
    /// Its permissions: the lower twelve bits of the mode.
    pub permissions: u32,
    /// Its size in bytes, as far as it has one.
    pub size: u64,
    /// The number of the file system it is on.
    pub system: u64,
    /// Its inode on that file system.
    pub inode: u64,
    /// When its content was last changed, in seconds since 1970.
    pub modified: i64,
}

impl Files {
    pub(crate) fn live() -> Self {
        Files {
            name: "/".into(),
            root: None,
        }
    }

    pub(crate) fn below(root: &Path) -> Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(CWD, root, flags, Mode::empty());
        let opened = opened.map_err(|cause| {
            let cause = io::Error::from(cause);
            Error::io("cannot be opened as a directory", cause).at(root.display())
        })?;
        Ok(Files {
            name: root.to_owned(),
            root: Some(Arc::new(opened)),
        })
    }

    pub(crate) fn is_live(&self) -> bool {
        self.root.is_none()
    }

    /// What `path` is called on the running system, for messages. Links in it are not looked at, so this is nothing
    /// to open.
    pub fn real(&self, path: &Path) -> PathBuf {
        self.name.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// The content of the regular file at `path`, at most [`LARGEST`] bytes.
    ///
    /// # Errors
    /// They name the file: [`error::Kind::Refused`] for what is larger or is no regular file,
    /// [`error::Kind::Io`] when it cannot be read.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Option<Vec<u8>>> {
        self.read_within(path, LARGEST)
    }

    /// As [`Files::read`], with at most `limit` bytes.
    ///
    /// # Errors
    /// Those of [`Files::read`].
    pub fn read_within(&self, path: impl AsRef<Path>, limit: u64) -> Result<Option<Vec<u8>>> {
        let path = path.as_ref();
        self.told(path, || self.content(path, limit))
    }

    /// The regular file at `path`, opened for reading: for what is too large to be read whole.
    ///
    /// # Errors
    /// They name the file: [`error::Kind::Refused`] for what is no regular file, [`error::Kind::Io`] when it cannot be
    /// opened.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Option<File>> {
        let path = path.as_ref();
        self.told(path, || self.opened(path))
    }

    /// The file at `path` as text.
    ///
    /// # Errors
    /// Those of [`Files::read`]; [`error::Kind::Corrupt`] for what is not UTF-8.
    pub fn text(&self, path: impl AsRef<Path>) -> Result<Option<String>> {
        let path = path.as_ref();
        let text = self.read(path)?.map(String::from_utf8).transpose();
        text.map_err(|_| Error::corrupt("is not UTF-8").at(self.real(path).display()))
    }

    /// The value in a file of sysfs or of `/proc/sys`: its text without the white space around it.
    ///
    /// # Errors
    /// Those of [`Files::text`].
    pub fn value(&self, path: impl AsRef<Path>) -> Result<Option<String>> {
        let text = self.text(path)?;
        Ok(text.map(|text| text.trim().to_owned()))
    }

    /// The names in the directory at `path`, sorted.
    ///
    /// # Errors
    /// They name the directory: [`error::Kind::Refused`] for more than 131,072 names, [`error::Kind::Io`] when it
    /// cannot be listed.
    pub fn list(&self, path: impl AsRef<Path>) -> Result<Option<Vec<OsString>>> {
        let path = path.as_ref();
        self.told(path, || self.names(path))
    }

    /// What is at `path`; links are followed.
    ///
    /// # Errors
    /// [`error::Kind::Io`] naming the file when that cannot be told.
    pub fn status(&self, path: impl AsRef<Path>) -> Result<Option<Status>> {
        let path = path.as_ref();
        self.told(path, || self.find(path, true)?.status())
    }

    /// Whether there is anything at `path`; links are followed.
    ///
    /// # Errors
    /// Those of [`Files::status`].
    pub fn exists(&self, path: impl AsRef<Path>) -> Result<bool> {
        Ok(self.status(path)?.is_some())
    }

    /// The text of the link at `path`; `None` also for what is no link.
    ///
    /// # Errors
    /// [`error::Kind::Io`] naming the link when it cannot be read.
    pub fn link(&self, path: impl AsRef<Path>) -> Result<Option<PathBuf>> {
        let path = path.as_ref();
        self.told(path, || {
            let found = self.find(path, false)?;
            match rustix::fs::readlinkat(found.directory(), found.name(), Vec::new()) {
                Ok(text) => Ok(OsString::from_vec(text.into_bytes()).into()),
                Err(Errno::INVAL) => Err(Errno::NOENT.into()),
                Err(cause) => Err(cause.into()),
            }
        })
    }

    /// The host's own path without any link that leads to the same thing as `path`.
    ///
    /// # Errors
    /// [`error::Kind::Io`] naming the file when that cannot be told.
    pub fn canonical(&self, path: impl AsRef<Path>) -> Result<Option<PathBuf>> {
        let path = path.as_ref();
        self.told(path, || match &self.root {
            Some(root) => Ok(walk::find(root, path, true)?.path()),
            None => Ok(std::fs::canonicalize(self.real(path))?),
        })
    }

    fn opened(&self, path: &Path) -> std::result::Result<File, Failure> {
        let found = self.find(path, true)?;
        // Asked before it is opened, for some devices start to do something then, and afterwards, for it may have
        // been replaced meanwhile.
        found.status()?.regular()?;
        let file = found.open(OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?;
        status(&rustix::fs::fstat(&file)?).regular()?;
        Ok(file.into())
    }

    fn content(&self, path: &Path, limit: u64) -> std::result::Result<Vec<u8>, Failure> {
        let mut content = Vec::new();
        self.opened(path)?
            .take(limit.saturating_add(1))
            .read_to_end(&mut content)?;
        if content.len() as u64 > limit {
            return Err(Failure::Refused(format!(
                "is larger than {}",
                amount(limit)
            )));
        }
        Ok(content)
    }

    fn names(&self, path: &Path) -> std::result::Result<Vec<OsString>, Failure> {
        let directory = self
            .find(path, true)?
            .open(OFlags::RDONLY | OFlags::DIRECTORY)?;
        let mut names = Vec::new();
        for entry in Dir::new(directory)? {
            let name = entry?.file_name().to_bytes().to_vec();
            if name == b"." || name == b".." {
                continue;
            }
            if names.len() == MOST_NAMES {
                let text = format!("has more than {MOST_NAMES} names in it");
                return Err(Failure::Refused(text));
            }
            names.push(OsString::from_vec(name));
        }
        names.sort();
        Ok(names)
    }

    fn find(&self, path: &Path, follow_last: bool) -> std::result::Result<At<'_>, Failure> {
        Ok(match &self.root {
            Some(root) => At::Below(root, walk::find(root, path, follow_last)?),
            None => At::Live(self.real(path)),
        })
    }

    /// What `read` gives, `None` for what is not there, and errors with the name of `path`.
    fn told<T>(
        &self,
        path: &Path,
        read: impl FnOnce() -> std::result::Result<T, Failure>,
    ) -> Result<Option<T>> {
        let error = match read() {
            Ok(found) => return Ok(Some(found)),
            Err(Failure::System(cause)) => match cause.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => return Ok(None),
                _ => Error::io("cannot be read", cause),
            },
            Err(Failure::Refused(why)) => Error::refused(why),
        };
        Err(error.at(self.real(path).display()))
    }
}

/// Why something was not read.
enum Failure {
    System(io::Error),
    Refused(String),
}

impl From<io::Error> for Failure {
    fn from(cause: io::Error) -> Self {
        Failure::System(cause)
    }
}

impl From<Errno> for Failure {
    fn from(cause: Errno) -> Self {
        Failure::System(cause.into())
    }
}

/// Where a path leads.
enum At<'a> {
    /// A path of the running system.
    Live(PathBuf),
    /// Something below this root, no link any more.
    Below(&'a OwnedFd, Found),
}

impl At<'_> {
    fn directory(&self) -> BorrowedFd<'_> {
        match self {
            At::Live(_) => CWD,
            At::Below(root, found) => found.directory(root),
        }
    }

    fn name(&self) -> &Path {
        match self {
            At::Live(path) => path,
            At::Below(_, found) => Path::new(&found.name),
        }
    }

    fn status(&self) -> std::result::Result<Status, Failure> {
        let flags = match self {
            At::Live(_) => AtFlags::empty(),
            At::Below(..) => AtFlags::SYMLINK_NOFOLLOW,
        };
        let found = rustix::fs::statat(self.directory(), self.name(), flags)?;
        Ok(status(&found))
    }

    fn open(&self, flags: OFlags) -> std::result::Result<OwnedFd, Failure> {
        let links = match self {
            At::Live(_) => OFlags::empty(),
            At::Below(..) => OFlags::NOFOLLOW,
        };
        let flags = flags | links | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(self.directory(), self.name(), flags, Mode::empty());
        Ok(opened?)
    }
}

fn status(found: &rustix::fs::Stat) -> Status {
    let kind = match FileType::from_raw_mode(found.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::BlockDevice => Kind::Block(Number::from_raw(found.st_rdev)),
        FileType::CharacterDevice => Kind::Character,
        _ => Kind::Other,
    };
    Status {
        kind,
        permissions: found.st_mode & 0o7777,
        size: u64::try_from(found.st_size).unwrap_or(0),
        system: found.st_dev,
        inode: found.st_ino,
        modified: found.st_mtime,
    }
}

impl Status {
    /// Whether it is a regular file with any of its three execute permissions.
    pub fn is_executable(&self) -> bool {
        self.kind == Kind::File && self.permissions & 0o111 != 0
    }

    fn regular(&self) -> std::result::Result<(), Failure> {
        if self.kind == Kind::File {
            return Ok(());
        }
        Err(Failure::Refused("is not a regular file".into()))
    }
}

#[cfg(test)]
mod tests;
