//! What came of an import, or would.

use std::path::PathBuf;

use error::{Error, Result};
use sparse::digest::Digest;
use vmconfig::Vm;

use crate::config::Config;
use crate::digest::ContentSize;
use crate::disk::Disk;
use crate::sums::Sums;

/// What an import did.
#[derive(Debug)]
pub struct Imported {
    /// Bytes read from the source.
    pub bytes_read: u64,
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
    pub content: ContentSize,
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

/// What came of [`crate::import`].
#[derive(Debug)]
pub enum Outcome {
    /// It was a dry run.
    Planned(Plan),
    /// The source was right, and each target ended on its own.
    Done(Imported),
}

impl Outcome {
    /// Every error and warning in it, for those who put [`crate::Advice`] into words.
    pub fn errors_mut(&mut self) -> Vec<&mut Error> {
        match self {
            Outcome::Planned(plan) => plan.warnings.iter_mut().collect(),
            Outcome::Done(imported) => {
                let targets = imported.disks.iter_mut().flat_map(|disk| &mut disk.targets);
                let failed = targets.filter_map(|target| target.result.as_mut().err());
                let told = imported.warnings.iter_mut().chain(&mut imported.undecided);
                failed.chain(told).collect()
            }
        }
    }
}
