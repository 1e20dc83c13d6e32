//! The bridges of the host.

use std::sync::Arc;

use hostconfig::bridges::{Bridges, interfaces_present};
use vmconfig::xl;

use super::{Facts, NotKnown};

impl Facts {
    /// The bridges that the host's files define.
    ///
    /// # Errors
    /// Reading them takes too long.
    pub fn bridges(&self) -> Result<Arc<Bridges>, NotKnown> {
        self.known("bridges", |facts| Ok(Bridges::read(facts.host().files())))
    }

    /// Whether the host has a bridge called `name`: one that its files define, or that is there now.
    ///
    /// # Errors
    /// It cannot be told: no file defines a bridge, or there may be others than those found.
    pub fn bridge(&self, name: &str) -> Result<bool, NotKnown> {
        let bridges = self.bridges()?;
        let unknown = |reason: String| NotKnown::new("bridges", reason);
        let present = interfaces_present(self.host().files());
        let present = present
            .map_err(|error| unknown(error.to_string()))?
            .unwrap_or_default();
        if bridges.get(name).is_some() || present.iter().any(|present| present == name) {
            return Ok(true);
        }
        if let Some(doubt) = bridges.doubts.first() {
            return Err(unknown(doubt.to_string()));
        }
        if let Some(error) = bridges.errors.first() {
            return Err(unknown(error.to_string()));
        }
        if bridges.found.is_empty() && !self.host().is_live() {
            return Err(unknown("no file of the host defines one".to_owned()));
        }
        Ok(false)
    }

    /// Whether /etc/xen/xl.conf names a script for network cards, in the place of vif-bridge.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn default_script(&self) -> Result<bool, NotKnown> {
        let text = self.text("/etc/xen/xl.conf")?.unwrap_or_default();
        let config =
            xl::parse(&text).map_err(|error| NotKnown::new("xl.conf", error.to_string()))?;
        let names = [
            "vif.default.script",
            "vif.default.bridge",
            "vifscript",
            "defaultbridge",
        ];
        Ok(names.iter().any(|name| config.get(name).is_some()))
    }
}
