//! The lines of a configuration.

use std::collections::HashMap;

use error::{Error, Result};

use crate::decode::percent_decoded;

/// The most settings a configuration may have.
const SETTINGS: usize = 10_000;

/// How a line that says where a disk is in a VMA begins.
const MAP: &str = "#qmdump#map:";

/// Longer lines are settings that were torn: no need to show more of them.
const WRONG: usize = 100;

/// A disk in a VMA.
pub(super) struct Mapped<'t> {
    /// The VMA's name for it: `drive-scsi0`.
    pub device: &'t str,
    /// The format it had on its host, where it was a file.
    pub format: &'t str,
}

/// What a configuration says, without its snapshots.
#[derive(Default)]
pub(super) struct Lines<'t> {
    /// Keys, values and line numbers, in order.
    settings: Vec<(&'t str, &'t str, usize)>,
    index: HashMap<&'t str, usize>,
    mapped: HashMap<&'t str, Mapped<'t>>,
    description: String,
    description_line: usize,
    wrong: Vec<(&'t str, usize)>,
}

impl<'t> Lines<'t> {
    /// # Errors
    /// [`error::Kind::Unsupported`] for more settings than any guest has.
    pub fn of(text: &'t str) -> Result<Self> {
        let mut lines = Lines::default();
        for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            let line = line.trim();
            // The rest is about snapshots, changes that wait for a restart, or a cloud's settings.
            if line.starts_with('[') {
                break;
            }
            lines.add(line, number);
            if lines.settings.len() > SETTINGS {
                return Err(Error::unsupported(format!(
                    "it has more than {SETTINGS} settings"
                )));
            }
        }
        Ok(lines)
    }

    fn add(&mut self, line: &'t str, number: usize) {
        if let Some(mapped) = line.strip_prefix(MAP) {
            let mut parts = mapped.split(':');
            if let (Some(key), Some(device)) = (parts.next(), parts.next()) {
                let format = parts.nth(1).unwrap_or_default();
                self.mapped.insert(key, Mapped { device, format });
            }
        } else if let Some(described) = line.strip_prefix('#') {
            if self.description_line == 0 {
                self.description_line = number;
            }
            self.description += &percent_decoded(described);
            self.description.push('\n');
        } else if let Some((key, value)) = setting(line) {
            // The last one of a name is in force.
            let index = *self.index.entry(key).or_insert(self.settings.len());
            match self.settings.get_mut(index) {
                Some(known) => *known = (key, value, number),
                None => self.settings.push((key, value, number)),
            }
        } else if !line.is_empty() && self.wrong.len() < WRONG {
            self.wrong.push((line, number));
        }
    }

    pub fn is_empty(&self) -> bool {
        self.settings.is_empty()
    }

    /// The value of `key`, and its line.
    pub fn get(&self, key: &str) -> Option<(&'t str, usize)> {
        let &index = self.index.get(key)?;
        let &(_, value, line) = self.settings.get(index)?;
        Some((value, line))
    }

    /// Keys, values and line numbers, in order.
    pub fn all(&self) -> impl Iterator<Item = (&'t str, &'t str, usize)> {
        self.settings.iter().copied()
    }

    /// Where the drive `key` is in a VMA.
    pub fn mapped(&self, key: &str) -> Option<&Mapped<'t>> {
        self.mapped.get(key)
    }

    pub fn description(&self) -> &str {
        &self.description
    }

    pub fn description_line(&self) -> usize {
        self.description_line
    }

    /// Lines that are not settings.
    pub fn wrong(&self) -> &[(&'t str, usize)] {
        &self.wrong
    }
}

/// `key: value`, where it is one.
fn setting(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let (key, value) = (key.trim(), value.trim());
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let is_key = !key.is_empty() && key.chars().all(fits);
    (is_key && !value.is_empty()).then_some((key, value))
}
