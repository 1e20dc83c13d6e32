//! One import from its first byte to its last.

use std::path::PathBuf;
use std::sync::Arc;

use diskimage::streaming::StreamLimits;
use diskimage::{Format, OpenOptions};
use endpoint::target::Candidate;
use error::{Error, Kind, Result};
use sparse::BlockWrite;
use sparse::digest::Digest;
use unpack::Limits;
use unpack::gzip::Engine;
use vmconfig::Vm;

use crate::blank;
use crate::control::{Control, interrupted};
use crate::digest::Content;
use crate::encoded::{Encoded, Form, Measured, Padded, Passes};
use crate::input::Input;
use crate::intake::{Keep, Passed, Passing};
use crate::open::Footer;
use crate::ova::Told;
use crate::passes::{Source, Walked, stopped};
use crate::pick::Pick;
use crate::pour::{BUFFERS, Bounds};
use crate::seen::{Config, Disk, Seen};
use crate::siblings;
use crate::sums::Sums;
use crate::walk::Walk;
use crate::writer::{Places, Writer};

/// What to import, and to where.
pub struct Import {
    /// What is read.
    pub source: Input,
    /// Where the disks go, everything checked that can be without their sizes.
    pub places: Places,
    /// The format that the targets are to hold; raw if it is not given.
    pub form: Option<Form>,
    /// How images may be opened: what they name, and which state of them is meant.
    pub how: OpenOptions,
    /// Where a copy of the source's bytes goes, if anywhere.
    pub keep: Option<Box<dyn Candidate>>,
    /// Which disk is meant.
    pub pick: Pick,
    /// What decoders may spend.
    pub limits: Limits,
    /// The largest disk that is taken, in bytes.
    pub max_size: u64,
    /// Which inflate is used.
    pub engine: Engine,
    /// The digests that the source must have.
    pub sums: Sums,
    /// What was not checked before the import began, to be told with its other warnings.
    pub warnings: Vec<Error>,
    /// Whether the disks' digests are wanted: a tenth of the work where data is copied or unpacked by zstd.
    pub named: bool,
    /// Whether each target is read back and compared, for which digests are made in any case.
    pub verify: bool,
    /// Whether what was not used or not checked is an error.
    pub strict: bool,
    /// Whether to stop before the first change.
    pub dry_run: bool,
}

/// What an import did.
#[derive(Debug)]
pub struct Imported {
    /// Bytes read from the source.
    pub taken: u64,
    /// The source's digests that were asked for.
    pub sums: Sums,
    /// The disks, in the order in which they came.
    pub disks: Vec<ImportedDisk>,
    /// Why the guest is not known that came with them, where several are described.
    pub undecided: Option<Error>,
    /// Guest configurations that came with them.
    pub configs: Vec<Config>,
    /// The guest that they describe.
    pub guest: Option<Box<Vm>>,
    /// What the manifest of an appliance was found to say.
    pub manifest: Option<String>,
    /// What was not used or not checked.
    pub warnings: Vec<Error>,
}

/// A disk that was imported.
#[derive(Debug)]
pub struct ImportedDisk {
    /// The disk as the source describes it.
    pub disk: Disk,
    /// The layers around it, outermost first.
    pub layers: Vec<&'static str>,
    /// Its content.
    pub content: Content,
    /// Its digest, if it was asked for.
    pub digest: Option<Digest>,
    /// How each target ended, in the order given.
    pub targets: Vec<TargetEnd>,
}

/// How one target ended.
#[derive(Debug)]
pub struct TargetEnd {
    /// What the person calls it.
    pub name: String,
    /// Where its bytes lie, if that is a place to read from.
    pub path: Option<PathBuf>,
    /// What went wrong with it.
    pub result: Result<()>,
}

/// What an import would do with one disk.
#[derive(Debug)]
pub struct DiskPlan {
    /// The disk as the source describes it.
    pub disk: Disk,
    /// A line for each target.
    pub targets: Vec<String>,
}

/// What an import would do.
#[derive(Debug)]
pub struct Plan {
    /// The layers around the first disk, outermost first.
    pub layers: Vec<&'static str>,
    /// What becomes of each disk.
    pub disks: Vec<DiskPlan>,
    /// What was not used or not checked, up to the last disk.
    pub warnings: Vec<Error>,
}

/// What came of [`import`].
#[derive(Debug)]
pub enum Outcome {
    /// It was a dry run.
    Planned(Plan),
    /// The source was right, and each target ended on its own.
    Done(Imported),
}

/// Imports, or says what it would do.
///
/// # Errors
/// Everything that keeps the whole import from succeeding; all targets are then undone. Where there are
/// several targets, one that fails at the end shows in [`ImportedDisk::targets`] instead. A copy that was to
/// be kept is there once the source was read and found right, also when every target fails after that.
pub fn import(mut import: Import, control: &Arc<Control>) -> Result<Outcome> {
    if import.strict {
        // What is known to be unchecked now will not be checked later.
        let mut seen = Seen::default();
        seen.warn_first(import.warnings.clone());
        seen.no_warnings()?;
    }
    let Some(form) = import.form.clone() else {
        return once(import, Format::Raw, None, control);
    };
    let passes = Passes::of(&form, import.source.name(), &import.pick.choice);
    if form.needs_measure() {
        measure(&mut import, &form, &passes, control)?;
    }
    let (format, ova) = (form.format, passes.ova.clone());
    import.places = encoded(import.places, form, passes);
    once(import, format, ova, control)
}

fn encoded(places: Places, form: Form, passes: Passes) -> Places {
    let encode = move |candidates: Vec<Box<dyn Candidate>>| {
        let encode = |inner| -> Box<dyn Candidate> {
            Box::new(Encoded::new(inner, form.clone(), passes.clone()))
        };
        candidates.into_iter().map(encode).collect()
    };
    match places {
        Places::These(candidates) => Places::These(encode(candidates)),
        Places::Each(mut choose) => Places::Each(Box::new(move |number, disk, configs| {
            choose(number, disk, configs).map(&encode)
        })),
    }
}

/// A qcow2 has its tables before its data, and an OVA the size and the digest of its disk's file: for a
/// pipe, a first pass through the source finds out what they will be.
fn measure(
    import: &mut Import,
    form: &Form,
    passes: &Passes,
    control: &Arc<Control>,
) -> Result<()> {
    let Places::These(targets) = &import.places else {
        return Ok(());
    };
    let Some(pipe) = targets.iter().find(|target| !target.any_order()) else {
        return Ok(());
    };
    let name = import.source.name().to_owned();
    let Some(again) = import.source.again() else {
        return Err(Error::unsupported(format!(
            "can be read only once, and {} {} for a pipe has to know all of it beforehand",
            form.article(),
            form.name()
        ))
        .hint("write to a file, or choose --format vmdk or raw, which need no second pass")
        .at(name));
    };
    if import.dry_run {
        return Ok(());
    }
    let measured = Measured::new(pipe.name(), form.clone(), passes.clone());
    let first = Import {
        source: std::mem::replace(
            &mut import.source,
            again().map_err(|error| error.at(&name))?,
        ),
        places: Places::These(vec![Box::new(measured)]),
        form: None,
        how: import.how.clone(),
        keep: None,
        pick: import.pick.clone(),
        named: false,
        verify: false,
        warnings: Vec::new(),
        strict: false,
        dry_run: false,
        ..*import
    };
    once(first, Format::Raw, passes.ova.clone(), control).map(drop)
}

/// One import; its targets hold `format`, in an OVA if there is one.
fn once(
    import: Import,
    format: Format,
    ova: Option<Told>,
    control: &Arc<Control>,
) -> Result<Outcome> {
    let padded = Padded::of(import.form.as_ref())?;
    let name = import.source.name().to_owned();
    siblings::check(&name, &import.how.access).map_err(|error| error.at(&name))?;
    let keep = open_keep(import.keep, import.dry_run, control)?;
    let hint = import.source.hint();
    control.source_opened(import.source.size());
    let passing = Passing {
        keep: keep.clone(),
        sums: import.sums,
    };
    let source = Source::new(import.source, passing);
    let means = StreamLimits {
        threads: import.limits.threads,
        // The map of what is stored, what passed by and the tables take a part each.
        memory: import.limits.memory / 3,
        max_size: import.max_size,
        again: source.comes_again(),
    };
    let opening = source.opening(means, import.how);
    let bounds = Bounds {
        max_size: import.max_size,
        threads: import.limits.threads,
        footer: Footer::of(import.pick.format),
        encoded: format != Format::Raw,
        padded,
        named: import.named,
        buffers: BUFFERS,
        early: opening.means.memory as usize,
        alone: true,
    };
    let mut writer = Writer::new(
        import.places,
        format,
        ova.clone(),
        bounds,
        import.verify,
        import.dry_run,
        control,
    );
    let mut walk = Walk::new(
        import.limits,
        import.engine,
        &import.pick,
        &opening,
        &mut writer,
        control,
    );
    let walked = source.walk(&mut walk, control);
    let mut seen = walk.seen;
    seen.warn_first(import.warnings);
    let described = seen.describe_guest(&import.pick.choice);
    let guest = described.vm.map(Box::new);
    let walked = walked.and_then(|walked| match (&guest, &walked) {
        (Some(vm), Walked::Through(_)) => {
            let made = blank::make(vm, &import.pick, &mut writer, &mut seen)?;
            Ok(if made.is_break() {
                Walked::Stopped
            } else {
                walked
            })
        }
        _ => Ok(walked),
    });
    writer
        .warnings
        .drain(..)
        .for_each(|warning| seen.warn(warning));
    for warning in ova.iter().flat_map(|ova| ova.end(guest.as_deref())) {
        seen.warn(warning);
    }
    if walked.is_ok() && writer.is_planned() {
        return Ok(plan(seen, std::mem::take(&mut writer.plans)));
    }
    let checked = walked
        .and_then(|walked| check(walked, &import.pick, &seen, &import.sums))
        .and_then(|passed| match import.strict {
            true => seen.no_warnings().map(|()| passed),
            false => Ok(passed),
        })
        .map_err(|error| explained(error, hint).at(&name));
    // The copy goes first: it is complete and right whatever becomes of the targets, and if it
    // cannot be finished they must not be either.
    let checked = checked.and_then(|passed| {
        finish_keep(&keep, passed.bytes, control)?;
        Ok(passed)
    });
    let passed = match checked {
        Ok(checked) => checked,
        Err(error) => return Err(writer.give_up(undo_keep(&keep, error, control))),
    };
    Ok(Outcome::Done(Imported {
        taken: passed.bytes,
        sums: passed.sums,
        disks: writer.finish(&seen.taken)?,
        configs: seen.configs,
        guest,
        undecided: described.undecided,
        manifest: seen.manifest,
        warnings: seen.warnings,
    }))
}

fn plan(seen: Seen, disks: Vec<DiskPlan>) -> Outcome {
    let layers = seen.taken.into_iter().next().map(|taken| taken.layers);
    Outcome::Planned(Plan {
        layers: layers.unwrap_or_default(),
        disks,
        warnings: seen.warnings,
    })
}

/// An input that is no disk, with what its source knows about why.
pub(crate) fn explained(error: Error, hint: Option<&'static str>) -> Error {
    match hint {
        Some(hint) if error.kind() == Kind::Refused => error.hint(hint),
        _ => error,
    }
}

/// The judgement at the source's end: the disks that were meant, all of it read, the right checksum.
fn check(walked: Walked, pick: &Pick, seen: &Seen, sums: &Sums) -> Result<Passed> {
    let Walked::Through(passed) = walked else {
        // The writer knows why, and `give_up` says it.
        return Err(interrupted());
    };
    pick.judge(seen)?;
    let passed = passed.ok_or_else(stopped)?;
    sums.check(&passed.sums)?;
    Ok(passed)
}

fn open_keep(
    candidate: Option<Box<dyn Candidate>>,
    dry_run: bool,
    control: &Control,
) -> Result<Keep> {
    match candidate {
        Some(candidate) if !dry_run => {
            control.change()?;
            let target = candidate.open(None)?;
            control.opened(&*target);
            Ok(Keep::at(target))
        }
        _ => Ok(Keep::default()),
    }
}

fn finish_keep(keep: &Keep, size: u64, control: &Control) -> Result<()> {
    let Some(mut target) = keep.take().0 else {
        return Ok(());
    };
    let finished = target
        .finish(size)
        .map_err(|error| undone(error, &mut *target));
    control.settled(target.name());
    finished
}

/// Removes the copy; if it is what failed, its failure is the error.
fn undo_keep(keep: &Keep, error: Error, control: &Control) -> Error {
    let (target, failure) = keep.take();
    let error = failure.unwrap_or(error);
    match target {
        Some(mut target) => {
            let error = undone(error, &mut *target);
            control.settled(target.name());
            error
        }
        None => error,
    }
}

/// Aborts `target` because of `error`.
pub(crate) fn undone(error: Error, target: &mut dyn BlockWrite) -> Error {
    match target.abort() {
        Ok(()) => error,
        Err(left) => error.because(left),
    }
}
