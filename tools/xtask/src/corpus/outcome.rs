//! What came of the files, and how it is told.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// What came of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// Every disk is what other programs read.
    Right,
    /// The program said why it does not take it.
    Refused,
    /// Something that must not be.
    Wrong,
    /// Taken, and nothing to compare with.
    Unjudged,
}

impl Outcome {
    const ALL: [Outcome; 4] = [
        Outcome::Right,
        Outcome::Refused,
        Outcome::Wrong,
        Outcome::Unjudged,
    ];

    /// Its name in the table and in JSON.
    pub(super) fn name(self) -> &'static str {
        match self {
            Outcome::Right => "right",
            Outcome::Refused => "refused",
            Outcome::Wrong => "wrong",
            Outcome::Unjudged => "unjudged",
        }
    }
}

/// What came of one file, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    /// The kind of error of a file that was refused.
    kind: Option<String>,
    /// The disks of a file that came out right, else the reason.
    pub(super) reason: String,
}

impl Verdict {
    pub(super) fn new(outcome: Outcome, reason: impl Into<String>) -> Self {
        Verdict {
            outcome,
            kind: None,
            reason: reason.into(),
        }
    }

    /// A file that the program refuses with an error of this `kind`.
    pub(super) fn refused(kind: &str, reason: &str) -> Self {
        Verdict {
            kind: Some(kind.to_owned()),
            ..Verdict::new(Outcome::Refused, reason)
        }
    }

    /// A line about the file called `name`.
    pub(super) fn line(&self, name: &str) -> String {
        let kind = match &self.kind {
            Some(kind) => format!("{kind}: "),
            None => String::new(),
        };
        let outcome = self.outcome.name();
        let line = format!("{outcome:8}  {name}  {kind}{}", self.reason);
        error::printable(&line)
    }
}

/// What came of all files.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: BTreeMap<Outcome, usize>,
    files: Vec<(String, Verdict)>,
}

impl Tally {
    pub(super) fn add(&mut self, name: &str, verdict: Verdict) {
        *self.counts.entry(verdict.outcome).or_default() += 1;
        self.files.push((name.to_owned(), verdict));
    }

    /// How many files there are.
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// How many files came out so.
    pub(super) fn count(&self, outcome: Outcome) -> usize {
        self.counts.get(&outcome).copied().unwrap_or(0)
    }

    /// The counts, a line each.
    pub(super) fn table(&self) -> String {
        let line = |outcome: Outcome| format!("{:8}  {}\n", outcome.name(), self.count(outcome));
        Outcome::ALL.into_iter().map(line).collect()
    }

    /// Everything, for a script.
    pub(super) fn document(&self) -> Value {
        let count = |outcome: Outcome| (outcome.name().to_owned(), self.count(outcome).into());
        let counts: serde_json::Map<_, _> = Outcome::ALL.into_iter().map(count).collect();
        let file = |(name, verdict): &(String, Verdict)| {
            json!({
                "file": name,
                "outcome": verdict.outcome.name(),
                "kind": verdict.kind,
                "reason": verdict.reason,
            })
        };
        json!({
            "schema": 1,
            "counts": counts,
            "files": self.files.iter().map(file).collect::<Vec<_>>(),
        })
    }
}
