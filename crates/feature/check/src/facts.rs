//! What can be known about a host.
//!
//! Each fact is read when it is first asked for, in a thread of its own, and kept. One that takes too long (a file
//! system that hangs, a tool that waits) or cannot be read is [`NotKnown`] to all that ask; the others are not
//! affected.

mod affinity;
mod boot;
mod bridges;
mod certificates;
mod demand;
mod domains;
mod emulators;
mod gaps;
mod guests;
mod image;
mod kernels;
mod keys;
mod mend;
mod mounts;
mod packages;
mod paths;
mod running;
mod services;
mod settings;
mod shown;
mod space;
mod srat;
mod system;
mod topology;
mod xapi;
mod xen;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use error::Result;
use host::Host;
use vmconfig::xen::Release;

pub(crate) use affinity::{depends_on_order, words};
pub(crate) use boot::{xen_entry, xen_image};
pub use certificates::{Certificates, Content, Purpose, Used};
pub use demand::Demand;
pub use domains::{Domain, Domains};
use gaps::Gaps;
pub use guests::{Guest, Guests};
pub(crate) use image::Compression;
pub use kernels::{Kernel, Kernels};
pub(crate) use keys::Key;
pub use services::Services;
pub use settings::{Installed, Present};
pub(crate) use settings::{place, place_of};
pub use shown::{AllShown, Shown};
pub use space::{Space, Spaces};
pub use xapi::Xapi;
pub use xen::{XEN_BEFORE, XEN_RELEASE, Xen};

use crate::release::Target;
use crate::tls::Server;

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
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The release of Xen before the upgrade, if it is not the one that runs or is installed.
    pub from: Option<Release>,
    /// What the host is to become.
    pub targets: Vec<Target>,
    /// Configurations of guests to look at beside the host's own: paths of the host.
    pub guests: Vec<PathBuf>,
    /// Servers whose certificates to look at.
    pub tls: Vec<Server>,
    /// The time to judge by, in seconds since 1970.
    pub now: u64,
    /// How long reading one fact may take.
    pub limit: Duration,
}

/// The facts about one host. Cheap to clone. Each kind of fact is a file with a type, a function that reads it, and a
/// method here that asks for it.
#[derive(Clone)]
pub struct Facts {
    inner: Arc<Inner>,
    /// What is missing from facts that were asked for.
    gaps: Gaps,
}

struct Inner {
    host: Host,
    question: Question,
    kept: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

/// A fact that has been read, or not yet.
type Kept<T> = OnceLock<Result<Read<T>, NotKnown>>;

/// A fact, and what is missing from it.
struct Read<T> {
    value: Arc<T>,
    gaps: Vec<NotKnown>,
}

impl Facts {
    /// What can be known about `host`; nothing is read yet.
    pub fn new(host: Host, question: Question) -> Self {
        let kept = Mutex::default();
        let inner = Inner {
            host,
            question,
            kept,
        };
        Facts {
            inner: Arc::new(inner),
            gaps: Gaps::default(),
        }
    }

    /// The host itself.
    pub fn host(&self) -> &Host {
        &self.inner.host
    }

    /// What is asked.
    pub fn question(&self) -> &Question {
        &self.inner.question
    }

    /// The release that `of` (`xen`, `debian`) is upgraded to, if that was asked.
    pub fn target(&self, of: &str) -> Option<Release> {
        let mut targets = self.question().targets.iter();
        targets
            .find(|target| target.of == of)
            .map(|target| target.release)
    }

    /// The fact of type `T`, called `name` in texts, which `probe` reads unless it has been read before. What `probe`
    /// missed is missing to the asker.
    ///
    /// # Errors
    /// `probe` fails, or takes too long.
    fn known<T: Send + Sync + 'static>(
        &self,
        name: &'static str,
        probe: fn(&Facts) -> Result<T>,
    ) -> Result<Arc<T>, NotKnown> {
        let kept = self.kept::<T>();
        let read = kept.get_or_init(|| self.read_in_time(name, probe));
        let read = read.as_ref().map_err(NotKnown::clone)?;
        for gap in &read.gaps {
            self.miss(gap.clone());
        }
        Ok(read.value.clone())
    }

    fn kept<T: Send + Sync + 'static>(&self) -> Arc<Kept<T>> {
        let mut all = self
            .inner
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let kept = all.entry(TypeId::of::<T>());
        let kept = kept.or_insert_with(|| Arc::new(Kept::<T>::new())).clone();
        // The key is the type.
        kept.downcast().unwrap_or_default()
    }

    /// What `probe` reads, unless that takes too long. Its thread is left behind then: it ends with the program.
    fn read_in_time<T: Send + Sync + 'static>(
        &self,
        name: &'static str,
        probe: fn(&Facts) -> Result<T>,
    ) -> Result<Read<T>, NotKnown> {
        let limit = self.question().limit;
        let (sender, receiver) = channel();
        let facts = self.apart();
        let spawned = thread::Builder::new().spawn(move || {
            let read = probe(&facts).map(|value| Read {
                value: Arc::new(value),
                gaps: facts.gaps.all(),
            });
            sender.send(read)
        });
        spawned
            .map_err(|cause| NotKnown::new(name, format!("no thread could be started: {cause}")))?;
        match receiver.recv_timeout(limit) {
            Ok(Ok(read)) => Ok(read),
            Ok(Err(error)) => Err(NotKnown::new(name, error.to_string())),
            Err(RecvTimeoutError::Timeout) => {
                let seconds = limit.as_secs();
                Err(NotKnown::new(
                    name,
                    format!("reading it took longer than {seconds} s"),
                ))
            }
            Err(RecvTimeoutError::Disconnected) => Err(NotKnown::new(name, "reading it failed")),
        }
    }
}
