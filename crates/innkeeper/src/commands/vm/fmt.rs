//! `innkeeper vm fmt`: xl.cfg files as they should look.

use std::path::PathBuf;

use error::{Error, Result};
use vmconfig::xl;

use super::edit::ChangeArgs;
use crate::output::End;

/// `innkeeper vm fmt FILE…`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Change nothing; fail when a file is not formatted
    #[arg(long, conflicts_with = "dry_run")]
    check: bool,

    #[command(flatten)]
    change: ChangeArgs,
}

/// Formats the files in one change.
pub(crate) fn run(args: &Args) -> End {
    End::new(
        format(args).err().into_iter().collect(),
        args.change.output.failed(),
    )
}

fn format(args: &Args) -> Result<()> {
    let edited: Result<Vec<_>> = args
        .files
        .iter()
        .map(|file| args.change.edited(file, xl::format))
        .collect();
    let edited = edited?;
    if !args.check {
        return args.change.apply("format xl.cfg", &edited);
    }
    let names: Vec<&str> = edited
        .iter()
        .filter(|file| file.old != file.new)
        .map(|file| file.name.as_str())
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    let message = format!("not formatted: {}", names.join(", "));
    Err(Error::refused(message).hint("innkeeper vm fmt formats them"))
}
