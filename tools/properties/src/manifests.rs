//! Manifests: one says the same when it is written down again, and of the files that it names it does not matter whether
//! they come before it or behind it.

use std::fmt::Write;

use error::{Result, hex};
use sparse::SliceSource;
use unpack::manifest::{
    Algorithm, Certificate, Checking, Digests, Found, Hashed, Manifest, Verdict,
};

use crate::told::{safe, told};

/// What the manifest is called.
const NAME: &str = "guest.mf";

/// Files that come with a manifest at most.
const FILES: usize = 40;

/// Runs a manifest, and the same text as a certificate and as a file that has digests.
pub fn manifest(data: &[u8]) -> Result<()> {
    let text = String::from_utf8_lossy(data);
    safe(&Certificate::parse("guest.cert", &text).to_string());
    let parsed = Manifest::parse(&text);
    told(&parsed);
    let manifest = parsed.inspect_err(|_| told(&unreadable(&text)))?;
    let mut again = String::new();
    for (name, algorithm, digest) in manifest.files() {
        assert_eq!(
            manifest.digest_of(name),
            Some((algorithm, digest.to_vec())),
            "{name:?}"
        );
        let algorithm = algorithm.name().replace('-', "");
        writeln!(again, "{algorithm}({name})= {}", hex(digest)).expect("a string takes all");
    }
    assert_eq!(Manifest::parse(&again).as_ref(), Ok(&manifest), "{again}");
    verdicts(data, &text)?;
    orders(&manifest, &text);
    Ok(())
}

/// What becomes of a description beside a manifest that cannot be read.
fn unreadable(text: &str) -> Result<Verdict> {
    let mut checking = Checking::default();
    checking.manifest(NAME, text)?;
    checking.member("guest.ovf", digests(b"", &[])?);
    checking.verdict()
}

/// The files come before the manifest and behind it, which makes no difference as long as they are hashed.
fn orders(manifest: &Manifest, text: &str) {
    let verdict = |order| {
        let verdict = archive(manifest, text, order);
        told(&verdict);
        verdict.map_err(|error| error.to_string())
    };
    let behind = verdict(Order::Behind);
    assert!(
        !matches!(behind, Ok(Verdict::Unhashed(_) | Verdict::None)),
        "{behind:?}"
    );
    assert_eq!(behind, verdict(Order::First), "where the manifest is shows");
    assert_eq!(behind, verdict(Order::Again), "that it was known shows");
    let late = verdict(Order::TooLate);
    assert!(
        !matches!(late, Ok(Verdict::Verified(_) | Verdict::None)),
        "{late:?}"
    );
}

/// The file is asked for before its manifest and behind it, and is not what the manifest says: that
/// would take luck.
fn verdicts(data: &[u8], text: &str) -> Result<()> {
    let digests = |step| Hashed::new(SliceSource::in_steps(data, step), &Algorithm::ALL).finish();
    let digests = [digests(usize::MAX)?, digests(1 + data.len() % 61)?];
    assert_eq!(digests[0], digests[1], "how it was cut shows");
    let mut empty = Checking::default();
    assert!(empty.manifest(NAME, text)?, "it was read before");
    let verdict = empty.verdict();
    assert!(
        matches!(verdict, Ok(Verdict::Foreign(_))),
        "it names files, and none came: {verdict:?}"
    );
    Ok(())
}

/// What comes with a manifest, in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// The files are hashed, and the manifest comes behind them.
    Behind,
    /// The files are not hashed, and the manifest comes behind them.
    TooLate,
    /// The manifest comes first.
    First,
    /// An earlier pass has found the manifest, which comes behind the files.
    Again,
}

/// The files that the manifest names, all of them empty, and one that it does not name.
fn archive(manifest: &Manifest, text: &str, order: Order) -> Result<Verdict> {
    let mut checking = match found(text)? {
        Some(found) if order == Order::Again => Checking::with(found),
        _ => Checking::default(),
    };
    if order == Order::First {
        checking.manifest(NAME, text)?;
    }
    if order == Order::Behind {
        checking.hash_ahead();
    }
    let named = manifest.files().map(|(name, ..)| name.to_owned());
    let unnamed = ["guest.ovf".to_owned(), "not named".to_owned()];
    for name in named.take(FILES).chain(unnamed) {
        let algorithms = checking.algorithms(&name);
        checking.member(&name, digests(b"", &algorithms)?);
    }
    if order != Order::First {
        checking.manifest(NAME, text)?;
    }
    checking.certificate("guest.cert", text);
    assert!(checking.has_certificate().is_some());
    assert!(
        checking.manifest("other.mf", text).is_err(),
        "there are two"
    );
    checking.verdict()
}

/// What a first pass finds that hashes nothing.
fn found(text: &str) -> Result<Option<Found>> {
    let mut checking = Checking::default();
    checking.manifest(NAME, text)?;
    Ok(match checking.verdict()? {
        Verdict::Foreign(found) | Verdict::Unhashed(found) => Some(found),
        Verdict::None | Verdict::Verified(_) => None,
    })
}

fn digests(data: &[u8], algorithms: &[Algorithm]) -> Result<Digests> {
    Hashed::new(SliceSource::new(data), algorithms).finish()
}
