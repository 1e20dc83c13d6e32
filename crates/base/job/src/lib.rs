//! Work that can be interrupted, and that cleans up behind itself.
//!
//! A [`Job`] is shared by the threads that work and the one that watches: a flag to stop, and the list of
//! what has been changed and is neither finished nor undone yet. [`run`] does the work on a thread of its
//! own while the calling thread shows progress and listens for signals:
//!
//! ```text
//! first signal ── cancel ──┬─ nothing was changed yet: ends at once
//!                          └─ the work undoes what it changed ─┬─ ends as interrupted
//! Ctrl-C again, or it takes too long ──────────────────────────┴─ what is left is named
//! ```

mod run;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};

use error::{Error, Kind, Result};

pub use run::{Watch, run};

/// Something that has been changed and is neither finished nor undone yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsettled {
    /// What the user calls it.
    pub name: String,
    /// A file that is there only until then.
    pub temporary: Option<PathBuf>,
    /// Whether it outlives the program, as a volume or a device does and a pipe does not.
    pub lasting: bool,
}

/// A flag to stop, and what has been changed so far.
#[derive(Debug, Default)]
pub struct Job {
    cancelled: AtomicBool,
    changing: AtomicBool,
    unsettled: Mutex<Vec<Unsettled>>,
}

impl Job {
    /// Asks every thread to stop. The work then ends as interrupted, and what it changed is undone.
    pub fn cancel(&self) {
        self.cancelled.store(true, SeqCst);
    }

    /// Whether the work should stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(SeqCst)
    }

    /// Goes on unless the work should stop: to be called wherever much is still to be done.
    ///
    /// # Errors
    /// [`Kind::Interrupted`].
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() {
            return Err(interrupted());
        }
        Ok(())
    }

    /// Announces the first change.
    ///
    /// # Errors
    /// [`Kind::Interrupted`] when the work should stop: then nothing must be changed.
    pub fn change(&self) -> Result<()> {
        // Announced first and asked then, both in one order for all threads: either this thread sees
        // that it should stop, or the thread that says so sees the announcement.
        self.changing.store(true, SeqCst);
        self.check()
    }

    /// Whether anything has been changed, or is about to be, that would have to be undone. Once
    /// [`Job::cancel`] was called and this says no, it stays so.
    pub fn is_changing(&self) -> bool {
        self.changing.load(SeqCst)
    }

    /// Says that something has been changed that has to be finished or undone.
    pub fn opened(&self, unsettled: Unsettled) {
        self.lock().push(unsettled);
    }

    /// Says that what is called `name` is finished or undone.
    pub fn settled(&self, name: &str) {
        self.lock().retain(|unsettled| unsettled.name != name);
    }

    /// What has been changed and is neither finished nor undone: what is left behind if the program ends
    /// now.
    pub fn unsettled(&self) -> Vec<Unsettled> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Unsettled>> {
        self.unsettled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error of work that was stopped.
pub fn interrupted() -> Error {
    Error::new(Kind::Interrupted, "interrupted")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cancelled_changes_nothing() {
        let job = Job::default();
        assert!(job.check().is_ok() && !job.is_changing());
        job.cancel();
        assert_eq!(job.check().unwrap_err().kind(), Kind::Interrupted);
        assert_eq!(job.change().unwrap_err().kind(), Kind::Interrupted);
        assert!(job.is_changing(), "announced all the same");
    }

    #[test]
    fn what_is_settled_is_not_left_behind() {
        let job = Job::default();
        for name in ["a", "b"] {
            job.opened(Unsettled {
                name: name.into(),
                temporary: None,
                lasting: true,
            });
        }
        job.settled("a");
        let names: Vec<_> = job.unsettled().into_iter().map(|left| left.name).collect();
        assert_eq!(names, ["b"]);
    }
}
