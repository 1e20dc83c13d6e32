//! The one definition of the command line: parser, help, man pages and completions come from it.

use clap::{CommandFactory, Parser, Subcommand};

use error::Error;
use serde_json::json;

use crate::commands;
use crate::output::print_json;

/// Takes guests into Xen and KVM hosts, and keeps the house.
#[derive(Debug, Parser)]
#[command(
    name = "innkeeper",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = EXIT_STATUS
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_STATUS: &str = "\
Exit status:
  0  done
  1  failed, or interrupted
  2  wrong usage
  3  the input was refused: unsafe, corrupt or unsupported
  4  the target was refused: too small, mounted, in use or full of data";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take a disk out of a file, a pipe or a URL and write it to one or more places
    Import(Box<commands::import::Args>),
    /// Write a disk in another format, to a place or a pipe
    Convert(Box<commands::convert::Args>),
    /// Say what a file, a pipe or a URL holds, and write nothing
    Inspect(commands::inspect::Args),
    /// Name a disk's content, holes for free
    Digest(commands::digest::Args),
    /// List the changes that were made to this machine
    Changes(commands::changes::Args),
    /// Take a change back
    Undo(commands::undo::Args),
    /// Keep the change that waits for confirmation
    Confirm(commands::confirm::Args),
    /// Take a change back unless it is confirmed
    #[command(hide = true)]
    GuardChange(commands::guard_change::Args),
    /// Write the manual pages
    Man(commands::man::Args),
    /// Print a shell's completions
    Completions(commands::completions::Args),
}

impl Command {
    /// Whether the command is about changes itself, and so needs no notice of an open one.
    pub(crate) fn is_about_changes(&self) -> bool {
        use Command::{Changes, Confirm, GuardChange, Undo};
        matches!(self, Changes(_) | Confirm(_) | GuardChange(_) | Undo(_))
    }
}

/// Parses the command line. Help and version are printed and end the program with status 0; wrong
/// usage ends it with status 2, told as JSON too if that was asked for.
pub(crate) fn parse() -> Command {
    let error = match Cli::try_parse() {
        Ok(cli) => return cli.command,
        Err(error) => error,
    };
    if error.use_stderr() && std::env::args_os().any(|arg| arg == "--json") {
        let text = error.render().to_string();
        // The usage comes behind an empty line.
        let message = text
            .lines()
            .map(str::trim)
            .take_while(|line| !line.is_empty());
        let message = message.collect::<Vec<_>>().join(" ");
        let error = Error::usage(message.trim_start_matches("error: "));
        // What is wrong is told on standard error all the same.
        let _ = print_json(&json!({ "schema": 1, "errors": [error.to_json()] }));
    }
    error.exit()
}

/// The definition itself, for manual pages and completions.
pub(crate) fn definition() -> clap::Command {
    Cli::command()
}
