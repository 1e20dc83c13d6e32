//! What a rule finds.

use std::path::{Path, PathBuf};

use error::Position;
use serde_json::{Value, json};

use crate::fix::Fix;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing has to be done.
    Info,
    /// Something does not do what it is there for, or may fail.
    Warning,
    /// Something does not work, or will not after the upgrade.
    Error,
}

impl Severity {
    /// From the least to the worst.
    pub const ALL: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Error];

    /// Its name, in texts and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A place in a host's file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, a path of the host's own.
    pub file: PathBuf,
    /// Where in the file; `None` for all of it.
    pub position: Option<Position>,
    /// How many characters from there are meant, as far as the line reaches; 0 for the rest of the line.
    pub length: usize,
}

impl Place {
    /// All of a file.
    pub fn file(file: impl AsRef<Path>) -> Self {
        Place {
            file: file.as_ref().to_owned(),
            position: None,
            length: 0,
        }
    }

    /// `length` characters of a file, from `position`.
    pub fn at(file: impl AsRef<Path>, position: Position, length: usize) -> Self {
        Place {
            file: file.as_ref().to_owned(),
            position: Some(position),
            length,
        }
    }

    /// The file relative to the host's root directory, as reports name it.
    pub fn relative(&self) -> &Path {
        self.file.strip_prefix("/").unwrap_or(&self.file)
    }

    /// `FILE:LINE:COLUMN`, or as much as there is.
    pub fn name(&self) -> String {
        let file = error::printable(&self.relative().to_string_lossy()).to_string();
        match self.position {
            Some(Position { line, column }) => format!("{file}:{line}:{column}"),
            None => file,
        }
    }
}

/// Something that a rule found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The id of the rule.
    pub rule: &'static str,
    /// Where the rule is known from.
    pub source: &'static [&'static str],
    /// How bad it is.
    pub severity: Severity,
    /// Where it is; `None` where it is in no file.
    pub place: Option<Place>,
    /// What is wrong, in one line with the names and the numbers.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// What can be done about it here.
    pub fix: Option<Fix>,
}

impl Finding {
    /// What to do about it.
    pub fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.hint = Some(hint.into());
        self
    }

    /// The change to a file that mends it.
    pub fn fix(&mut self, fix: Fix) -> &mut Self {
        self.fix = Some(fix);
        self
    }

    /// As JSON: `rule`, `severity`, `file` (relative to the root), `line`, `column`, `message`, `hint`, `source`,
    /// `fixable`.
    pub fn to_json(&self) -> Value {
        let place = self.place.as_ref();
        let position = place.and_then(|place| place.position);
        json!({
            "rule": self.rule,
            "severity": self.severity.name(),
            "file": place.map(|place| place.relative().to_string_lossy()),
            "line": position.map(|position| position.line),
            "column": position.map(|position| position.column),
            "message": self.message,
            "hint": self.hint,
            "source": self.source,
            "fixable": self.fix.is_some(),
        })
    }
}

/// Where a rule puts what it finds.
#[derive(Debug)]
pub struct Findings {
    rule: &'static str,
    source: &'static [&'static str],
    found: Vec<Finding>,
}

impl Findings {
    pub(crate) fn new(rule: &'static str, source: &'static [&'static str]) -> Self {
        Findings {
            rule,
            source,
            found: Vec::new(),
        }
    }

    pub(crate) fn into_vec(self) -> Vec<Finding> {
        self.found
    }

    /// Something that does not work, or will not after the upgrade.
    pub fn error(
        &mut self,
        place: impl Into<Option<Place>>,
        message: impl Into<String>,
    ) -> &mut Finding {
        self.add(Severity::Error, place, message)
    }

    /// Something that may fail, or does not do what it is there for.
    pub fn warning(
        &mut self,
        place: impl Into<Option<Place>>,
        message: impl Into<String>,
    ) -> &mut Finding {
        self.add(Severity::Warning, place, message)
    }

    /// Something worth knowing.
    pub fn info(
        &mut self,
        place: impl Into<Option<Place>>,
        message: impl Into<String>,
    ) -> &mut Finding {
        self.add(Severity::Info, place, message)
    }

    /// A finding of `severity`.
    pub fn add(
        &mut self,
        severity: Severity,
        place: impl Into<Option<Place>>,
        message: impl Into<String>,
    ) -> &mut Finding {
        let finding = Finding {
            rule: self.rule,
            source: self.source,
            severity,
            place: place.into(),
            message: message.into(),
            hint: None,
            fix: None,
        };
        self.found.push_mut(finding)
    }
}
