//! `innkeeper`: takes guests into Xen and KVM hosts, and keeps the house.
//!
//! This program only translates: the command line into requests to the rooms below, their results
//! into text or JSON and an exit status. [`commands`] has a file for each command.

mod checksums;
mod cli;
mod commands;
mod machine;
mod output;
mod progress;
mod watch;

use std::process::ExitCode;

fn main() -> ExitCode {
    let command = cli::parse();
    if !command.is_about_changes() {
        machine::tell_open_change();
    }
    output::exit(commands::run(command))
}
