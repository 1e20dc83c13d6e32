//! Guests of libvirt: `/etc/libvirt/{qemu,libxl}/*.xml`, `autostart` beside them, and the status files of those that run
//! (`/run/libvirt/{qemu,libxl}/NAME.xml`, virDomainObjSave).

use std::collections::BTreeMap;
use std::path::Path;

use error::{Error, Result};
use host::Host;
use vmconfig::TEXT;

use crate::configuration::{Configuration, names, of_libvirt};
use crate::source::{guest, on_qemu};
use crate::{Guest, Inventory, State, Toolstack};

/// libvirt's drivers: the name of their directories.
const DRIVERS: [(&str, Toolstack); 2] = [
    ("qemu", Toolstack::LibvirtQemu),
    ("libxl", Toolstack::LibvirtXen),
];

/// Adds what is configured and what runs.
pub(crate) fn read(host: &Host, inventory: &mut Inventory) {
    for (driver, toolstack) in DRIVERS {
        let first = inventory.guests.len();
        configured(host, driver, toolstack, inventory);
        if !host.is_live() {
            continue;
        }
        match states(host, driver) {
            Ok(states) => running(states, toolstack, first, inventory),
            Err(error) => {
                for guest in inventory.guests.iter_mut().skip(first) {
                    guest.state = State::NotKnown;
                }
                inventory.errors.push(error);
            }
        }
    }
}

fn configured(host: &Host, driver: &str, toolstack: Toolstack, inventory: &mut Inventory) {
    for Configuration { file, autostart } in inventory.kept(of_libvirt(host.files(), driver)) {
        match guest(host, file, toolstack, vmconfig::libvirt::read) {
            Ok(mut guest) => {
                guest.kind = kind(&guest, toolstack);
                guest.autostart = autostart.is_some();
                inventory.guests.push(guest);
            }
            Err(error) => inventory.errors.push(error),
        }
    }
    let auto = Path::new("/etc/libvirt").join(driver).join("autostart");
    for name in inventory.kept(names(host.files(), &auto, "xml")) {
        let path = auto.join(&name);
        if inventory.kept(host.files().status(&path).map(Some)) == Some(None) {
            let error = Error::corrupt("it leads nowhere, the guest does not start with the host");
            inventory.errors.push(error.at(path.display()));
        }
    }
}

/// What the guest is to its hypervisor.
fn kind(guest: &Guest, toolstack: Toolstack) -> Option<String> {
    if toolstack == Toolstack::LibvirtQemu {
        return Some(on_qemu(guest).to_owned());
    }
    let kind = guest.vm.as_ref()?.kind.as_ref()?;
    Some(kind.value.name().to_owned())
}

/// The state of every guest that runs, by name.
fn states(host: &Host, driver: &str) -> Result<BTreeMap<String, String>> {
    let directory = Path::new("/run/libvirt").join(driver);
    let mut states = BTreeMap::new();
    for name in names(host.files(), &directory, "xml")? {
        let path = directory.join(&name);
        // One that has ended since it was listed does not run.
        let Some(bytes) = host.files().read_within(&path, TEXT as u64)? else {
            continue;
        };
        let stem = Path::new(&name).file_stem().unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        if let Some(state) = status(&text) {
            states.insert(stem.to_string_lossy().into_owned(), state.to_owned());
        }
    }
    Ok(states)
}

/// The state in a status file: `<domstatus state='running' …`. Other files of libvirt are there too.
fn status(text: &str) -> Option<&str> {
    let (_, behind) = text.split_once("<domstatus ")?;
    let (tag, _) = behind.split_once('>')?;
    let (_, value) = tag.split_once("state=")?;
    let quote = value.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    value.split(quote).nth(1)
}

fn running(
    states: BTreeMap<String, String>,
    toolstack: Toolstack,
    first: usize,
    all: &mut Inventory,
) {
    for (name, state) in states {
        let mut guests = all.guests.iter_mut().skip(first);
        if let Some(guest) = guests.find(|it| it.name.as_deref() == Some(&name)) {
            guest.state = State::Active(state);
            continue;
        }
        let mut guest = Guest::unconfigured(&name, toolstack);
        guest.state = State::Active(state);
        all.guests.push(guest);
    }
}
