//! Writing an OVA: a tar of a description of the guest, a manifest and the disk as streamOptimized VMDK.
//!
//! Format: DMTF DSP0243 "Open Virtualization Format Specification" 1.1.1, section 5.3: the descriptor
//! comes first, the manifest right behind it or last. Here it stands behind the descriptor, where
//! programs that read an OVA once find it before the disk. Both tell of the disk's file what is known only
//! when it is complete, so they are written last, in front of it; a pipe needs a first pass instead.

mod member;
mod package;
mod tar;
#[cfg(test)]
mod tests;
mod told;

use diskimage::Format;
use diskimage::write::{self, WriteOptions};
use error::Result;
use sparse::BlockWrite;
use vmconfig::Vm;

use member::Measure;
use package::Package;
pub(crate) use told::Told;

/// Endings of the files' names.
const DESCRIPTOR: &str = ".ovf";
const MANIFEST: &str = ".mf";
const DISK: &str = "-disk1.vmdk";

/// What an OVA is written from, beside its disk.
#[derive(Clone, Debug)]
pub struct Ova {
    /// What its files are called, without their endings: a name for a file and for a URL alike.
    pub name: String,
    /// The guest, where somebody describes it. Otherwise what came with the disk does, and if nothing
    /// came, it is guessed.
    pub guest: Option<Vm>,
}

/// What writes an OVA to `inner` that holds a disk of `size` bytes. To a target that takes no other
/// order it writes from front to back, for which `told` has to know what a [`measure`] found out.
///
/// # Errors
/// Those of [`write::writer`] and of `inner`.
pub(crate) fn writer(
    options: &WriteOptions,
    size: u64,
    told: Told,
    inner: Box<dyn BlockWrite>,
) -> Result<Box<dyn BlockWrite>> {
    let package = Package::begin(told, size, inner)?;
    write::writer(Format::Vmdk, options, size, Box::new(package))
}

/// What finds out for `told` what the disk's file will be, and writes nothing.
///
/// # Errors
/// Those of [`write::writer`].
pub(crate) fn measure(
    options: &WriteOptions,
    size: u64,
    told: Told,
) -> Result<Box<dyn BlockWrite>> {
    write::writer(Format::Vmdk, options, size, Box::new(Measure::new(told)))
}
