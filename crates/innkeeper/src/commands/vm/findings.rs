//! What xl makes of a configuration, as text and JSON.

use std::collections::BTreeMap;

use error::{Error, printable};
use render::{Look, Role, excerpt};
use serde_json::{Value, json};
use vmconfig::secret::{self, hide};
use vmconfig::xen::Release;
use vmconfig::xl::{Finding, Verdict};

/// Most findings of one kind that are shown. A file with the wrong line ends has one in every line.
const MOST: usize = 5;

/// Each finding with its line of `text`, which is the file `name`; of those that say the same only the first few.
pub(super) fn to_text(findings: &[Finding], name: &str, text: &str, look: &Look) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let secret = secret::lines(text);
    let mut counts: BTreeMap<(Verdict, &str), usize> = BTreeMap::new();
    let mut shown = String::new();
    for finding in findings {
        let kind = (finding.verdict, finding.message.as_str());
        let count = counts.entry(kind).or_default();
        *count += 1;
        if *count > MOST {
            continue;
        }
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
        let message = printable(&hide(&finding.message));
        shown += &format!("{}: {place}: {about}{message}\n", look.paint(role, word));
        let index = position.line.saturating_sub(1);
        if let Some(line) = lines.get(index).filter(|_| !secret.contains(&index)) {
            shown += &excerpt(line, position, finding.length, look);
        }
        if let Some(instead) = &finding.instead {
            let hint = look.paint(Role::Hint, "hint");
            shown += &format!("{hint}: write {}\n", printable(&hide(instead)));
        }
    }
    for ((_, message), count) in counts.into_iter().filter(|(_, count)| *count > MOST) {
        let more = format!("{} more like \"{}\"\n", count - MOST, printable(message));
        shown += &look.paint(Role::Faint, &more);
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
            "message": hide(&finding.message),
            "instead": finding.instead.as_deref().map(hide),
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
