//! Each rule by its own examples, and what holds for all rules.

use std::collections::HashSet;
use std::time::Duration;

use host::Host;
use testkit::machine::Described;

use crate::{Example, Facts, Finding, Question, RULES, Report, Severity, Target};

/// When the examples happen: 2026-11-30.
const NOW: u64 = 1_796_000_000;

fn facts(described: &Described, example: &Example) -> Facts {
    let host = Host::at(described.files.root()).unwrap();
    let given = |text: &'static str| Some(text).filter(|text| !text.is_empty());
    let target = |xen: &str| format!("xen={xen}").parse::<Target>().unwrap();
    let question = Question {
        from: given(example.from).map(|from| crate::parse_release(from).unwrap()),
        targets: given(example.xen).map(target).into_iter().collect(),
        guests: Vec::new(),
        tls: Vec::new(),
        now: NOW,
        limit: Duration::from_secs(60),
    };
    Facts::new(host.with_path(described.path()), question)
}

fn shown(finding: &Finding) -> String {
    let place = finding
        .place
        .as_ref()
        .map(|place| format!(" {}", place.name()));
    let (severity, place) = (finding.severity.name(), place.unwrap_or_default());
    format!("{severity}{place}: {}", finding.message)
}

#[test]
fn each_rule_finds_what_its_examples_say_and_no_other_rule_finds_more() {
    let mut wrong = String::new();
    for rule in RULES {
        for example in rule.examples {
            let host = Described::new(example.host);
            let report = Report::new(&facts(&host, example));
            // Which releases have support depends on the day alone: examples of other rules need not heed it.
            let counts = |finding: &&Finding| {
                let is_serious =
                    finding.severity > Severity::Info && !finding.rule.starts_with("support-");
                is_serious || finding.rule == rule.id
            };
            let found: Vec<_> = report.findings().filter(counts).map(shown).collect();
            if found != example.finds {
                wrong += &format!("{}: {found:#?} on\n{}\n", rule.id, example.host);
            }
            let (_, outcome) = report
                .rules
                .iter()
                .find(|(known, _)| known.id == rule.id)
                .unwrap();
            if !matches!(outcome, crate::Outcome::Checked(_)) {
                wrong += &format!("{}: {outcome:?} on\n{}\n", rule.id, example.host);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn each_rule_shows_what_is_wrong_and_what_is_right() {
    for rule in RULES {
        let bad = rule
            .examples
            .iter()
            .any(|example| !example.finds.is_empty());
        let good = rule.examples.iter().any(|example| example.finds.is_empty());
        // What a server shows is in no host's files: tests/tls.rs has the examples of that rule.
        let is_of_servers = rule.id == "certificate-tls";
        assert!(bad && good || is_of_servers, "{} lacks an example", rule.id);
    }
}

#[test]
fn fixes_leave_nothing_to_find() {
    for rule in RULES {
        for example in rule.examples {
            let host = Described::new(example.host);
            let report = Report::new(&facts(&host, example));
            let of_rule = |finding: &&Finding| finding.rule == rule.id && finding.fix.is_some();
            let fixed: Vec<_> = report.findings().filter(of_rule).collect();
            for finding in &fixed {
                let fix = finding.fix.as_ref().unwrap();
                let path = host.files.root().join(fix.file.strip_prefix("/").unwrap());
                let text = std::fs::read_to_string(&path).unwrap();
                let mended = fix.apply(&text).unwrap();
                std::fs::write(&path, mended.unwrap_or(text)).unwrap();
            }
            let report = Report::new(&facts(&host, example));
            let left: Vec<_> = report.findings().filter(of_rule).map(shown).collect();
            assert_eq!(
                left,
                Vec::<String>::new(),
                "{} on {}",
                rule.id,
                example.host
            );
        }
    }
}

#[test]
fn ids_are_unique_and_say_where_the_file_is() {
    let files = include_str!(concat!(env!("OUT_DIR"), "/rules.rs"));
    let mut ids = HashSet::new();
    for rule in RULES {
        assert!(ids.insert(rule.id), "{} twice", rule.id);
        let module = rule.id.replace('-', "_");
        assert!(
            files.contains(&format!("    &{module}::RULE,\n")),
            "{} is in another file",
            rule.id
        );
    }
}

#[test]
fn each_rule_says_why_and_where_that_is_known_from() {
    for rule in RULES {
        for text in [rule.title, rule.looks_at, rule.why] {
            assert!(
                !text.is_empty() && text == text.trim(),
                "{}: {text:?}",
                rule.id
            );
        }
        assert!(rule.why.ends_with('.'), "{}: {}", rule.id, rule.why);
        assert!(!rule.source.is_empty(), "{}", rule.id);
        assert!(rule.title.len() <= 80, "{}: {}", rule.id, rule.title);
    }
}
