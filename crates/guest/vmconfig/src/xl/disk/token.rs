//! The words of `disk=`. The longest rule that fits takes the text, the first of two that are as long.

/// A word.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Blank,
    /// A deprecated prefix, without its colon.
    Prefix(&'t str),
    /// A parameter and its value; a bare one has none.
    Named(&'t str, &'t str),
    /// A positional parameter.
    Position(&'t str),
    Wrong(&'static str),
}

/// Parameters that are followed by `=` and a value.
const NAMED: &[&str] = &[
    "format",
    "access",
    "backend",
    "backendtype",
    "specification",
    "vdev",
    "script",
    "colo-host",
    "colo-port",
    "colo-export",
    "active-disk",
    "hidden-disk",
];

/// Parameters that stand alone. `trusted` and `untrusted` came after Xen 4.17.
const BARE: &[&str] = &[
    "cdrom",
    "direct-io-safe",
    "discard",
    "no-discard",
    "colo",
    "no-colo",
    "trusted",
    "untrusted",
];

/// Prefixes of old: formats, scripts, and drivers that mean nothing any more.
const PREFIXES: &[&str] = &[
    "raw", "qcow", "qcow2", "vhd", "iscsi", "nbd", "enbd", "drbd", "tapdisk", "tap", "tap2", "aio",
    "ioemu", "file", "phy",
];

/// The word `text`, which is not empty, begins with, and the bytes it takes.
pub(super) fn token(text: &str) -> (Token<'_>, usize) {
    let blank = text.len() - text.trim_start_matches([' ', '\t', '\n']).len();
    if blank > 0 {
        return (Token::Blank, blank);
    }
    // A prefix and the target count as if they took the whole line.
    if let Some(value) = text.strip_prefix("target=") {
        let value = value.split('\n').next().unwrap_or_default();
        let taken = "target=".len() + value.len();
        let value = value.strip_suffix(',').unwrap_or(value);
        return (Token::Named("target", value), taken);
    }
    prefix(text)
        .or_else(|| named(text))
        .or_else(|| position(text))
        .unwrap_or(match text.len() {
            // libxlutil's lexer has no rule for the end behind the first byte that it does not understand.
            1 => (Token::Blank, 1),
            len => (Token::Wrong("bad disk syntax"), len),
        })
}

fn prefix(text: &str) -> Option<(Token<'_>, usize)> {
    let colon = text.find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit())?;
    let word = text.get(..colon)?;
    let behind = text.get(colon..)?.strip_prefix(':')?;
    if !word.starts_with(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    if PREFIXES.contains(&word) {
        return Some((Token::Prefix(word), colon + 1));
    }
    let alone = !behind.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    alone.then_some((Token::Wrong("unknown deprecated disk prefix"), colon + 1))
}

/// A parameter, as far as its comma.
fn named(text: &str) -> Option<(Token<'_>, usize)> {
    let word = text.split(',').next().unwrap_or(text);
    let taken = text.len().min(word.len() + 1);
    if BARE.contains(&word) {
        return Some((Token::Named(word, ""), taken));
    }
    let (name, value) = word.split_once('=')?;
    let known = match (name, value) {
        ("devtype", "cdrom" | "disk") | ("grant_usage", "0" | "1") => true,
        ("devtype", _) => return Some((Token::Wrong("unknown value for type"), taken)),
        (name, _) => NAMED.contains(&name),
    };
    if known {
        return Some((Token::Named(name, value), taken));
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(plain);
    (is_name && !value.is_empty()).then_some((Token::Wrong("unknown parameter"), taken))
}

fn position(text: &str) -> Option<(Token<'_>, usize)> {
    let len = text.find(['=', ',']).unwrap_or(text.len());
    let value = text.get(..len)?;
    if text.get(len..)?.starts_with(',') {
        Some((Token::Position(value), len + 1))
    } else {
        (len > 0).then_some((Token::Position(value), len))
    }
}
