//! Arrows between the rooms point inwards only.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// Which rooms of the workspace a room may use.
enum May {
    Use(&'static [&'static str]),
    UseAnything,
    /// It is for development: nobody may use it but tests and others of its kind.
    UseAnythingUnused,
}

/// ARCHITECTURE.md's table of rooms. A new room needs a line here first.
const TABLE: &[(&str, May)] = &[
    ("report", May::Use(&[])),
    ("extent", May::Use(&["report"])),
    ("workers", May::Use(&["report"])),
    ("recognise", May::Use(&[])),
    ("unpack", May::Use(&["report", "extent", "workers"])),
    ("diskimage", May::Use(&["report", "extent", "workers"])),
    ("vmconfig", May::Use(&["report"])),
    ("place", May::Use(&["report", "extent", "recognise"])),
    (
        "transfer",
        May::Use(&[
            "report",
            "extent",
            "workers",
            "recognise",
            "unpack",
            "diskimage",
            "vmconfig",
            "place",
        ]),
    ),
    ("innkeeper", May::UseAnything),
    ("lab", May::UseAnythingUnused),
    ("testkit", May::UseAnythingUnused),
    ("xtask", May::UseAnythingUnused),
];

/// What is wrong with these packages of `cargo metadata`, a line each.
fn objections(rooms: &[Value]) -> Vec<String> {
    let name = |of: &Value| of["name"].as_str().unwrap_or_default().to_owned();
    let names: BTreeSet<String> = rooms.iter().map(name).collect();
    let mut bad = Vec::new();
    for room in rooms {
        let from = name(room);
        let Some((_, may)) = TABLE.iter().find(|(known, _)| *known == from) else {
            bad.push(format!("{from} is not in the table of rooms"));
            continue;
        };
        let used = room["dependencies"].as_array().into_iter().flatten();
        // Tests may use what they like; the program is what the other kinds build.
        for to in used.filter(|used| used["kind"] != "dev").map(name) {
            if names.contains(&to) && !allowed(may, &to) {
                bad.push(format!("{from} must not use {to}"));
            }
        }
    }
    bad
}

fn allowed(may: &May, to: &str) -> bool {
    let development =
        |(name, may): &(&str, May)| *name == to && matches!(may, May::UseAnythingUnused);
    match may {
        May::Use(list) => list.contains(&to),
        May::UseAnything => !TABLE.iter().any(development),
        May::UseAnythingUnused => true,
    }
}

#[test]
fn rooms_use_only_rooms_further_in() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let rooms = metadata["packages"].as_array().expect("packages");
    assert!(rooms.len() > 1, "{rooms:?}");
    assert_eq!(objections(rooms), Vec::<String>::new());
}

#[test]
fn a_wrong_arrow_is_found() {
    let room = |name: &str, to: &str, kind: Option<&str>| serde_json::json!({ "name": name, "dependencies": [{ "name": to, "kind": kind }] });
    let report = || room("report", "serde_json", None);
    let extent = || room("extent", "report", None);
    assert!(objections(&[report(), extent()]).is_empty());
    assert_eq!(
        objections(&[room("report", "extent", None), extent()]),
        ["report must not use extent"]
    );
    assert_eq!(
        objections(&[room("report", "extent", Some("build")), extent()]),
        ["report must not use extent"]
    );
    assert!(objections(&[room("report", "extent", Some("dev")), extent()]).is_empty());
    let testkit = || room("testkit", "report", None);
    assert_eq!(
        objections(&[report(), testkit(), room("innkeeper", "testkit", None)]),
        ["innkeeper must not use testkit"]
    );
    assert!(
        objections(&[
            report(),
            testkit(),
            room("innkeeper", "testkit", Some("dev"))
        ])
        .is_empty()
    );
    assert!(objections(&[testkit(), room("xtask", "testkit", None)]).is_empty());
    assert_eq!(
        objections(&[room("cellar", "clap", None)]),
        ["cellar is not in the table of rooms"]
    );
}
