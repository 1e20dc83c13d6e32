//! `innkeeper inspect`: what a source holds, without writing anything.

mod document;
mod text;

use std::ffi::OsString;
use std::sync::Arc;

use diskimage::{Format, OpenOptions};
use endpoint::Place;
use error::{Error, Result, parse_amount};
use host::Host;
use transfer::{Control, Inspect, Inspected, Pattern, Selection};

use super::advice::Command;
use super::request;
use super::web::WebArgs;
use crate::options::OutputArgs;
use crate::output::{End, Json, print, print_json, warn};
use crate::progress;

/// `innkeeper inspect SOURCE`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to inspect: a file, a directory, - for standard input, an http(s) URL, nbd://… or lv:VG/NAME
    source: OsString,

    /// Describe only this member of the archive: its name, the last part of it, or a pattern with * and ?
    #[arg(long, value_name = "NAME", value_parser = Pattern::new)]
    member: Option<Pattern>,

    /// Reject a disk that is not in this format
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,

    #[command(flatten)]
    guest: request::GuestArgs,

    /// Use this internal snapshot of a qcow2 (name or id) instead of its current state
    #[arg(long, value_name = "NAME")]
    snapshot: Option<String>,

    #[command(flatten)]
    web: WebArgs,

    /// Limit the memory used; at least 32M [default: 64M, for xz 192M]
    #[arg(long, value_name = "SIZE", value_parser = request::memory)]
    memory: Option<u64>,

    /// Skip a disk or archive layer larger than this after decompression
    #[arg(long, value_name = "SIZE", default_value = "64T", value_parser = parse_amount)]
    max_size: u64,

    #[command(flatten)]
    output: OutputArgs,
}

/// Prints what there is.
pub(crate) fn run(args: Args, host: &Host) -> End {
    let output = args.output.clone();
    let (source, inspected) = match look(args, host) {
        Ok(both) => both,
        Err(error) => return End::new(vec![Command::Inspect.worded(error)], output.failed()),
    };
    let printed = if output.json {
        print_json(&document::of(&source, &inspected))
    } else if output.quiet {
        inspected.warnings.iter().for_each(warn);
        Ok(())
    } else {
        let look = crate::output::look();
        print(text::of(&source, &inspected, &look).as_bytes())
    };
    // The document holds each disk's trouble already.
    let troubles = troubles(&source, &inspected).chain(printed.err());
    End::new(troubles.collect(), Json::No)
}

/// The source's name, without the secrets of an address, and what it holds.
fn look(args: Args, host: &Host) -> Result<(String, Inspected)> {
    let host = host.clone();
    let control = Arc::new(Control::default());
    let shared = Arc::clone(&control);
    let quiet = args.output.quiet;
    progress::run(&control, args.output.reporter(), move || {
        let place = Place::parse(&args.source)?;
        let http = args.web.options(&place, None, quiet, &host)?;
        let taken = request::Taken::on(&host);
        let how = OpenOptions {
            access: request::extents_beside(&place, &taken),
            snapshot: args.snapshot,
            ..OpenOptions::default()
        };
        let inspect = Inspect {
            source: request::open(&place, &http, &taken, &host)?,
            how,
            selection: Selection {
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
        let mut inspected = transfer::inspect(inspect, &shared)?;
        Command::Inspect.word(inspected.errors_mut());
        Ok((place.to_string(), inspected))
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
