//! What can be known about a host.
//!
//! Each fact is read when it is first asked for, in a thread of its own, and kept. One that takes too long (a file
//! system that hangs, a tool that waits) or cannot be read is [`NotKnown`] to all that ask; the others are not
//! affected.

mod guests;

use std::fmt;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use error::Result;
use host::Host;

pub use guests::{Guest, Guests};

use crate::release::{Release, Target};

/// A fact that cannot be told, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotKnown {
    /// Which fact: `guests`.
    pub fact: &'static str,
    /// Why, in one line.
    pub reason: String,
}

impl NotKnown {
    /// `fact` cannot be told because of `reason`.
    pub fn new(fact: &'static str, reason: impl Into<String>) -> Self {
        NotKnown {
            fact,
            reason: reason.into(),
        }
    }
}

impl fmt::Display for NotKnown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.fact, self.reason)
    }
}

/// What is asked about a host.
#[derive(Clone, Debug)]
pub struct Question {
    /// The release of Xen before the upgrade, if it is not the one that runs or is installed.
    pub from: Option<Release>,
    /// What the host is to become.
    pub targets: Vec<Target>,
    /// Configurations of guests to look at beside the host's own: paths of the host.
    pub guests: Vec<PathBuf>,
    /// The time to judge by, in seconds since 1970.
    pub now: u64,
    /// How long reading one fact may take.
    pub limit: Duration,
}

/// The facts about one host. Cheap to clone.
#[derive(Clone)]
pub struct Facts(Arc<Inner>);

struct Inner {
    host: Host,
    question: Question,
    guests: Kept<Guests>,
}

/// A fact that has been read, or not yet.
type Kept<T> = OnceLock<Result<T, NotKnown>>;

impl Facts {
    /// What can be known about `host`; nothing is read yet.
    pub fn new(host: Host, question: Question) -> Self {
        Facts(Arc::new(Inner {
            host,
            question,
            guests: Kept::new(),
        }))
    }

    /// The host itself.
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    /// What is asked.
    pub fn question(&self) -> &Question {
        &self.0.question
    }

    /// The release that the host's Xen is upgraded to, or else the one that is installed or runs.
    ///
    /// # Errors
    /// Neither is known.
    pub fn xen_release(&self) -> Result<Release, NotKnown> {
        self.target("xen")
            .ok_or_else(|| NotKnown::new("Xen's release", "no target was given"))
    }

    /// The release of Xen before the upgrade.
    ///
    /// # Errors
    /// It is not known.
    pub fn xen_before(&self) -> Result<Release, NotKnown> {
        let before = self.question().from;
        before.ok_or_else(|| NotKnown::new("Xen's release before", "it was not given"))
    }

    /// The release that `of` (`xen`, `debian`) is upgraded to, if that was asked.
    pub fn target(&self, of: &str) -> Option<Release> {
        let mut targets = self.question().targets.iter();
        targets
            .find(|target| target.of == of)
            .map(|target| target.release)
    }

    /// The configurations of guests.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn guests(&self) -> Result<&Guests, NotKnown> {
        self.known(&self.0.guests, "guests", guests::read)
    }

    /// The fact in `kept`, which `probe` reads unless it has been read before.
    fn known<'f, T: Send + 'static>(
        &'f self,
        kept: &'f Kept<T>,
        fact: &'static str,
        probe: fn(&Facts) -> Result<T>,
    ) -> Result<&'f T, NotKnown> {
        let read = || self.read_in_time(fact, probe);
        kept.get_or_init(read).as_ref().map_err(NotKnown::clone)
    }

    /// What `probe` reads, unless that takes too long. Its thread is left behind then: it ends with the program.
    fn read_in_time<T: Send + 'static>(
        &self,
        fact: &'static str,
        probe: fn(&Facts) -> Result<T>,
    ) -> Result<T, NotKnown> {
        let limit = self.question().limit;
        let (sender, receiver) = channel();
        let facts = self.clone();
        let spawned = thread::Builder::new().spawn(move || sender.send(probe(&facts)));
        spawned
            .map_err(|cause| NotKnown::new(fact, format!("no thread could be started: {cause}")))?;
        match receiver.recv_timeout(limit) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(NotKnown::new(fact, error.to_string())),
            Err(RecvTimeoutError::Timeout) => {
                let seconds = limit.as_secs();
                Err(NotKnown::new(
                    fact,
                    format!("it took longer than {seconds} s"),
                ))
            }
            Err(RecvTimeoutError::Disconnected) => Err(NotKnown::new(fact, "reading it failed")),
        }
    }
}
