//! `innkeeper digest`: the digest of what lies somewhere, as `import` prints it.

use std::ffi::OsString;
use std::sync::Arc;

use endpoint::{Host, Place};
use error::{Result, amount, parse_amount};
use serde_json::json;
use transfer::{ContentDigest, ContentSize, Control};

use super::web::WebArgs;
use crate::output::{End, Json, print, print_json, table};
use crate::progress::{Mode, Reporter};
use crate::watch;

/// `innkeeper digest PLACE`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A file, - for standard input, a block device, lv:VG/NAME or an http(s) URL
    place: OsString,

    /// Read only this much, for a disk that lies on a larger device
    #[arg(long, value_name = "SIZE", value_parser = parse_amount)]
    size: Option<u64>,

    #[command(flatten)]
    web: WebArgs,

    /// What to show while working
    #[arg(long, value_name = "HOW", default_value = "auto")]
    progress: Mode,

    /// Print the result as one JSON document
    #[arg(long)]
    json: bool,

    /// Print the digest only and show no bar
    #[arg(long, short)]
    quiet: bool,
}

/// Prints the digest.
pub(crate) fn run(args: Args) -> End {
    let json = match args.json {
        true => Json::Out,
        false => Json::No,
    };
    let told = Place::parse(&args.place).and_then(|place| {
        let shown = place.to_string();
        tell(&args, &shown, &read(&args, place)?)
    });
    End::new(told.err().into_iter().collect(), json)
}

fn read(args: &Args, place: Place) -> Result<ContentDigest> {
    let http = args.web.options(&place, None, args.quiet)?;
    let limit = args.size;
    let control = Arc::new(Control::default());
    let shared = Arc::clone(&control);
    let reporter = Reporter::new(args.progress, args.quiet);
    watch::run(&control, reporter, move || {
        let source = endpoint::source::open(&place, &http, &Host::default())?;
        transfer::digest(source, limit, &shared)
    })
}

/// `place` is without the secrets of an address.
fn tell(args: &Args, place: &str, named: &ContentDigest) -> Result<()> {
    let ContentDigest { content, digest } = named;
    let ContentSize { size, data } = content;
    if args.json {
        return print_json(&json!({
            "schema": 1,
            "place": place,
            "size": size,
            "data": data,
            "holes": size - data,
            "digest": digest.to_string(),
        }));
    }
    if args.quiet {
        return print(format!("{digest}\n").as_bytes());
    }
    print(
        table(&[
            ("place", place.to_owned()),
            ("size", format!("{} ({size} bytes)", amount(*size))),
            ("data", amount(*data)),
            ("digest", digest.to_string()),
        ])
        .as_bytes(),
    )
}
