//! What `import` and `convert` have in common: options, and the way from them to a request.

pub(super) mod config;
mod guest;
mod input;
mod package;
mod places;
mod sums;
mod taken;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use diskimage::{Format, OpenOptions};
use endpoint::target::{Candidate, TargetOptions};
use endpoint::{Host, Place};
use error::{Error, Result, parse_amount};
use transfer::{Control, Form, Import, Input, Outcome, Pattern, Pick, Sums};
use unpack::Limits;
use unpack::gzip::Engine;

use super::told;
use super::web::WebArgs;
use crate::checksums;
use crate::output::{End, Json, print, tell};
use crate::progress::{Mode, Reporter};
use crate::watch;
use config::ConfigArgs;
pub(super) use guest::GuestArgs;
pub(super) use input::{extents_beside, open};
use sums::Listed;
pub(super) use taken::Taken;

/// Options of every command that takes disks somewhere.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// Where the disk comes from: a file, - for standard input, an http(s) URL, nbd://… or lv:VG/NAME
    source: OsString,

    /// Keep a copy of the source's bytes, as they pass, in this file
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,

    /// Take this member of the archive: its name, the last part of it, or a pattern with * and ?
    #[arg(long, value_name = "NAME", value_parser = Pattern::new)]
    member: Option<Pattern>,

    /// Take this internal snapshot of a qcow2, by name or id, and not its present state
    #[arg(long, value_name = "NAME")]
    snapshot: Option<String>,

    /// Let an image read the images below it (backing file, parent), which have to lie in DIR
    #[arg(long, value_name = "DIR")]
    allow_backing: Option<PathBuf>,

    /// Make the disk this large; by default as large as it is
    #[arg(long, value_name = "SIZE", value_parser = parse_amount)]
    size: Option<u64>,

    /// Refuse a source whose SHA-256 is not this
    #[arg(long, value_name = "HEX", value_parser = checksums::parse_sha256)]
    sha256: Option<[u8; 32]>,

    /// Refuse a source whose SHA-512 is not this
    #[arg(long, value_name = "HEX", value_parser = checksums::parse_sha512)]
    sha512: Option<[u8; 64]>,

    /// Refuse a source whose SHA-256 or SHA-512 is not what this list (SHA256SUMS, SHA512SUMS, CHECKSUM)
    /// gives for its name
    #[arg(long, value_name = "FILE-or-URL", conflicts_with_all = ["sha256", "sha512"])]
    checksums: Option<OsString>,

    /// Read each target back from the medium and compare
    #[arg(long)]
    verify: bool,

    /// Overwrite a file that exists or a device that holds data
    #[arg(long)]
    force: bool,

    /// Take a disk whose partition table or file system reaches past its end
    #[arg(long)]
    force_truncated: bool,

    /// Skip zeros on a device that is known to read as zeros everywhere
    #[arg(long)]
    target_is_zero: bool,

    /// Fail where the result would have a warning: something was not used or not checked
    #[arg(long)]
    strict: bool,

    /// Take a tar archive whose end mark is missing, or is followed by something else
    #[arg(long)]
    accept_bad_end: bool,

    /// Say what would be written where, and change nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    guest: GuestArgs,

    #[command(flatten)]
    config: ConfigArgs,

    #[command(flatten)]
    web: WebArgs,

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

    /// Print no result, and so make no digest, and show no bar
    #[arg(long, short)]
    quiet: bool,
}

impl Common {
    /// The size that was asked for, in bytes.
    pub(super) fn size(&self) -> Option<u64> {
        self.size
    }

    /// Where a failure before the first step is told.
    pub(super) fn failed_json(&self) -> Json {
        match self.json {
            true => Json::Out,
            false => Json::No,
        }
    }
}

/// Which inflate decodes gzip.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Inflate {
    /// The program's own, which skips zeros
    Own,
    /// zlib-rs, in case the other is in doubt
    ZlibRs,
}

/// An amount of memory that is enough.
pub(super) fn memory(text: &str) -> Result<u64> {
    let least = 32 << 20;
    match parse_amount(text)? {
        bytes if bytes < least => Err(Error::usage(format!("'{text}' is less than 32M"))),
        bytes => Ok(bytes),
    }
}

/// What is different from one command to the other.
pub(super) struct Task {
    /// The options that are not.
    pub(super) common: Common,
    /// Where disks go, as they were typed.
    pub(super) to: Vec<OsString>,
    /// The format that the disk has to have.
    pub(super) declared: Option<Format>,
    /// The format that the targets will hold; raw if it is not given.
    pub(super) form: Option<Form>,
    /// Where the guest of an OVA is described.
    pub(super) config_from: Option<OsString>,
}

/// Runs the transfer and tells the result.
pub(super) fn run(task: Task) -> End {
    let (json, quiet) = (task.common.json, task.common.quiet);
    // Where the disk itself goes to standard output, nothing else may.
    let aside = task.to.iter().any(|to| is_standard_output(to));
    let start = Instant::now();
    let control = Arc::new(Control::default());
    let shared = Arc::clone(&control);
    let reporter = Reporter::new(task.common.progress, quiet);
    let done = match watch::run(&control, reporter, move || transfer(task, &shared)) {
        Ok(done) => done,
        Err(error) => return End::new(vec![error], failed_as(json, aside)),
    };
    let text = match &done {
        _ if json => format!("{:#}\n", told::as_json(&done, start.elapsed())),
        _ if quiet => {
            told::warnings(&done).for_each(|warning| tell(&warning.to_warning()));
            String::new()
        }
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

fn transfer(mut task: Task, control: &Arc<Control>) -> Result<told::Done> {
    let args = &task.common;
    let source = Place::parse(&args.source)?;
    let keep = keep(args)?;
    let options = target_options(&task);
    let config = args.config.place()?;
    let config_from = task.config_from.as_ref().map(Place::parse).transpose()?;
    let given = places::Given {
        source: &source,
        keep: keep.as_ref(),
        config: config.as_ref(),
        config_from: config_from.as_ref(),
        choice: args.guest.choice(),
    };
    let taken = Taken::default();
    let ahead = args.member.is_none();
    let (places, several) = places::of(&task.to, &options, &given, ahead, &taken)?;
    let format = task.form.as_ref().map_or(Format::Raw, |form| form.format);
    let ova = task.form.as_mut().and_then(|form| form.ova.as_mut());
    if ova.is_some() && config.is_some() {
        return Err(Error::usage("--config cannot name a disk inside an ova")
            .hint("leave it out: the ova has a description of the guest"));
    }
    let config = config.map(|place| args.config.check(&place, args.force, format));
    let config = config.transpose()?;
    if args.verify && task.to.iter().any(|to| is_standard_output(to)) {
        return Err(Error::usage("standard output cannot be read back").hint("leave --verify out"));
    }
    let keep: Option<Box<dyn Candidate>> = match &keep {
        Some(place) => Some(endpoint::target::check(place, &plain(args.force))?),
        None => None,
    };
    let kept = keep.as_ref().map(|keep| keep.name().to_owned());
    let list = args.checksums.as_ref().map(Place::parse).transpose()?;
    let http = args.web.options(&source, list.as_ref(), args.quiet)?;
    if let Some(ova) = ova {
        ova.name = package::name(task.to.first().unwrap_or(&args.source), &source);
        let guest = config_from.map(|place| package::guest(&place, &http));
        ova.guest = guest.transpose()?;
    }
    let listed = list
        .as_ref()
        .map(|list| Listed::fetch(list, &source, &http))
        .transpose()?;
    let how = how(args, &source, &taken)?;
    let opened = input::open(&source, &http, &taken)?;
    let name = opened.name().to_owned();
    let sums = match &listed {
        Some(listed) => match &opened {
            Input::Bytes { source: bytes, .. } => listed.sums(&source, &**bytes)?,
            Input::Folder { .. } => {
                return Err(Error::usage("a directory has no checksum").at(&source));
            }
        },
        None => Sums {
            sha256: args.sha256,
            sha512: args.sha512,
        },
    };
    let request = Import {
        source: opened,
        places,
        form: task.form,
        how,
        keep,
        pick: Pick {
            member: args.member.clone(),
            format: task.declared,
            may_be_cut: args.force_truncated,
            any_end: args.accept_bad_end,
            several,
            choice: args.guest.choice(),
            one_guest: config.is_some(),
        },
        limits: limits(args.memory, args.max_size),
        max_size: args.max_size,
        engine: match args.inflate {
            Inflate::Own => Engine::Own,
            Inflate::ZlibRs => Engine::ZlibRs,
        },
        sums,
        warnings: listed.map(|listed| listed.warnings()).unwrap_or_default(),
        // Nobody would see them.
        named: args.json || !args.quiet,
        verify: args.verify,
        strict: args.strict,
        dry_run: args.dry_run,
    };
    Ok(match transfer::import(request, control)? {
        Outcome::Planned(plan) => told::Done::Planned { source: name, plan },
        Outcome::Done(imported) => {
            let config = config.map(|config| config.write(&name, &imported, format));
            told::Done::Imported {
                source: name,
                kept,
                config,
                imported: Box::new(imported),
            }
        }
    })
}

fn keep(args: &Common) -> Result<Option<Place>> {
    match &args.keep {
        Some(keep) if keep.as_os_str() == "-" => {
            Err(Error::usage("--keep takes a file, not standard output"))
        }
        keep => Ok(keep.clone().map(Place::File)),
    }
}

/// A file in a format is as long as it becomes; the size asked for is then the disk's.
fn target_options(task: &Task) -> TargetOptions {
    TargetOptions {
        force: task.common.force,
        target_is_zero: task.common.target_is_zero,
        size: match &task.form {
            Some(_) => None,
            None => task.common.size,
        },
        host: Host::default(),
    }
}

fn plain(force: bool) -> TargetOptions {
    TargetOptions {
        force,
        ..TargetOptions::default()
    }
}

/// How images are opened: extents beside the source, images below where the person says; none of them
/// is one of the places that are `taken`.
fn how(args: &Common, source: &Place, taken: &Taken) -> Result<OpenOptions> {
    let mut access = input::extents_beside(source, taken);
    if let Some(directory) = &args.allow_backing {
        let below = input::Opened::new(directory, taken)?;
        access = access.with_images_below(Arc::new(below));
    }
    Ok(OpenOptions {
        access,
        snapshot: args.snapshot.clone(),
        ..OpenOptions::default()
    })
}

/// What decoders may spend.
pub(super) fn limits(memory: Option<u64>, max_size: u64) -> Limits {
    let limits = Limits {
        output: max_size,
        ..Limits::default()
    };
    match memory {
        Some(memory) => limits.within(memory),
        None => limits,
    }
}
