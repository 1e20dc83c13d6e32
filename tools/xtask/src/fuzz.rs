//! `cargo xtask fuzz`: every fuzz target for a while.

mod coverage;
mod given;
mod minimise;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clap::Args;
use error::{Error, Result};

use crate::packages::cargo_tool;
use crate::shell::{command, file_error, root, run as run_command, which};

/// Bytes of the longest input, by target: the shorter, the more are tried.
const LONGEST: &[(&str, u32)] = &[
    ("vma", 36 << 10),
    ("xva", 24 << 10),
    ("tar", 24 << 10),
    ("qcow2", 12 << 10),
    ("vhdx", 12 << 10),
    ("vdi", 8 << 10),
    ("vhd", 8 << 10),
    ("vmdk", 8 << 10),
    ("vmdk_stream", 8 << 10),
    ("images", 12 << 10),
    ("streams", 24 << 10),
    ("appliances", 36 << 10),
    ("packages", 16 << 10),
];

/// The same for all others.
const USUAL: u32 = 4 << 10;

/// MiB of memory a target may take, a sanitizer's own included.
const MEMORY: u32 = 1024;

/// Seconds one input may take.
const PATIENCE: u32 = 20;

/// The targets that compare the ways to read several formats: the first byte of their input is the number of the
/// target whose input the rest is.
const COMPARING: &[(&str, &[&str])] = &[
    (
        "streams",
        &[
            "inflate",
            "deflate64",
            "lzma",
            "gzip",
            "xz",
            "zstd",
            "bzip2",
            "lz4",
            "lzop",
            "tar",
            "zip",
            "layers",
        ],
    ),
    (
        "images",
        &["qcow2", "vdi", "vhd", "vhdx", "vmdk", "vmdk_stream"],
    ),
    ("appliances", &["xva", "vma"]),
];

/// What to fuzz, and for how long.
#[derive(Args)]
pub(crate) struct Options {
    /// One target instead of all, as in fuzz/fuzz_targets
    target: Option<String>,
    /// Seconds for each target
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// The compiler's sanitizer: with `address` also what libraries in C and unsafe code do with memory is
    /// checked, three times as slowly
    #[arg(long, default_value = "none")]
    sanitizer: String,
    /// Report instead how many lines of each parser the seeds reach, and which they do not
    #[arg(long)]
    coverage: bool,
    /// Add to the seeds what fuzzing has found that reaches more than they do
    #[arg(long, conflicts_with = "coverage")]
    minimise: bool,
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
    let wanted = wanted(options)?;
    if options.coverage {
        return coverage::report(&wanted, options.target.is_some());
    }
    cargo_tool("fuzz", "cargo-fuzz")?;
    let mut found = Vec::new();
    for target in &wanted {
        let sanitizer = ["--sanitizer", &options.sanitizer];
        run_command(nightly(&["build", target]).args(sanitizer))?;
        if options.minimise {
            minimise::run(target, &sanitizer)?;
        } else if !fuzz(target, &sanitizer, options.seconds)? {
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

/// The targets that are asked for.
fn wanted(options: &Options) -> Result<Vec<String>> {
    let all = targets()?;
    match &options.target {
        Some(name) if !all.contains(name) => {
            Err(Error::usage(format!("there is no fuzz target {name}")).hint(all.join(", ")))
        }
        Some(name) => Ok(vec![name.clone()]),
        None => Ok(all),
    }
}

/// Fuzzes a target and prints how it went; `false` when something was found.
fn fuzz(target: &str, sanitizer: &[&str], seconds: u32) -> Result<bool> {
    corpus(target)?;
    let dirs = [format!("fuzz/corpus/{target}"), seeds_of(target)];
    let mut fuzz = libfuzzer(target, sanitizer, &dirs);
    fuzz.arg(format!("-max_total_time={seconds}"))
        .arg("-print_final_stats=1");
    let Output { status, stderr, .. } = output(&mut fuzz)?;
    let said = String::from_utf8_lossy(&stderr);
    if status.success() {
        let (all, each) = (
            statistic(&said, "number_of_executed_units"),
            statistic(&said, "average_exec_per_sec"),
        );
        println!("{target:11} {all} inputs, {each} a second, nothing found");
    } else {
        println!("{said}");
    }
    Ok(status.success())
}

/// libFuzzer's run of a target that is built, over the corpora in `dirs`.
fn libfuzzer(target: &str, sanitizer: &[&str], dirs: &[String]) -> Command {
    let longest = LONGEST.iter().find(|(name, _)| *name == target);
    let longest = longest.map_or(USUAL, |(_, longest)| *longest);
    let mut fuzz = nightly(&["run"]);
    fuzz.args(sanitizer).arg(target).args(dirs).arg("--");
    fuzz.arg(format!("-max_len={longest}"))
        .arg(format!("-rss_limit_mb={MEMORY}"))
        .arg(format!("-timeout={PATIENCE}"))
        // What is quick is varied more than what is slow.
        .arg("-entropic_scale_per_exec_time=1");
    fuzz
}

fn output(command: &mut Command) -> Result<Output> {
    let failed = |cause| Error::io("cargo fuzz cannot be started", cause);
    command.output().map_err(failed)
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

/// The target that writes what `guest` reads.
const LANGUAGES: &str = "languages";

/// Where the seeds of a target lie; those that compare have none of their own.
fn seeds_of(target: &str) -> String {
    match target {
        LANGUAGES => "fuzz/seeds/guest".into(),
        _ if is_comparing(target) => format!("fuzz/corpus/{target}"),
        _ => format!("fuzz/seeds/{target}"),
    }
}

fn is_comparing(target: &str) -> bool {
    COMPARING.iter().any(|(name, _)| *name == target)
}

/// The files in `dir`.
fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).map_err(file_error(dir))?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}

/// Where libFuzzer keeps what it learns; begins with what the target is given and with the seeds of those that it
/// compares.
fn corpus(target: &str) -> Result<()> {
    let dir = root().join("fuzz/corpus").join(target);
    given::write(target, &dir)?;
    given::write_all(&dir, "compared", &compared(target)?)
}

/// The seeds of the targets that `target` compares, each behind its number, and what those are given.
fn compared(target: &str) -> Result<Vec<Vec<u8>>> {
    let parts = COMPARING.iter().find(|(name, _)| *name == target);
    let mut inputs = Vec::new();
    let parts = parts.map(|(_, parts)| *parts).unwrap_or_default();
    for (number, part) in parts.iter().enumerate() {
        let mut seeds = given::inputs(part);
        for file in files(&root().join("fuzz/seeds").join(part))? {
            seeds.push(fs::read(&file).map_err(file_error(&file))?);
        }
        let numbered = |seed: Vec<u8>| [&[number as u8][..], &seed].concat();
        inputs.extend(seeds.into_iter().map(numbered));
    }
    Ok(inputs)
}

/// `cargo fuzz` with the nightly compiler, whatever compiler runs this task.
fn nightly(args: &[&str]) -> Command {
    let mut fuzz = command("rustup", &["run", "nightly", "cargo", "fuzz"]);
    fuzz.args(args).env_remove("CARGO").env_remove("RUSTC");
    fuzz
}

/// What libFuzzer's final statistics say of `name`.
fn statistic<'a>(said: &'a str, name: &str) -> &'a str {
    let value = |line: &'a str| line.strip_prefix("stat::")?.strip_prefix(name);
    let value = said.lines().find_map(value);
    value.map_or("?", |value| value.trim_start_matches(':').trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_seeds() {
        let targets = targets().unwrap();
        assert!(targets.len() > 5, "{targets:?}");
        for target in targets {
            let compared = compared(&target).unwrap();
            let seeds = || files(&root().join(seeds_of(&target))).unwrap();
            assert!(!compared.is_empty() || !seeds().is_empty(), "{target}");
        }
    }

    #[test]
    fn statistics_are_read() {
        let said = "x\nstat::number_of_executed_units: 12345\n";
        assert_eq!(statistic(said, "number_of_executed_units"), "12345");
        assert_eq!(statistic(said, "average_exec_per_sec"), "?");
    }
}
