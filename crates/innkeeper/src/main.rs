//! `innkeeper`: takes guests into Xen and KVM hosts, and keeps the house.
//!
//! This program only translates: the command line into requests to the rooms below, their results
//! into text or JSON and an exit status. [`commands`] has a file for each command.

mod checksums;
mod cli;
mod commands;
mod output;
mod progress;
mod watch;

use std::process::ExitCode;

use host::Host;

fn main() -> ExitCode {
    let command = cli::parse();
    output::exit(commands::run(command, &Host::live()))
}
