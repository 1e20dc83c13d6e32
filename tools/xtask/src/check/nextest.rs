//! Every test passes, and every snapshot is one that a test compares with.

use std::fs;

use error::{Error, Result};

use crate::shell::{cargo, command, output, root, run};

/// Runs every test. Snapshots are compared and never written, whatever the environment says.
///
/// # Errors
/// A test fails, or a snapshot is left over from a test that is gone.
pub(super) fn check() -> Result<()> {
    let used =
        tempfile::NamedTempFile::new().map_err(|cause| Error::io("no temporary file", cause))?;
    let mut tests = cargo(&[
        "nextest",
        "run",
        "--workspace",
        "--locked",
        "--no-fail-fast",
    ]);
    // insta notes every snapshot that is compared with, a line each.
    tests
        .env("INSTA_UPDATE", "no")
        .env("INSTA_SNAPSHOT_REFERENCES_FILE", used.path());
    run(&mut tests)?;
    let used = fs::read_to_string(used.path())
        .map_err(|cause| Error::io("the list of snapshots cannot be read", cause))?;
    let mut list = command(
        "git",
        &[
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "*.snap",
            "*.snap.new",
        ],
    );
    let files = output(&mut list)?;
    let there = files.lines().filter(|name| root().join(name).is_file());
    let unused = unused(there, &used);
    if unused.is_empty() {
        return Ok(());
    }
    Err(Error::refused(format!(
        "no test compares with {}",
        unused.join(", ")
    )))
}

/// Those of the files that no line of `used` ends with.
fn unused<'a>(files: impl Iterator<Item = &'a str>, used: &str) -> Vec<&'a str> {
    let is_used = |name: &str| used.lines().any(|line| line.ends_with(&format!("/{name}")));
    files.filter(|name| !is_used(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_that_no_test_compares_with_is_found() {
        let used = "/src/a/snapshots/x.snap\n/src/a/snapshots/x.snap\n/src/b/snapshots/y.snap\n";
        let files = [
            "a/snapshots/x.snap",
            "a/snapshots/y.snap",
            "b/snapshots/y.snap",
            "b/snapshots/y.snap.new",
        ];
        assert_eq!(
            unused(files.into_iter(), used),
            ["a/snapshots/y.snap", "b/snapshots/y.snap.new"]
        );
    }
}
