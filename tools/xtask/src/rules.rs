//! docs/reference/checks.md: what `innkeeper check` looks for, out of its rules.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use ::check::{Example, RULES, Rule};
use clap::Args;
use error::{Error, Result};

use crate::shell::{cargo, file_error, output, root, run as run_command};

const HEAD: &str = "\
# What check looks for

Made from the rules by `cargo xtask rules`; a rule is a file in `crates/feature/check/src/rules`. `innkeeper check --explain RULE` prints the same.
";

/// What to do with the page.
#[derive(Args)]
pub(crate) struct Options {
    /// Say whether the page is up to date, and write nothing
    #[arg(long)]
    check: bool,
}

/// Writes the page, or checks it.
///
/// # Errors
/// It cannot be written, or is out of date.
pub(crate) fn run(options: &Options) -> Result<()> {
    if options.check {
        return check();
    }
    fs::write(path(), page()).map_err(file_error(&path()))?;
    println!("{} has {} rules", path().display(), RULES.len());
    Ok(())
}

/// Checks that the page is what the rules say.
///
/// # Errors
/// It is out of date.
pub(crate) fn check() -> Result<()> {
    let written = fs::read_to_string(path()).map_err(file_error(&path()))?;
    if written == page() {
        println!("docs/reference/checks.md has the {} rules", RULES.len());
        return Ok(());
    }
    Err(Error::refused("docs/reference/checks.md is out of date").hint("cargo xtask rules"))
}

/// Checks the format of the rules' files, which cargo does not know as modules.
///
/// # Errors
/// One is not formatted.
pub(crate) fn format_check() -> Result<()> {
    // The directory's listing by git leaves out what is not part of the project.
    let listed = output(
        crate::shell::command("git", &["ls-files", "crates/feature/*/src/rules/*/*.rs"])
            .env("LC_ALL", "C"),
    )?;
    let files: Vec<&str> = listed.lines().collect();
    let mut arguments = vec!["fmt", "--package", "check", "--check", "--"];
    arguments.extend(files);
    run_command(&mut cargo(&arguments))
}

fn path() -> PathBuf {
    root().join("docs/reference/checks.md")
}

fn page() -> String {
    let mut text = String::from(HEAD);
    let mut section = "";
    for rule in RULES {
        if rule.section() != section {
            section = rule.section();
            let _ = write!(text, "\n## {section}\n");
        }
        text += &of_rule(rule);
    }
    text
}

fn of_rule(rule: &Rule) -> String {
    let mut text = format!(
        "\n### {}\n\nChecks that {}. Looks at {}.",
        rule.id, rule.title, rule.looks_at
    );
    let versions = rule.versions.words();
    if !versions.is_empty() {
        let _ = write!(text, " For {versions}.");
    }
    let _ = write!(
        text,
        "\n\n{}\n\nSource: {}\n",
        rule.why,
        rule.source.join("; ")
    );
    if let Some(bad) = rule
        .examples
        .iter()
        .find(|example| !example.finds.is_empty())
    {
        text += &of_example(bad);
    }
    text
}

fn of_example(example: &Example) -> String {
    let mut text = format!("\n```text\n{}\n", example.host.trim());
    for line in example.finds {
        let _ = writeln!(text, "→ {line}");
    }
    text + "```\n"
}
