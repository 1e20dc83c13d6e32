//! One file a command.

pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod digest;
mod ending;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod man;
mod request;
mod web;

use clap::Subcommand;

use crate::output::End;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Extract a disk from a file, an archive, a pipe or a URL and write it to one or more targets
    Import(Box<import::Args>),
    /// Write a disk in another format
    Convert(Box<convert::Args>),
    /// Show what a file, an archive, a pipe or a URL contains, without writing anything
    Inspect(inspect::Args),
    /// Print a digest of a disk's content (holes cost no time)
    Digest(digest::Args),
    /// Write the manual pages
    Man(man::Args),
    /// Print completions for a shell
    Completions(completions::Args),
}

/// Runs one command of the command line that is defined by `definition`.
pub(crate) fn run(command: Command, definition: clap::Command) -> End {
    match command {
        Command::Import(args) => import::run(*args),
        Command::Convert(args) => convert::run(*args),
        Command::Inspect(args) => inspect::run(args),
        Command::Digest(args) => digest::run(args),
        Command::Man(args) => man::run(&args, definition),
        Command::Completions(args) => completions::run(&args, definition),
    }
}
