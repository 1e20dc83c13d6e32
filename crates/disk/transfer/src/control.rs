//! What the engine shares with whoever watches it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use error::Result;
use job::{Job, Unsettled};
use sparse::BlockWrite;

/// The job, and counters to show; shared by all threads of one transfer.
#[derive(Debug, Default)]
pub struct Control {
    job: Job,
    bytes_read: AtomicU64,
    source_size: AtomicU64,
    position: AtomicU64,
    disk_size: AtomicU64,
    data: AtomicU64,
}

/// How far a transfer is; all in bytes, 0 where not known yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Taken from the source.
    pub bytes_read: u64,
    /// The source's size.
    pub source_size: u64,
    /// How far into the disk.
    pub position: u64,
    /// The disk's size.
    pub disk_size: u64,
    /// Data among what lies before `position`; the rest was zeros.
    pub data: u64,
}

impl Control {
    /// The flag to stop, and what is not finished yet.
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// As [`Job::check`].
    pub(crate) fn check(&self) -> Result<()> {
        self.job.check()
    }

    pub(crate) fn opened(&self, target: &dyn BlockWrite) {
        self.job.opened(Unsettled {
            name: target.name().to_owned(),
            temporary: target.temporary().map(Into::into),
            lasting: target.is_lasting(),
        });
    }

    /// How far the transfer is.
    pub fn progress(&self) -> Progress {
        Progress {
            bytes_read: self.bytes_read.load(Relaxed),
            source_size: self.source_size.load(Relaxed),
            position: self.position.load(Relaxed),
            disk_size: self.disk_size.load(Relaxed),
            data: self.data.load(Relaxed),
        }
    }

    pub(crate) fn source_opened(&self, size: Option<u64>) {
        self.source_size.store(size.unwrap_or(0), Relaxed);
        self.bytes_read.store(0, Relaxed);
    }

    pub(crate) fn disk_found(&self, size: Option<u64>) {
        self.disk_size.store(size.unwrap_or(0), Relaxed);
    }

    pub(crate) fn read(&self, bytes: u64) {
        self.bytes_read.fetch_add(bytes, Relaxed);
    }

    pub(crate) fn reached(&self, position: u64, data: u64) {
        self.position.store(position, Relaxed);
        self.data.store(data, Relaxed);
    }
}
