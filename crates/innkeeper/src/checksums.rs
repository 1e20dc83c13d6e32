//! Digests that a source must have: given on the command line, or in the lists that are beside images.

mod line;
mod names;

use encoding_rs::UTF_8;
use error::{Error, Result};
use transfer::Sums;

use line::Entry;
pub(crate) use names::Names;

/// The longest list of files that a message shows.
const SHOWN: usize = 3;

/// Reads a SHA-256 written in hexadecimal, `sha256:` before it or not.
///
/// # Errors
/// [`error::Kind::Usage`] when it is not one.
pub(crate) fn parse_sha256(text: &str) -> Result<[u8; 32]> {
    unhex(digits(text, "SHA-256", 64)?).ok_or_else(|| invalid(text, "SHA-256", 64))
}

/// Reads a SHA-512 written in hexadecimal, `sha512:` before it or not.
///
/// # Errors
/// [`error::Kind::Usage`] when it is not one.
pub(crate) fn parse_sha512(text: &str) -> Result<[u8; 64]> {
    unhex(digits(text, "SHA-512", 128)?).ok_or_else(|| invalid(text, "SHA-512", 128))
}

/// The digits of a digest that should be of this algorithm.
fn digits<'a>(text: &'a str, algorithm: &str, len: usize) -> Result<&'a str> {
    let (label, digits) = match text.trim().split_once(':') {
        Some((label, digits)) => (label.to_ascii_uppercase().replace('-', ""), digits.trim()),
        None => (String::new(), text.trim()),
    };
    let wanted = algorithm.replace('-', "");
    let (label, other) = match (label.as_str(), Sum::of_length(digits, None)) {
        ("", other) => (&wanted, other),
        _ => (&label, None),
    };
    let other = match (label.as_str(), &other) {
        ("SHA256", None | Some(Sum::Sha256(_))) => "SHA-256",
        ("SHA512", None | Some(Sum::Sha512(_))) => "SHA-512",
        (_, Some(Sum::Sha256(_))) => "SHA-256",
        (_, Some(Sum::Sha512(_))) => "SHA-512",
        (_, Some(Sum::Other(other))) => other,
        (_, None) => return Err(invalid(text, algorithm, len)),
    };
    match other {
        other if other == algorithm => Ok(digits),
        "SHA-256" | "SHA-512" => {
            let option = other.to_ascii_lowercase().replace('-', "");
            Err(
                Error::usage(format!("'{text}' is a {other}, not a {algorithm}"))
                    .hint(format!("give it with --{option}")),
            )
        }
        other => Err(Error::usage(format!(
            "'{text}' is {}, which {}",
            article(other),
            why_not(other)
        ))
        .hint(format!("give the file's {algorithm}"))),
    }
}

fn invalid(text: &str, algorithm: &str, len: usize) -> Error {
    Error::usage(format!("invalid {algorithm} '{text}'"))
        .hint(format!("expected {len} hexadecimal digits"))
}

/// A digest in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sum {
    Sha256([u8; 32]),
    Sha512([u8; 64]),
    /// One of an algorithm, called so, that is not used here.
    Other(String),
}

impl Sum {
    fn sha256(digest: &str) -> Option<Self> {
        unhex(digest).map(Sum::Sha256)
    }

    fn sha512(digest: &str) -> Option<Self> {
        unhex(digest).map(Sum::Sha512)
    }

    /// A digest whose algorithm shows in its length alone; one that is not called otherwise.
    fn of_length(digest: &str, called: Option<&str>) -> Option<Self> {
        if !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let other = |name: &str| Some(Sum::Other(name.into()));
        match (digest.len(), called) {
            (64 | 96 | 128, Some(called)) => other(called),
            (64, None) => Self::sha256(digest),
            (128, None) => Self::sha512(digest),
            (32, _) => other("MD5"),
            (40, _) => other("SHA-1"),
            (56, _) => other("SHA-224"),
            (96, None) => other("SHA-384"),
            _ => None,
        }
    }
}

fn unhex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    if digits.len() != 2 * N || !digits.is_ascii() {
        return None;
    }
    let mut bytes = [0; N];
    for (i, byte) in bytes.iter_mut().enumerate() {
        let pair = digits.get(2 * i..2 * i + 2)?;
        let hexadecimal = pair.bytes().all(|digit| digit.is_ascii_hexdigit());
        *byte = u8::from_str_radix(pair, 16).ok().filter(|_| hexadecimal)?;
    }
    Some(bytes)
}

/// A list of checksums: `SHA256SUMS`, `CHECKSUM`, `disk.qcow2.sha512` or the like.
#[derive(Debug)]
pub(crate) struct List {
    /// The last part of its own name.
    name: String,
    entries: Vec<Entry>,
    signature: Option<&'static str>,
    /// What it is if it is no list.
    instead: Option<&'static str>,
}

impl List {
    /// Reads the list that is in a file called `name`.
    pub(crate) fn parse(name: &str, bytes: &[u8]) -> Self {
        let (text, _, _) = UTF_8.decode(bytes);
        let armoured = |what: &str| text.contains(&format!("-----BEGIN PGP {what}-----"));
        let signed = armoured("SIGNED MESSAGE");
        let untagged = other_family(name);
        let lines = text.lines().map(|line| match line.strip_prefix("- ") {
            // OpenPGP may put a dash before any line (RFC 9580, section 7.2).
            Some(line) if signed => line,
            _ => line,
        });
        let lines = lines.take_while(|line| !line.starts_with("-----BEGIN PGP SIGNATURE"));
        List {
            name: name.to_owned(),
            entries: lines
                .filter_map(|line| Entry::parse(line, untagged))
                .collect(),
            signature: if text.starts_with("untrusted comment:") {
                Some("signify")
            } else {
                signed.then_some("PGP")
            },
            instead: match text.trim_start().starts_with('<') {
                true => Some("is a web page, not a list of checksums"),
                false if armoured("MESSAGE") => Some("is an encoded PGP message"),
                false if armoured("SIGNATURE") && !signed => Some("is a signature alone"),
                false => None,
            },
        }
    }

    /// The kind of signature in it, which is not checked here.
    pub(crate) fn signature(&self) -> Option<&'static str> {
        self.signature
    }

    /// What it says about a file: by the first of its `names` that the list has. A single digest
    /// without a name is of whatever file it is asked for, and so is the only file in a list that is
    /// named after the source (openSUSE's `NAME.sha256` gives a longer name).
    ///
    /// # Errors
    /// [`error::Kind::Refused`] when there is nothing, nothing that can be used, or two that differ.
    pub(crate) fn find(&self, names: &[Names]) -> Result<Sums> {
        let wanted = names.first().map(Names::last).unwrap_or_default();
        for names in names {
            let found = names.best(&self.entries);
            if !found.is_empty() {
                return together(&found, &names.last());
            }
        }
        if let Some(found) = self.only_one(&wanted) {
            return together(&found, &wanted);
        }
        Err(self.missing(&wanted, names))
    }

    fn only_one(&self, wanted: &str) -> Option<Vec<&Entry>> {
        let first = self.entries.first()?;
        let same = self.entries.iter().all(|entry| entry.name == first.name);
        let meant = match &first.name {
            None => self.entries.len() == 1,
            Some(_) => named_after(&self.name, wanted),
        };
        (same && meant).then(|| self.entries.iter().collect())
    }

    fn missing(&self, wanted: &str, names: &[Names]) -> Error {
        if let Some(instead) = self.instead {
            return Error::refused(instead);
        }
        let redirected = names.get(1).map(Names::last);
        let redirected = redirected.filter(|name| name != wanted);
        let nor = redirected.map_or(String::new(), |name| format!(", nor for {name}"));
        let error = Error::refused(format!("gives no SHA-256 or SHA-512 for {wanted}{nor}"));
        let mut others: Vec<_> = self
            .entries
            .iter()
            .filter_map(|entry| entry.name.as_deref())
            .collect();
        others.dedup();
        match others.len() {
            0 if self.entries.len() > 1 => error.cause("it holds several digests without names"),
            1..=SHOWN => error.cause(format!("it is for {}", others.join(", "))),
            _ => error,
        }
    }
}

/// The digests that these entries give together.
fn together(entries: &[&Entry], wanted: &str) -> Result<Sums> {
    let mut sums = Sums::default();
    for entry in entries {
        let agree = match &entry.sum {
            Sum::Sha256(sum) => sums.sha256.replace(*sum).is_none_or(|old| old == *sum),
            Sum::Sha512(sum) => sums.sha512.replace(*sum).is_none_or(|old| old == *sum),
            Sum::Other(_) => true,
        };
        if !agree {
            return Err(Error::refused(format!(
                "gives two different sums for {wanted}"
            )));
        }
    }
    match entries.iter().find_map(|entry| entry.sum.other()) {
        Some(other) if sums.is_empty() => {
            let (article, why) = (article(other), why_not(other));
            let text = format!("gives only {article} for {wanted}, which {why}");
            Err(Error::refused(text).hint("look for a list of SHA-256 or SHA-512 sums"))
        }
        _ => Ok(sums),
    }
}

impl Sum {
    fn other(&self) -> Option<&str> {
        match self {
            Sum::Other(name) => Some(name),
            _ => None,
        }
    }
}

fn article(algorithm: &str) -> String {
    if algorithm.starts_with(['M', 'R']) {
        format!("an {algorithm}")
    } else {
        format!("a {algorithm}")
    }
}

fn why_not(algorithm: &str) -> &'static str {
    match algorithm {
        "MD5" | "SHA-1" | "MD4" => "is too weak: another file can be made to have the same",
        _ => "is not supported",
    }
}

/// The algorithm of a list's digests where its name says that they are not SHA-2, which has the same
/// lengths.
fn other_family(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let families = [
        ("b2sum", "BLAKE2"),
        (".b2", "BLAKE2"),
        ("blake2", "BLAKE2"),
        ("b3sum", "BLAKE3"),
        (".b3", "BLAKE3"),
        ("blake3", "BLAKE3"),
        ("sha3-", "SHA-3"),
        ("sha3sum", "SHA-3"),
    ];
    let family = families.iter().find(|(part, _)| {
        if part.starts_with('.') {
            name.ends_with(part)
        } else {
            name.contains(part)
        }
    });
    family.map(|(_, family)| *family)
}

/// Whether a list's name is the source's and what says that it holds digests.
fn named_after(list: &str, source: &str) -> bool {
    let Some(rest) = list.strip_prefix(source) else {
        return false;
    };
    let rest = rest.to_ascii_lowercase();
    let words = ["sha", "sum", "digest"];
    rest.starts_with(['.', '-', '_']) && words.iter().any(|word| rest.contains(word))
}

#[cfg(test)]
mod tests;
