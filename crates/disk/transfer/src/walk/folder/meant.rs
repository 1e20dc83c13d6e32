//! Which files of a folder one disk lies in.

use std::path::PathBuf;

use vmconfig::Chunks;

/// A file that may be taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Meant {
    pub(super) path: PathBuf,
    /// Whether a description says that it is a raw disk.
    pub(super) raw: bool,
    /// The files that make it, and how it is cut, where it comes in chunks.
    pub(super) chunks: Option<(Vec<PathBuf>, Chunks)>,
    /// Older versions of it.
    pub(super) older: Vec<PathBuf>,
}

impl Meant {
    /// The file at `path`, of which no description says anything.
    pub(super) fn file(path: PathBuf) -> Self {
        Meant {
            path,
            ..Meant::default()
        }
    }

    /// The files that it consists of.
    pub(super) fn files(&self) -> &[PathBuf] {
        match &self.chunks {
            Some((files, _)) => files,
            None => std::slice::from_ref(&self.path),
        }
    }
}
