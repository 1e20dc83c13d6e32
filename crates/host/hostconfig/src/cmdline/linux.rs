//! Linux's words: `next_arg` and `parameq` of lib/cmdline.c and kernel/params.c.

use std::ops::Range;

use super::{Parameter, Reader, bounded, parameter};
use crate::traced::Traced;

/// The words up to `--`, behind which are init's.
pub(super) fn parameters(text: &Traced) -> Vec<Parameter> {
    let bytes = bounded(text.as_str()).as_bytes();
    let mut all = Vec::new();
    let mut at = skip_spaces(bytes, 0);
    while at < bytes.len() {
        let (name, value, next) = next_word(bytes, at);
        if value.is_none() && &bytes[name.clone()] == b"--" {
            break;
        }
        all.push(parameter(Reader::Linux, text, name, value));
        at = skip_spaces(bytes, next);
    }
    all
}

/// The word at `start`: its name, its value, and where it ends.
fn next_word(bytes: &[u8], start: usize) -> (Range<usize>, Option<Range<usize>>, usize) {
    let is_quoted = bytes[start] == b'"';
    let start = start + usize::from(is_quoted);
    let end = word_end(bytes, start, is_quoted);
    // A sign of equality at the very start does not end a name.
    let equals = (start + 1..end).find(|&at| bytes[at] == b'=');
    let ends_with_quote = |from: usize| end > from && bytes[end - 1] == b'"';
    let close = end - usize::from(is_quoted && ends_with_quote(start));
    let Some(equals) = equals else {
        return (start..close, None, end);
    };
    let value = equals + 1;
    if value < end && bytes[value] == b'"' {
        let close = end - usize::from(ends_with_quote(value + 1));
        return (start..equals, Some(value + 1..close), end);
    }
    (start..equals, Some(value..close.max(value)), end)
}

fn word_end(bytes: &[u8], start: usize, mut in_quotes: bool) -> usize {
    for (at, &byte) in bytes.iter().enumerate().skip(start) {
        if is_space(byte) && !in_quotes {
            return at;
        }
        in_quotes ^= byte == b'"';
    }
    bytes.len()
}

fn skip_spaces(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| is_space(**byte)).count()
}

/// Linux's isspace() for what can be on a command line.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

/// Whether two names are the same to Linux.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let folded = |byte: u8| if byte == b'-' { b'_' } else { byte };
    one.bytes().map(folded).eq(other.bytes().map(folded))
}
