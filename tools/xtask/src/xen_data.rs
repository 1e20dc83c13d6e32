//! Makes the tables of what each release of Xen knows, from its sources and from what is known of its history.
//!
//! ```text
//! DIR/4.17/tools/xl/xl_parse.c …  ─┐ names, kinds
//! DIR/4.2/keys.txt                 ├─ first and last release ─► vmconfig/src/xen/{keys,options}.txt
//! vmconfig/src/xen/history.txt    ─┘
//! ```

mod history;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use error::{Error, Result};

use crate::shell::{file_error, root};
use history::History;
use sources::Names;

/// What the task is told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// A directory with a directory for each release, named like it (4.17): Xen's sources, or lists of names
    sources: PathBuf,
}

/// A release: the numbers around the dot.
type Release = (u16, u16);

/// Which releases know a name. Where sources of releases between are missing, bounds are apart.
#[derive(Default)]
struct Span {
    kinds: BTreeSet<String>,
    /// The first release that may know it, and the first that does for certain.
    first: Option<(Release, Release)>,
    /// The last release that knows it for certain, and the last that may.
    last: Option<(Release, Release)>,
}

/// Reads the sources and writes both tables.
///
/// # Errors
/// A source or the history cannot be read, or a table cannot be written.
pub(crate) fn run(options: &Options) -> Result<()> {
    let place = root().join("crates/guest/vmconfig/src/xen");
    let history = history::read(&place.join("history.txt"))?;
    let mut releases = Vec::new();
    for release in sources::releases(&options.sources)? {
        let directory = options.sources.join(shown(release));
        releases.push((
            release,
            sources::keys(&directory)?,
            sources::options(&directory)?,
        ));
    }
    let input: Vec<_> = releases
        .iter()
        .map(|(release, ..)| shown(*release))
        .collect();
    let keys = releases
        .iter()
        .filter_map(|(release, keys, _)| Some((*release, keys.as_ref()?)));
    let table = spans(keys.collect(), &history, "key");
    save(&place.join("keys.txt"), "Keys of xl.cfg", &input, &table)?;
    let options = releases
        .iter()
        .filter_map(|(release, _, it)| Some((*release, it.as_ref()?)));
    let table = spans(options.collect(), &history, "option");
    save(
        &place.join("options.txt"),
        "Options of Xen's command line",
        &input,
        &table,
    )
}

/// When each name came and went, as sources and history say together.
fn spans(sources: Vec<(Release, &Names)>, history: &History, what: &str) -> BTreeMap<String, Span> {
    let mut table: BTreeMap<String, Span> = BTreeMap::new();
    let mut before: Option<(Release, &Names)> = None;
    for (release, names) in &sources {
        for (name, kinds) in *names {
            let span = table.entry(name.clone()).or_default();
            span.kinds.extend(kinds.iter().cloned());
            let from = before.map_or((4, 2), |(before, _)| next(before));
            span.first.get_or_insert((from, *release));
        }
        if let Some((before, known)) = before {
            for name in known.keys().filter(|name| !names.contains_key(*name)) {
                table.entry(name.clone()).or_default().last = Some((before, previous(*release)));
            }
        }
        before = Some((*release, names));
    }
    for fact in history.iter().filter(|fact| fact.what == what) {
        let span = table.entry(fact.name.clone()).or_default();
        span.kinds.extend(fact.kind.clone());
        span.first = fact.first.or(span.first).or(Some(((4, 2), (4, 2))));
        span.last = fact.last.map(|last| (last, last)).or(span.last);
    }
    table
}

fn save(path: &Path, title: &str, input: &[String], table: &BTreeMap<String, Span>) -> Result<()> {
    let mut text = format!(
        "# {title}, and which releases of Xen know them. Made by cargo xtask xen-data from the sources of Xen {}\n\
         # and from history.txt. Columns: name, kinds of values, first release, last release. `4.7..4.14` is\n\
         # one of these releases, which one is not known; `-` is none.\n",
        input.join(", ")
    );
    for (name, span) in table {
        let kinds: Vec<_> = span.kinds.iter().map(String::as_str).collect();
        let kinds = if kinds.is_empty() {
            "-".to_owned()
        } else {
            kinds.join(",")
        };
        let (first, last) = (bounds(span.first), bounds(span.last));
        let _ = writeln!(text, "{name} {kinds} {first} {last}");
    }
    std::fs::write(path, text).map_err(file_error(path))
}

fn bounds(bounds: Option<(Release, Release)>) -> String {
    match bounds {
        None => "-".to_owned(),
        Some((from, to)) if from == to => shown(from),
        Some((from, to)) => format!("{}..{}", shown(from), shown(to)),
    }
}

fn shown((major, minor): Release) -> String {
    format!("{major}.{minor}")
}

fn next((major, minor): Release) -> Release {
    (major, minor + 1)
}

fn previous((major, minor): Release) -> Release {
    (major, minor.saturating_sub(1))
}

/// Reads `4.17`.
fn release(text: &str) -> Result<Release> {
    let numbers = text.split_once('.');
    let read = numbers.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    read.ok_or_else(|| Error::usage(format!("invalid release of Xen '{text}'")))
}
