//! GRUB's environment block (grub-core/lib/envblk.c): `NAME=VALUE` lines, where a backslash makes the next character
//! part of the value, and `#` to its end.

use hostconfig::Source;
use hostconfig::{Traced, Tracing};

/// The line with which a block begins.
const SIGNATURE: &str = "# GRUB Environment Block\n";

/// The variables in their order; `None` for a file that is not such a block, which GRUB refuses.
pub(super) fn variables(source: &Source) -> Option<Vec<(String, Traced)>> {
    let mut variables = Vec::new();
    if !source.text.starts_with(SIGNATURE) {
        return None;
    }
    let mut rest = source.characters();
    while let Some(first) = rest.peek() {
        if first == '#' {
            _ = rest.by_ref().find(|at| at.char == '\n');
            continue;
        }
        let mut name = String::new();
        while let Some(at) = rest.next_if(|char| char != '=' && char != '\n') {
            name.push(at.char);
        }
        if !rest.accept('=') {
            rest.next();
            continue;
        }
        let mut value = Tracing::new(&source.file, rest.position());
        while let Some(at) = rest.next_if(|char| char != '\n') {
            let at = match at.char {
                '\\' => rest.next(),
                _ => Some(at),
            };
            value.extend(at);
        }
        rest.next();
        variables.push((name, value.finish()));
    }
    Some(variables)
}
