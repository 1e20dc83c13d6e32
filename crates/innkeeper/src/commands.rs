//! One file a command.

pub(crate) mod changes;
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
mod told;
pub(crate) mod undo;
mod web;

use crate::cli::Command;
use crate::output::End;

/// Runs one command.
pub(crate) fn run(command: Command) -> End {
    match command {
        Command::Import(args) => import::run(*args),
        Command::Convert(args) => convert::run(*args),
        Command::Inspect(args) => inspect::run(args),
        Command::Digest(args) => digest::run(args),
        Command::Changes(args) => changes::run(&args),
        Command::Undo(args) => undo::run(&args),
        Command::Confirm(args) => confirm::run(&args),
        Command::GuardChange(args) => guard_change::run(&args),
        Command::Man(args) => man::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
}
