//! What can be mended in files.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use error::Result;

/// Makes a file's new text out of its text; `None` where there is nothing left to do.
type Edit = dyn Fn(&str) -> Result<Option<String>> + Send + Sync;

/// A change to one file. Several to the same file are made one after the other.
#[derive(Clone)]
pub struct Fix {
    /// The file, a path of the host's own.
    pub file: PathBuf,
    /// What it does, in words: `set cpus to "all,^0,^1"`.
    pub what: String,
    edit: Arc<Edit>,
}

impl Fix {
    /// A change to `file`, which does `what` by `edit`: the new text out of the text, which may have been changed by
    /// other fixes meanwhile, or `None` where there is nothing left to do.
    pub fn new(
        file: impl AsRef<Path>,
        what: impl Into<String>,
        edit: impl Fn(&str) -> Result<Option<String>> + Send + Sync + 'static,
    ) -> Self {
        Fix {
            file: file.as_ref().to_owned(),
            what: what.into(),
            edit: Arc::new(edit),
        }
    }

    /// The text with the change made.
    ///
    /// # Errors
    /// The text cannot be changed.
    pub fn apply(&self, text: &str) -> Result<Option<String>> {
        (self.edit)(text)
    }
}

impl fmt::Debug for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fix")
            .field("file", &self.file)
            .field("what", &self.what)
            .finish_non_exhaustive()
    }
}
