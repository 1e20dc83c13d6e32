//! `cargo xtask fuzz`: every fuzz target for a while.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use clap::Args;
use error::{Error, Result};

use crate::packages::cargo_tool;
use crate::shell::{command, file_error, root, run as run_command, which};

/// Bytes of the longest input: the shorter, the more are tried.
const LONGEST: u32 = 64 << 10;

/// MiB of memory a target may take, the sanitizer's own included.
const MEMORY: u32 = 1024;

/// Seconds one input may take.
const PATIENCE: u32 = 20;

/// What to fuzz, and for how long.
#[derive(Args)]
pub(crate) struct Options {
    /// One target instead of all, as in fuzz/fuzz_targets
    target: Option<String>,
    /// Seconds for each target
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Runs the targets one after another, all of them even when one finds something.
///
/// # Errors
/// A target found something, or cannot be built.
pub(crate) fn run(options: &Options) -> Result<()> {
    if which("rustup").is_none() {
        return Err(Error::io(
            "rustup is missing",
            "fuzzing needs its nightly compiler",
        ));
    }
    cargo_tool("fuzz", "cargo-fuzz")?;
    let all = targets()?;
    let wanted: Vec<&String> = match &options.target {
        Some(name) if !all.contains(name) => {
            return Err(
                Error::usage(format!("there is no fuzz target {name}")).hint(all.join(", "))
            );
        }
        Some(name) => vec![name],
        None => all.iter().collect(),
    };
    let mut found = Vec::new();
    for target in wanted {
        run_command(&mut nightly(&["build", target]))?;
        corpus(target)?;
        let output = fuzz(target, options.seconds)?;
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            println!("{target:11} {} inputs, nothing found", inputs(&said))
        } else {
            println!("{said}");
            found.push(target.as_str());
        }
    }
    if found.is_empty() {
        Ok(())
    } else {
        Err(Error::io(
            format!("fuzzing found something: {}", found.join(", ")),
            "see above",
        )
        .hint("the input is in fuzz/artifacts"))
    }
}

/// The names of all targets.
fn targets() -> Result<Vec<String>> {
    let dir = root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&dir).map_err(file_error(&dir))?;
    let stem = |path: &Path| Some(path.file_stem()?.to_str()?.to_owned());
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| stem(&entry.path()))
        .collect();
    names.sort();
    Ok(names)
}

/// Where libFuzzer keeps what it learns; begins with the test archives, which are not worth committing
/// twice.
fn corpus(target: &str) -> Result<()> {
    let dir = root().join("fuzz/corpus").join(target);
    fs::create_dir_all(&dir).map_err(file_error(&dir))?;
    let sized = |mut case: testkit::Bad| {
        // The target wants to know the disk's size.
        let size = testkit::xva::SIZE as u32;
        case.bytes.splice(..0, size.to_le_bytes());
        case
    };
    let (valid, hostile) = match target {
        "xva" => {
            let hostile = testkit::xva::hostile().into_iter().map(sized);
            (Vec::new(), hostile.collect())
        }
        "vma" => (Vec::new(), testkit::vma::hostile()),
        "tar" => (testkit::tar::valid(), testkit::tar::hostile()),
        "zip" => (testkit::zip::valid(), testkit::zip::hostile()),
        _ => return Ok(()),
    };
    let valid = valid.into_iter().map(|case| case.bytes);
    let hostile = hostile.into_iter().map(|case| case.bytes);
    for (number, bytes) in valid.chain(hostile).enumerate() {
        let file = dir.join(format!("testkit-{number}"));
        fs::write(&file, bytes).map_err(file_error(&file))?;
    }
    Ok(())
}

fn fuzz(target: &str, seconds: u32) -> Result<Output> {
    let place = |kind: &str| format!("fuzz/{kind}/{target}");
    let mut fuzz = nightly(&["run", target, &place("corpus"), &place("seeds"), "--"]);
    fuzz.arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={LONGEST}"))
        .arg(format!("-rss_limit_mb={MEMORY}"))
        .arg(format!("-timeout={PATIENCE}"))
        .arg("-print_final_stats=1");
    fuzz.output()
        .map_err(|cause| Error::io("cargo fuzz cannot be started", cause))
}

/// `cargo fuzz` with the nightly compiler, whatever compiler runs this task.
fn nightly(args: &[&str]) -> Command {
    let mut fuzz = command("rustup", &["run", "nightly", "cargo", "fuzz"]);
    fuzz.args(args).env_remove("CARGO").env_remove("RUSTC");
    fuzz
}

/// How many inputs libFuzzer says it tried.
fn inputs(said: &str) -> &str {
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    line.map_or("?", str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_seeds() {
        let targets = targets().unwrap();
        assert!(targets.len() > 5, "{targets:?}");
        for target in targets {
            let seeds = root().join("fuzz/seeds").join(&target);
            assert!(
                fs::read_dir(&seeds).is_ok_and(|mut dir| dir.next().is_some()),
                "{target}"
            );
        }
    }

    #[test]
    fn statistics_are_read() {
        assert_eq!(
            inputs("x\nstat::number_of_executed_units: 12345\n"),
            "12345"
        );
        assert_eq!(inputs(""), "?");
    }
}
