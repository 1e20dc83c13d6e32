//! One import from its first byte to its last.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use extent::{BlockWrite, ByteSource};
use place::target::Candidate;
use report::{Error, Kind, Result, hex};
use unpack::Limits;
use unpack::gzip::Engine;

use crate::control::{Control, interrupted};
use crate::digest::Content;
use crate::intake::{Intake, Keep, Passed, Passing};
use crate::pick::Pick;
use crate::walk::{Config, Disk, Seen, Walk};
use crate::writer::Writer;

/// What to import, and to where.
pub struct Import {
    /// Where the bytes come from.
    pub source: Box<dyn ByteSource>,
    /// Where the disk goes, everything checked that can be without its size.
    pub targets: Vec<Box<dyn Candidate>>,
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
    /// The SHA-256 that the source must have.
    pub sha256: Option<[u8; 32]>,
    /// Whether each target is read back and compared.
    pub verify: bool,
    /// Whether to stop before the first change.
    pub dry_run: bool,
}

/// What an import did.
#[derive(Debug)]
pub struct Imported {
    /// Bytes read from the source.
    pub taken: u64,
    /// The source's SHA-256, if it was asked for.
    pub sha256: Option<[u8; 32]>,
    /// The layers around the disk, outermost first.
    pub layers: Vec<&'static str>,
    /// The disk as the source describes it.
    pub disk: Disk,
    /// Its content.
    pub content: Content,
    /// Guest configurations that came with it.
    pub configs: Vec<Config>,
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

/// What an import would do.
#[derive(Debug)]
pub struct Plan {
    /// The layers around the disk, outermost first.
    pub layers: Vec<&'static str>,
    /// The disk as the source describes it.
    pub disk: Disk,
    /// A line for each target.
    pub targets: Vec<String>,
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
/// several targets, one that fails at the end shows in [`Imported::targets`] instead. A copy that was to be kept is
/// there once the source was read and found right, also when every target fails after that.
pub fn import(import: Import, control: &Arc<Control>) -> Result<Outcome> {
    let keep = open_keep(import.keep, import.dry_run, control)?;
    let name = import.source.name().to_owned();
    let (size, hint) = (import.source.size(), import.source.hint());
    control.source_opened(size);
    let passing = Passing {
        keep: keep.clone(),
        hash: import.sha256.is_some(),
    };
    let mut intake = Intake::start(import.source, passing, control)?;
    let mut writer = Writer::new(import.targets, control, import.max_size, import.verify);
    writer.dry_run = import.dry_run;
    let mut walk = Walk::new(
        import.limits,
        import.engine,
        &import.pick,
        &mut writer,
        control,
    );
    let walked = walk.run(&mut intake, size);
    let seen = walk.seen;
    if let Some(targets) = writer.plan.take() {
        return plan(seen, targets);
    }
    let checked = walked
        .and_then(|flow| check(flow, &import.pick, &seen, &intake, import.sha256))
        .map_err(|error| explained(error, hint).at(&name));
    // The copy goes first: it is complete and right whatever becomes of the targets, and if it
    // cannot be finished they must not be either.
    let checked = checked.and_then(|(disk, passed)| {
        finish_keep(&keep, passed.bytes, control)?;
        Ok((disk, passed))
    });
    let (disk, passed) = match checked {
        Ok(checked) => checked,
        Err(error) => return Err(writer.give_up(undo_keep(&keep, error, control))),
    };
    let (content, targets) = writer.finish()?;
    Ok(Outcome::Done(Imported {
        taken: passed.bytes,
        sha256: passed.sha256,
        layers: seen.layers,
        disk,
        content,
        configs: seen.configs,
        targets,
    }))
}

fn plan(seen: Seen, targets: Vec<String>) -> Result<Outcome> {
    let disk = seen.taken.ok_or_else(|| Error::refused("holds no disk"))?;
    Ok(Outcome::Planned(Plan {
        layers: seen.layers,
        disk,
        targets,
    }))
}

/// An input that is no disk, with what its source knows about why.
fn explained(error: Error, hint: Option<&'static str>) -> Error {
    match hint {
        Some(hint) if error.kind() == Kind::Refused => error.hint(hint),
        _ => error,
    }
}

/// The judgement at the source's end: one disk, all of it read, the right checksum.
fn check(
    flow: ControlFlow<()>,
    pick: &Pick,
    seen: &Seen,
    intake: &Intake,
    sha256: Option<[u8; 32]>,
) -> Result<(Disk, Passed)> {
    if flow.is_break() {
        // The writer knows why, and `give_up` says it.
        return Err(interrupted());
    }
    let disk = pick.judge(seen)?.clone();
    let passed = intake
        .passed()
        .ok_or_else(|| Error::io("reading stopped", "the source was not read to its end"))?;
    match (sha256, passed.sha256) {
        (Some(wanted), Some(found)) if wanted != found => Err(Error::corrupt(format!(
            "SHA-256 is {}, it should be {}",
            hex(&found),
            hex(&wanted)
        ))),
        _ => Ok((disk, passed)),
    }
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
