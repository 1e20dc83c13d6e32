//! One file a command.

mod advice;
pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod digest;
mod ending;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod man;
mod request;
mod told;
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
        Command::Man(args) => man::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
}
