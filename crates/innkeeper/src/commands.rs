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
    /// Take a disk out of a file, a pipe or a URL and write it to one or more places
    Import(Box<import::Args>),
    /// Write a disk in another format, to a place or a pipe
    Convert(Box<convert::Args>),
    /// Say what a file, a pipe or a URL holds, and write nothing
    Inspect(inspect::Args),
    /// Name a disk's content, holes for free
    Digest(digest::Args),
    /// Write the manual pages
    Man(man::Args),
    /// Print a shell's completions
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
