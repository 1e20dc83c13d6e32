//! What the host is: its distribution, and whether it has Xen.

use std::path::Path;
use std::sync::Arc;

use error::{Position, Result};
use host::Distribution;
use vmconfig::xen::Release;

use super::{Facts, NotKnown};
use crate::finding::Place;
use crate::release::release_of;

/// What says which distribution it is.
const RELEASES: [&str; 3] = [
    "/etc/os-release",
    "/usr/lib/os-release",
    "/etc/xensource-inventory",
];

/// Whether Xen is installed.
struct HasXen(bool);

impl Facts {
    /// The distribution; `None` where no file names one.
    ///
    /// # Errors
    /// The file cannot be read, or makes no sense.
    pub fn distribution(&self) -> Result<Arc<Option<Distribution>>, NotKnown> {
        self.known("the distribution", |facts| {
            let mut any = false;
            for file in RELEASES {
                any |= facts.host().files().exists(file)?;
            }
            any.then(|| facts.host().distribution()).transpose()
        })
    }

    /// Whether this distribution's Xen, after the upgrade that is asked about, keeps memory for guests without dom0_mem:
    /// since 15 SP1 SUSE's gives dom0 a tenth and 1 GiB.
    ///
    /// # Errors
    /// The distribution is not known.
    pub fn keeps_memory_for_guests(&self) -> Result<bool, NotKnown> {
        let distribution = self.distribution()?;
        let Some(distribution) = distribution.as_ref() else {
            return Ok(false);
        };
        let id = distribution.id.as_str();
        let is_suse = ["sle", "sl-micro", "suse", "opensuse"];
        if !is_suse.iter().any(|start| id.starts_with(start)) {
            return Ok(false);
        }
        let version = distribution.version.as_deref();
        let release = self.target(id).or_else(|| version.and_then(release_of));
        // Leap 42 came before 15. MicroOS and Tumbleweed, whose versions are days, and SUSE's Micro are younger.
        let is_numbered = id.starts_with("sles") || id.starts_with("sled") || id == "opensuse-leap";
        let since = Release::new(15, 1)..Release::new(42, 0);
        Ok(!is_numbered || release.is_some_and(|release| since.contains(&release)))
    }

    /// Whether Xen is installed: xl, or a hypervisor to start.
    ///
    /// # Errors
    /// /boot cannot be listed.
    pub fn has_xen(&self) -> Result<bool, NotKnown> {
        let known = self.known("whether Xen is installed", |facts| {
            let names = facts.host().files().list("/boot")?.unwrap_or_default();
            let is_xen =
                |name: &str| name == "xen.gz" || name.starts_with("xen-") && name.contains('.');
            let hypervisor = names.iter().any(|name| is_xen(&name.to_string_lossy()));
            Ok(HasXen(hypervisor || facts.host().installed("xl").is_some()))
        })?;
        Ok(known.0)
    }

    /// The text of the file at `path`, with what is not UTF-8 replaced; `None` where there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn text(&self, path: impl AsRef<Path>) -> Result<Option<String>, NotKnown> {
        let bytes = self.host().files().read(path);
        let bytes = bytes.map_err(|error| NotKnown::new("files", error.to_string()))?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// The place of the first line that begins with one of `starts`, in the first of `files` that is there.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn line_with(&self, files: &[&str], starts: &[&str]) -> Result<Option<Place>, NotKnown> {
        for file in files {
            let Some(text) = self.text(file)? else {
                continue;
            };
            let is_it = |line: &str| starts.iter().any(|start| line.starts_with(start));
            let line = text.lines().position(is_it);
            return Ok(Some(line.map_or_else(
                || Place::file(file),
                |line| {
                    Place::at(
                        file,
                        Position {
                            line: line + 1,
                            column: 1,
                        },
                        0,
                    )
                },
            )));
        }
        Ok(None)
    }
}
