//! `innkeeper confirm`: keeps the change that waits for it.

use error::{Result, printable};

use super::undo::tell;
use crate::options::{OutputArgs, RootArgs};
use crate::output::End;

/// `innkeeper confirm`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    root: RootArgs,

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
    let record = args.root.machine()?.confirm()?;
    let title = printable(&record.plan.title);
    let text = format!("change {} is confirmed: {title}\n", record.id);
    tell(&record, &args.output, &text)
}
