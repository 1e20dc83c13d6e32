//! The bridges that a host's files define, whoever sets them up, and the interfaces that it has.

mod ini;
mod interfaces;
mod named;
mod netplan;
mod scripts;

use std::collections::BTreeMap;

use error::{Error, Result};
use host::Files;

use crate::drop_ins::list;
use crate::interfaces::Interfaces;
use crate::traced::{Traced, Unknown};

/// A bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// Its name, and where it is defined.
    pub name: Traced,
    /// The interfaces that are put into it, each where that is said.
    pub ports: Vec<Traced>,
    /// Why there may be other ports: they are those that match an expression, or `all`.
    pub doubt: Option<Unknown>,
    /// Who sets it up.
    pub by: Program,
}

/// A program that sets up bridges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    /// ifupdown and its successors: /etc/network/interfaces.
    Ifupdown,
    /// The scripts of Red Hat and SUSE: ifcfg-*.
    Ifcfg,
    /// netplan.
    Netplan,
    /// systemd-networkd.
    Networkd,
    /// NetworkManager.
    NetworkManager,
    /// libvirt's networks.
    Libvirt,
    /// XAPI, of XenServer and XCP-ng: its database names bridges, not their ports.
    Xapi,
}

/// The bridges that are defined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bridges {
    /// All that were found.
    pub found: Vec<Bridge>,
    /// Why there may be more: files that are there and not understood.
    pub doubts: Vec<Unknown>,
    /// Files that cannot be read.
    pub errors: Vec<Error>,
    /// The number of each in `found`.
    known: BTreeMap<(Program, String), usize>,
}

impl Bridges {
    /// Reads all of the host's files that define bridges.
    pub fn read(files: &Files) -> Self {
        let mut bridges = Bridges::default();
        let interfaces = Interfaces::read(files);
        interfaces::add(&mut bridges, &interfaces);
        bridges.doubts.extend(interfaces.doubts);
        bridges.errors.extend(interfaces.errors);
        scripts::add(&mut bridges, files);
        netplan::add(&mut bridges, files);
        ini::add_networkd(&mut bridges, files);
        ini::add_network_manager(&mut bridges, files);
        named::add(&mut bridges, files);
        bridges
    }

    /// The bridge with this name.
    pub fn get(&self, name: &str) -> Option<&Bridge> {
        self.found.iter().find(|bridge| bridge.name == name)
    }

    /// Whether a bridge that is not among those found may exist all the same.
    pub fn may_have_more(&self) -> bool {
        !self.doubts.is_empty() || !self.errors.is_empty()
    }

    fn doubt(&mut self, why: impl Into<String>) {
        Unknown::new(why).add_to(&mut self.doubts);
    }

    /// The bridge with this name of a program; a new one where there is none yet.
    fn of(&mut self, name: Traced, by: Program) -> &mut Bridge {
        let key = (by, name.as_str().to_owned());
        let at = *self.known.entry(key).or_insert(self.found.len());
        if at == self.found.len() {
            self.found.push(Bridge {
                name,
                ports: Vec::new(),
                doubt: None,
                by,
            });
        }
        &mut self.found[at]
    }
}

/// The network interfaces that the host has now (/sys/class/net), sorted; `None` where that cannot be seen, as under
/// most copies of a host's files.
///
/// # Errors
/// [`error::Kind::Io`] when the directory is there and cannot be listed.
pub fn interfaces_present(files: &Files) -> Result<Option<Vec<String>>> {
    let names = list(files, "/sys/class/net")?;
    // An empty directory is not sysfs.
    Ok((!names.is_empty()).then_some(names))
}

#[cfg(test)]
mod tests;
