//! Every dependency's licence is on a list.

use error::{Error, Result};
use serde_json::Value;

use crate::shell::{cargo, output};

/// Licences, by their SPDX names, that ask for no more than a notice; the last two are for data
/// tables and keep to the files they are in.
const ACCEPTED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unlicense",
    "Zlib",
    "bzip2-1.0.6",
    "CDLA-Permissive-2.0",
    "Unicode-3.0",
];

/// Reads the licence of every package that the workspace is built from.
///
/// # Errors
/// One has none, or one that is not accepted.
pub(super) fn check() -> Result<()> {
    let args = ["metadata", "--format-version", "1", "--locked"];
    let filter = ["--filter-platform", "x86_64-unknown-linux-gnu"];
    let text = output(&mut cargo(&[&args[..], &filter[..]].concat()))?;
    let metadata: Value = serde_json::from_str(&text)
        .map_err(|cause| Error::io("cargo metadata is not JSON", cause))?;
    let packages = metadata["packages"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let bad: Vec<String> = packages.iter().filter_map(objection).collect();
    if bad.is_empty() {
        println!("{} packages", packages.len());
        Ok(())
    } else {
        Err(Error::refused(bad.join("; ")))
    }
}

fn objection(package: &Value) -> Option<String> {
    let name = package["name"].as_str().unwrap_or("?");
    match package["license"].as_str() {
        None => Some(format!("{name} names no licence")),
        Some(licence) if accepted(licence) => None,
        Some(licence) => Some(format!("{name} is under {licence}")),
    }
}

/// Whether the SPDX expression can be met with accepted licences alone. `AND` binds tighter than
/// `OR`, as SPDX 2.3 annex D has it; a slash is the old way to write `OR`; an exception (`WITH`)
/// only ever allows more.
fn accepted(expression: &str) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = &words[..];
    any(&mut rest) && rest.is_empty()
}

fn any(rest: &mut &[&str]) -> bool {
    let mut good = all(rest);
    while take(rest, "OR") {
        good |= all(rest);
    }
    good
}

fn all(rest: &mut &[&str]) -> bool {
    let mut good = one(rest);
    while take(rest, "AND") {
        good &= one(rest);
    }
    good
}

fn one(rest: &mut &[&str]) -> bool {
    if take(rest, "(") {
        return any(rest) & take(rest, ")");
    }
    let Some((name, after)) = rest.split_first() else {
        return false;
    };
    *rest = after;
    if take(rest, "WITH") {
        *rest = rest.get(1..).unwrap_or_default();
    }
    ACCEPTED.contains(name)
}

fn take(rest: &mut &[&str], word: &str) -> bool {
    let there = rest.first() == Some(&word);
    if there {
        *rest = &rest[1..];
    }
    there
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_spdx_has_them() {
        for good in [
            "MIT",
            "MIT OR GPL-3.0-only",
            "GPL-3.0-only OR MIT AND ISC",
            "(MIT OR GPL-3.0-only) AND ISC",
            "GPL-2.0-only/MIT",
            "Apache-2.0 WITH LLVM-exception OR GPL-3.0-only",
        ] {
            assert!(accepted(good), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0-only",
            "MIT AND GPL-3.0-only",
            "(MIT OR GPL-3.0-only) AND GPL-3.0-only",
            "MIT)",
            "(MIT",
            "MIT ISC",
        ] {
            assert!(!accepted(bad), "{bad}");
        }
    }
}
