//! Saying what a source holds, without writing anything.
//!
//! It is the same walk as an import's, with somebody at its end who only looks: of images, the tables
//! are read and not the data; raw disks in a stream are read, because nothing else tells their holes.

mod events;
mod inspector;
mod stream;
mod survey;

use std::ops::ControlFlow;
use std::sync::Arc;

use diskimage::{About, Format, OpenOptions};
use error::{Error, Kind, Result};
use unpack::Limits;
use vmconfig::Vm;

use crate::basis::{Basis, no_disk, nothing_recognised};
use crate::classify::Class;
use crate::config::Config;
use crate::control::Control;
use crate::disk::{Disk, Taken};
use crate::input::Input;
use crate::members::Members;
use crate::open::Footer;
use crate::passes::{Source, Walked, explained};
use crate::selection::Selection;
use crate::siblings;
use crate::source_reader::ReaderOptions;
use crate::summary::Summary;
use crate::walk::{Walk, WalkOptions};

use inspector::Inspector;
pub use survey::{Packing, Survey};

/// What is to be looked at.
pub struct Inspect {
    /// What is read.
    pub source: Input,
    /// How an import would open images; what it would refuse is described all the same.
    pub how: OpenOptions,
    /// Which disks are described; all of them are unless a member is named.
    pub selection: Selection,
    /// What decoders may spend.
    pub limits: Limits,
    /// The largest disk that an import would take, in bytes.
    pub max_size: u64,
}

/// What a source holds.
#[derive(Debug)]
pub struct Inspected {
    /// Bytes in the source, where it says so.
    pub size: Option<u64>,
    /// The layers up to the first archive, or up to the disk; outermost first.
    pub layers: Vec<&'static str>,
    /// Whether the last of these is an archive.
    pub archive: bool,
    /// The disks that were described.
    pub disks: Vec<InspectedDisk>,
    /// What lies in the archive.
    pub members: Members,
    /// Guest configurations.
    pub configs: Vec<Config>,
    /// The guest that they describe.
    pub guest: Option<Box<Vm>>,
    /// What the manifest of an appliance was found to say.
    pub manifest: Option<String>,
    /// What was not used or not checked.
    pub warnings: Vec<Error>,
    /// Why an import would not take the source, whatever its disks are like.
    pub refusal: Option<Error>,
}

impl Inspected {
    /// Every error and warning in it, for those who put [`crate::Advice`] into words.
    pub fn errors_mut(&mut self) -> Vec<&mut Error> {
        let disks = self.disks.iter_mut();
        let disks = disks.flat_map(|disk| disk.refusal.iter_mut().chain(&mut disk.trouble));
        let told = self.warnings.iter_mut().chain(&mut self.refusal);
        disks.chain(told).collect()
    }
}

/// A disk and what can be said about it.
#[derive(Clone, Debug)]
pub struct InspectedDisk {
    /// The disk as the source describes it.
    pub disk: Disk,
    /// The layers around it, outermost first.
    pub layers: Vec<&'static str>,
    /// What the image says about itself.
    pub about: About,
    /// What it stores; `None` where that cannot be known.
    pub survey: Option<Survey>,
    /// Why an import would not take it.
    pub refusal: Option<Error>,
    /// Why it could not be described.
    pub trouble: Option<Error>,
}

impl InspectedDisk {
    /// A disk of which nothing else is known.
    pub(crate) fn new(disk: Disk) -> Self {
        InspectedDisk {
            disk,
            layers: Vec::new(),
            about: About::default(),
            survey: None,
            refusal: None,
            trouble: None,
        }
    }

    /// Says why an import would not take this raw disk, in a file of `size` bytes, if it has no better
    /// reason than `basis` to.
    pub(crate) fn refuse(&mut self, basis: Basis, size: Option<u64>) {
        let holds = self.survey.is_some_and(|survey| survey.data > 0);
        let refusal = match basis {
            Basis::Nothing => no_disk(Class::Other, size),
            Basis::Blank if holds => nothing_recognised(),
            _ => return,
        };
        self.refusal.get_or_insert(refusal);
    }

    /// A disk that could not be described.
    pub(crate) fn in_trouble(member: String, format: Format, trouble: Error) -> Self {
        InspectedDisk {
            trouble: Some(trouble),
            ..InspectedDisk::new(Disk {
                member,
                size: None,
                format,
                variant: String::new(),
            })
        }
    }
}

/// Looks at a source and says what it holds.
///
/// # Errors
/// Whatever keeps the source from being read to where its description is complete, and whatever is wrong
/// with a disk that is the source itself; what is wrong with a member shows in
/// [`InspectedDisk::trouble`].
pub fn inspect(inspect: Inspect, control: &Arc<Control>) -> Result<Inspected> {
    let name = inspect.source.name().to_owned();
    let (hint, size) = (inspect.source.hint(), inspect.source.size());
    let part = siblings::check(&name, &inspect.how.access).err();
    control.source_opened(size);
    let source = Source::new(inspect.source, ReaderOptions::idle());
    let opening = source.opening(&inspect.limits, inspect.max_size, inspect.how);
    let selection = Selection {
        several: true,
        ..inspect.selection
    };
    let mut inspector = Inspector::new(inspect.max_size, Footer::of(selection.format), control);
    let options = WalkOptions {
        limits: inspect.limits,
        selection: &selection,
        opening: &opening,
        control,
    };
    let mut walk = Walk::new(options, &mut inspector);
    let walked = source.walk(&mut walk, control);
    let summary = walk.summary;
    walked
        .and_then(|walked| match walked {
            Walked::Stopped => Err(job::interrupted()),
            Walked::Through(_) => told(size, summary, inspector, &selection),
        })
        .map(|told| Inspected {
            refusal: part.clone().or(told.refusal),
            ..told
        })
        .map_err(|error| match error.kind() {
            Kind::Interrupted => error,
            _ => part.unwrap_or(error),
        })
        .map_err(|error| explained(error, hint).at(&name))
}

fn told(
    size: Option<u64>,
    mut summary: Summary,
    mut inspector: Inspector,
    selection: &Selection,
) -> Result<Inspected> {
    let refusal = selection.judge(&summary).err();
    let nothing = selection.member.is_some() || (!summary.archive && summary.configs.is_empty());
    if let Some(refusal) = refusal
        .as_ref()
        .filter(|_| nothing && summary.taken.is_empty())
    {
        return Err(refusal.clone());
    }
    for described in &mut inspector.disks {
        let same = |taken: &&Taken| taken.disk.member == described.disk.member;
        if let Some(taken) = summary.taken.iter().find(same) {
            described.layers = taken.layers.clone();
        }
    }
    Ok(Inspected {
        guest: summary.describe_guest(&selection.choice).vm.map(Box::new),
        size,
        layers: inspector.layers,
        archive: summary.archive,
        disks: inspector.disks,
        members: inspector.members,
        configs: summary.configs,
        manifest: summary.manifest,
        warnings: summary.warnings,
        refusal: inspector.refusal.or(inspector.manifest).or(refusal),
    })
}

/// A walk goes on whatever is found.
const ON: ControlFlow<()> = ControlFlow::Continue(());
