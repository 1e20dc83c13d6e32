//! `innkeeper completions`: what a shell needs to complete command lines.

use clap_complete::Shell;

use crate::output::{End, print};

/// `innkeeper completions SHELL`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

/// Prints the completions of the command line that is defined by `definition`.
pub(crate) fn run(args: &Args, mut definition: clap::Command) -> End {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut definition, "innkeeper", &mut script);
    End::from(print(&script))
}
