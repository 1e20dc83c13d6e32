//! The Xen that runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use error::{Error, Result};
use exec::Tool;
use host::Hypervisor;
use vmconfig::xen::Release;

use super::{Facts, NotKnown};
use crate::release::release_of;

/// What the release of Xen is called among facts.
pub const XEN_RELEASE: &str = "Xen's release";

/// The same before the upgrade.
pub const XEN_BEFORE: &str = "Xen's release before the upgrade";

/// What runs, by Xen's own words.
#[derive(Debug)]
pub struct Xen {
    /// What `xl info` prints, by name; empty where that cannot be asked.
    pub info: BTreeMap<String, String>,
    /// Its release.
    pub release: Release,
    /// The options that it was started with, if they are known.
    pub options: Option<String>,
}

impl Xen {
    /// A number that `xl info` prints: `free_memory` and `total_memory` in MiB, `nr_cpus`.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.info.get(name)?.parse().ok()
    }
}

impl Facts {
    /// The Xen that runs; `None` where the host does not run Xen now.
    ///
    /// # Errors
    /// The host is a directory, or it cannot be told.
    pub fn running_xen(&self) -> Result<Arc<Option<Xen>>, NotKnown> {
        self.known("the running Xen", running)
    }

    /// Whether it can be asked if the host runs Xen: a directory runs nothing, unless a test gives it the tools.
    pub(crate) fn can_run_xen(&self) -> bool {
        let host = self.host();
        host.is_live() || matches!(host.tool("xl"), Ok(Some(_)))
    }

    /// The release that the host's Xen is upgraded to, or else the one that is installed, or else the one that runs.
    ///
    /// # Errors
    /// None of them is known.
    pub fn xen_release(&self) -> Result<Release, NotKnown> {
        if let Some(target) = self.target("xen") {
            return Ok(target);
        }
        self.xen_now()
    }

    /// The release of Xen before the upgrade: as it was told, or else the one that runs or is installed.
    ///
    /// # Errors
    /// It is not known.
    pub fn xen_before(&self) -> Result<Release, NotKnown> {
        if let Some(from) = self.question().from {
            return Ok(from);
        }
        let before = || {
            let running = if self.can_run_xen() {
                let xen = self.running_xen()?;
                xen.as_ref().as_ref().map(|xen| xen.release)
            } else {
                None
            };
            running.map_or_else(|| self.xen_now(), Ok)
        };
        before().map_err(|not_known| NotKnown::new(XEN_BEFORE, not_known.reason))
    }

    /// The release that is installed, or else runs.
    fn xen_now(&self) -> Result<Release, NotKnown> {
        if let Some(installed) = self.installed_hypervisor()?.or(self.installed_tools()?) {
            return Ok(installed);
        }
        let not_known = |reason: &str| NotKnown::new(XEN_RELEASE, reason);
        let running = self.running_xen();
        let running = running
            .map_err(|_| not_known("no package of Xen is installed, and Xen does not run here"))?;
        let release = running.as_ref().as_ref().map(|xen| xen.release);
        release.ok_or_else(|| not_known("no package of Xen is installed"))
    }
}

fn running(facts: &Facts) -> Result<Option<Xen>> {
    let host = facts.host();
    match host.hypervisor() {
        Ok(Hypervisor::XenDom0) => {}
        Ok(_) => return Ok(None),
        // A host that does not run has tools all the same where a test gives them.
        Err(_) if matches!(host.tool("xl"), Ok(Some(_))) => {}
        Err(error) => return Err(error),
    }
    let info = info(facts)?;
    let release = match info.get("xen_version") {
        Some(version) => release_of(version),
        None => None,
    };
    let release = release.ok_or_else(|| Error::corrupt("xl info names no xen_version"))?;
    let options = info.get("xen_commandline").cloned();
    Ok(Some(Xen {
        info,
        release,
        options,
    }))
}

/// What `xl info` prints: a name, a colon and a value in each line.
fn info(facts: &Facts) -> Result<BTreeMap<String, String>> {
    let tool = Tool::new("xl")
        .args(["info"])
        .time_limit(facts.question().limit);
    let output = tool.succeed(facts.host(), &exec::never)?;
    let pairs = output
        .text()?
        .lines()
        .filter_map(|line| line.split_once(':'));
    Ok(pairs
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect())
}
