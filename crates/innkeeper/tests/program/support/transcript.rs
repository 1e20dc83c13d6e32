//! What the program printed, as one text to compare with a snapshot.
//!
//! A snapshot is a file in `tests/program/snapshots`, named after its test. CONTRIBUTING.md says how a change is accepted.

use std::fmt::Write as _;

use super::Ran;

/// Compares what came of running the program, once (a [`Ran`]) or several times (an array or a `Vec` of them), with the
/// snapshot of the calling test, or of this name where a test has many. It shows the wording; statuses, files and bytes that
/// matter are asserted beside it.
macro_rules! assert_snapshot {
    ($name:expr, $ran:expr) => {
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!($name, $crate::support::transcript::transcript($ran))
        })
    };
    ($ran:expr) => {
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!($crate::support::transcript::transcript($ran))
        })
    };
}
pub(crate) use assert_snapshot;

/// Command line, status, standard output and standard error of each run. Runs in a row that came out the same share one
/// outcome.
pub fn transcript(runs: impl AsRef<[Ran]>) -> String {
    let outcomes = runs.as_ref().chunk_by(|a, b| outcome(a) == outcome(b));
    let outcomes = outcomes.map(|same| {
        let lines = same.iter().filter_map(|ran| ran.line.as_ref());
        let lines: String = lines.map(|line| format!("$ innkeeper {line}\n")).collect();
        without_chance(&lines) + &outcome(&same[0])
    });
    outcomes.collect::<Vec<_>>().join("\n")
}

/// Status, standard output and standard error.
fn outcome(ran: &Ran) -> String {
    let mut outcome = format!("status {}\n", ran.status);
    for (name, text) in [("stdout", &*ran.out()), ("stderr", &*ran.stderr)] {
        if !text.is_empty() {
            writeln!(outcome, "{name}:\n{}", text.trim_end_matches('\n')).unwrap();
        }
    }
    without_chance(&outcome)
}

/// What stands before and after a number that differs from run to run, and the word to write instead of it. Without an end
/// the number alone is replaced, else all up to the end.
const CHANCE: &[(&str, &str, &str)] = &[
    ("time ", " s:", "[TIME]:"),
    ("confirmation, ", " s", "[TIME]"),
    ("\"seconds\": ", "", "[TIME]"),
    ("\"seconds\":", "", "[TIME]"),
    ("\"seconds_left\": ", "", "[TIME]"),
    ("\"time\": ", "", "[TIME]"),
    (" at ", "/s", "[SPEED]"),
    ("127.0.0.1:", "", "[PORT]"),
    ("localhost:", "", "[PORT]"),
    ("/dev/loop", "", "[N]"),
];

/// The text with words in place of temporary directories, the checkout, times, speeds and ports.
fn without_chance(text: &str) -> String {
    let checkout = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let temporary = std::env::temp_dir().join(".tmp");
    let temporary = temporary.to_string_lossy();
    let mut text = text.replace(checkout, "[CHECKOUT]");
    text = replace(&text, &temporary, "", |rest| {
        rest.find(|c: char| !c.is_ascii_alphanumeric())
            .or(Some(rest.len()))
    });
    text = text.replace(&*temporary, "[TMP]");
    for &(before, after, word) in CHANCE {
        text = replace(&text, before, word, |rest| number(rest, after));
    }
    text
}

/// Replaces by `word` what follows each `before`, as far as `length` says; nothing where it says nothing.
fn replace(text: &str, before: &str, word: &str, length: impl Fn(&str) -> Option<usize>) -> String {
    let mut parts = text.split(before);
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let value = part.trim_start_matches(' ');
        let padding = &part[..part.len() - value.len()];
        let (word, rest) = match length(value) {
            Some(length) => (word, &value[length..]),
            None => ("", value),
        };
        replaced.extend([before, padding, word, rest]);
    }
    replaced
}

/// The length of the number that `text` begins with, with its unit up to the end of `after`.
fn number(text: &str, after: &str) -> Option<usize> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let unit = text[digits..].split('\n').next().unwrap_or_default();
    let near = unit
        .char_indices()
        .nth(12)
        .map_or(unit, |(end, _)| &unit[..end]);
    let found = near.find(after).filter(|_| digits > 0)?;
    Some(digits + found + after.len())
}

#[test]
fn a_transcript_is_the_same_in_every_run() {
    let told = |seconds: &str, speed: &str, port: &str, dir: &str| Ran {
        line: Some(format!(
            "import http://127.0.0.1:{port}/x --to {}",
            std::env::temp_dir().join(dir).join("x").display()
        )),
        status: 0,
        stdout: format!("time    {seconds} s: 1.4 KiB read at {speed}/s\n").into_bytes(),
        stderr: format!("\"seconds\": {seconds},\nstarts at 512, not at 0\n"),
    };
    let one = told("0.03", "53.0 KiB", "12345", ".tmpAbCdEf");
    let other = told("12.5", "7 bytes", "80", ".tmp012345");
    assert_eq!(
        transcript([one, other]),
        "$ innkeeper import http://127.0.0.1:[PORT]/x --to [TMP]/x\n\
         $ innkeeper import http://127.0.0.1:[PORT]/x --to [TMP]/x\nstatus 0\nstdout:\n\
         time    [TIME]: 1.4 KiB read at [SPEED]\nstderr:\n\"seconds\": [TIME],\nstarts at 512, not at 0\n"
    );
}
