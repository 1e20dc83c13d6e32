//! What xl makes of a configuration, as text and JSON.

use error::{Error, printable};
use render::{Look, Role, excerpt};
use serde_json::{Value, json};
use vmconfig::xen::Release;
use vmconfig::xl::{Finding, Verdict};

/// What is shown instead of a password.
pub(super) const HIDDEN: &str = "(hidden)";

/// Whether a line or the name of a setting may tell a password.
pub(super) fn is_secret(text: &str) -> bool {
    text.to_ascii_lowercase().contains("passw")
}

/// Each finding with its line of `text`, which is the file `name`.
pub(super) fn to_text(findings: &[Finding], name: &str, text: &str, look: &Look) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut shown = String::new();
    for finding in findings {
        let (word, role) = match finding.verdict {
            Verdict::Refused => ("error", Role::Error),
            Verdict::Unknown | Verdict::Ignored => ("warning", Role::Warning),
            Verdict::Deprecated => ("note", Role::Hint),
        };
        let position = finding.position;
        let place = format!("{}:{}:{}", printable(name), position.line, position.column);
        let about = match finding.name.as_str() {
            "" => String::new(),
            name => format!("{name}: "),
        };
        let message = printable(&finding.message);
        shown += &format!("{}: {place}: {about}{message}\n", look.paint(role, word));
        let line = lines.get(position.line.saturating_sub(1)).unwrap_or(&"");
        if !is_secret(line) {
            shown += &excerpt(line, position, finding.length, look);
        }
        if let Some(instead) = &finding.instead {
            let hint = look.paint(Role::Hint, "hint");
            shown += &format!("{hint}: write {}\n", printable(instead));
        }
    }
    shown
}

/// Each finding as an object.
pub(super) fn to_json(findings: &[Finding]) -> Vec<Value> {
    let object = |finding: &Finding| {
        json!({
            "verdict": finding.verdict.name(),
            "setting": Some(&finding.name).filter(|name| !name.is_empty()),
            "line": finding.position.line,
            "column": finding.position.column,
            "length": finding.length,
            "message": finding.message,
            "instead": finding.instead,
        })
    };
    findings.iter().map(object).collect()
}

/// The error of a command whose file xl would refuse.
pub(super) fn refusal(findings: &[Finding], name: &str, release: Release) -> Option<Error> {
    let refused = findings.iter().filter(|it| it.verdict == Verdict::Refused);
    let message = match refused.count() {
        0 => return None,
        1 => format!("xl of Xen {release} refuses it, for 1 error"),
        count => format!("xl of Xen {release} refuses it, for {count} errors"),
    };
    Some(Error::corrupt(message).at(name))
}
