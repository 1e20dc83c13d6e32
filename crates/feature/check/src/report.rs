//! What the rules found, as text and as JSON.

mod mended;
mod text;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::facts::{Facts, NotKnown};
use crate::finding::{Finding, Findings, Severity};
use crate::fix::Fix;
use crate::rule::Rule;
use crate::rules::RULES;

pub use mended::Mended;
pub use text::text;

/// How checking one rule ended.
#[derive(Debug)]
pub enum Outcome {
    /// It is not for these releases.
    NotForThese,
    /// It was checked; what it found, which may be nothing.
    Checked(Vec<Finding>),
    /// A fact that it needs is not known, or not as a whole. What it found in the rest counts.
    NotKnown(NotKnown, Vec<Finding>),
}

/// What the rules found on a host.
#[derive(Debug)]
pub struct Report {
    /// Each rule, in the order of the sections, and how it ended.
    pub rules: Vec<(&'static Rule, Outcome)>,
}

impl Report {
    /// Checks every rule.
    pub fn new(facts: &Facts) -> Self {
        let check = |rule: &'static Rule| (rule, check(rule, facts));
        Report {
            rules: RULES.iter().copied().map(check).collect(),
        }
    }

    /// Everything that was found: by section and rule, and there by place.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.rules
            .iter()
            .flat_map(|(_, outcome)| outcome.findings())
    }

    /// The worst that was found.
    pub fn worst(&self) -> Option<Severity> {
        self.findings().map(|finding| finding.severity).max()
    }

    /// Whether something could not be checked because `fact` is not known.
    pub fn lacks(&self, fact: &str) -> bool {
        self.rules.iter().any(
            |(_, outcome)| matches!(outcome, Outcome::NotKnown(reason, _) if reason.fact == fact),
        )
    }

    /// What can be mended, in the order of the findings.
    pub fn fixes(&self) -> impl Iterator<Item = &Fix> {
        self.findings().filter_map(|finding| finding.fix.as_ref())
    }

    /// The findings that an earlier report, as JSON, does not have. Lines may have moved: a finding is the same if rule,
    /// file and message are.
    pub fn since<'r>(&'r self, earlier: &Value) -> Vec<&'r Finding> {
        let empty = Vec::new();
        let known = earlier["findings"].as_array().unwrap_or(&empty);
        let known: BTreeSet<_> = known.iter().map(identity).collect();
        let is_new = |finding: &&Finding| !known.contains(&identity(&finding.to_json()));
        self.findings().filter(is_new).collect()
    }

    /// As JSON: `findings[]`, `not_known[]` with `rule`, `fact` and `reason`, `passed[]` with the rules' ids, and
    /// `counts`.
    pub fn to_json(&self) -> Value {
        let findings: Vec<_> = self.findings().map(Finding::to_json).collect();
        let mut counts = json!({});
        for severity in Severity::ALL {
            let of = |finding: &&Finding| finding.severity == severity;
            counts[severity.name()] = self.findings().filter(of).count().into();
        }
        json!({
            "findings": findings,
            "not_known": self.rules.iter().filter_map(not_known).collect::<Vec<_>>(),
            "passed": self.rules.iter().filter_map(passed).collect::<Vec<_>>(),
            "counts": counts,
        })
    }
}

impl Outcome {
    /// What was found.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Outcome::NotForThese => &[],
            Outcome::Checked(findings) | Outcome::NotKnown(_, findings) => findings,
        }
    }
}

fn check(rule: &'static Rule, facts: &Facts) -> Outcome {
    let facts = &facts.apart();
    match rule.versions.apply(facts) {
        Ok(true) => {}
        Ok(false) => return Outcome::NotForThese,
        Err(reason) => return Outcome::NotKnown(reason, Vec::new()),
    }
    let mut findings = Findings::new(rule.id, rule.source);
    let checked = (rule.check)(facts, &mut findings).and_then(|()| facts.whole());
    let mut findings = findings.into_vec();
    findings.sort_by(|a, b| a.place.cmp(&b.place));
    match checked {
        Ok(()) => Outcome::Checked(findings),
        Err(reason) => Outcome::NotKnown(reason, findings),
    }
}

fn not_known((rule, outcome): &(&Rule, Outcome)) -> Option<Value> {
    let Outcome::NotKnown(not_known, _) = outcome else {
        return None;
    };
    Some(json!({ "rule": rule.id, "fact": not_known.fact, "reason": not_known.reason }))
}

fn passed((rule, outcome): &(&Rule, Outcome)) -> Option<&'static str> {
    matches!(outcome, Outcome::Checked(findings) if findings.is_empty()).then_some(rule.id)
}

/// What makes a finding the same in two reports.
fn identity(finding: &Value) -> (String, String, String) {
    let part = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    (part("rule"), part("file"), part("message"))
}
