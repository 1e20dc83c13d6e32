//! `innkeeper guard-change`: the guard of a change that waits for confirmation. Only the program starts it.

use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::options::machine;
use crate::output::End;

/// `innkeeper guard-change --root DIR ID`, the command line that `change::Guarding` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The root directory of the machine
    #[arg(long, value_name = "DIR")]
    root: PathBuf,

    /// The change's number
    id: u64,
}

/// Guards the change until it is confirmed or undone.
pub(crate) fn run(args: &Args) -> End {
    let guarded = machine(&args.root)
        .and_then(|machine| machine.guard(args.id, &mut |_| ControlFlow::Continue(())));
    End::from(guarded)
}
