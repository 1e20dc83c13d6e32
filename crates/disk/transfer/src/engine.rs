//! One import from its first byte to its last.

use std::sync::Arc;

use diskimage::{Format, OpenOptions};
use endpoint::target::Candidate;
use error::{Error, Result};
use unpack::Limits;

use crate::advice::Advice;
use crate::blank;
use crate::control::Control;
use crate::disk_transfer::{BUFFERS, TransferOptions};
use crate::format_target::{FormatTarget, Measurements, MeasuringTarget, Padding, TargetFormat};
use crate::input::Input;
use crate::open::Footer;
use crate::outcome::{DiskPlan, Imported, Outcome, Plan};
use crate::ova::Told;
use crate::passes::{Source, Walked, explained, stopped};
use crate::selection::Selection;
use crate::siblings;
use crate::source_reader::{Keep, ReaderOptions, SourceSummary};
use crate::summary::Summary;
use crate::sums::Sums;
use crate::undo::undone;
use crate::walk::{Walk, WalkOptions};
use crate::writer::{Places, Writer, WriterOptions};

/// What to import, and to where.
pub struct Import {
    /// What is read.
    pub source: Input,
    /// Where the disks go, everything checked that can be without their sizes.
    pub places: Places,
    /// The format that the targets are to hold; raw if it is not given.
    pub target_format: Option<TargetFormat>,
    /// How images may be opened: what they name, and which state of them is meant.
    pub how: OpenOptions,
    /// Where a copy of the source's bytes goes, if anywhere.
    pub keep: Option<Box<dyn Candidate>>,
    /// Which disk is meant.
    pub selection: Selection,
    /// What decoders may spend.
    pub limits: Limits,
    /// The largest disk that is taken, in bytes.
    pub max_size: u64,
    /// The digests that the source must have.
    pub sums: Sums,
    /// What was not checked before the import began, to be told with its other warnings.
    pub warnings: Vec<Error>,
    /// Whether the disks' digests are wanted: a tenth of the work where data is copied or unpacked by zstd.
    pub want_digest: bool,
    /// Whether each target is read back and compared, for which digests are made in any case.
    pub verify: bool,
    /// Whether what was not used or not checked is an error.
    pub strict: bool,
    /// Whether to stop before the first change.
    pub dry_run: bool,
}

/// Imports, or says what it would do.
///
/// # Errors
/// Everything that keeps the whole import from succeeding; all targets are then undone. Where there are
/// several targets, one that fails at the end shows in [`targets`](crate::ImportedDisk::targets) instead. A copy that was to
/// be kept is there once the source was read and found right, also when every target fails after that.
pub fn import(mut import: Import, control: &Arc<Control>) -> Result<Outcome> {
    if import.strict {
        // What is known to be unchecked now will not be checked later.
        let mut summary = Summary::default();
        summary.warn_first(import.warnings.clone());
        summary.no_warnings()?;
    }
    let Some(target_format) = import.target_format.clone() else {
        return once(import, Format::Raw, None, control);
    };
    let measurements = Measurements::of(
        &target_format,
        import.source.name(),
        &import.selection.choice,
    );
    if target_format.needs_measure() {
        measure(&mut import, &target_format, &measurements, control)?;
    }
    let (format, ova) = (target_format.format, measurements.ova.clone());
    import.places = encoded(import.places, target_format, measurements);
    once(import, format, ova, control)
}

fn encoded(places: Places, target_format: TargetFormat, measurements: Measurements) -> Places {
    let encode = move |candidates: Vec<Box<dyn Candidate>>| {
        let encode = |inner| -> Box<dyn Candidate> {
            Box::new(FormatTarget::new(
                inner,
                target_format.clone(),
                measurements.clone(),
            ))
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
    target_format: &TargetFormat,
    measurements: &Measurements,
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
            "can be read only once, and {} {} for a pipe needs all of it beforehand",
            target_format.article(),
            target_format.name()
        ))
        .advise(Advice::ChooseOnePass)
        .at(name));
    };
    if import.dry_run {
        return Ok(());
    }
    let measured = MeasuringTarget::new(pipe.name(), target_format.clone(), measurements.clone());
    let first = Import {
        source: std::mem::replace(
            &mut import.source,
            again().map_err(|error| error.at(&name))?,
        ),
        places: Places::These(vec![Box::new(measured)]),
        target_format: None,
        how: import.how.clone(),
        keep: None,
        selection: import.selection.clone(),
        want_digest: false,
        verify: false,
        warnings: Vec::new(),
        strict: false,
        dry_run: false,
        ..*import
    };
    once(first, Format::Raw, measurements.ova.clone(), control).map(drop)
}

/// One import; its targets hold `format`, in an OVA if there is one.
fn once(
    import: Import,
    format: Format,
    ova: Option<Told>,
    control: &Arc<Control>,
) -> Result<Outcome> {
    let padded = Padding::of(import.target_format.as_ref())?;
    let name = import.source.name().to_owned();
    siblings::check(&name, &import.how.access).map_err(|error| error.at(&name))?;
    let keep = open_keep(import.keep, import.dry_run, control)?;
    let hint = import.source.hint();
    control.source_opened(import.source.size());
    let reader_options = ReaderOptions {
        keep: keep.clone(),
        sums: import.sums,
    };
    let source = Source::new(import.source, reader_options);
    let opening = source.opening(&import.limits, import.max_size, import.how);
    let transfer = TransferOptions {
        max_size: import.max_size,
        threads: import.limits.threads,
        footer: Footer::of(import.selection.format),
        encoded: format != Format::Raw,
        padded,
        want_digest: import.want_digest,
        buffers: BUFFERS,
        early: opening.means.memory as usize,
        alone: true,
    };
    let mut writer = Writer::new(
        WriterOptions {
            places: import.places,
            format,
            ova: ova.clone(),
            transfer,
            verify: import.verify,
            dry_run: import.dry_run,
        },
        control,
    );
    let options = WalkOptions {
        limits: import.limits,
        selection: &import.selection,
        opening: &opening,
        control,
    };
    let mut walk = Walk::new(options, &mut writer);
    let walked = source.walk(&mut walk, control);
    let mut summary = walk.summary;
    summary.warn_first(import.warnings);
    let described = summary.describe_guest(&import.selection.choice);
    let guest = described.vm.map(Box::new);
    let walked = walked.and_then(|walked| match (&guest, &walked) {
        (Some(vm), Walked::Through(_)) => {
            let made = blank::make(vm, &import.selection, &mut writer, &mut summary)?;
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
        .for_each(|warning| summary.warn(warning));
    for warning in ova.iter().flat_map(|ova| ova.end(guest.as_deref())) {
        summary.warn(warning);
    }
    if walked.is_ok() && writer.is_planned() {
        return Ok(plan(summary, std::mem::take(&mut writer.plans)));
    }
    let checked = walked
        .and_then(|walked| check(walked, &import.selection, &summary, &import.sums))
        .and_then(|passed| {
            if import.strict {
                summary.no_warnings().map(|()| passed)
            } else {
                Ok(passed)
            }
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
        bytes_read: passed.bytes,
        sums: passed.sums,
        disks: writer.finish(&summary.taken)?,
        configs: summary.configs,
        guest,
        undecided: described.undecided,
        manifest: summary.manifest,
        warnings: summary.warnings,
    }))
}

fn plan(summary: Summary, disks: Vec<DiskPlan>) -> Outcome {
    let layers = summary.taken.into_iter().next().map(|taken| taken.layers);
    Outcome::Planned(Plan {
        layers: layers.unwrap_or_default(),
        disks,
        warnings: summary.warnings,
    })
}

/// The judgement at the source's end: the disks that were meant, all of it read, the right checksum.
fn check(
    walked: Walked,
    selection: &Selection,
    summary: &Summary,
    sums: &Sums,
) -> Result<SourceSummary> {
    let Walked::Through(passed) = walked else {
        // The writer knows why, and `give_up` says it.
        return Err(job::interrupted());
    };
    selection.judge(summary)?;
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
            control.job().change()?;
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
    control.job().settled(target.name());
    finished
}

/// Removes the copy; if it is what failed, its failure is the error.
fn undo_keep(keep: &Keep, error: Error, control: &Control) -> Error {
    let (target, failure) = keep.take();
    let error = failure.unwrap_or(error);
    match target {
        Some(mut target) => {
            let error = undone(error, &mut *target);
            control.job().settled(target.name());
            error
        }
        None => error,
    }
}
