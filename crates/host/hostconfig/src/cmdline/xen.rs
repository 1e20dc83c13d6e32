//! Xen's words: `parse_params`, `parse_bool` and `parse_boolean` of xen/common/kernel.c.

use super::{Parameter, Reader, bounded, parameter};
use crate::traced::Traced;

/// The words up to ` -- `, behind which are dom0's.
pub(super) fn parameters(text: &Traced) -> Vec<Parameter> {
    let line = bounded(text.as_str());
    let line = line.split_once(" -- ").map_or(line, |(own, _)| own);
    let mut all = Vec::new();
    let mut start = 0;
    for word in line.split(' ') {
        let end = start + word.len();
        match word.find('=') {
            _ if word.is_empty() => {}
            None => all.push(parameter(Reader::Xen, text, start..end, None)),
            Some(equals) => {
                let equals = start + equals;
                let value = Some(equals + 1..end);
                all.push(parameter(Reader::Xen, text, start..equals, value));
            }
        }
        start = end + 1;
    }
    all
}

/// The name of the option that a word with this name sets.
pub(super) fn option_name(name: &str) -> &str {
    let name = name.strip_prefix("no-").unwrap_or(name);
    match name.find(['(', '[', '{', '<']) {
        Some(bracket) => &name[..bracket],
        None => name,
    }
}

/// A boolean as Xen reads it; `None` for anything else.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "on" | "yes" | "true" | "enable" => Some(true),
        "0" | "no" | "off" | "false" | "disable" => Some(false),
        _ => None,
    }
}

/// What `item` of a list says of `name`: `name`, `no-name`, `name=BOOL`; `None` when it is about something else or
/// its value is invalid.
pub fn parse_boolean(name: &str, item: &str) -> Option<bool> {
    if let Some(rest) = item.strip_prefix("no-") {
        return (rest == name).then_some(false);
    }
    match item.strip_prefix(name)? {
        "" => Some(true),
        rest => parse_bool(rest.strip_prefix('=')?),
    }
}
