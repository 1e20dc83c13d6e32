//! The other files that a configuration asks for.

use std::collections::BTreeMap;

use error::Error;
use host::Files;

use crate::source::Source;
use crate::traced::{Known, Unknown};

/// What a boot loader finds beside its configuration. Paths are the host's own.
pub trait Surroundings {
    /// The file at `path`; `None` where there is none.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&self, path: &str) -> Known<Option<Source>>;

    /// Whether anything is at `path`.
    ///
    /// # Errors
    /// That cannot be told.
    fn exists(&self, path: &str) -> Known<bool>;

    /// The names in the directory at `path`, sorted; none where there is no such directory.
    ///
    /// # Errors
    /// It cannot be listed.
    fn names(&self, path: &str) -> Known<Vec<String>>;
}

impl Surroundings for Files {
    fn read(&self, path: &str) -> Known<Option<Source>> {
        Source::read(self, path).map_err(unknown)
    }

    fn exists(&self, path: &str) -> Known<bool> {
        Files::exists(self, path).map_err(unknown)
    }

    fn names(&self, path: &str) -> Known<Vec<String>> {
        let names = self.list(path).map_err(unknown)?;
        let text = |name: std::ffi::OsString| name.to_string_lossy().into_owned();
        Ok(names.unwrap_or_default().into_iter().map(text).collect())
    }
}

fn unknown(error: Error) -> Unknown {
    let mut why = error.to_string();
    for cause in error.causes() {
        why += &format!(": {cause}");
    }
    Unknown::new(why)
}

/// Files that are only texts, by their paths.
impl Surroundings for BTreeMap<String, String> {
    fn read(&self, path: &str) -> Known<Option<Source>> {
        Ok(self.get(path).map(|text| Source::new(path, text.as_str())))
    }

    fn exists(&self, path: &str) -> Known<bool> {
        let below = format!("{}/", path.trim_end_matches('/'));
        let inside = |(name, _): (&String, &String)| name.starts_with(&below);
        Ok(self.contains_key(path) || self.range(below.clone()..).next().is_some_and(inside))
    }

    fn names(&self, path: &str) -> Known<Vec<String>> {
        let below = format!("{}/", path.trim_end_matches('/'));
        let names = self.keys().filter_map(|name| name.strip_prefix(&below));
        let mut names: Vec<_> = names
            .filter_map(|name| name.split('/').next())
            .map(str::to_owned)
            .collect();
        names.dedup();
        Ok(names)
    }
}
