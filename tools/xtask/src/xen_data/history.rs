//! What is known of names beside the sources at hand.

use std::path::Path;

use error::{Error, Result};

use super::{Release, release};
use crate::shell::file_error;

/// A line of the history.
pub(super) struct Fact {
    /// `key` or `option`.
    pub what: String,
    pub name: String,
    /// What values it has, where no source says it.
    pub kind: Option<String>,
    pub first: Option<(Release, Release)>,
    pub last: Option<Release>,
}

pub(super) type History = Vec<Fact>;

/// Reads lines like `key tee since 4.13`, `option bti until 4.11`, `key sve since 4.18..4.22 kind number`.
///
/// # Errors
/// The file cannot be read, or a line is none of these.
pub(super) fn read(path: &Path) -> Result<History> {
    let text = std::fs::read_to_string(path).map_err(file_error(path))?;
    let lines = text.lines().map(str::trim);
    let facts = lines.filter(|line| line.starts_with("key ") || line.starts_with("option "));
    facts
        .map(|line| fact(line).map_err(|error| error.at(line)))
        .collect()
}

fn fact(line: &str) -> Result<Fact> {
    let mut words = line.split_whitespace();
    let mut word = || words.next().map(str::to_owned);
    let (Some(what), Some(name)) = (word(), word()) else {
        return Err(Error::corrupt("a name is missing"));
    };
    let mut fact = Fact {
        what,
        name,
        kind: None,
        first: None,
        last: None,
    };
    while let (Some(relation), Some(value)) = (word(), word()) {
        match relation.as_str() {
            "since" => {
                let (from, to) = value.split_once("..").unwrap_or((&value, &value));
                fact.first = Some((release(from)?, release(to)?));
            }
            "until" => fact.last = Some(release(&value)?),
            "kind" => fact.kind = Some(value),
            _ => return Err(Error::corrupt(format!("unknown word '{relation}'"))),
        }
    }
    Ok(fact)
}
