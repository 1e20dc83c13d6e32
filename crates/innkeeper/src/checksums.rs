//! Lists of SHA-256 sums as they lie beside images: `sha256sum`'s lines, the BSD form, signed or not.

use report::{Error, Result};

/// Reads a SHA-256 written in hexadecimal.
///
/// # Errors
/// [`report::Kind::Usage`] when it is none.
pub(crate) fn parse_sha256(text: &str) -> Result<[u8; 32]> {
    digest(text).ok_or_else(|| {
        Error::usage(format!("'{text}' is no SHA-256")).hint("64 hexadecimal digits are one")
    })
}

fn digest(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// The sum that `list` gives for the file called `name` (its last part decides).
///
/// # Errors
/// [`report::Kind::Refused`] when there is none, or two that differ.
pub(crate) fn find(list: &str, name: &str) -> Result<[u8; 32]> {
    let wanted = last_part(name);
    let mut found = None;
    for (file, sum) in list.lines().filter_map(entry) {
        if last_part(file) != wanted {
            continue;
        }
        if found.is_some_and(|found| found != sum) {
            return Err(Error::refused(format!(
                "gives two different sums for {wanted}"
            )));
        }
        found = Some(sum);
    }
    found.ok_or_else(|| Error::refused(format!("gives no SHA-256 for {wanted}")))
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// One line: `HEX  NAME`, `HEX *NAME` or `SHA256 (NAME) = HEX`; anything else is not about us.
fn entry(line: &str) -> Option<(&str, [u8; 32])> {
    let line = line.trim_end();
    if let Some(rest) = line.strip_prefix("SHA256 (") {
        let (name, hex) = rest.rsplit_once(") = ")?;
        return Some((name, digest(hex)?));
    }
    let (hex, name) = line.split_at_checked(64)?;
    let name = name
        .strip_prefix("  ")
        .or_else(|| name.strip_prefix(" *"))?;
    Some((name, digest(hex)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";

    #[test]
    fn every_common_form_is_read() {
        let list = format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# a comment\n{A}  ./images/a.img\n{B} *b.img\nSHA256 (c (1).img) = {A}\n"
        );
        assert_eq!(find(&list, "/tmp/a.img").unwrap(), [0xaa; 32]);
        assert_eq!(find(&list, "b.img").unwrap(), [0xbb; 32]);
        assert_eq!(find(&list, "c (1).img").unwrap(), [0xaa; 32]);
        assert_eq!(
            find(&list, "d.img").unwrap_err().message(),
            "gives no SHA-256 for d.img"
        );
    }

    #[test]
    fn contradictions_are_refused() {
        let list = format!("{A}  x/a.img\n{B}  y/a.img\n");
        let error = find(&list, "a.img").unwrap_err();
        assert_eq!(error.message(), "gives two different sums for a.img");
        assert!(find(&format!("{A}  a\n{A}  a\n"), "a").is_ok());
    }

    #[test]
    fn what_is_no_sum_is_wrong_usage() {
        for text in ["", "aa", &A[1..], &format!("{}g", &A[1..]), &"ä".repeat(32)] {
            assert!(parse_sha256(text).is_err(), "{text}");
        }
        assert_eq!(parse_sha256(B).unwrap(), [0xbb; 32]);
    }
}
