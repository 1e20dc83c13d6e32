//! The lines of a VMX.

use std::collections::BTreeMap;

use error::{Error, Result};

/// The most entries a configuration may have.
const ENTRIES: usize = 20_000;

/// Keys that are set twice and are remembered.
const TWICE: usize = 100;

/// What a VMX sets.
#[derive(Default)]
pub(super) struct Entries {
    /// Values and their lines by their keys, which are in lower case.
    entries: BTreeMap<String, (String, usize)>,
    /// Keys that were set before to something else, and the line in force.
    twice: Vec<(String, usize)>,
}

impl Entries {
    /// # Errors
    /// [`error::Kind::Unsupported`] for more entries than any guest has.
    pub fn of(text: &str) -> Result<Self> {
        let mut entries = Entries::default();
        for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            if let Some((key, value)) = entry(line) {
                entries.set(key, value, number);
            }
            if entries.entries.len() > ENTRIES {
                return Err(Error::unsupported(format!(
                    "it has more than {ENTRIES} entries"
                )));
            }
        }
        Ok(entries)
    }

    fn set(&mut self, key: String, value: String, line: usize) {
        let known = self.entries.insert(key.clone(), (value.clone(), line));
        let changed = known.is_some_and(|(known, _)| known != value);
        if changed && self.twice.len() < TWICE {
            self.twice.push((key, line));
        }
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What `key` is set to, unless it is empty, and the line.
    pub fn get(&self, key: &str) -> Option<(&str, usize)> {
        let (value, line) = self.entries.get(key)?;
        (!value.is_empty()).then_some((value.as_str(), *line))
    }

    /// All keys, in the order of the alphabet.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Keys that are set to two things, with the line of the second.
    pub fn twice(&self) -> &[(String, usize)] {
        &self.twice
    }
}

/// `key = "value"`, also without the quotes; what is behind them does not count.
fn entry(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let (key, value) = line.split_once('=').filter(|_| !line.starts_with('#'))?;
    let key = key.trim();
    let is_key = !key.is_empty() && !key.contains(char::is_whitespace) && !key.starts_with('!');
    let value = value.trim();
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.rsplit_once('"').map(|(value, _)| value)?,
        None => value,
    };
    is_key.then(|| (key.to_ascii_lowercase(), plain(value)))
}

/// A value without its escapes.
fn plain(value: &str) -> String {
    let mut parts = value.split('|');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part
            .get(..2)
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        match code.filter(u8::is_ascii) {
            Some(code) => {
                plain.push(char::from(code));
                plain += part.get(2..).unwrap_or_default();
            }
            None => {
                plain.push('|');
                plain += part;
            }
        }
    }
    plain
}
