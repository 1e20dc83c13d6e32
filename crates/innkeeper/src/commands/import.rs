//! `innkeeper import`: extracts disks from a source and writes them to one or more places.

use std::ffi::OsString;

use diskimage::Format;
use host::Host;

use super::advice::Command;
use super::ending;
use super::request::{self, Common, Task};
use crate::output::End;

/// `innkeeper import SOURCE --to PLACE`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where the disk goes: a file, - for standard output, a block device, lv:VG/NAME, lv:VG/POOL/NAME
    /// or nbd://…; may be given several times. With {disk}, {member} or {name} in it every disk of an
    /// archive is taken, each to its own place
    #[arg(long, required = true, value_name = "PLACE")]
    to: Vec<OsString>,

    /// Reject a disk that is not in this format; raw also takes what is not recognised
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,

    #[command(flatten)]
    common: Common,
}

/// Imports and tells the result.
pub(crate) fn run(args: Args, host: &Host) -> End {
    if let Err(error) = args.to.iter().try_for_each(|to| ending::is_raw(to)) {
        return End::new(vec![error], args.common.failed_json());
    }
    let task = Task {
        command: Command::Import,
        common: args.common,
        to: args.to,
        declared: args.format,
        form: None,
        config_from: None,
    };
    request::run(task, host)
}
