//! A real Xen with dom0, xl, LVM and guests inside QEMU, for acceptance tests on any machine.
//!
//! [`Testbed::open`] makes what takes long, once: dom0's disk out of Debian's packages and the images of a
//! small guest. [`Testbed::run`] boots one or two hosts for a [`Scenario`], a shell script, and brings back
//! what came of it; [`Testbed::shell`] gives a person the same machine and a prompt. What runs inside lies
//! in the checkout's `tools/testbed/`.

mod because;
mod cpio;
mod dom0;
mod guest;
mod host;
mod initrd;
mod kept;
mod run;
mod scenario;
mod watch;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use error::Result;
use testkit::shell::file_error;

use dom0::Dom0;
pub use run::Outcome;
pub use scenario::{Disk, Scenario};

/// Everything that stays between two runs.
pub struct Testbed {
    /// The checkout's `tools/testbed/`: what runs inside.
    source: PathBuf,
    /// What was made, and the last run of each scenario.
    store: PathBuf,
    dom0: Dom0,
    /// A disk with the guest's images, for dom0 to read.
    images: PathBuf,
    /// Held shared, so that nobody makes the parts anew below a running host.
    _lock: File,
}

impl Testbed {
    /// The testbed whose scripts lie in `source`, with its parts in `store`; what is missing there or was made
    /// from something else is made first, which takes minutes and, for dom0, root.
    ///
    /// # Errors
    /// A program that makes a part is missing or fails; what it said is among the causes.
    pub fn open(source: &Path, store: &Path) -> Result<Testbed> {
        fs::create_dir_all(store).map_err(file_error(store))?;
        let path = store.join("lock");
        let lock = File::create(&path).map_err(file_error(&path))?;
        lock.lock_shared().map_err(file_error(&path))?;
        let dom0 = dom0::kept(store);
        let images = guest::kept(store, source, &dom0)?;
        if !dom0.is_there() || !images.is_there() {
            lock.unlock().map_err(file_error(&path))?;
            lock.lock().map_err(file_error(&path))?;
            dom0.make(Dom0::make)?;
            images.make(|dir| guest::make(dir, source, &Dom0::new(dom0.path())))?;
            lock.unlock().map_err(file_error(&path))?;
            lock.lock_shared().map_err(file_error(&path))?;
        }
        Ok(Testbed {
            source: source.to_owned(),
            store: store.to_owned(),
            dom0: Dom0::new(dom0.path()),
            images: images.path().join(guest::DISK),
            _lock: lock,
        })
    }
}
