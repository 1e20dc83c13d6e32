//! One file a command.

mod advice;
pub(crate) mod changes;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod confirm;
pub(crate) mod convert;
pub(crate) mod digest;
mod ending;
pub(crate) mod guard_change;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod man;
mod request;
pub(crate) mod undo;
pub(crate) mod vm;
mod web;

use clap::Subcommand;
use host::Host;

use crate::output::End;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Extract a disk from a file, an archive, a pipe or a URL and write it to one or more targets
    Import(Box<import::Args>),
    /// Convert a disk to another format
    Convert(Box<convert::Args>),
    /// Show what a file, an archive, a pipe or a URL contains, without writing anything
    Inspect(inspect::Args),
    /// Print a digest of a disk's content (holes cost no time)
    Digest(digest::Args),
    /// Find what is wrong with this host, or will be after an upgrade
    Check(check::Args),
    /// Show, change and convert the descriptions of guests, and list the guests
    #[command(subcommand)]
    Vm(vm::Command),
    /// List the changes that were made to this machine
    Changes(changes::Args),
    /// Undo a change
    Undo(undo::Args),
    /// Keep the change that waits for confirmation
    Confirm(confirm::Args),
    /// Undo a change unless it is confirmed
    #[command(hide = true)]
    GuardChange(guard_change::Args),
    /// Write the manual pages
    Man(man::Args),
    /// Print completions for a shell
    Completions(completions::Args),
}

impl Command {
    /// Whether the command is about changes itself, and so needs no notice of an open one.
    pub(crate) fn is_about_changes(&self) -> bool {
        use Command::{Changes, Confirm, GuardChange, Undo};
        matches!(self, Changes(_) | Confirm(_) | GuardChange(_) | Undo(_))
    }
}

/// Runs one command of the command line that is defined by `definition` on `host`.
pub(crate) fn run(command: Command, definition: clap::Command, host: &Host) -> End {
    match command {
        Command::Import(args) => import::run(*args, host),
        Command::Convert(args) => convert::run(*args, host),
        Command::Inspect(args) => inspect::run(args, host),
        Command::Digest(args) => digest::run(args, host),
        Command::Check(args) => check::run(&args, host),
        Command::Vm(command) => vm::run(command, host),
        Command::Changes(args) => changes::run(&args),
        Command::Undo(args) => undo::run(&args),
        Command::Confirm(args) => confirm::run(&args),
        Command::GuardChange(args) => guard_change::run(&args),
        Command::Man(args) => man::run(&args, definition),
        Command::Completions(args) => completions::run(&args, definition),
    }
}
