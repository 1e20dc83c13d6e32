//! `innkeeper convert`: extracts a disk from a source and writes it to one place in a format.

use std::ffi::OsString;

use diskimage::Format;
use diskimage::write::{self, WriteOptions};
use error::{Error, Result};
use host::Host;
use transfer::{Ova, TargetFormat};

use super::advice::Command;
use super::ending::{self, Output};
use super::request::{self, Common, Task};
use crate::output::End;

/// `innkeeper convert SOURCE PLACE`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    common: Common,

    /// Where the disk goes: a file, - for standard output, a block device, lv:VG/NAME, lv:VG/POOL/NAME
    /// or nbd://…
    place: OsString,

    /// The format to write: raw, qcow2, vmdk (streamOptimized), vhd, vhdx, vdi or ova; by default the
    /// one that the ending of PLACE stands for, or raw
    #[arg(long, value_name = "FORMAT", display_order = 0)]
    format: Option<Output>,

    /// How to write it; for qcow2 compression=none|zlib|zstd, level=N, cluster_size=SIZE, for vmdk and
    /// ova level=N, for vhd subformat=dynamic|fixed, for vhdx block_size=SIZE; may be given several
    /// times, or several with commas
    #[arg(short, value_name = "KEY=VALUE", value_parser = option, value_delimiter = ',', display_order = 0)]
    o: Vec<(String, String)>,

    /// Describe the guest of an ova as this file does: an xl.cfg, libvirt's XML, an OVF, a .vmx …; by
    /// default as what comes with the disk does
    #[arg(long, value_name = "FILE-or-URL", display_order = 0)]
    config_from: Option<OsString>,

    /// Reject a disk that is not in this format; raw also takes what is not recognised
    #[arg(long, value_name = "FORMAT", display_order = 0)]
    source_format: Option<Format>,
}

fn option(text: &str) -> Result<(String, String)> {
    match text.split_once('=') {
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => Err(Error::usage(format!("invalid option '{text}'")).hint("write KEY=VALUE")),
    }
}

/// Converts and tells the result.
pub(crate) fn run(args: Args, host: &Host) -> End {
    let json = args.common.failed_json();
    match task(args) {
        Ok(task) => request::run(task, host),
        Err(error) => End::new(vec![Command::Convert.worded(error)], json),
    }
}

/// What the arguments ask for.
fn task(args: Args) -> Result<Task> {
    let output = ending::output(&args.place, args.format)?;
    let format = output.format();
    let options = WriteOptions {
        given: args.o,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    };
    write::check(format, &options)?;
    if args.config_from.is_some() && output != Output::Ova {
        let message = format!("--config-from is for an ova, and {output} describes no guest");
        return Err(Error::usage(message).hint("--config writes a description beside the disk"));
    }
    let ova = Ova {
        name: String::new(),
        guest: None,
    };
    let form = TargetFormat {
        format,
        options,
        size: args.common.size(),
        ova: (output == Output::Ova).then_some(ova),
    };
    Ok(Task {
        command: Command::Convert,
        to: vec![args.place],
        declared: args.source_format,
        form: (format != Format::Raw).then_some(form),
        config_from: args.config_from,
        common: args.common,
    })
}
