//! One line of a list of checksums, in any of the forms that are in use.

use super::Sum;

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The file's name; `None` for a digest alone, or of standard input.
    pub(super) name: Option<String>,
    pub(super) sum: Sum,
}

impl Entry {
    /// Reads `DIGEST  NAME`, `DIGEST *NAME`, `DIGEST` (sha256sum, FreeBSD's `-r`), or
    /// `SHA256 (NAME) = DIGEST` (BSD, `--tag`; OpenSSL without spaces, and `SHA2-256`). A backslash
    /// before it all says that there are others in the name. A digest of the length of a SHA-2
    /// without its algorithm's name is one of `untagged`, if that is given.
    pub(super) fn parse(line: &str, untagged: Option<&str>) -> Option<Self> {
        let line = line.trim();
        let (line, escaped) = match line.strip_prefix('\\') {
            Some(line) => (line, true),
            None => (line, false),
        };
        let (name, sum) = tagged(line).or_else(|| plain(line, untagged))?;
        let alone = matches!(name, "" | "-" | "stdin");
        let name = if escaped {
            unescaped(name)
        } else {
            name.to_owned()
        };
        Some(Entry {
            name: (!alone).then_some(name),
            sum,
        })
    }
}

/// `ALGORITHM (NAME) = DIGEST`.
fn tagged(line: &str) -> Option<(&str, Sum)> {
    let (algorithm, rest) = line.split_once('(')?;
    let (name, digest) = rest.rsplit_once(')')?;
    let digest = digest.trim_start().strip_prefix('=')?.trim_start();
    let algorithm = algorithm.trim_end();
    let known = |c: char| c.is_ascii_alphanumeric() || "-_/".contains(c);
    if !algorithm.chars().all(known) {
        return None;
    }
    let sum = match algorithm.to_ascii_uppercase().as_str() {
        // Old versions of OpenSSL do not say.
        "" => Sum::of_length(digest, None)?,
        "SHA256" | "SHA-256" | "SHA2-256" => Sum::sha256(digest)?,
        "SHA512" | "SHA-512" | "SHA2-512" => Sum::sha512(digest)?,
        "SHA1" => Sum::Other("SHA-1".into()),
        _ => Sum::Other(algorithm.to_owned()),
    };
    Some((name, sum))
}

/// `DIGEST  NAME`, `DIGEST *NAME`, `DIGEST`.
fn plain<'a>(line: &'a str, untagged: Option<&str>) -> Option<(&'a str, Sum)> {
    let end = line.find(|c: char| !c.is_ascii_hexdigit());
    let (digest, rest) = line.split_at(end.unwrap_or(line.len()));
    let sum = Sum::of_length(digest, untagged)?;
    let name = match rest {
        "" => "",
        rest => {
            let name = rest.strip_prefix(" *").or_else(|| rest.strip_prefix("  "));
            name.or_else(|| rest.strip_prefix([' ', '\t']))?
        }
    };
    Some((name.trim_start_matches('\t'), sum))
}

/// A name whose backslashes and line ends are escaped, as coreutils do it.
fn unescaped(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut letters = name.chars();
    while let Some(letter) = letters.next() {
        match (letter, letter == '\\') {
            (_, true) => match letters.next() {
                Some('n') => plain.push('\n'),
                Some('r') => plain.push('\r'),
                Some(other) => plain.push(other),
                None => plain.push('\\'),
            },
            (letter, false) => plain.push(letter),
        }
    }
    plain
}
