//! `innkeeper digest`: the digest of what lies somewhere, as `import` prints it.

use std::ffi::OsString;
use std::sync::Arc;

use endpoint::Place;
use error::{Result, amount, parse_amount};
use host::Host;
use serde_json::json;
use transfer::{Content, Control, Named};

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
pub(crate) fn run(args: Args, host: &Host) -> End {
    let json = match args.json {
        true => Json::Out,
        false => Json::No,
    };
    let told = Place::parse(&args.place).and_then(|place| {
        let shown = place.to_string();
        tell(&args, &shown, &read(&args, place, host)?)
    });
    End::new(told.err().into_iter().collect(), json)
}

fn read(args: &Args, place: Place, host: &Host) -> Result<Named> {
    let http = args.web.options(&place, None, args.quiet, host)?;
    let host = host.clone();
    let limit = args.size;
    let control = Arc::new(Control::default());
    let shared = Arc::clone(&control);
    let reporter = Reporter::new(args.progress, args.quiet);
    watch::run(&control, reporter, move || {
        let source = endpoint::source::open(&place, &http, &host)?;
        transfer::digest(source, limit, &shared)
    })
}

/// `place` is without the secrets of an address.
fn tell(args: &Args, place: &str, named: &Named) -> Result<()> {
    let Named { content, digest } = named;
    let Content { size, data } = content;
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
