//! A file on its way to being complete.

use std::collections::hash_map::RandomState;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::hash::BuildHasher;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use error::{Error, Result};
use rustix::fs::{CWD, Gid, RenameFlags, Uid};
use rustix::io::Errno;
use sparse::{BlockRead, BlockWrite, ParallelWrite};

use super::super::behind::Behind;
use super::super::shared::Shared;
use super::super::{cannot_flush, cannot_write, check_asked};
use crate::advice::Advice;
use crate::source::open_from_medium;

/// Longest name of a file, in bytes.
const LONGEST: usize = 255;

/// What may stand in the file's place at the end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Permit {
    /// Nothing: what appeared meanwhile belongs to another program.
    Nothing,
    /// The empty file with this device and inode number, still empty.
    Same(u64, u64),
    /// Anything.
    Anything,
}

/// The temporary file. It goes away with this value unless it was renamed.
///
/// An abort after the finish, because the file does not read back as it was written, takes the file
/// away as well: it must not look complete.
pub(super) struct Partial {
    name: String,
    path: PathBuf,
    permit: Permit,
    temporary: Option<PathBuf>,
    file: File,
    /// The size asked for, which the file is padded to.
    asked: Option<u64>,
    behind: Behind,
}

/// The directory `path` is in.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

impl Partial {
    /// Creates the temporary file beside `path`, with the mode and the owner of `existing`.
    pub(super) fn create(
        name: String,
        path: PathBuf,
        permit: Permit,
        existing: Option<&Metadata>,
    ) -> Result<Self> {
        let (temporary, file) = create_beside(&path)
            .map_err(|cause| Error::io(format!("{name} cannot be created"), cause))?;
        if let Some(existing) = existing {
            let owner = (Uid::from_raw(existing.uid()), Gid::from_raw(existing.gid()));
            // Only root may give files away; others end up with a file of their own.
            let _ = rustix::fs::fchown(&file, Some(owner.0), Some(owner.1));
            let _ = file.set_permissions(Permissions::from_mode(existing.mode() & 0o777));
        }
        Ok(Partial {
            name,
            path,
            permit,
            temporary: Some(temporary),
            file,
            asked: None,
            behind: Behind::default(),
        })
    }

    /// Gives the file its size, if it is known, so that a file system that cannot hold it says so
    /// now. No space is taken: how much a sparse file needs is not known beforehand.
    pub(super) fn prepare(
        mut self,
        size: Option<u64>,
        asked: Option<u64>,
    ) -> Result<Box<dyn BlockWrite>> {
        self.asked = asked;
        if let Some(size) = size {
            self.file
                .set_len(size)
                .map_err(|cause| match cause.kind() {
                    ErrorKind::FileTooLarge | ErrorKind::InvalidInput => {
                        let message = format!(
                            "{}: the file system holds no file of {}",
                            self.name,
                            error::amount(size)
                        );
                        Error::target(message).cause(cause)
                    }
                    _ => cannot_write(&self.name, size, cause),
                })?;
        }
        Ok(Box::new(self))
    }

    /// Whether what is at the path is the file written here.
    fn is_in_place(&self) -> bool {
        let same =
            |one: &Metadata, other: &Metadata| (one.dev(), one.ino()) == (other.dev(), other.ino());
        match (self.file.metadata(), fs::symlink_metadata(&self.path)) {
            (Ok(own), Ok(there)) => same(&own, &there),
            _ => false,
        }
    }

    /// Puts the complete file in its place.
    fn rename(&mut self, temporary: &Path) -> Result<()> {
        match self.permit {
            Permit::Anything => fs::rename(temporary, &self.path),
            Permit::Nothing => rename_new(temporary, &self.path),
            Permit::Same(device, inode) => {
                let same = fs::metadata(&self.path)
                    .is_ok_and(|now| (now.dev(), now.ino(), now.len()) == (device, inode, 0));
                if same {
                    fs::rename(temporary, &self.path)
                } else {
                    rename_new(temporary, &self.path)
                }
            }
        }
        .map_err(|cause| match cause.kind() {
            ErrorKind::AlreadyExists => {
                let message = format!("{} was created by another program meanwhile", self.name);
                Error::target(message).advise(Advice::Replace)
            }
            _ => Error::io(format!("{} cannot be renamed into place", self.name), cause),
        })
    }

    fn complete(&mut self, size: u64) -> Result<()> {
        let Some(temporary) = self.temporary.clone() else {
            return Ok(());
        };
        check_asked(self.asked, size)?;
        let length = size.max(self.asked.unwrap_or(0));
        self.file
            .set_len(length)
            .map_err(|cause| cannot_write(&self.name, length, cause))?;
        self.file
            .sync_all()
            .map_err(|cause| cannot_flush(&self.name, cause))?;
        self.rename(&temporary)?;
        self.temporary = None;
        // The new name has to last as well; file systems that cannot flush a directory exist.
        match File::open(parent(&self.path)).and_then(|directory| directory.sync_all()) {
            Err(cause) if cause.kind() != ErrorKind::InvalidInput => {
                Err(cannot_flush(&self.name, cause))
            }
            _ => Ok(()),
        }
    }
}

impl BlockWrite for Partial {
    fn name(&self) -> &str {
        &self.name
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn any_order(&self) -> bool {
        true
    }

    fn parallel(&mut self) -> Option<Arc<dyn ParallelWrite>> {
        Shared::of(&self.name, &self.file, 0, u64::MAX)
    }

    fn wrote(&mut self, offset: u64, len: u64) {
        self.behind.wrote(&self.file, offset, len);
    }

    fn read_back(&self) -> Result<Option<Arc<dyn BlockRead>>> {
        open_from_medium(&self.name, &self.path)
    }

    fn temporary(&self) -> Option<&Path> {
        self.temporary.as_deref()
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        self.file
            .write_all_at(data, offset)
            .map_err(|cause| cannot_write(&self.name, offset, cause))?;
        self.behind.wrote(&self.file, offset, data.len() as u64);
        Ok(())
    }

    /// Nothing to do: the file is new, and what is not written in it is a hole.
    fn zero_at(&mut self, _: u64, _: u64) -> Result<()> {
        Ok(())
    }

    fn finish(&mut self, size: u64) -> Result<()> {
        self.complete(size).map_err(|error| match self.abort() {
            Ok(()) => error,
            Err(left) => error.cause(left),
        })
    }

    fn abort(&mut self) -> Result<()> {
        let path = match self.temporary.take() {
            Some(temporary) => temporary,
            None if self.is_in_place() => self.path.clone(),
            None => return Ok(()),
        };
        fs::remove_file(&path)
            .map_err(|cause| Error::io(format!("{} is left behind", path.display()), cause))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if self.temporary.is_some() {
            let _ = self.abort();
        }
    }
}

/// Creates `.NAME.RANDOM.partial` in the directory of `path`.
fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().unwrap_or(OsStr::new("disk"));
    loop {
        let temporary = parent(path).join(partial_name(name, RandomState::new().hash_one(())));
        let created = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o666)
            .open(&temporary);
        match created {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        }
    }
}

fn partial_name(name: &OsStr, random: u64) -> OsString {
    let suffix = format!(".{random:016x}.partial");
    let room = LONGEST - 1 - suffix.len();
    let name = name.as_bytes();
    let name = name.get(..room).unwrap_or(name);
    OsString::from_vec([b".", name, suffix.as_bytes()].concat())
}

/// Renames without replacing anything.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // File systems that do not know the flag, such as NFS.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => link_new(from, to),
        result => Ok(result?),
    }
}

/// The same by a second name, which is never given to what exists.
fn link_new(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => match fs::remove_file(from) {
            // NFS says so when it asks twice.
            Err(error) if error.kind() != ErrorKind::NotFound => {
                // What failed must not look finished.
                fs::remove_file(to)?;
                Err(error)
            }
            _ => Ok(()),
        },
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        // No second names either: looking first is what remains.
        Err(_) if fs::symlink_metadata(to).is_ok() => Err(ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(from, to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_still_leaves_room_for_the_random_part() {
        let name = "ä".repeat(127);
        let partial = partial_name(name.as_ref(), 7);
        assert!(partial.len() <= LONGEST);
        assert!(partial.as_bytes().ends_with(b".0000000000000007.partial"));
    }

    #[test]
    fn without_the_flag_nothing_is_replaced_either() {
        let directory = tempfile::tempdir().unwrap();
        let (from, to) = (directory.path().join("a"), directory.path().join("b"));
        fs::write(&from, "new").unwrap();
        fs::write(&to, "old").unwrap();
        let error = link_new(&from, &to).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&to).unwrap(), b"old");
        fs::remove_file(&to).unwrap();
        link_new(&from, &to).unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"new");
        assert!(!from.exists());
    }
}
