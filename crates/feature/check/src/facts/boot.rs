//! What the host boots.

use std::sync::Arc;

use bootconfig::{Boot, Configurations, Entry, Image, Loader};
use error::Result;
use hostconfig::cmdline::{CommandLine, Parameter};
use hostconfig::defaults::{GrubDefaults, UpdateExtlinux};

use super::{Facts, NotKnown};
use crate::finding::Place;

/// What it is called among facts.
const FACT: &str = "the boot configuration";

impl Facts {
    /// The configurations of boot loaders. One that cannot be read is missing.
    ///
    /// # Errors
    /// The only one that is there cannot be read.
    pub fn boot(&self) -> Result<Arc<Configurations>, NotKnown> {
        self.known(FACT, read)
    }

    /// The options that Xen is started with in the entry by which it is, and behind them those that the files have
    /// which the menu is made from. Empty where nothing starts Xen.
    ///
    /// # Errors
    /// The boot configuration cannot be read.
    pub fn xen_options(&self) -> Result<Vec<CommandLine>, NotKnown> {
        let boot = self.boot()?;
        let Some(main) = boot.main() else {
            return Ok(Vec::new());
        };
        let image = xen_image(main).map(|image| image.options.clone());
        let source = image.is_some().then(|| self.xen_source(main)).flatten();
        Ok(image.into_iter().chain(source).collect())
    }

    /// The options of Xen in the files that a menu is made from.
    pub(crate) fn xen_source(&self, boot: &Boot) -> Option<CommandLine> {
        let files = self.host().files();
        match boot.loader {
            Loader::Grub => Some(GrubDefaults::read(files).xen()),
            Loader::Syslinux => Some(UpdateExtlinux::read(files).xen()),
            Loader::XenEfi => None,
        }
    }

    /// Whether the host is a XenServer or an XCP-ng.
    ///
    /// # Errors
    /// Its files cannot be read.
    pub fn is_xenserver(&self) -> Result<bool, NotKnown> {
        self.has("/etc/xensource-inventory".as_ref())
    }

    /// Whether Xen matters here: the host has Xen's tools, its hypervisor or guests of xl, or is asked about it.
    ///
    /// # Errors
    /// Its files cannot be read, and nothing else shows Xen.
    pub fn concerns_xen(&self) -> Result<bool, NotKnown> {
        let installed = self.known("Xen", |facts| {
            let files = facts.host().files();
            let names = files.list("/boot")?.unwrap_or_default();
            let hypervisor = names
                .iter()
                .any(|name| is_hypervisor(&name.to_string_lossy()));
            let asked = facts.target("xen").is_some();
            let tools = facts.host().installed("xl").is_some();
            Ok(ConcernsXen(asked || hypervisor || tools))
        });
        Ok(installed?.0 || self.runs_xen()? || self.has_xl_guests()?)
    }

    /// Whether Xen runs, which a directory cannot do.
    fn runs_xen(&self) -> Result<bool, NotKnown> {
        Ok(self.can_run_xen() && self.running_xen()?.is_some())
    }

    /// Whether there is a guest of xl. That guests are missing matters only if there is no other.
    fn has_xl_guests(&self) -> Result<bool, NotKnown> {
        let facts = self.apart();
        if facts.guests()?.xl.is_empty() {
            facts.whole().map(|()| false)
        } else {
            Ok(true)
        }
    }
}

/// Whether Xen matters to a host.
struct ConcernsXen(bool);

/// Whether a file in /boot is called as Xen is.
fn is_hypervisor(name: &str) -> bool {
    name.starts_with("xen") && (name.ends_with(".gz") || name.ends_with(".efi"))
}

fn read(facts: &Facts) -> Result<Configurations> {
    let mut all = bootconfig::read(facts.host().files());
    if all.found.is_empty()
        && let Some(error) = all.errors.pop()
    {
        return Err(error);
    }
    for error in &all.errors {
        facts.miss(NotKnown::new(FACT, error.to_string()));
    }
    Ok(all)
}

/// The entry by which Xen is started: the default one, or else the first that does.
pub(crate) fn xen_entry(boot: &Boot) -> Option<&Entry> {
    let default = boot.default_entry().ok().filter(|entry| entry.starts_xen());
    default.or_else(|| boot.with_xen().next())
}

/// Xen and its options, in the entry by which it is started.
pub(crate) fn xen_image(boot: &Boot) -> Option<&Image> {
    xen_entry(boot)?.hypervisor.as_ref()
}

impl Place {
    /// `length` characters from a place of a host's configuration.
    pub(crate) fn of(place: &hostconfig::Place, length: usize) -> Self {
        Place::at(&place.file, place.position, length)
    }

    /// The command that loads an image: its whole line from there on.
    pub(crate) fn of_image(image: &Image) -> Self {
        Place::of(&image.place, 0)
    }

    /// A word of a command line.
    pub(crate) fn of_parameter(parameter: &Parameter) -> Option<Self> {
        let value = parameter
            .value
            .as_ref()
            .map_or(0, |value| 1 + value.as_str().chars().count());
        let length = parameter.name.as_str().chars().count() + value;
        Some(Place::of(parameter.name.place()?, length))
    }
}
