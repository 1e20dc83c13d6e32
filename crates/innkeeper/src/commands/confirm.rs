//! `innkeeper confirm`: keeps the change that waits for it.

use std::path::PathBuf;

use error::{Result, printable};

use super::undo::tell;
use crate::machine::machine;
use crate::options::OutputArgs;
use crate::output::End;

/// `innkeeper confirm`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The root directory of the machine [default: /]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,

    #[command(flatten)]
    output: OutputArgs,
}

/// Confirms it, and says which one it was.
pub(crate) fn run(args: &Args) -> End {
    End::new(
        confirm(args).err().into_iter().collect(),
        args.output.failed(),
    )
}

fn confirm(args: &Args) -> Result<()> {
    let record = machine(args.root.as_deref())?.confirm()?;
    let title = printable(&record.plan.title);
    let text = format!("change {} is confirmed: {title}\n", record.id);
    tell(&record, &args.output, &text)
}
