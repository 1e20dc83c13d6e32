//! Files in one folder.

use std::path::{Path, PathBuf};

use error::Result;

use crate::ByteSource;

/// Files in one folder: those of a directory, or those beside a file on a server. Nothing outside it
/// is ever opened through it, whatever names and links say.
///
/// Paths are relative to the folder and have neither `.` nor `..` in them.
pub trait Folder: Send + Sync {
    /// All that is in the folder and in the folders inside it, sorted by path; `None` where that
    /// cannot be known, on a web server for instance.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when it cannot be listed, [`error::Kind::Unsupported`] when there is too
    /// much in it.
    fn list(&self) -> Result<Option<Vec<FolderEntry>>>;

    /// The path of what is there, as the folder spells it: names that differ from `path` in the case of
    /// letters only are found where there is exactly one. `None` when nothing is there.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] when a link leads out of the folder, [`error::Kind::Io`].
    fn find(&self, path: &Path) -> Result<Option<PathBuf>>;

    /// Whether each file is on another machine, so that nothing is opened only for a look at it.
    fn is_far(&self) -> bool {
        false
    }

    /// Opens the file at `path` for reading from its beginning to its end. It never waits for a pipe.
    ///
    /// # Errors
    /// They do not name the file: [`error::Kind::Refused`] for what is outside the folder or is not
    /// a regular file, [`error::Kind::Io`] when it cannot be opened.
    fn open(&self, path: &Path) -> Result<Box<dyn ByteSource>>;
}

/// Something in a [`Folder`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderEntry {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub kind: EntryKind,
    /// The size of a file in bytes.
    pub size: u64,
}

/// What something in a [`Folder`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A pipe, a socket or a device.
    Other,
}
