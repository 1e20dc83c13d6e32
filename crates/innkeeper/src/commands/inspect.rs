//! `innkeeper inspect`: what a source holds, without writing anything.

mod document;
mod text;

use std::ffi::OsString;
use std::sync::Arc;

use diskimage::{Format, OpenOptions};
use endpoint::Place;
use error::{Error, Result, parse_amount};
use transfer::{Control, Inspect, Inspected, Pattern, Pick};

use super::request;
use super::web::WebArgs;
use crate::output::{End, Json, print, print_json};
use crate::progress::{Mode, Reporter};
use crate::watch;

/// `innkeeper inspect SOURCE`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to look at: a file, - for standard input, an http(s) URL, nbd://… or lv:VG/NAME
    source: OsString,

    /// Describe only this member of the archive: its name, the last part of it, or a pattern with * and ?
    #[arg(long, value_name = "NAME", value_parser = Pattern::new)]
    member: Option<Pattern>,

    /// Refuse a disk whose content is not in this format
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,

    #[command(flatten)]
    guest: request::GuestArgs,

    /// Count what this internal snapshot of a qcow2 stores, by name or id, and not its present state
    #[arg(long, value_name = "NAME")]
    snapshot: Option<String>,

    #[command(flatten)]
    web: WebArgs,

    /// What to show while working
    #[arg(long, value_name = "HOW", default_value = "auto")]
    progress: Mode,

    /// Bound the memory used; at least 32M [default: 64M, for xz 192M]
    #[arg(long, value_name = "SIZE", value_parser = request::memory)]
    memory: Option<u64>,

    /// Do not look into a disk, nor into a layer of packing, that unfolds to more than this
    #[arg(long, value_name = "SIZE", default_value = "64T", value_parser = parse_amount)]
    max_size: u64,

    /// Print the result as one JSON document
    #[arg(long)]
    json: bool,
}

/// Prints what there is.
pub(crate) fn run(args: Args) -> End {
    let json = match args.json {
        true => Json::Out,
        false => Json::No,
    };
    let as_json = args.json;
    let (source, inspected) = match look(args) {
        Ok(both) => both,
        Err(error) => return End::new(vec![error], json),
    };
    let printed = match as_json {
        true => print_json(&document::of(&source, &inspected)),
        false => print(text::of(&source, &inspected).as_bytes()),
    };
    // The document holds each disk's trouble already.
    let troubles = troubles(&source, &inspected).chain(printed.err());
    End::new(troubles.collect(), Json::No)
}

/// The source's name, without the secrets of an address, and what it holds.
fn look(args: Args) -> Result<(String, Inspected)> {
    let control = Arc::new(Control::default());
    let shared = Arc::clone(&control);
    let reporter = Reporter::new(args.progress, false);
    watch::run(&control, reporter, move || {
        let place = Place::parse(&args.source)?;
        let http = args.web.options(&place, None, false)?;
        let taken = request::Taken::default();
        let how = OpenOptions {
            access: request::extents_beside(&place, &taken),
            snapshot: args.snapshot,
            ..OpenOptions::default()
        };
        let inspect = Inspect {
            source: request::open(&place, &http, &taken)?,
            how,
            pick: Pick {
                member: args.member,
                format: args.format,
                may_be_cut: false,
                any_end: true,
                several: true,
                choice: args.guest.choice(),
                one_guest: false,
            },
            limits: request::limits(args.memory, args.max_size),
            max_size: args.max_size,
        };
        Ok((place.to_string(), transfer::inspect(inspect, &shared)?))
    })
}

/// The disks that could not be described.
fn troubles<'a>(source: &'a str, inspected: &'a Inspected) -> impl Iterator<Item = Error> + 'a {
    let troubled = inspected.disks.iter().filter_map(move |disk| {
        let trouble = disk.trouble.clone()?;
        Some(trouble.within(&disk.disk.member).at(source))
    });
    troubled.into_iter()
}
