//! `innkeeper vm`: descriptions of guests, and the guests that a host knows.

mod convert;
mod edit;
mod findings;
mod fmt;
mod list;
mod set;
mod show;

use clap::Subcommand;
use host::Host;

use crate::output::End;

/// What to do with descriptions of guests.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List every guest that the host knows: running, configured, started with it
    List(list::Args),
    /// Show what Xen understands of an xl.cfg
    Show(show::Args),
    /// Format xl.cfg files
    Fmt(fmt::Args),
    /// Set values in an xl.cfg, keeping comments, order and layout
    Set(set::Args),
    /// Write a guest's description in another language
    Convert(convert::Args),
}

/// Runs one of them.
pub(crate) fn run(command: Command, host: &Host) -> End {
    match command {
        Command::List(args) => list::run(&args, host),
        Command::Show(args) => show::run(&args, host),
        Command::Fmt(args) => fmt::run(&args),
        Command::Set(args) => set::run(&args),
        Command::Convert(args) => convert::run(&args, host),
    }
}
