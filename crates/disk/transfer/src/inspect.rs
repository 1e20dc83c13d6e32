//! Saying what a source holds, without writing anything.
//!
//! It is the same walk as an import's, with somebody at its end who only looks: of images, the tables
//! are read and not the data; raw disks in a stream are read, because nothing else tells their holes.

mod looker;
mod members;
pub(crate) mod survey;

use std::ops::ControlFlow;
use std::sync::Arc;

use diskimage::streaming::StreamLimits;
use diskimage::{About, Format, OpenOptions};
use error::{Error, Kind, Result};
use unpack::Limits;
use unpack::gzip::Engine;
use vmconfig::Vm;

use crate::basis::{Basis, no_disk, nothing_recognised};
use crate::classify::Class;
use crate::control::{Control, interrupted};
use crate::engine::explained;
use crate::input::Input;
use crate::intake::Passing;
use crate::open::Footer;
use crate::passes::{Source, Walked};
use crate::pick::Pick;
use crate::seen::{Config, Disk, Seen, Taken};
use crate::siblings;
use crate::walk::Walk;

pub(crate) use looker::Looker;
pub use members::{Entry, Members, What};
pub use survey::{Packing, Survey};

/// What is to be looked at.
pub struct Inspect {
    /// What is read.
    pub source: Input,
    /// How an import would open images; what it would refuse is described all the same.
    pub how: OpenOptions,
    /// Which disks are described; all of them are unless a member is named.
    pub pick: Pick,
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
    let source = Source::new(inspect.source, Passing::idle());
    let means = StreamLimits {
        threads: inspect.limits.threads,
        memory: inspect.limits.memory / 3,
        max_size: inspect.max_size,
        again: source.comes_again(),
    };
    let opening = source.opening(means, inspect.how);
    let pick = Pick {
        several: true,
        ..inspect.pick
    };
    let mut looker = Looker::new(inspect.max_size, Footer::of(pick.format), control);
    let mut walk = Walk::new(
        inspect.limits,
        Engine::Own,
        &pick,
        &opening,
        &mut looker,
        control,
    );
    let walked = source.walk(&mut walk, control);
    let seen = walk.seen;
    walked
        .and_then(|walked| match walked {
            Walked::Stopped => Err(interrupted()),
            Walked::Through(_) => told(size, seen, looker, &pick),
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

fn told(size: Option<u64>, mut seen: Seen, mut looker: Looker, pick: &Pick) -> Result<Inspected> {
    let refusal = pick.judge(&seen).err();
    let nothing = pick.member.is_some() || (!seen.archive && seen.configs.is_empty());
    if let Some(refusal) = refusal
        .as_ref()
        .filter(|_| nothing && seen.taken.is_empty())
    {
        return Err(refusal.clone());
    }
    for described in &mut looker.disks {
        let same = |taken: &&Taken| taken.disk.member == described.disk.member;
        if let Some(taken) = seen.taken.iter().find(same) {
            described.layers = taken.layers.clone();
        }
    }
    Ok(Inspected {
        guest: seen.describe_guest(&pick.choice).vm.map(Box::new),
        size,
        layers: looker.layers,
        archive: seen.archive,
        disks: looker.disks,
        members: looker.members,
        configs: seen.configs,
        manifest: seen.manifest,
        warnings: seen.warnings,
        refusal: looker.refusal.or(looker.manifest).or(refusal),
    })
}

/// A walk goes on whatever is found.
const ON: ControlFlow<()> = ControlFlow::Continue(());
