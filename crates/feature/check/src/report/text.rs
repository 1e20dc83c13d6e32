//! The report as text: sections, a line a check, findings with the line they are about.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use error::{Position, printable};
use host::Files;
use render::{Look, Role, excerpt};

use super::{Outcome, Report};
use crate::finding::{Finding, Severity};
use crate::rule::Rule;

/// The columns of what stands before a check: `warning  `.
const INDENT: &str = "           ";

impl Report {
    /// The report as text for `look`, with lines out of `files`. With `all`, each check that passed or is not known has a
    /// line; without, what is not known has one for each reason.
    pub fn to_text(&self, files: &Files, look: &Look, all: bool) -> String {
        let lines = Lines::new(files);
        let mut text = String::new();
        let mut section = "";
        for (rule, outcome) in &self.rules {
            let part = check(rule, outcome, &lines, look, all);
            if part.is_empty() {
                continue;
            }
            if rule.section() != section {
                section = rule.section();
                let gap = if text.is_empty() { "" } else { "\n" };
                text += &format!("{gap}{}\n", look.paint(Role::Heading, section));
            }
            text += &part;
        }
        if !all {
            text += &self.not_known(look);
        }
        text + &self.summary(look)
    }

    /// A line for each reason why something is not known, with what it would have told.
    fn not_known(&self, look: &Look) -> String {
        let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
        for (rule, outcome) in &self.rules {
            let Outcome::NotKnown(reason, _) = outcome else {
                continue;
            };
            let reason = printable(&reason.to_string());
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, titles)) => titles.push(rule.title),
                None => reasons.push((reason, vec![rule.title])),
            }
        }
        let mut text = String::new();
        for (reason, titles) in &reasons {
            let what = match titles.as_slice() {
                [title] => format!("whether {title}"),
                titles => counted(titles.len(), "check"),
            };
            text += &headed("–", Role::Faint, &format!("{reason} ({what})"), look);
        }
        if !text.is_empty() {
            text.insert_str(
                0,
                &format!("\n{}\n", look.paint(Role::Heading, "not known")),
            );
        }
        text
    }

    /// One line with the numbers.
    pub fn summary(&self, look: &Look) -> String {
        let mut words = Vec::new();
        for severity in Severity::ALL.into_iter().rev() {
            let count = self
                .findings()
                .filter(|finding| finding.severity == severity)
                .count();
            if count > 0 {
                words.push(look.paint(role(severity), &counted(count, severity.name())));
            }
        }
        let of = |wanted: fn(&Outcome) -> bool| {
            self.rules
                .iter()
                .filter(|(_, outcome)| wanted(outcome))
                .count()
        };
        let passed =
            of(|outcome| matches!(outcome, Outcome::Checked(findings) if findings.is_empty()));
        words.push(format!("{} passed", counted(passed, "check")));
        let not_known = of(|outcome| matches!(outcome, Outcome::NotKnown(..)));
        if not_known > 0 {
            words.push(format!("{not_known} not known"));
        }
        format!("\n{}\n", words.join(", "))
    }
}

/// Findings as text for `look`, with lines out of `files`.
pub fn text<'f>(
    findings: impl IntoIterator<Item = &'f Finding>,
    files: &Files,
    look: &Look,
) -> String {
    let lines = Lines::new(files);
    findings
        .into_iter()
        .map(|one| finding(one, &lines, look))
        .collect()
}

fn check(rule: &Rule, outcome: &Outcome, lines: &Lines<'_>, look: &Look, all: bool) -> String {
    let mut text: String = outcome
        .findings()
        .iter()
        .map(|one| finding(one, lines, look))
        .collect();
    match outcome {
        Outcome::NotKnown(reason, _) if all => {
            let line = format!(
                "{}: not known: {}",
                rule.title,
                printable(&reason.to_string())
            );
            text += &headed("–", Role::Faint, &line, look);
        }
        Outcome::Checked(findings) if findings.is_empty() && all => {
            text += &headed("ok", Role::Good, rule.title, look);
        }
        _ => {}
    }
    text
}

fn finding(finding: &Finding, lines: &Lines<'_>, look: &Look) -> String {
    let place = finding.place.as_ref();
    let name = place
        .map(|place| format!("{}: ", place.name()))
        .unwrap_or_default();
    let line = format!("{name}{}", printable(&finding.message));
    let mut text = headed(finding.severity.name(), role(finding.severity), &line, look);
    if let Some(place) = place
        && let Some(position) = place.position
        && let Some(line) = lines.get(&place.file, position)
    {
        let length = if place.length == 0 {
            line.chars().count()
        } else {
            place.length
        };
        for line in excerpt(&line, position, length, look).lines() {
            text += &format!("{}{line}\n", &INDENT[2..]);
        }
    }
    if let Some(hint) = &finding.hint {
        text += &format!(
            "{INDENT}{}\n",
            look.paint(Role::Hint, &format!("hint: {}", printable(hint)))
        );
    }
    let source = finding.source.first().copied().unwrap_or_default();
    let rule = format!("rule: {} ({source})", finding.rule);
    text + &format!("{INDENT}{}\n", look.paint(Role::Faint, &rule))
}

/// A line with a word before it.
fn headed(word: &str, role: Role, line: &str, look: &Look) -> String {
    format!("  {}{line}\n", look.paint(role, &format!("{word:<9}")))
}

fn role(severity: Severity) -> Role {
    match severity {
        Severity::Info => Role::Plain,
        Severity::Warning => Role::Warning,
        Severity::Error => Role::Error,
    }
}

/// A number of things: `1 error`, `2 errors`, `3 info`.
fn counted(count: usize, word: &str) -> String {
    let plural = if count == 1 || word == "info" {
        ""
    } else {
        "s"
    };
    format!("{count} {word}{plural}")
}

/// The lines of a host's files, which are read once.
struct Lines<'h> {
    files: &'h Files,
    read: RefCell<HashMap<PathBuf, Vec<String>>>,
}

impl<'h> Lines<'h> {
    fn new(files: &'h Files) -> Self {
        Lines {
            files,
            read: RefCell::default(),
        }
    }

    /// The line of `file` at `position`; `None` where it cannot be read any more.
    fn get(&self, file: &Path, position: Position) -> Option<String> {
        let mut read = self.read.borrow_mut();
        let lines = read.entry(file.to_owned()).or_insert_with(|| {
            let bytes = self.files.read(file).ok().flatten().unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            text.split('\n').map(str::to_owned).collect()
        });
        lines.get(position.line.checked_sub(1)?).cloned()
    }
}
