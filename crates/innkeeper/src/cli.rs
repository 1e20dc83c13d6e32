//! The one definition of the command line: parser, help, man pages and completions come from it.

use clap::{CommandFactory, Parser};

use error::Error;

use crate::commands::Command;
use crate::output::print_json;

/// Import and manage virtual machines on Xen and KVM hosts.
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
  3  the input was refused: corrupt, unsupported or not allowed
  4  the target was refused: too small, mounted, in use or full of data
  5  check found something";

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
        let _ = print_json(&render::failure(&[error]));
    }
    error.exit()
}

/// The definition itself, for manual pages and completions.
pub(crate) fn definition() -> clap::Command {
    Cli::command()
}
