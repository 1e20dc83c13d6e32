//! `innkeeper convert`: a disk out of anything, into one place in one format.

use std::ffi::OsString;

use diskimage::Format;
use diskimage::write::{self, WriteOptions};
use report::{Error, Result};
use transfer::Form;

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

    /// The format to write: raw, qcow2, vmdk (streamOptimized), vhd (dynamic) or vdi
    #[arg(long, value_name = "FORMAT", default_value = "raw")]
    format: Format,

    /// How to write it; for qcow2 compression=none|zlib|zstd, level=N, cluster_size=SIZE, for vmdk
    /// level=N; may be given several times, or several with commas
    #[arg(short, value_name = "KEY=VALUE", value_parser = option, value_delimiter = ',')]
    o: Vec<(String, String)>,

    /// Refuse a disk whose content is not in this format
    #[arg(long, value_name = "FORMAT")]
    source_format: Option<Format>,
}

fn option(text: &str) -> Result<(String, String)> {
    match text.split_once('=') {
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => Err(Error::usage(format!("'{text}' is no option")).hint("write KEY=VALUE")),
    }
}

/// Converts and tells the result.
pub(crate) fn run(args: Args) -> End {
    let options = WriteOptions {
        given: args.o,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    };
    if let Err(error) = write::check(args.format, &options) {
        return End::new(vec![error], args.common.failed_json());
    }
    let form = Form {
        format: args.format,
        options,
        size: args.common.size(),
        ova: None,
    };
    request::run(Task {
        to: vec![args.place],
        declared: args.source_format,
        form: (args.format != Format::Raw).then_some(form),
        common: args.common,
    })
}
