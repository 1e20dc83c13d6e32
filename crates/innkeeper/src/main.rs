//! `innkeeper`: imports and manages virtual machines on Xen and KVM hosts.
//!
//! This program only translates: the command line into requests to the crates below, their results
//! into text or JSON and an exit status. [`commands`] has a file for each command.

mod checksums;
mod cli;
mod commands;
mod machine;
mod options;
mod output;
mod progress;

use std::process::ExitCode;

use host::Host;

fn main() -> ExitCode {
    let command = cli::parse();
    if !command.is_about_changes() {
        machine::tell_open_change();
    }
    output::exit(commands::run(command, cli::definition(), &Host::live()))
}
