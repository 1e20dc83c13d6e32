//! `innkeeper digest`: the digest of a disk's content, as `import` prints it.

use std::ffi::OsString;
use std::sync::Arc;

use endpoint::Place;
use error::{Result, amount, parse_amount};
use host::Host;
use render::{Fields, document};
use serde_json::json;
use transfer::{ContentDigest, ContentSize, Control};

use super::advice::Command;
use super::web::WebArgs;
use crate::options::OutputArgs;
use crate::output::{End, look, print, print_json};
use crate::progress;

/// `innkeeper digest PLACE`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A file, - for standard input, a block device, lv:VG/NAME or an http(s) URL
    place: OsString,

    /// Read only the first SIZE bytes: for a disk on a larger device
    #[arg(long, value_name = "SIZE", value_parser = parse_amount)]
    size: Option<u64>,

    #[command(flatten)]
    web: WebArgs,

    #[command(flatten)]
    output: OutputArgs,
}

/// Prints the digest.
pub(crate) fn run(args: Args, host: &Host) -> End {
    let told = Place::parse(&args.place).and_then(|place| {
        let shown = place.to_string();
        tell(&args, &shown, &read(&args, place, host)?)
    });
    let failed = told.err().map(|error| Command::Digest.worded(error));
    End::new(failed.into_iter().collect(), args.output.failed())
}

fn read(args: &Args, place: Place, host: &Host) -> Result<ContentDigest> {
    let http = args.web.options(&place, None, args.output.quiet, host)?;
    let host = host.clone();
    let limit = args.size;
    let control = Arc::new(Control::default());
    let shared = Arc::clone(&control);
    progress::run(&control, args.output.reporter(), move || {
        let source = endpoint::source::open(&place, &http, &host)?;
        transfer::digest(source, limit, &shared)
    })
}

/// `place` is without the secrets of an address.
fn tell(args: &Args, place: &str, named: &ContentDigest) -> Result<()> {
    let ContentDigest { content, digest } = named;
    let ContentSize { size, data } = content;
    if args.output.json {
        return print_json(&document(json!({
            "place": place,
            "size": size,
            "data": data,
            "holes": size - data,
            "digest": digest.to_string(),
        })));
    }
    if args.output.quiet {
        return print(format!("{digest}\n").as_bytes());
    }
    let mut fields = Fields::default();
    fields.add("place", place);
    fields.add("size", format!("{} ({size} bytes)", amount(*size)));
    fields.add("data", amount(*data));
    fields.add("digest", digest.to_string());
    print(fields.render(&look()).as_bytes())
}
