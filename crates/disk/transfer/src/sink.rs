//! What becomes of the disks that a walk finds: an import writes them, an inspection describes them.

use std::ops::ControlFlow;
use std::sync::Arc;

use diskimage::OpenOptions;
use diskimage::streaming::StreamLimits;
use error::{Error, Result};
use sparse::{BlockRead, SparseRead};

use crate::basis::Basis;
use crate::config::Config;
use crate::disk::Disk;
use crate::members::What;
use crate::mixed::Mixed;
use crate::open::Content;

/// Told of everything in a source, in the order in which it comes.
///
/// A sink that takes disks leaves [`DiskSink::describe`] and what follows it as they are: then what it
/// cannot take is an error. One that describes them remembers the reasons instead, and the walk goes on.
pub(crate) trait DiskSink {
    /// Takes the disk `found` to its end, or says `Break` to end the walk here. `configs` came before
    /// it. What it finds wrong with the disk must wait: only what keeps it from reading on is an
    /// error.
    fn take(
        &mut self,
        found: &Disk,
        configs: &[Config],
        content: Content<'_>,
    ) -> Result<ControlFlow<()>>;

    /// Takes the disks `found`, whose pieces `mixed` gives in turns, to their ends; otherwise as
    /// [`DiskSink::take`].
    fn take_mixed(
        &mut self,
        found: &[Disk],
        configs: &[Config],
        mixed: &mut dyn Mixed,
    ) -> Result<ControlFlow<()>>;

    /// Says how many bytes the sectors of the next disk have, where that is known.
    fn sector(&mut self, sector: Option<u32>) {
        let _ = sector;
    }

    /// A pass through the source begins; the first one too.
    fn begin_pass(&mut self) {}

    /// Whether the sink takes disks, and does not only describe them.
    fn wants_content(&self) -> bool {
        true
    }

    /// Describes the disk in `file` without taking it; `None` from a sink that wants its content.
    ///
    /// # Errors
    /// What is wrong with the source itself, or keeps it from being read on.
    fn describe(
        &mut self,
        file: &DiskFile<'_>,
        content: FileContent<'_>,
    ) -> Result<Option<Described>> {
        let _ = (file, content);
        Ok(None)
    }

    /// Met `member`, of `size` bytes where known, in these `layers`, outermost first; the source itself has
    /// no name.
    fn member(&mut self, member: &str, size: Option<u64>, what: What, layers: &[&'static str]) {
        let _ = (member, size, what, layers);
    }

    /// The source cannot be imported.
    ///
    /// # Errors
    /// `refusal`, which is why.
    fn refused(&mut self, refusal: Error) -> Result<()> {
        Err(refusal)
    }

    /// The disk cannot be imported, whatever its content.
    ///
    /// # Errors
    /// `refusal`, which is why.
    fn disk_refused(&mut self, disk: &Disk, refusal: Error) -> Result<()> {
        let _ = disk;
        Err(refusal)
    }

    /// The manifest of an appliance does not hold.
    ///
    /// # Errors
    /// `error`, which is why.
    fn manifest_failed(&mut self, error: Error) -> Result<()> {
        Err(error)
    }
}

/// A file that holds a disk.
pub(crate) struct DiskFile<'a> {
    /// The disk by what is known before it is opened: its size is the file's, and its format may be another
    /// one by the file's end.
    pub(crate) disk: Disk,
    /// Why the file is only a part of a disk, if it is.
    pub(crate) part: Option<Error>,
    /// Why it is taken for a disk, where its format does not show that.
    pub(crate) basis: Basis,
    /// How an import would open it.
    pub(crate) how: &'a OpenOptions,
    /// What a pass through it may spend.
    pub(crate) means: StreamLimits,
}

/// The content of a [`DiskFile`].
pub(crate) enum FileContent<'a> {
    /// All of it, to be read at any offset.
    Bytes(&'a Arc<dyn BlockRead>),
    /// As it passes by, to be read to its end.
    Stream(&'a mut dyn SparseRead),
    /// Not to be read: headers tell that so many bytes of the disk are stored.
    Stored(u64),
}

/// A disk that was described.
pub(crate) struct Described {
    /// The disk.
    pub(crate) disk: Disk,
    /// Bytes of the file that holds it, where known by now.
    pub(crate) size: Option<u64>,
    /// Whether the description was kept: there may be too many of them.
    pub(crate) kept: bool,
    /// Whether another pass through the source will tell more.
    pub(crate) again: bool,
}
