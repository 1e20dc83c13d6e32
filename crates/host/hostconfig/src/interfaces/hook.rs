//! Commands of a block, and whether one that fails stops the interface.

use super::Stanza;
use crate::traced::Traced;

/// A command that is run with an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook<'i> {
    /// The block that it is in.
    pub stanza: &'i Stanza,
    /// When it is run.
    pub phase: Phase,
    /// The command, a line for a shell.
    pub command: Traced,
    /// What happens when it fails. A command before going up or down stops that, and one after it leaves the interface
    /// half set up: ifupdown takes any status but 0 for a failure.
    pub failure: Failure,
}

/// When a command is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Before the interface comes up.
    PreUp,
    /// After it has come up (`up`, `post-up`).
    PostUp,
    /// Before it goes down (`down`, `pre-down`).
    PreDown,
    /// After it has gone down.
    PostDown,
}

impl Phase {
    /// Whether it belongs to bringing the interface up.
    pub fn is_up(self) -> bool {
        matches!(self, Phase::PreUp | Phase::PostUp)
    }
}

/// What a command's failure does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// It stops the interface.
    Stops,
    /// Nothing: the line ends with status 0 whatever happens.
    Ignored,
    /// The line is more of a shell's language than is understood here.
    Unknown,
}

pub(super) fn hooks(stanza: &Stanza) -> impl Iterator<Item = Hook<'_>> {
    stanza.options.iter().filter_map(move |option| {
        let phase = match option.name.as_str() {
            "pre-up" => Phase::PreUp,
            "up" | "post-up" => Phase::PostUp,
            "down" | "pre-down" => Phase::PreDown,
            "post-down" => Phase::PostDown,
            _ => return None,
        };
        Some(Hook {
            stanza,
            phase,
            command: option.value.clone(),
            failure: failure(option.value.as_str()),
        })
    })
}

/// What happens when something in a command line fails: its status is that of the last command that is run.
pub fn failure(line: &str) -> Failure {
    let Some(parts) = split(line) else {
        return Failure::Unknown;
    };
    // What is before the last `;` has no part in the status.
    let is_end = |part: &Part<'_>| part.operator == ";" || part.operator == "&";
    let mut parts = parts.as_slice();
    if let [.., last] = parts
        && last.operator == "&"
    {
        return Failure::Ignored;
    }
    if let [before @ .., last] = parts
        && last.command.is_empty()
        && last.operator.is_empty()
    {
        parts = before;
    }
    let inner = parts.len().saturating_sub(1);
    let start = parts[..inner]
        .iter()
        .rposition(is_end)
        .map_or(0, |at| at + 1);
    let mut status = Failure::Ignored;
    let mut operator = "&&";
    for part in &parts[start..] {
        status = match (operator, status, own(part.command)) {
            // The right side of `||` is run after a failure alone.
            ("||", Failure::Ignored, _) | ("||", _, Failure::Ignored) => Failure::Ignored,
            ("||", _, right) => right,
            // A pipe's status is that of its end.
            ("|", _, right) => right,
            (_, Failure::Ignored, right) => right,
            (_, left, Failure::Ignored) => left,
            (_, Failure::Stops, _) | (_, _, Failure::Stops) => Failure::Stops,
            _ => Failure::Unknown,
        };
        operator = part.operator;
    }
    status
}

/// What one command's failure does.
fn own(command: &str) -> Failure {
    let mut words = command.split_whitespace();
    let first = words.next().unwrap_or_default();
    match (first, words.next()) {
        ("true" | ":", _) | ("exit", Some("0")) | ("/bin/true" | "/usr/bin/true", None) => {
            Failure::Ignored
        }
        ("echo" | "printf", _) if !command.contains('>') => Failure::Ignored,
        (
            "if" | "then" | "else" | "elif" | "fi" | "for" | "while" | "until" | "do" | "done"
            | "case" | "esac" | "{" | "}" | "!" | "trap" | "set" | "exit" | "return",
            _,
        ) => Failure::Unknown,
        _ if command.contains(['(', ')', '`']) => Failure::Unknown,
        _ => Failure::Stops,
    }
}

/// A command and the operator behind it.
struct Part<'l> {
    command: &'l str,
    operator: &'l str,
}

/// The commands of a line; `None` when a quote has no end.
fn split(line: &str) -> Option<Vec<Part<'_>>> {
    let bytes = line.as_bytes();
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    let mut quote = None;
    while at < bytes.len() {
        let byte = bytes[at];
        match (quote, byte) {
            (None, b'\'' | b'"') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            (None | Some(b'"'), b'\\') => at += 1,
            (None, b'#') if at == 0 || bytes[at - 1].is_ascii_whitespace() => break,
            (None, b';' | b'&' | b'|') if !is_redirection(bytes, at) => {
                let length = 1 + usize::from(bytes.get(at + 1) == Some(&byte));
                parts.push(Part {
                    command: line.get(start..at)?.trim(),
                    operator: line.get(at..at + length)?,
                });
                start = at + length;
                at = start;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    if quote.is_some() {
        return None;
    }
    parts.push(Part {
        command: line.get(start..at.min(line.len()))?.trim(),
        operator: "",
    });
    // An end alone is nothing to run.
    if parts.len() > 1 && parts.last().is_some_and(|last| last.command.is_empty()) {
        parts.pop();
    }
    Some(parts)
}

/// Whether the `&` at `at` is part of `2>&1` or `&>file`.
fn is_redirection(bytes: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    bytes[at] == b'&' && (matches!(before, Some(b'>' | b'<')) || bytes.get(at + 1) == Some(&b'>'))
}
