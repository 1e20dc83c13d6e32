//! `cargo xtask test`: everything that must hold before a change lands.

pub(crate) mod docs;
mod licences;
mod nextest;
mod prose;

use std::time::Instant;

use clap::Args;
use error::{Error, Result};

use crate::shell::{cargo, run as run_command};
use crate::{dist, example, rules, shell, testbed};

/// A step: its name, what holds when it passes, how to find out.
struct Step {
    name: &'static str,
    holds: &'static str,
    run: fn() -> Result<()>,
}

/// Steps that a quick run leaves out: each takes minutes.
const SLOW: &[&str] = &["dist", "testbed"];

const STEPS: &[Step] = &[
    Step {
        name: "format",
        holds: "the code is formatted",
        run: format,
    },
    Step {
        name: "prose",
        holds: "no file is too long, no marker or registry host is left behind",
        run: prose::check,
    },
    Step {
        name: "licences",
        holds: "every dependency's licence is one we accept",
        run: licences::check,
    },
    Step {
        name: "example",
        holds: "examples/guest.tar.gz has what its recipe puts in",
        run: example::check,
    },
    Step {
        name: "lint",
        holds: "clippy has nothing to say",
        run: || {
            cargo_run(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--locked",
                "--",
                "-D",
                "warnings",
            ])
        },
    },
    Step {
        name: "rustdoc",
        holds: "the documentation's links lead somewhere",
        run: rustdoc,
    },
    Step {
        name: "docs",
        holds: "docs/commands names every command and option, docs/reference/checks.md every rule",
        run: || {
            docs::check()?;
            rules::check()
        },
    },
    Step {
        name: "tests",
        holds: "every test passes, and every snapshot has its test",
        run: nextest::check,
    },
    Step {
        name: "doctests",
        holds: "the examples in the documentation work",
        run: || cargo_run(&["test", "--doc", "--workspace", "--locked", "--quiet"]),
    },
    Step {
        name: "dist",
        holds: "the static executable runs in an empty root directory",
        run: dist::check,
    },
    Step {
        name: "testbed",
        holds: "the program works on a real Xen",
        run: testbed::run_all,
    },
];

/// Which steps to run.
#[derive(Args)]
pub(crate) struct Options {
    /// Steps to run, instead of all: format, prose, licences, example, lint, rustdoc, docs, tests,
    /// doctests, dist, testbed
    steps: Vec<String>,
    /// Leave out what takes longest: the static executable and the testbed
    #[arg(long, conflicts_with = "steps")]
    quick: bool,
}

/// Runs the steps, all of them even when one fails, and says which passed.
///
/// # Errors
/// A step failed, or there is no step of that name.
pub(crate) fn run(options: &Options) -> Result<()> {
    let known = |name: &String| STEPS.iter().any(|step| step.name == name);
    if let Some(name) = options.steps.iter().find(|name| !known(name)) {
        return Err(
            Error::usage(format!("there is no step {name}")).hint("cargo xtask test --help")
        );
    }
    let wanted = |step: &&Step| match &options.steps[..] {
        [] => !(options.quick && SLOW.contains(&step.name)),
        steps => steps.iter().any(|name| name == step.name),
    };
    let mut lines = Vec::new();
    let mut failed = 0;
    for step in STEPS.iter().filter(wanted) {
        println!("== {}: {}", step.name, step.holds);
        let start = Instant::now();
        let result = (step.run)();
        if let Err(error) = &result {
            println!("{}", error.to_text());
            failed += 1;
        }
        let word = if result.is_ok() { "ok" } else { "FAILED" };
        let seconds = start.elapsed().as_secs();
        lines.push(format!(
            "{word:6}  {:10} {seconds:4} s  {}",
            step.name, step.holds
        ));
    }
    println!("\n{}", lines.join("\n"));
    println!(
        "not checked: advisories and withdrawn versions of dependencies, which no machine knows offline"
    );
    match failed {
        0 => Ok(()),
        n => Err(Error::io(
            format!("{n} of {} steps failed", lines.len()),
            "see above",
        )),
    }
}

fn cargo_run(args: &[&str]) -> Result<()> {
    run_command(&mut cargo(args))
}

fn format() -> Result<()> {
    cargo_run(&["fmt", "--all", "--check"])?;
    rules::format_check()?;
    cargo_run(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"])
}

fn rustdoc() -> Result<()> {
    let mut doc = shell::cargo(&["doc", "--workspace", "--no-deps", "--locked", "--quiet"]);
    run_command(doc.env("RUSTDOCFLAGS", "-D warnings"))
}
