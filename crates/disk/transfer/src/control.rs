//! What the engine shares with whoever watches it.

use std::path::PathBuf;
use std::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Relaxed, SeqCst},
};
use std::sync::{Mutex, MutexGuard, PoisonError};

use error::{Error, Kind, Result};
use sparse::BlockWrite;

/// Counters to show and a flag to stop; shared by all threads of one transfer.
#[derive(Debug, Default)]
pub struct Control {
    cancelled: AtomicBool,
    changing: AtomicBool,
    bytes_read: AtomicU64,
    source_size: AtomicU64,
    position: AtomicU64,
    disk_size: AtomicU64,
    data: AtomicU64,
    unsettled: Mutex<Vec<Unsettled>>,
}

/// A target that has been changed and is neither finished nor undone yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsettled {
    /// What the person calls it.
    pub name: String,
    /// A file that lies there only until then.
    pub temporary: Option<PathBuf>,
    /// Whether it outlives the program, as a volume or a device does and a pipe does not.
    pub lasting: bool,
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
    /// Asks every thread to stop; the transfer then ends as interrupted, its targets undone.
    pub fn cancel(&self) {
        self.cancelled.store(true, SeqCst);
    }

    /// Whether somebody asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(SeqCst)
    }

    /// Whether anything has been changed, or is about to be, that would have to be undone. Once
    /// [`Control::cancel`] was called and this says no, it stays so.
    pub fn is_changing(&self) -> bool {
        self.changing.load(SeqCst)
    }

    /// Announces the first change.
    ///
    /// # Errors
    /// [`Kind::Interrupted`] when somebody asked to stop: then nothing must be changed.
    pub(crate) fn change(&self) -> Result<()> {
        // Announced first and asked then, both in one order for all threads: either this thread
        // sees the wish to stop, or who wishes it sees the announcement.
        self.changing.store(true, SeqCst);
        self.check()
    }

    /// The targets that have been changed and are neither finished nor undone: what is left behind
    /// if the program ends now.
    pub fn unsettled(&self) -> Vec<Unsettled> {
        self.lock().clone()
    }

    pub(crate) fn opened(&self, target: &dyn BlockWrite) {
        self.lock().push(Unsettled {
            name: target.name().to_owned(),
            temporary: target.temporary().map(Into::into),
            lasting: target.is_lasting(),
        });
    }

    pub(crate) fn settled(&self, name: &str) {
        self.lock().retain(|unsettled| unsettled.name != name);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Unsettled>> {
        self.unsettled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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

    /// # Errors
    /// [`Kind::Interrupted`] when somebody asked to stop.
    pub(crate) fn check(&self) -> Result<()> {
        match self.is_cancelled() {
            true => Err(interrupted()),
            false => Ok(()),
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

pub(crate) fn interrupted() -> Error {
    Error::new(Kind::Interrupted, "interrupted")
}
