//! What `import` and `convert` have in common: options, and the way from them to a request.

pub(super) mod config;
mod guest;
mod input;
mod names;
mod package;
mod places;
mod sums;
mod taken;
mod told;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use diskimage::{Format, OpenOptions};
use endpoint::Place;
use endpoint::target::{Candidate, TargetOptions};
use error::{Error, Result, parse_amount};
use host::Host;
use transfer::{Control, Import, Input, Outcome, Pattern, Selection, Sums, TargetFormat};
use unpack::Limits;

use super::advice::Command;
use super::web::WebArgs;
use crate::checksums;
use crate::options::OutputArgs;
use crate::output::{End, Json, err_look, look, print, tell, warn};
use crate::progress;
use config::ConfigArgs;
pub(super) use config::Language;
pub(super) use guest::GuestArgs;
pub(super) use input::{extents_beside, open};
use sums::Listed;
pub(super) use taken::Taken;

/// Options of every command that takes disks somewhere.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// Where the disk comes from: a file, a directory, - for standard input, an http(s) URL, nbd://… or
    /// lv:VG/NAME
    source: OsString,

    /// Also save the source's bytes, unchanged, in this file
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,

    /// Take this member of the archive: its name, the last part of it, or a pattern with * and ?
    #[arg(long, value_name = "NAME", value_parser = Pattern::new)]
    member: Option<Pattern>,

    /// Use this internal snapshot of a qcow2 (name or id) instead of its current state
    #[arg(long, value_name = "NAME")]
    snapshot: Option<String>,

    /// Allow backing files and parents of an image to be read, if they are in DIR
    #[arg(long, value_name = "DIR")]
    allow_backing: Option<PathBuf>,

    /// Size of the new disk; by default that of the source
    #[arg(long, value_name = "SIZE", value_parser = parse_amount)]
    size: Option<u64>,

    /// Reject a source with another SHA-256
    #[arg(long, value_name = "HEX", value_parser = checksums::parse_sha256)]
    sha256: Option<[u8; 32]>,

    /// Reject a source with another SHA-512
    #[arg(long, value_name = "HEX", value_parser = checksums::parse_sha512)]
    sha512: Option<[u8; 64]>,

    /// Reject a source that does not match its entry in this list (SHA256SUMS, SHA512SUMS, CHECKSUM)
    #[arg(long, value_name = "FILE-or-URL", conflicts_with_all = ["sha256", "sha512"])]
    checksums: Option<OsString>,

    /// Read every target back from the medium and compare
    #[arg(long)]
    verify: bool,

    /// Overwrite an existing file, or a device that contains data
    #[arg(long)]
    force: bool,

    /// Accept a disk whose partition table or file system reaches beyond its end
    #[arg(long)]
    force_truncated: bool,

    /// Do not write zeros: the device is known to be zero everywhere
    #[arg(long)]
    target_is_zero: bool,

    /// Treat warnings as errors: something was not used or not checked
    #[arg(long)]
    strict: bool,

    /// Accept a tar archive without an end mark, or with data behind it
    #[arg(long)]
    accept_bad_end: bool,

    /// Show what would be written where, and change nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    guest: GuestArgs,

    #[command(flatten)]
    config: ConfigArgs,

    #[command(flatten)]
    web: WebArgs,

    /// Limit the memory used; at least 32M [default: 64M, for xz 192M]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    memory: Option<u64>,

    /// Reject a disk or archive layer larger than this after decompression
    #[arg(long, value_name = "SIZE", default_value = "64T", value_parser = parse_amount)]
    max_size: u64,

    #[command(flatten)]
    output: OutputArgs,
}

impl Common {
    /// The size that was asked for, in bytes.
    pub(super) fn size(&self) -> Option<u64> {
        self.size
    }

    /// Where a failure before the first step is told.
    pub(super) fn failed_json(&self) -> Json {
        self.output.failed()
    }
}

/// An amount of memory that is enough.
pub(super) fn memory(text: &str) -> Result<u64> {
    let least = 32 << 20;
    match parse_amount(text)? {
        bytes if bytes < least => Err(Error::usage(format!(
            "invalid memory limit '{text}': must be at least 32M"
        ))),
        bytes => Ok(bytes),
    }
}

/// What is different from one command to the other.
pub(super) struct Task {
    /// Which one it is.
    pub(super) command: Command,
    /// The options that are not.
    pub(super) common: Common,
    /// Where disks go, as they were typed.
    pub(super) to: Vec<OsString>,
    /// The format that the disk has to have.
    pub(super) declared: Option<Format>,
    /// The format that the targets will hold; raw if it is not given.
    pub(super) form: Option<TargetFormat>,
    /// Where the guest of an OVA is described.
    pub(super) config_from: Option<OsString>,
}

/// Runs the transfer and tells the result.
pub(super) fn run(task: Task, host: &Host) -> End {
    let host = host.clone();
    let output = task.common.output.clone();
    let (json, quiet) = (output.json, output.quiet);
    // Where the disk itself goes to standard output, nothing else may.
    let aside = task.to.iter().any(|to| is_standard_output(to));
    let start = Instant::now();
    let control = Arc::new(Control::default());
    let shared = Arc::clone(&control);
    let command = task.command;
    let work = move || transfer(task, &host, &shared).map_err(|error| command.worded(error));
    let done = match progress::run(&control, output.reporter(), work) {
        Ok(done) => done,
        Err(error) => return End::new(vec![error], failed_as(json, aside)),
    };
    let text = match &done {
        _ if json => render::document_text(&told::as_json(&done, start.elapsed())) + "\n",
        _ if quiet => {
            told::warnings(&done).for_each(warn);
            String::new()
        }
        _ if aside => told::as_text(&done, start.elapsed(), &err_look()),
        _ => told::as_text(&done, start.elapsed(), &look()),
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

fn transfer(mut task: Task, host: &Host, control: &Arc<Control>) -> Result<told::Done> {
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
    let taken = Taken::on(host);
    let ahead = args.member.is_none();
    let (places, several) = places::of(&task.to, &options, &given, ahead, &taken)?;
    let format = task.form.as_ref().map_or(Format::Raw, |form| form.format);
    let ova = task.form.as_mut().and_then(|form| form.ova.as_mut());
    if ova.is_some() && config.is_some() {
        return Err(Error::usage("--config cannot name a disk inside an ova")
            .hint("leave it out: the ova has a description of the guest"));
    }
    let config = config.map(|place| args.config.check(&place, args.force, format, host));
    let config = config.transpose()?;
    if args.verify && task.to.iter().any(|to| is_standard_output(to)) {
        return Err(Error::usage("standard output cannot be read back").hint("leave --verify out"));
    }
    let keep: Option<Box<dyn Candidate>> = match &keep {
        Some(place) => Some(endpoint::target::check(place, &plain(args.force), host)?),
        None => None,
    };
    let kept = keep.as_ref().map(|keep| keep.name().to_owned());
    let list = args.checksums.as_ref().map(Place::parse).transpose()?;
    let quiet = args.output.quiet;
    let http = args.web.options(&source, list.as_ref(), quiet, host)?;
    if let Some(ova) = ova {
        ova.name = package::name(task.to.first().unwrap_or(&args.source), &source);
        let guest = config_from.map(|place| package::guest(&place, &http, host));
        ova.guest = guest.transpose()?;
    }
    let listed = list
        .as_ref()
        .map(|list| Listed::fetch(list, &source, &http, host))
        .transpose()?;
    let how = how(args, &source, &taken)?;
    let opened = input::open(&source, &http, &taken, host)?;
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
        target_format: task.form,
        how,
        keep,
        selection: Selection {
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
        sums,
        warnings: listed.map(|listed| listed.warnings()).unwrap_or_default(),
        // It would not be shown.
        want_digest: args.output.json || !args.output.quiet,
        verify: args.verify,
        strict: args.strict,
        dry_run: args.dry_run,
    };
    let mut outcome = transfer::import(request, control)?;
    task.command.word(outcome.errors_mut());
    Ok(match outcome {
        Outcome::Planned(plan) => told::Done::Planned { source: name, plan },
        Outcome::Done(imported) => {
            let mut config = config.map(|config| config.write(&name, &imported, format));
            if let Some(error) = config
                .as_mut()
                .and_then(|config| config.result.as_mut().err())
            {
                task.command.word([error]);
            }
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
    }
}

fn plain(force: bool) -> TargetOptions {
    TargetOptions {
        force,
        ..TargetOptions::default()
    }
}

/// How images are opened: extents beside the source, images below where the user says; none of them
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
