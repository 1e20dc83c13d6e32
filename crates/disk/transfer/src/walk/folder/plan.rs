//! Which files of a folder are meant.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use error::{Error, Result};

use super::files::Files;
use super::find;
use super::meant::Meant;
use crate::advice::Advice;
use crate::config::Config;
use crate::references::{self, Reference};
use crate::selection::Selection;

/// A description of a guest in a folder.
pub(super) struct Description {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// The files that it names as disks; empty where it cannot be read.
    pub(super) disks: Vec<Named>,
}

/// A file that a description names as a disk.
pub(super) struct Named {
    pub(super) reference: Reference,
    /// Where it lies, or why it is not read.
    pub(super) found: Result<Meant>,
}

impl Description {
    /// The description at `path`, which cannot be read.
    pub(super) fn nothing(path: &Path) -> Self {
        Description {
            path: path.to_owned(),
            disks: Vec::new(),
        }
    }

    /// What `config`, the description at `path`, names.
    ///
    /// # Errors
    /// Those of [`references::disks`].
    pub(super) fn read(config: &Config, path: &Path, files: &Files) -> Result<Self> {
        let directory = path.parent().unwrap_or(Path::new(""));
        let mut disks: Vec<Named> = Vec::new();
        for reference in references::disks(config)? {
            let found = find::find(&reference, directory, files);
            let again = |known: &Named| match (&known.found, &found) {
                (Ok(known), Ok(found)) => known.path == found.path,
                _ => known.reference == reference,
            };
            if !disks.iter().any(again) {
                disks.push(Named { reference, found });
            }
        }
        Ok(Description {
            path: path.to_owned(),
            disks,
        })
    }

    /// The paths of the files that are there.
    fn found(&self) -> HashSet<&Path> {
        let found = self
            .disks
            .iter()
            .filter_map(|disk| disk.found.as_ref().ok());
        found.map(|found| found.path.as_path()).collect()
    }

    /// The files that are meant, in the description's order.
    pub(super) fn meant(&self) -> Vec<Meant> {
        let found = self
            .disks
            .iter()
            .filter_map(|disk| disk.found.as_ref().ok());
        found.cloned().collect()
    }
}

/// The description that says which files of a folder are meant: the one that names some of them. Where
/// several do they have to name the same ones, unless the user names a file.
///
/// # Errors
/// [`error::Kind::Refused`] when there are several guests.
pub(super) fn choose<'d>(
    descriptions: &'d [Description],
    selection: &Selection,
) -> Result<Option<&'d Description>> {
    let wanted = |description: &&Description| {
        let found = description.found();
        let named = |path: &&Path| selection.wants(&path.to_string_lossy());
        found.iter().any(named)
    };
    let naming: Vec<_> = descriptions.iter().filter(wanted).collect();
    let Some((first, others)) = naming.split_first() else {
        return Ok(None);
    };
    let same = others.iter().all(|other| other.found() == first.found());
    if same || selection.member.is_some() {
        return Ok(same.then_some(*first));
    }
    let names = naming.iter().take(20);
    let names: Vec<_> = names.map(|one| one.path.to_string_lossy()).collect();
    Err(Error::refused(format!(
        "holds the descriptions of {} guests: {}",
        naming.len(),
        names.join(", ")
    ))
    .advise(Advice::SelectOrGiveDescription))
}

/// `meant` without what others of them are made of, or lie on.
pub(super) fn without_parts(files: &Files, mut meant: Vec<Meant>) -> Vec<Meant> {
    if meant.len() > 1 {
        // What is wrong with an image is told when it is taken.
        let parts = meant.iter().filter_map(|one| files.parts(&one.path).ok());
        let parts: HashSet<_> = parts.flatten().collect();
        meant.retain(|one| !parts.contains(&one.path));
    }
    meant
}
