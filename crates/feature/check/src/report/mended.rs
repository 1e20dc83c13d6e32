//! Files as they are with every fix made.

use std::path::{Path, PathBuf};

use error::{Error, Result};
use host::Files;

use super::Report;

/// A file that fixes change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// The file, a path of the host's own.
    pub file: PathBuf,
    /// What is done to it, in words, in order.
    pub what: Vec<String>,
    /// Its text now.
    pub before: String,
    /// Its text with every fix made.
    pub after: String,
}

impl Report {
    /// The files that fixes change, in order, with all fixes of each made one after the other.
    ///
    /// # Errors
    /// A file cannot be read, or cannot be changed as it should.
    pub fn mended(&self, files: &Files) -> Result<Vec<Mended>> {
        let mut mended: Vec<Mended> = Vec::new();
        for fix in self.fixes() {
            let known = mended.iter().position(|one| one.file == fix.file);
            let index = known.unwrap_or(mended.len());
            if known.is_none() {
                mended.push(Mended::unchanged(&fix.file, files)?);
            }
            let Some(one) = mended.get_mut(index) else {
                continue;
            };
            let after = fix.apply(&one.after);
            if let Some(after) = after.map_err(|error| error.within(&fix.file.to_string_lossy()))? {
                one.after = after;
                one.what.push(fix.what.clone());
            }
        }
        mended.retain(|one| one.before != one.after);
        Ok(mended)
    }
}

impl Mended {
    fn unchanged(file: &Path, files: &Files) -> Result<Self> {
        let text = files.text(file)?;
        let text = text.ok_or_else(|| {
            Error::new(error::Kind::Io, "is not there any more").at(file.display())
        })?;
        Ok(Mended {
            file: file.to_owned(),
            what: Vec::new(),
            before: text.clone(),
            after: text,
        })
    }
}
