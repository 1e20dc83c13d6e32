//! What the host's configuration sets at boot: sysctl, modules, network interfaces.

use std::sync::Arc;

use error::Result;
use hostconfig::Place as Traced;
use hostconfig::bridges::interfaces_present;
use hostconfig::interfaces::Interfaces;
use hostconfig::modules::{Has, KernelModules, Modules};
use hostconfig::sysctl::{Reader, Sysctl};

use super::{Facts, NotKnown};
use crate::finding::Place;

/// The modules of the kernels that are installed.
#[derive(Debug, Default)]
pub struct Installed(Vec<KernelModules>);

impl Installed {
    /// Whether there is a kernel, and none has the module called `name`.
    pub fn lack(&self, name: &str) -> bool {
        !self.0.is_empty() && self.0.iter().all(|kernel| kernel.has(name) == Has::Nothing)
    }
}

/// The network interfaces that the host has; `None` where that cannot be seen.
#[derive(Debug)]
pub struct Present(pub Option<Vec<String>>);

impl Facts {
    /// What sysctl sets at boot.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn sysctl(&self) -> Result<Arc<Sysctl>, NotKnown> {
        self.known("sysctl", |facts| {
            let reader = facts
                .host()
                .init_system()
                .map_or(Reader::Procps, Reader::of);
            let sysctl = Sysctl::read(facts.host().files(), reader);
            first(sysctl.errors.first()).map(|()| sysctl)
        })
    }

    /// Which modules are loaded at boot.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn modules(&self) -> Result<Arc<Modules>, NotKnown> {
        self.known("modules", |facts| {
            let modules = Modules::read(facts.host().files());
            first(modules.errors.first()).map(|()| modules)
        })
    }

    /// Which modules the kernels have that are installed.
    ///
    /// # Errors
    /// The directories of modules cannot be listed. A kernel whose tables are not there counts as none.
    pub fn installed_modules(&self) -> Result<Arc<Installed>, NotKnown> {
        self.known("the kernels' modules", |facts| {
            let files = facts.host().files();
            let versions = KernelModules::versions(files)?;
            let read = versions
                .iter()
                .filter_map(|version| KernelModules::read(files, version).ok());
            Ok(Installed(read.collect()))
        })
    }

    /// The interfaces of /etc/network/interfaces.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn interfaces(&self) -> Result<Arc<Interfaces>, NotKnown> {
        self.known("/etc/network/interfaces", |facts| {
            let interfaces = Interfaces::read(facts.host().files());
            first(interfaces.errors.first()).map(|()| interfaces)
        })
    }

    /// The network interfaces that the host has.
    ///
    /// # Errors
    /// /sys/class/net cannot be listed.
    pub fn interfaces_present(&self) -> Result<Arc<Present>, NotKnown> {
        self.known("network interfaces", |facts| {
            interfaces_present(facts.host().files()).map(Present)
        })
    }
}

fn first(error: Option<&error::Error>) -> Result<()> {
    error.map_or(Ok(()), |error| Err(error.clone()))
}

/// The place of `length` characters from one that a reader of configurations gives.
pub(crate) fn place(traced: &Traced, length: usize) -> Place {
    Place::at(&traced.file, traced.position, length)
}

/// The place of a text that a reader of configurations gives.
pub(crate) fn place_of(text: &hostconfig::Traced) -> Option<Place> {
    let length = text.as_str().chars().count();
    text.place().map(|traced| place(traced, length))
}
