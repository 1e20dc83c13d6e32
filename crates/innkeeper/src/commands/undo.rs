//! `innkeeper undo`: takes a change back.

use std::ops::ControlFlow;

use change::Record;
use error::{Result, printable};
use render::document;
use serde_json::json;

use crate::options::{OutputArgs, RootArgs};
use crate::output::{End, print, print_json};

/// `innkeeper undo [ID]`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The change's number [default: the one that waits or is half done, else the last one]
    id: Option<u64>,

    #[command(flatten)]
    root: RootArgs,

    /// Say what would be restored, and change nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    output: OutputArgs,
}

/// Takes it back, and says which one it was.
pub(crate) fn run(args: &Args) -> End {
    End::new(undo(args).err().into_iter().collect(), args.output.failed())
}

fn undo(args: &Args) -> Result<()> {
    let machine = args.root.machine()?;
    if args.dry_run {
        let record = machine.preview_undo(args.id)?;
        return tell(&record, &args.output, &record.undo_to_text());
    }
    let record = machine.undo(args.id, &mut |_| ControlFlow::Continue(()))?;
    let title = printable(&record.plan.title);
    let text = format!("change {} is undone: {title}\n", record.id);
    tell(&record, &args.output, &text)
}

/// Prints the change as JSON, or else the text, unless nothing should be printed.
pub(super) fn tell(record: &Record, output: &OutputArgs, text: &str) -> Result<()> {
    if output.json {
        return print_json(&document(json!({ "change": record.to_json() })));
    }
    if output.quiet {
        return Ok(());
    }
    print(text.as_bytes())
}
