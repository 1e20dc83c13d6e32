//! One file a command.

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

use host::Host;

use crate::cli::Command;
use crate::output::End;

/// Runs one command on `host`.
pub(crate) fn run(command: Command, host: &Host) -> End {
    match command {
        Command::Import(args) => import::run(*args, host),
        Command::Convert(args) => convert::run(*args, host),
        Command::Inspect(args) => inspect::run(args, host),
        Command::Digest(args) => digest::run(args, host),
        Command::Man(args) => man::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
}
