//! Arrows point downwards only: between crates, by the folder that they are in, and between the modules
//! of each crate.

// Clippy knows test functions; the helpers here are nothing else.
#![allow(clippy::expect_used, clippy::panic)]

mod crates;
mod modules;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The packages of the workspace as `cargo metadata` tells them.
fn packages() -> Vec<Value> {
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
    let packages = metadata["packages"].as_array().expect("packages").clone();
    assert!(packages.len() > 1, "{packages:?}");
    packages
}

/// The name of a package.
fn name(package: &Value) -> String {
    package["name"].as_str().unwrap_or_default().to_owned()
}

/// The directory of a package.
fn directory(package: &Value) -> PathBuf {
    let manifest = package["manifest_path"].as_str().unwrap_or_default();
    Path::new(manifest)
        .parent()
        .unwrap_or(Path::new(""))
        .to_owned()
}

#[test]
fn crates_use_only_their_own_folder_and_lower_ones() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().expect("a checkout");
    let objections = crates::objections(&packages(), &root);
    assert_eq!(objections, Vec::<String>::new());
}

#[test]
fn modules_import_each_other_in_no_circle() {
    let mut circles = Vec::new();
    for package in packages() {
        let source = directory(&package).join("src");
        let found = modules::circles(&modules::Tree::read(&source));
        circles.extend(
            found
                .iter()
                .map(|circle| format!("{}: {circle}", name(&package))),
        );
    }
    assert_eq!(circles, Vec::<String>::new());
}
