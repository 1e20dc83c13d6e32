//! Takes the disks out of the walk and brings each to its targets.

use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

use diskimage::Format;
use endpoint::target::Candidate;
use error::{Error, Kind, Result};
use sparse::BlockWrite;

use crate::advice::Advice;
use crate::config::Config;
use crate::control::Control;
use crate::digest::{ContentDigest, ContentSize, digest_written};
use crate::disk::{Disk, Taken};
use crate::disk_transfer::{DiskTransfer, TransferOptions, too_large};
use crate::fanout::Ending;
use crate::mixed::{self, Mixed};
use crate::open::Content;
use crate::outcome::{DiskPlan, ImportedDisk, TargetEnd};
use crate::ova::Told;
use crate::sink::DiskSink;
use crate::undo::undone;

/// Where disks go.
pub enum Places {
    /// The one disk goes to all of these.
    These(Vec<Box<dyn Candidate>>),
    /// Each disk has places of its own.
    Each(Box<ChoosePlaces>),
}

/// Chooses the places of one disk: its number, counted from 0, what is known about it, and the
/// configurations that came before it.
pub type ChoosePlaces =
    dyn FnMut(usize, &Disk, &[Config]) -> Result<Vec<Box<dyn Candidate>>> + Send;

/// What an import does with each disk.
pub(crate) struct WriterOptions {
    /// Where the disks go.
    pub(crate) places: Places,
    /// The format that targets hold, and are read back in.
    pub(crate) format: Format,
    /// What an OVA will hold, where one is written.
    pub(crate) ova: Option<Told>,
    /// How each disk is transferred.
    pub(crate) transfer: TransferOptions,
    /// Whether each target is read back and compared.
    pub(crate) verify: bool,
    /// Whether to stop before the first change.
    pub(crate) dry_run: bool,
}

/// The sink of one import.
pub(crate) struct Writer<'a> {
    options: WriterOptions,
    control: &'a Arc<Control>,
    /// What would be done, for each disk that a dry run has met.
    pub(crate) plans: Vec<DiskPlan>,
    /// Bytes in a sector of the next disk, where that is known.
    sector: Option<u32>,
    /// What is to be said of the places that disks go to.
    pub(crate) warnings: Vec<Error>,
    /// Why a disk was not taken.
    failure: Option<Error>,
    transfers: Vec<DiskTransfer>,
    met: usize,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(mut options: WriterOptions, control: &'a Arc<Control>) -> Self {
        // What is read back is compared by its digest.
        options.transfer.want_digest |= options.verify;
        Writer {
            options,
            control,
            plans: Vec::new(),
            sector: None,
            warnings: Vec::new(),
            failure: None,
            transfers: Vec::new(),
            met: 0,
        }
    }

    /// The places of `disk`, with everything looked at that can be refused before the first change.
    fn candidates(&mut self, disk: &Disk, configs: &[Config]) -> Result<Vec<Box<dyn Candidate>>> {
        let number = self.met;
        self.met += 1;
        let most = self.options.transfer.max_size;
        if disk.size == Some(0) {
            return Err(Error::refused("is a disk of 0 bytes"));
        }
        if let Some(size) = disk.size.filter(|&size| size > most) {
            return Err(too_large(size, most));
        }
        let candidates = match &mut self.options.places {
            Places::These(candidates) => std::mem::take(candidates),
            Places::Each(choose) => choose(number, disk, configs).map_err(as_target)?,
        };
        let fits = |target: &dyn Candidate| match disk.size {
            Some(size) => target.fits(size),
            None => target.fits_any(),
        };
        candidates.iter().try_for_each(|target| fits(&**target))?;
        if let Some(sector) = self.sector.take() {
            let other = candidates.iter().filter(|target| target.sector() != sector);
            let warnings = other.map(|target| other_sectors(disk, sector, &**target));
            self.warnings.extend(warnings);
        }
        Ok(candidates)
    }

    /// Opens all targets, or none.
    fn open(
        &self,
        candidates: Vec<Box<dyn Candidate>>,
        size: Option<u64>,
        content: &Content<'_>,
        options: TransferOptions,
    ) -> Result<DiskTransfer> {
        self.control.job().change()?;
        let mut opened: Vec<Box<dyn BlockWrite>> = Vec::new();
        for candidate in candidates {
            let next = candidate.open(size).and_then(|target| {
                self.control.opened(&*target);
                let lasting = target.is_lasting();
                opened.push(target);
                if !lasting && self.options.verify {
                    Err(Error::usage("what cannot be read back cannot be verified")
                        .advise(Advice::SkipVerify))
                } else {
                    Ok(())
                }
            });
            if let Err(error) = next {
                return Err(opened
                    .iter_mut()
                    .fold(error, |error, target| undone(error, &mut **target)));
            }
        }
        DiskTransfer::start(opened, content, options, self.control)
    }

    /// Whether every disk has a place of its own, however many there are.
    pub(crate) fn has_place_for_each(&self) -> bool {
        matches!(self.options.places, Places::Each(_))
    }

    /// Whether this was a dry run that went well.
    pub(crate) fn is_planned(&self) -> bool {
        !self.plans.is_empty() && self.failure.is_none()
    }

    /// Undoes everything; `error` says why, unless the writer knows better.
    pub(crate) fn give_up(mut self, error: Error) -> Error {
        let mut error = self.failure.take().unwrap_or(error);
        for ending in self.transfers.drain(..).flat_map(DiskTransfer::give_up) {
            let Err(why) = ending.result else { continue };
            if why.kind() == Kind::Interrupted {
                error = error.because_of(why);
            } else if error.kind() == Kind::Interrupted && !self.control.job().is_cancelled() {
                error = why;
            } else {
                error = error.because(why);
            }
        }
        error
    }

    /// Makes the disks complete on every target.
    ///
    /// # Errors
    /// When there is one target and it did not take its disk; each of several ends on its own.
    pub(crate) fn finish(mut self, taken: &[Taken]) -> Result<Vec<ImportedDisk>> {
        let contents: Vec<ContentSize> = self
            .transfers
            .iter()
            .filter_map(DiskTransfer::content)
            .collect();
        if contents.len() != taken.len() || self.transfers.len() != taken.len() {
            let cause = format!("{} were found, {} written", taken.len(), contents.len());
            let error = Error::io("the transfer lost track of a disk", cause);
            return Err(self.give_up(error));
        }
        if let (Some(ova), Some(content)) = (&self.options.ova, contents.first()) {
            ova.holds(content.data);
        }
        let mut disks = Vec::new();
        for ((transfer, taken), content) in self.transfers.drain(..).zip(taken).zip(contents) {
            let digest = transfer.digest();
            let compare = digest.filter(|_| self.options.verify);
            let compare = compare.map(|digest| ContentDigest { content, digest });
            let disk = transfer.told(&taken.disk);
            let ends = transfer.finish().into_iter();
            disks.push(ImportedDisk {
                disk,
                layers: taken.layers.clone(),
                content,
                digest,
                targets: ends
                    .map(|ending| {
                        end(
                            ending,
                            compare,
                            self.options.format,
                            self.options.transfer,
                            self.control,
                        )
                    })
                    .collect(),
            });
        }
        match &disks[..] {
            // Where there is only one, its trouble is the import's.
            [disk] if disk.targets.len() == 1 => {
                disk.targets.iter().try_for_each(|end| end.result.clone())?;
            }
            _ => {}
        }
        Ok(disks)
    }
}

impl Writer<'_> {
    /// The places of `disk`; `None` when it has none, and the writer knows why.
    fn places_of(
        &mut self,
        disk: &Disk,
        configs: &[Config],
    ) -> Result<Option<Vec<Box<dyn Candidate>>>> {
        if let Some(ova) = &self.options.ova {
            ova.meet(disk, configs);
        }
        match self.candidates(disk, configs) {
            Ok(candidates) => Ok(Some(candidates)),
            // The walk would name the source, and the trouble is the target's.
            Err(error) if matches!(error.kind(), Kind::Target | Kind::Usage) => {
                self.failure = Some(error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Says what would be done with `disk`.
    fn plan(&mut self, disk: &Disk, candidates: &[Box<dyn Candidate>]) {
        let targets = candidates.iter().map(|target| target.plan(disk.size));
        self.plans.push(DiskPlan {
            disk: disk.clone(),
            targets: targets.collect(),
        });
    }

    /// Whether a dry run has to go on after the first disk.
    fn planned(&self) -> ControlFlow<()> {
        match self.options.places {
            Places::These(_) => Break(()),
            Places::Each(_) => Continue(()),
        }
    }
}

impl DiskSink for Writer<'_> {
    fn sector(&mut self, sector: Option<u32>) {
        self.sector = sector;
    }

    fn take(
        &mut self,
        found: &Disk,
        configs: &[Config],
        content: Content<'_>,
    ) -> Result<ControlFlow<()>> {
        self.control.disk_found(found.size);
        let Some(candidates) = self.places_of(found, configs)? else {
            return Ok(Break(()));
        };
        if self.options.dry_run {
            self.plan(found, &candidates);
            return Ok(self.planned());
        }
        let mut transfer = match self.open(candidates, found.size, &content, self.options.transfer)
        {
            Ok(transfer) => transfer,
            Err(error) => {
                self.failure = Some(error);
                return Ok(Break(()));
            }
        };
        let flow = transfer.run(found, content, self.options.transfer, self.control);
        self.transfers.push(transfer);
        flow
    }

    fn take_mixed(
        &mut self,
        found: &[Disk],
        configs: &[Config],
        mixed: &mut dyn Mixed,
    ) -> Result<ControlFlow<()>> {
        let sizes = found.iter().map(|disk| disk.size);
        self.control.disk_found(sizes.sum());
        let mut places = Vec::new();
        for disk in found {
            let Some(candidates) = self.places_of(disk, configs)? else {
                return Ok(Break(()));
            };
            if self.options.dry_run {
                self.plan(disk, &candidates);
            }
            places.push(candidates);
        }
        if self.options.dry_run {
            return Ok(self.planned());
        }
        let options = mixed::share(self.options.transfer, found.len());
        let (first, mut ends) = (self.transfers.len(), Vec::new());
        for (disk, candidates) in found.iter().zip(places) {
            let (feed, mut queue) = mixed::queue(disk.size);
            let content = Content::Stream(&mut queue);
            match self.open(candidates, disk.size, &content, options) {
                Ok(transfer) => self.transfers.push(transfer),
                Err(error) => {
                    self.failure = Some(error);
                    return Ok(Break(()));
                }
            }
            ends.push((feed, queue));
        }
        let transfers = self.transfers.iter_mut().skip(first);
        let ways = ends.into_iter().zip(transfers);
        let ways = ways.map(|((feed, queue), transfer)| (feed, queue, transfer));
        mixed::run(found, ways.collect(), mixed, options, self.control)
    }
}

/// A partition table counts in sectors: where they are of another size it is found nowhere.
fn other_sectors(disk: &Disk, sector: u32, target: &dyn Candidate) -> Error {
    let (name, there) = (target.name(), target.sector());
    Error::refused(format!(
        "has sectors of {sector} bytes, and {name} has sectors of {there}: a guest does not find the \
         disk's partitions there"
    ))
    .within(&disk.member)
}

/// A place that cannot be read about is the target's trouble, not the source's.
fn as_target(error: Error) -> Error {
    match error.kind() {
        Kind::Target | Kind::Usage => error,
        _ => Error::target("the disk has no place to go to").because(error),
    }
}

fn end(
    ending: Ending,
    verify: Option<ContentDigest>,
    format: Format,
    options: TransferOptions,
    control: &Arc<Control>,
) -> TargetEnd {
    let Ending {
        mut target,
        mut result,
    } = ending;
    if let (Ok(()), Some(named)) = (&result, verify) {
        let compared = compare(&*target, named, format, options, control);
        result = compared.map_err(|error| undone(error, &mut *target));
    }
    TargetEnd {
        name: target.name().to_owned(),
        path: target.path().map(Into::into),
        result,
    }
}

fn compare(
    target: &dyn BlockWrite,
    named: ContentDigest,
    format: Format,
    options: TransferOptions,
    control: &Arc<Control>,
) -> Result<()> {
    let name = target.name();
    let Some(written) = target.read_back()? else {
        return Err(Error::target(format!("{name} cannot be read back")).advise(Advice::SkipVerify));
    };
    let found = digest_written(written, format, named.content.size, options.padded, control)
        .map_err(|error| error.at(name))?;
    if found == named {
        Ok(())
    } else {
        Err(Error::io(
            format!("{name} reads back as {}", found.digest),
            format!("{} was written", named.digest),
        ))
    }
}
