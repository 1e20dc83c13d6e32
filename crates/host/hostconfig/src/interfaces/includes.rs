//! `source` and `source-directory`.

use error::Error;
use host::Files;

use crate::allowance::Allowance;
use crate::drop_ins::list;
use crate::pattern;
use crate::source::Source;
use crate::traced::{Traced, Unknown};

/// Most files inside each other.
const DEEPEST: usize = 8;

pub(super) struct Includes<'f> {
    files: &'f Files,
    /// How many files are being read that name each other.
    pub(super) depth: usize,
    allowance: Allowance,
    pub(super) errors: Vec<Error>,
    pub(super) doubts: Vec<Unknown>,
}

impl<'f> Includes<'f> {
    pub(super) fn new(files: &'f Files) -> Self {
        Includes {
            files,
            depth: 0,
            allowance: Allowance::default(),
            errors: Vec::new(),
            doubts: Vec::new(),
        }
    }

    /// The files that a line names, sorted.
    pub(super) fn find(&mut self, from: &Source, keyword: &str, named: &Traced) -> Vec<Source> {
        let mut found = Vec::new();
        for word in named.words() {
            if self.depth == DEEPEST || !self.allowance.take_file() {
                self.cut(&word);
                return found;
            }
            let path = absolute(from, word.as_str());
            for (index, path) in self.paths(keyword, &path, &word).iter().enumerate() {
                // The first has been taken with the word.
                if index > 0 && !self.allowance.take_file() {
                    self.cut(&word);
                    return found;
                }
                found.extend(self.read(path));
            }
        }
        found
    }

    fn read(&mut self, path: &str) -> Option<Source> {
        let source = Source::read(self.files, path).unwrap_or_else(|error| {
            self.errors.push(error);
            None
        })?;
        self.allowance.take_bytes(source.text.len());
        Some(source)
    }

    fn cut(&mut self, word: &Traced) {
        self.doubt("more files are named than are looked at".into(), word);
    }

    fn doubt(&mut self, why: String, word: &Traced) {
        let place = word.place().cloned();
        Unknown { why, place }.add_to(&mut self.doubts);
    }

    fn paths(&mut self, keyword: &str, path: &str, word: &Traced) -> Vec<String> {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        if keyword == "source-directory" {
            let names = self.list(path);
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            let plain = names.into_iter().filter(|name| name.chars().all(is_part));
            return plain.map(|name| format!("{path}/{name}")).collect();
        }
        if pattern::is_pattern(directory) || path.contains('$') {
            self.doubt(format!("'{keyword} {path}' is not followed"), word);
            return Vec::new();
        }
        if !pattern::is_pattern(name) {
            return vec![path.to_owned()];
        }
        let names = self.list(directory);
        let matching = names.into_iter().filter(|one| pattern::matches(name, one));
        matching.map(|name| format!("{directory}/{name}")).collect()
    }

    fn list(&mut self, directory: &str) -> Vec<String> {
        list(self.files, directory).unwrap_or_else(|error| {
            self.errors.push(error);
            Vec::new()
        })
    }
}

/// A path that is relative to the directory of the file that names it.
fn absolute(from: &Source, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let file = from.file.to_string_lossy();
    let directory = file.rsplit_once('/').map_or("", |(directory, _)| directory);
    format!("{directory}/{path}")
}
