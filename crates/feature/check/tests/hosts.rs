//! Whole hosts: those with something wrong, and their healthy twins.
//!
//! Each file in `hosts/` has a head, a host as [`Described`] reads it, and behind `== healthy ==` the files that its
//! twin has otherwise. The head says what has to be found: `finds: SEVERITY FILE[:LINE|LINE] WHAT`, `-` for what is in no
//! file; a finding may be
//! worse, and nothing above info may be found that the head does not name. The twin has nothing above info.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "only tests are here, and panicking is how they fail"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use check::{Facts, Finding, Question, Report, Severity};
use host::Host;
use testkit::machine::Described;

/// When the hosts are checked: 2026-11-30.
const NOW: u64 = 1_796_000_000;

/// The section of findings that depend on the day and on the releases alone.
const SUPPORT: &str = "support-";

/// What a host's head says.
#[derive(Default)]
struct Head {
    from: Option<String>,
    targets: Vec<String>,
    finds: Vec<Expected>,
}

/// What has to be found.
struct Expected {
    severity: Severity,
    file: PathBuf,
    lines: Vec<usize>,
    words: String,
}

impl Expected {
    fn is(&self, finding: &Finding) -> bool {
        let Some(place) = &finding.place else {
            return self.file == Path::new("-") && finding.severity == self.severity;
        };
        let line = place.position.map(|position| position.line);
        place.relative() == self.file
            && finding.severity >= self.severity
            && (self.lines.is_empty() || line.is_some_and(|line| self.lines.contains(&line)))
    }
}

impl Head {
    fn read(text: &str) -> Self {
        let mut head = Head::default();
        for line in text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
        {
            let (name, value) = line.split_once(": ").unwrap();
            match name {
                "from" => head.from = Some(value.into()),
                "target" => head.targets.push(value.into()),
                "finds" => head.finds.push(expected(value)),
                "not" => {}
                _ => panic!("unknown: {line}"),
            }
        }
        head
    }

    fn question(&self) -> Question {
        Question {
            from: self
                .from
                .as_ref()
                .map(|from| check::parse_release(from).unwrap()),
            targets: self
                .targets
                .iter()
                .map(|target| target.parse().unwrap())
                .collect(),
            guests: Vec::new(),
            tls: Vec::new(),
            now: NOW,
            limit: Duration::from_secs(60),
        }
    }
}

fn expected(text: &str) -> Expected {
    let (severity, rest) = text.split_once(' ').unwrap();
    let (place, words) = rest.split_once(' ').unwrap();
    let (file, lines) = place.split_once(':').unwrap_or((place, ""));
    let lines = lines.split('|').filter(|line| !line.is_empty());
    Expected {
        severity: Severity::ALL
            .into_iter()
            .find(|known| known.name() == severity)
            .unwrap(),
        file: file.into(),
        lines: lines.map(|line| line.parse().unwrap()).collect(),
        words: words.into(),
    }
}

fn report(described: &Described, head: &Head) -> Report {
    let host = Host::at(described.files.root()).unwrap();
    let host = host.with_path(described.path());
    Report::new(&Facts::new(host, head.question()))
}

/// Those above info, but for what depends on the day alone.
fn serious(report: &Report) -> Vec<&Finding> {
    let counts = |finding: &&Finding| {
        finding.severity > Severity::Info && !finding.rule.starts_with(SUPPORT)
    };
    report.findings().filter(counts).collect()
}

fn shown(finding: &Finding) -> String {
    let place = finding
        .place
        .as_ref()
        .map(|place| place.name())
        .unwrap_or_default();
    format!(
        "{} {place}: {} ({})",
        finding.severity.name(),
        finding.message,
        finding.rule
    )
}

/// The host in a file, and what is wrong with what is found.
fn wrong(text: &str) -> Vec<String> {
    let (host, healthy) = text.split_once("== healthy ==\n").unwrap();
    let (head, files) = host.split_at(host.find("\n-- ").unwrap() + 1);
    let (head, described) = (Head::read(head), Described::new(files));
    let mut wrong = Vec::new();
    let ill = report(&described, &head);
    let found = serious(&ill);
    for expected in &head.finds {
        if !found.iter().any(|finding| expected.is(finding)) {
            wrong.push(format!(
                "not found: {} {}",
                expected.file.display(),
                expected.words
            ));
        }
    }
    let unexpected = found
        .iter()
        .filter(|finding| !head.finds.iter().any(|expected| expected.is(finding)));
    wrong.extend(unexpected.map(|finding| format!("not expected: {}", shown(finding))));
    described.add(healthy);
    let healthy = report(&described, &head);
    wrong.extend(
        serious(&healthy)
            .into_iter()
            .map(|finding| format!("on its twin: {}", shown(finding))),
    );
    wrong
}

#[test]
fn what_is_wrong_is_found_and_healthy_twins_are_silent() {
    let hosts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hosts");
    let mut paths: Vec<_> = std::fs::read_dir(hosts)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let mut all = String::new();
    for path in &paths {
        for wrong in wrong(&std::fs::read_to_string(path).unwrap()) {
            all += &format!("{}: {wrong}\n", path.file_stem().unwrap().to_string_lossy());
        }
    }
    assert!(paths.len() >= 14 && all.is_empty(), "{all}");
}
