//! Running other programs in the checkout.

use std::path::{Path, PathBuf};
use std::process::Command;

use error::{Error, Result};
use host::Host;

pub(crate) use testkit::shell::{file_error, output, run};

/// The checkout's root.
pub(crate) fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest)
}

/// Where `program` is on this machine.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    Host::live().installed(program)
}

/// `program` with `args`, to be run in the checkout's root.
pub(crate) fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

/// The cargo that runs this task, with `args`.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    command(&cargo, args)
}

/// Where cargo builds.
///
/// # Errors
/// Cargo does not say.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let text = output(&mut cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
    ]))?;
    let metadata: serde_json::Value = serde_json::from_str(&text)
        .map_err(|cause| Error::io("cargo metadata is not JSON", cause))?;
    Ok(metadata["target_directory"]
        .as_str()
        .unwrap_or("target")
        .into())
}

/// The program, built as users do.
///
/// # Errors
/// It does not build.
pub(crate) fn built() -> Result<PathBuf> {
    run(&mut cargo(&[
        "build",
        "--release",
        "--locked",
        "--package",
        "innkeeper",
    ]))?;
    Ok(target_directory()?.join("release/innkeeper"))
}
