//! Arrows between crates.

use std::path::Path;

use serde_json::Value;

use crate::{directory, name};

/// The folders from the lowest floor to the highest. A crate may use those of its own folder and of lower
/// ones; ARCHITECTURE.md says what is where.
const FLOORS: &[&str] = &[
    "crates/base",
    "crates/host",
    "crates/io",
    "crates/guest",
    "crates/disk",
    "crates/feature",
    "crates/innkeeper",
];

/// A folder whose crates know nothing of each other.
const APART: &str = "crates/feature";

/// The folder of crates for development, which may use everything and which nothing but tests uses.
const TOOLS: &str = "tools";

/// Where a package is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// On this floor, counted from the lowest.
    Floor(usize),
    Tools,
}

/// What is wrong with these packages of `cargo metadata`, whose workspace is at `root`; a line each.
pub(crate) fn objections(packages: &[Value], root: &Path) -> Vec<String> {
    let mut bad = Vec::new();
    for package in packages {
        let (from, here) = (name(package), place(package, root));
        let Some(here) = here else {
            bad.push(format!("{from} is in no folder of the table of floors"));
            continue;
        };
        let used = package["dependencies"].as_array().into_iter().flatten();
        // Tests may use what they like; the program is what the other kinds build.
        for used in used.filter(|used| used["kind"] != "dev") {
            let to = packages
                .iter()
                .find(|package| package["name"] == used["name"]);
            if let Some(to) = to
                && !place(to, root).is_some_and(|there| may_use(here, there))
            {
                bad.push(format!("{from} must not use {}", name(to)));
            }
        }
    }
    bad
}

fn place(package: &Value, root: &Path) -> Option<At> {
    let directory = directory(package);
    let within = directory.strip_prefix(root).ok()?;
    if within.starts_with(TOOLS) {
        return Some(At::Tools);
    }
    let floor = FLOORS.iter().position(|floor| within.starts_with(floor));
    floor.map(At::Floor)
}

fn may_use(here: At, there: At) -> bool {
    match (here, there) {
        (At::Tools, _) => true,
        (At::Floor(_), At::Tools) => false,
        (At::Floor(here), At::Floor(there)) if here == there => FLOORS[here] != APART,
        (At::Floor(here), At::Floor(there)) => there < here,
    }
}

#[test]
fn a_wrong_arrow_is_found() {
    let package = |at: &str, to: &str, kind: Option<&str>| {
        let name = at.rsplit('/').next().expect("a name");
        serde_json::json!({
            "name": name,
            "manifest_path": format!("/w/{at}/Cargo.toml"),
            "dependencies": [{ "name": to, "kind": kind }],
        })
    };
    let judged = |packages: &[Value]| objections(packages, Path::new("/w"));
    let none: [&str; 0] = [];
    let error = || package("crates/base/error", "serde_json", None);
    let sparse = || package("crates/io/sparse", "error", None);
    let tool = || package("tools/kit", "error", None);
    assert_eq!(judged(&[error(), sparse(), tool()]), none);
    for (at, to, kind, wrong) in [
        ("crates/base/error", "sparse", None, true),
        ("crates/base/error", "sparse", Some("build"), true),
        ("crates/base/error", "sparse", Some("dev"), false),
        ("crates/io/wire", "sparse", None, false),
        ("crates/innkeeper", "kit", None, true),
        ("crates/innkeeper", "kit", Some("dev"), false),
        ("tools/more", "kit", None, false),
    ] {
        let new = package(at, to, kind);
        let expected = format!("{} must not use {to}", name(&new));
        let found = judged(&[new, sparse(), tool()]);
        let expected = if wrong { vec![expected] } else { Vec::new() };
        assert_eq!(found, expected, "{at} uses {to}");
    }
    let features = [
        package("crates/feature/boot", "error", None),
        package("crates/feature/send", "boot", None),
        error(),
    ];
    assert_eq!(judged(&features), ["send must not use boot"]);
    let stray = package("cellar/wine", "clap", None);
    assert_eq!(
        judged(&[stray]),
        ["wine is in no folder of the table of floors"]
    );
}
