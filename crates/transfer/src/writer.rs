//! Takes the disk out of the walk and brings it to the targets.

use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

use diskimage::Format;
use extent::{BlockWrite, SparseRead};
use place::target::Candidate;
use report::{Error, Kind, Result, amount};

use crate::chunk::Chunk;
use crate::control::Control;
use crate::cut::{Cut, Cutter};
use crate::digest::{Content, digest};
use crate::engine::{TargetEnd, undone};
use crate::fan::{Ending, Fan, Item};
use crate::walk::{Disk, DiskSink};

/// Chunks of 256 KiB between decoder and targets.
const BUFFERS: usize = 32;

/// The sink of one import.
pub(crate) struct Writer<'a> {
    candidates: Vec<Box<dyn Candidate>>,
    control: &'a Arc<Control>,
    max_size: u64,
    verify: bool,
    /// Whether to stop before the first change.
    pub(crate) dry_run: bool,
    /// What would be done, once a dry run has met the disk.
    pub(crate) plan: Option<Vec<String>>,
    /// Why the disk was not taken.
    failure: Option<Error>,
    fan: Option<Fan>,
    size: u64,
    data: u64,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(
        candidates: Vec<Box<dyn Candidate>>,
        control: &'a Arc<Control>,
        max_size: u64,
        verify: bool,
    ) -> Self {
        Writer {
            candidates,
            control,
            max_size,
            verify,
            dry_run: false,
            plan: None,
            failure: None,
            fan: None,
            size: 0,
            data: 0,
        }
    }

    /// Everything that can be refused before the first change.
    fn check(&self, disk: &Disk) -> Result<()> {
        if disk.format != Format::Raw {
            return Err(Error::unsupported(format!(
                "is a {} disk, and only raw disks are read here",
                disk.format
            ))
            .hint("convert it first: qemu-img convert -O raw"));
        }
        match disk.size {
            Some(size) if size > self.max_size => return Err(self.too_large(size)),
            Some(size) => self
                .candidates
                .iter()
                .try_for_each(|target| target.fits(size))?,
            None => {}
        }
        match self
            .candidates
            .iter()
            .find(|target| disk.size.is_none() && target.needs_size())
        {
            Some(target) => Err(Error::target(format!(
                "{} is to be created, and how large the disk is shows only at its end",
                target.name()
            ))
            .hint("give --size, for instance --size 8G")),
            None => Ok(()),
        }
    }

    fn too_large(&self, size: u64) -> Error {
        Error::refused(format!(
            "unfolds to a disk of {} or more, the limit is {}",
            amount(size),
            amount(self.max_size)
        ))
        .hint("give --max-size if the disk really is that large")
    }

    /// Opens all targets, or none.
    fn open(&mut self, size: Option<u64>) -> Result<Fan> {
        self.control.change()?;
        let mut opened: Vec<Box<dyn BlockWrite>> = Vec::new();
        for candidate in self.candidates.drain(..) {
            let next = candidate.open(size).and_then(|target| {
                self.control.opened(&*target);
                opened.push(target);
                match opened.last().and_then(|target| target.path()) {
                    None if self.verify => {
                        Err(Error::usage("what cannot be read back cannot be verified")
                            .hint("leave --verify out"))
                    }
                    _ => Ok(()),
                }
            });
            if let Err(error) = next {
                return Err(opened
                    .iter_mut()
                    .fold(error, |error, target| undone(error, &mut **target)));
            }
        }
        Fan::start(opened, self.control)
    }

    /// Cuts the disk and hands it on; `Break` when no target is left.
    fn pour(&mut self, fan: &mut Fan, disk: &mut dyn SparseRead) -> Result<ControlFlow<()>> {
        let mut cutter = Cutter::new(disk, BUFFERS);
        let mut last = None;
        while let Some(cut) = cutter.next()? {
            self.control.check()?;
            let item = match cut {
                Cut::Chunk(chunk) => {
                    self.size = chunk.offset + chunk.len() as u64;
                    self.data += chunk.data_len();
                    let chunk = Arc::new(chunk);
                    last = Some(Arc::clone(&chunk));
                    Item::Chunk(chunk)
                }
                Cut::Hole { offset, len } => {
                    self.size = offset + len;
                    last = None;
                    Item::Hole { offset, len }
                }
            };
            if self.size > self.max_size {
                return Err(self.too_large(self.size));
            }
            self.control.reached(self.size, self.data);
            if !fan.send(&item) {
                return Ok(Break(()));
            }
        }
        if let Some(format) = last.and_then(|chunk| end_format(&chunk)) {
            return Err(Error::unsupported(format!(
                "is a {format} disk by its last sector, and only raw disks are read here"
            ))
            .hint("convert it first: qemu-img convert -O raw"));
        }
        Ok(Continue(()))
    }

    /// Undoes everything; `error` says why, unless the writer knows better.
    pub(crate) fn give_up(mut self, error: Error) -> Error {
        let mut error = self.failure.take().unwrap_or(error);
        let Some(fan) = self.fan.take() else {
            return error;
        };
        for ending in fan.join() {
            let Err(why) = ending.result else { continue };
            if why.kind() == Kind::Interrupted {
                error = error.because_of(why);
            } else if error.kind() == Kind::Interrupted && !self.control.is_cancelled() {
                error = why;
            } else {
                error = error.because(why);
            }
        }
        error
    }

    /// Makes the disk complete on every target.
    ///
    /// # Errors
    /// When there is one target and it did not take it; each of several ends on its own.
    pub(crate) fn finish(mut self) -> Result<(Content, Vec<TargetEnd>)> {
        let Some(mut fan) = self.fan.take() else {
            return Err(Error::refused("holds no disk"));
        };
        let digest = match fan.digest(self.size) {
            Some(digest) => digest,
            None => {
                self.fan = Some(fan);
                return Err(self.give_up(Error::io(
                    "there is no digest of the disk",
                    "the hashing thread died",
                )));
            }
        };
        fan.send(&Item::Finish(self.size));
        let content = Content {
            size: self.size,
            data: self.data,
            digest,
        };
        let control = self.control;
        let ends: Vec<TargetEnd> = fan
            .join()
            .into_iter()
            .map(|ending| end(ending, self.verify.then_some(&content), control))
            .collect();
        match &ends[..] {
            // Where there is only one, its trouble is the import's.
            [
                TargetEnd {
                    result: Err(error), ..
                },
            ] => Err(error.clone()),
            _ => Ok((content, ends)),
        }
    }
}

impl DiskSink for Writer<'_> {
    fn take(&mut self, found: &Disk, disk: &mut dyn SparseRead) -> Result<ControlFlow<()>> {
        self.control.disk_found(found.size);
        match self.check(found) {
            // The walk would name the source, and the trouble is the target's.
            Err(error) if error.kind() == Kind::Target => {
                self.failure = Some(error);
                return Ok(Break(()));
            }
            checked => checked?,
        }
        if self.dry_run {
            self.plan = Some(
                self.candidates
                    .iter()
                    .map(|target| target.plan(found.size))
                    .collect(),
            );
            return Ok(Break(()));
        }
        let mut fan = match self.open(found.size) {
            Ok(fan) => fan,
            Err(error) => {
                self.failure = Some(error);
                return Ok(Break(()));
            }
        };
        let flow = self.pour(&mut fan, disk);
        self.fan = Some(fan);
        match found.size {
            Some(size) if matches!(flow, Ok(Continue(()))) && size != self.size => {
                Err(Error::corrupt(format!(
                    "is announced with {size} bytes and has {}",
                    self.size
                )))
            }
            _ => flow,
        }
    }
}

/// The format that only the disk's last sector shows.
fn end_format(chunk: &Chunk) -> Option<Format> {
    diskimage::probe_end(chunk.end(diskimage::END)?)
}

fn end(ending: Ending, verify: Option<&Content>, control: &Arc<Control>) -> TargetEnd {
    let Ending {
        mut target,
        mut result,
    } = ending;
    if let (Ok(()), Some(content)) = (&result, verify) {
        let compared = compare(&*target, content, control);
        result = compared.map_err(|error| undone(error, &mut *target));
    }
    TargetEnd {
        name: target.name().to_owned(),
        path: target.path().map(Into::into),
        result,
    }
}

fn compare(target: &dyn BlockWrite, content: &Content, control: &Arc<Control>) -> Result<()> {
    let name = target.name();
    let Some(path) = target.path() else {
        return Err(Error::target(format!("{name} cannot be read back")).hint("leave --verify out"));
    };
    let source = place::source::open_from_medium(name, path)?;
    let found = digest(source, Some(content.size), control)?;
    match found == *content {
        true => Ok(()),
        false => Err(Error::io(
            format!("{name} reads back as {}", found.digest),
            format!("{} was written", content.digest),
        )),
    }
}
