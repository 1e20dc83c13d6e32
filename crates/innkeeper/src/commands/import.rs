//! `innkeeper import`: a disk out of anything, into one or more places.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use diskimage::Format;
use place::source::http::HttpOptions;
use place::target::{Candidate, TargetOptions};
use place::{Host, Place};
use report::{Error, Result, parse_amount};
use transfer::{Control, Import, Outcome, Pattern, Pick};
use unpack::Limits;
use unpack::gzip::Engine;

use crate::checksums;
use crate::output::{End, Json, print, tell};
use crate::progress::{Mode, Reporter};
use crate::watch;

mod told;

/// `innkeeper import SOURCE --to PLACE`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where the disk comes from: a file, - for standard input, or an http(s) URL
    source: OsString,

    /// Where the disk goes: a file, - for standard output, a block device, lv:VG/NAME or
    /// lv:VG/POOL/NAME; may be given several times
    #[arg(long, required = true, value_name = "PLACE")]
    to: Vec<OsString>,

    /// Keep a copy of the source's bytes, as they pass, in this file
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,

    /// Take this member of the archive: its name, the last part of it, or a pattern with * and ?
    #[arg(long, value_name = "NAME", value_parser = Pattern::new)]
    member: Option<Pattern>,

    /// Refuse a disk whose content is not in this format
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,

    /// Make a new target this large; by default as large as the disk
    #[arg(long, value_name = "SIZE", value_parser = parse_amount)]
    size: Option<u64>,

    /// Refuse a source whose SHA-256 is not this
    #[arg(long, value_name = "HEX", value_parser = checksums::parse_sha256)]
    sha256: Option<[u8; 32]>,

    /// Refuse a source whose SHA-256 is not what this list (SHA256SUMS) gives for its name
    #[arg(long, value_name = "FILE-or-URL", conflicts_with = "sha256")]
    checksums: Option<OsString>,

    /// Read each target back from the medium and compare
    #[arg(long)]
    verify: bool,

    /// Overwrite a file that exists or a device that holds data
    #[arg(long)]
    force: bool,

    /// Skip zeros on a device that is known to read as zeros everywhere
    #[arg(long)]
    target_is_zero: bool,

    /// Say what would be written where, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Send this header with every request for the source; may be given several times
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,

    /// What to show while working
    #[arg(long, value_name = "HOW", default_value = "auto")]
    progress: Mode,

    /// Bound the memory used; at least 32M [default: 64M, for xz 192M]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    memory: Option<u64>,

    /// Refuse a disk, and a layer of packing, that unfolds to more than this
    #[arg(long, value_name = "SIZE", default_value = "64T", value_parser = parse_amount)]
    max_size: u64,

    /// Decode gzip with this engine: the program's own, or zlib-rs
    #[arg(long, value_name = "ENGINE", default_value = "own")]
    inflate: Inflate,

    /// Print the result as one JSON document
    #[arg(long)]
    json: bool,

    /// Print no result and show no bar
    #[arg(long, short)]
    quiet: bool,
}

/// Which inflate decodes gzip.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Inflate {
    /// The program's own, which skips zeros
    Own,
    /// zlib-rs, in case the other is in doubt
    ZlibRs,
}

fn memory(text: &str) -> Result<u64> {
    let least = 32 << 20;
    match parse_amount(text)? {
        bytes if bytes < least => Err(Error::usage(format!("'{text}' is less than 32M"))),
        bytes => Ok(bytes),
    }
}

/// Imports and tells the result.
pub(crate) fn run(args: Args) -> End {
    let (json, quiet) = (args.json, args.quiet);
    // Where the disk itself goes to standard output, nothing else may.
    let aside = args.to.iter().any(|to| is_standard_output(to));
    let start = Instant::now();
    let control = Arc::new(Control::default());
    let shared = Arc::clone(&control);
    let reporter = Reporter::new(args.progress, quiet);
    let done = match watch::run(&control, reporter, move || import(args, &shared)) {
        Ok(done) => done,
        Err(error) => return End::new(vec![error], failed_as(json, aside)),
    };
    let text = match &done {
        _ if json => format!("{:#}\n", told::as_json(&done, start.elapsed())),
        _ if quiet => String::new(),
        _ => told::as_text(&done, start.elapsed()),
    };
    let printed = match aside {
        true if text.is_empty() => Ok(()),
        true => {
            tell(text.trim_end());
            Ok(())
        }
        false => print(text.as_bytes()),
    };
    // The document holds each target's own trouble already.
    let troubles = told::troubles(&done).chain(printed.err());
    End::new(troubles.collect(), Json::No)
}

/// Standard output by any of its usual names.
fn is_standard_output(place: &OsStr) -> bool {
    let names = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
    names.iter().any(|name| place == *name)
}

fn failed_as(json: bool, aside: bool) -> Json {
    match (json, aside) {
        (false, _) => Json::No,
        (true, false) => Json::Out,
        (true, true) => Json::Err,
    }
}

fn import(args: Args, control: &Arc<Control>) -> Result<told::Done> {
    let (source, places, keep) = places(&args)?;
    let options = TargetOptions {
        force: args.force,
        target_is_zero: args.target_is_zero,
        size: args.size,
        host: Host::default(),
    };
    let check = |place: &Place| place::target::check(place, &options);
    let targets = places.iter().map(check).collect::<Result<Vec<_>>>()?;
    let keep: Option<Box<dyn Candidate>> = match &keep {
        Some(place) => {
            let options = TargetOptions {
                force: args.force,
                ..TargetOptions::default()
            };
            Some(place::target::check(place, &options)?)
        }
        None => None,
    };
    let kept = keep.as_ref().map(|keep| keep.name().to_owned());
    let http = super::http_options(&args.header, args.quiet)?;
    let sha256 = match &args.checksums {
        Some(list) => Some(listed_sum(list, &source, &http)?),
        None => args.sha256,
    };
    let source = place::source::open(&source, &http, &Host::default())?;
    let name = source.name().to_owned();
    let request = Import {
        source,
        targets,
        keep,
        pick: Pick {
            member: args.member,
            format: args.format,
        },
        limits: limits(args.memory, args.max_size),
        max_size: args.max_size,
        engine: match args.inflate {
            Inflate::Own => Engine::Own,
            Inflate::ZlibRs => Engine::ZlibRs,
        },
        sha256,
        verify: args.verify,
        dry_run: args.dry_run,
    };
    let outcome = transfer::import(request, control)?;
    Ok(match outcome {
        Outcome::Planned(plan) => told::Done::Planned { source: name, plan },
        Outcome::Done(imported) => told::Done::Imported {
            source: name,
            kept,
            imported,
        },
    })
}

/// Every place that the command line names, none of them twice.
fn places(args: &Args) -> Result<(Place, Vec<Place>, Option<Place>)> {
    let source = Place::parse(&args.source)?;
    let targets = args.to.iter().map(|to| match is_standard_output(to) {
        true => Ok(Place::Stdio),
        false => Place::parse(to),
    });
    let targets = targets.collect::<Result<Vec<_>>>()?;
    let keep = args.keep.clone().map(Place::File);
    if args
        .keep
        .as_ref()
        .is_some_and(|keep| keep.as_os_str() == "-")
    {
        return Err(Error::usage("--keep takes a file, not standard output"));
    }
    if args.verify && targets.contains(&Place::Stdio) {
        return Err(Error::usage("standard output cannot be read back").hint("leave --verify out"));
    }
    let host = Host::default();
    let outputs: Vec<&Place> = targets.iter().chain(&keep).collect();
    for (i, target) in outputs.iter().enumerate() {
        if **target != Place::Stdio && target.is_same(&source, &host) {
            let message = format!("{target} is the source and a target at once");
            return Err(Error::usage(message));
        }
        if outputs[..i]
            .iter()
            .any(|other| other.is_same(target, &host))
        {
            return Err(Error::usage(format!("{target} is given as a target twice")));
        }
    }
    Ok((source, targets, keep))
}

fn limits(memory: Option<u64>, max_size: u64) -> Limits {
    let limits = Limits {
        output: max_size,
        ..Limits::default()
    };
    match memory {
        Some(memory) => limits.within(memory),
        None => limits,
    }
}

/// The sum that a list, wherever it lies, gives for the source.
fn listed_sum(list: &OsStr, source: &Place, http: &HttpOptions) -> Result<[u8; 32]> {
    let name = match source {
        Place::File(path) => path.to_string_lossy().into_owned(),
        // A URL's name ends before its query.
        Place::Http(url) => url.split(['?', '#']).next().unwrap_or(url).to_owned(),
        Place::Stdio | Place::Volume(_) => {
            return Err(Error::usage("--checksums needs a source with a name")
                .hint("give the sum itself with --sha256"));
        }
    };
    let list = Place::parse(list)?;
    let bytes = match (&list, source) {
        // The headers may hold a secret, which is the source's server's and nobody else's.
        (Place::Http(list_url), Place::Http(url)) if origin(list_url) != origin(url) => {
            let plain = HttpOptions {
                headers: Vec::new(),
                ..http.clone()
            };
            place::source::read_small(&list, &plain, &Host::default())?
        }
        _ => place::source::read_small(&list, http, &Host::default())?,
    };
    checksums::find(&String::from_utf8_lossy(&bytes), &name).map_err(|error| error.at(list))
}

/// Scheme, host and port of a URL, as they are written.
fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| start + at);
    &url[..end]
}
