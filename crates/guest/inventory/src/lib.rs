//! The guests that a host knows: those that run, those that are configured, those that start with it.
//!
//! Each source is optional. One that is not there has no guests; one that cannot be read is an error in
//! [`Inventory::errors`], and what it would have told is [`State::NotKnown`], never "off".
//!
//! ```text
//! configured   /etc/xen/*.cfg, auto/      ─┐
//!              /etc/libvirt/{qemu,libxl}/  ├─ guests ─┐
//!              /etc/pve/qemu-server/      ─┘          │
//! running      xl list                    ─┐          ├─ by name and toolstack ─► Inventory
//!              /run/libvirt/*/*.xml        ├─ states ─┘
//!              /run/qemu-server/*.pid     ─┘
//! ```

mod configuration;
mod libvirt;
mod proxmox;
mod source;
mod xl;

use std::path::PathBuf;

use error::Error;
use host::Host;
use vmconfig::Vm;

pub use configuration::{Configuration, of_libvirt, of_xl};
pub use xl::{Domain, domains};

/// What starts and stops a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Toolstack {
    /// Xen's own.
    Xl,
    /// libvirt, on Xen.
    LibvirtXen,
    /// libvirt, on QEMU and KVM.
    LibvirtQemu,
    /// Proxmox VE.
    Proxmox,
}

impl Toolstack {
    /// In a word, for text and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Toolstack::Xl => "xl",
            Toolstack::LibvirtXen => "libvirt-xen",
            Toolstack::LibvirtQemu => "libvirt-qemu",
            Toolstack::Proxmox => "proxmox",
        }
    }
}

/// Whether a guest runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It runs, or is paused or shutting down: in its toolstack's word.
    Active(String),
    /// It does not.
    Off,
    /// That cannot be told: the host does not run, or the source that would tell cannot be read.
    NotKnown,
}

impl State {
    /// In a word, for text and JSON.
    pub fn name(&self) -> &str {
        match self {
            State::Active(word) => word,
            State::Off => "off",
            State::NotKnown => "not known",
        }
    }
}

/// A guest of a host.
#[derive(Clone, Debug)]
pub struct Guest {
    /// What it is called; `None` for a configuration that does not say.
    pub name: Option<String>,
    /// What starts and stops it.
    pub toolstack: Toolstack,
    /// What kind of machine it is: `hvm`, `pv`, `pvh` on Xen, `kvm`, `qemu`.
    pub kind: Option<String>,
    /// Its virtual CPUs: those it runs with, or else those it starts with.
    pub vcpus: Option<u32>,
    /// Its memory in bytes: what it has now, or else what it starts with.
    pub memory: Option<u64>,
    /// Whether it runs.
    pub state: State,
    /// Its number while it runs: Xen's domain, Proxmox's VMID.
    pub id: Option<u32>,
    /// Whether it starts with the host.
    pub autostart: bool,
    /// Its configuration, as the host calls the file; `None` for a guest that runs without one that was found.
    pub file: Option<PathBuf>,
    /// What its configuration says.
    pub vm: Option<Vm>,
}

impl Guest {
    /// A guest that runs without a configuration that was found.
    fn unconfigured(name: &str, toolstack: Toolstack) -> Self {
        Guest {
            name: Some(name.to_owned()),
            toolstack,
            kind: None,
            vcpus: None,
            memory: None,
            state: State::NotKnown,
            id: None,
            autostart: false,
            file: None,
            vm: None,
        }
    }
}

/// The guests of a host.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Every guest, by name. Two configurations of one name are two guests here.
    pub guests: Vec<Guest>,
    /// What could not be read: with the place.
    pub errors: Vec<Error>,
}

impl Inventory {
    /// Reads what there is on `host`. Tools are run on the running system only; `cancelled` ends them.
    pub fn read(host: &Host, cancelled: &dyn Fn() -> bool) -> Self {
        let mut inventory = Inventory::default();
        xl::configured(host, &mut inventory);
        libvirt::read(host, &mut inventory);
        proxmox::read(host, &mut inventory);
        xl::states(host, cancelled, &mut inventory);
        let key = |guest: &Guest| (guest.name.clone(), guest.toolstack, guest.file.clone());
        inventory.guests.sort_by_key(key);
        inventory
    }
}

#[cfg(test)]
mod tests;
