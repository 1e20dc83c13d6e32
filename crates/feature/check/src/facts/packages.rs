//! What is installed.

use std::path::Path;
use std::sync::Arc;

use packages::{Package, Packages};
use vmconfig::xen::Release;

use super::{Facts, NotKnown};
use crate::release::release_of;

/// Packages that hold Xen's tools, by the beginnings of their names: Alpine's and SUSE's, Debian's, Fedora's, XCP-ng's.
const TOOLS: [&str; 5] = [
    "xen",
    "xen-utils-4",
    "xen-tools",
    "xen-runtime",
    "xen-dom0-tools",
];

/// Packages that hold the hypervisor.
const HYPERVISOR: [&str; 2] = ["xen-hypervisor", "xen-hypervisor-4"];

impl Facts {
    /// The packages of the host; `None` where it has no package database that is known.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn packages(&self) -> Result<Arc<Option<Packages>>, NotKnown> {
        self.known("packages", |facts| Packages::read(facts.host()))
    }

    /// Whether a package owns `path`, or what it links to; `None` where no package database is known.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn is_owned(&self, path: &Path) -> Result<Option<bool>, NotKnown> {
        let packages = self.packages()?;
        let Some(packages) = packages.as_ref() else {
            return Ok(None);
        };
        let not_known = |error: error::Error| NotKnown::new("packages", error.to_string());
        if packages.owner_of(path).map_err(not_known)?.is_some() {
            return Ok(Some(true));
        }
        let real = self.host().files().canonical(path).map_err(not_known)?;
        let Some(real) = real.filter(|real| real != path) else {
            return Ok(Some(false));
        };
        Ok(Some(packages.owner_of(real).map_err(not_known)?.is_some()))
    }

    /// The release of Xen's tools that are installed.
    ///
    /// # Errors
    /// The packages cannot be read.
    pub fn installed_tools(&self) -> Result<Option<Release>, NotKnown> {
        match self.newest(&TOOLS)? {
            // Debian upgrades what all releases share even where those of a release stay behind.
            None => self.newest(&["xen-utils-common"]),
            release => Ok(release),
        }
    }

    /// The release of the hypervisor that is installed.
    ///
    /// # Errors
    /// The packages cannot be read.
    pub fn installed_hypervisor(&self) -> Result<Option<Release>, NotKnown> {
        match self.newest(&HYPERVISOR)? {
            None => self.newest(&["xen-hypervisor-common"]),
            release => Ok(release),
        }
    }

    fn newest(&self, names: &[&str]) -> Result<Option<Release>, NotKnown> {
        let packages = self.packages()?;
        let Some(packages) = packages.as_ref() else {
            return Ok(None);
        };
        let named = |package: &&Package| names.iter().any(|name| is_called(&package.name, name));
        let installed = packages
            .all()
            .iter()
            .filter(named)
            .filter(|package| package.is_installed());
        Ok(installed
            .filter_map(|package| release_of(&package.version))
            .max())
    }
}

/// Whether a package is called `name`, or begins with it where that ends with Xen's first number.
fn is_called(package: &str, name: &str) -> bool {
    package == name || (name.ends_with("-4") && package.starts_with(name))
}
