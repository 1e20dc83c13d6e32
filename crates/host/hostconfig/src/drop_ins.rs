//! Directories of pieces of a configuration, where a name in one directory hides the same name in the next.

use std::collections::BTreeMap;
use std::path::Path;

use error::{Error, Result};
use host::Files;

use crate::allowance::Allowance;
use crate::source::Source;

/// The pieces of a configuration in the order in which they are read, and those that cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DropIns {
    pub(crate) sources: Vec<Source>,
    pub(crate) errors: Vec<Error>,
    allowance: Allowance,
    is_cut: bool,
}

impl DropIns {
    /// The files whose names end with `suffix`, ordered by their names whatever directory they are in. Of one name
    /// the first directory's counts, and a link to /dev/null hides the others (systemd's and modprobe's rule).
    pub(crate) fn read(files: &Files, directories: &[&str], suffix: &str) -> Self {
        let mut all = DropIns::default();
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for directory in directories {
            for name in all.kept(list(files, directory)) {
                if name.ends_with(suffix) && !name.starts_with('.') {
                    let path = format!("{directory}/{name}");
                    names.entry(name).or_insert(path);
                }
            }
        }
        for path in names.values() {
            all.add(files, path);
        }
        all
    }

    /// Adds the file at `path` by the name that it has without links, unless it has been added.
    pub(crate) fn add(&mut self, files: &Files, path: &str) {
        if let Some(source) = self.read_one(files, path)
            && !self.sources.iter().any(|known| known.file == source.file)
        {
            self.sources.push(source);
        }
    }

    /// Adds the file at `path` behind all others, even if it is among them.
    pub(crate) fn add_last(&mut self, files: &Files, path: &str) {
        if let Some(source) = self.read_one(files, path) {
            self.sources.retain(|known| known.file != source.file);
            self.sources.push(source);
        }
    }

    fn read_one(&mut self, files: &Files, path: &str) -> Option<Source> {
        if !self.allowance.take_file() {
            if !std::mem::replace(&mut self.is_cut, true) {
                let error = Error::unsupported("is beyond what is read of files like it");
                self.errors
                    .push(error.at(files.real(path.as_ref()).display()));
            }
            return None;
        }
        let source = self.kept(read(files, path))?;
        self.allowance.take_bytes(source.text.len());
        Some(source)
    }

    /// What has been read; nothing after an error, which is kept.
    fn kept<T: Default>(&mut self, read: Result<T>) -> T {
        read.unwrap_or_else(|error| {
            self.errors.push(error);
            T::default()
        })
    }
}

/// The names in a directory, as far as they are text.
pub(crate) fn list(files: &Files, directory: &str) -> Result<Vec<String>> {
    let names = files.list(directory)?.unwrap_or_default();
    Ok(names
        .into_iter()
        .filter_map(|name| name.into_string().ok())
        .collect())
}

fn read(files: &Files, path: &str) -> Result<Option<Source>> {
    if files.link(path)?.as_deref() == Some(Path::new("/dev/null")) {
        return Ok(None);
    }
    match files.canonical(path)? {
        Some(own) => Source::read(files, own),
        None => Ok(None),
    }
}
