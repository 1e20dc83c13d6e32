//! Guests of Proxmox VE: `/etc/pve/qemu-server/VMID.conf`, and `/run/qemu-server/VMID.pid` while they run.

use std::path::Path;

use error::Result;
use host::Host;
use vmconfig::TEXT;

use crate::configuration::names;
use crate::source::{guest, on_qemu};
use crate::{Inventory, State, Toolstack};

const CONFIGS: &str = "/etc/pve/qemu-server";
const RUNNING: &str = "/run/qemu-server";

/// Adds what is configured, and whether it runs.
pub(crate) fn read(host: &Host, inventory: &mut Inventory) {
    for name in inventory.kept(names(host.files(), Path::new(CONFIGS), "conf")) {
        let path = Path::new(CONFIGS).join(&name);
        let read = guest(
            host,
            path.clone(),
            Toolstack::Proxmox,
            vmconfig::proxmox::read,
        );
        let mut guest = match read {
            Ok(guest) => guest,
            Err(error) => {
                inventory.errors.push(error);
                continue;
            }
        };
        let stem = Path::new(&name).file_stem().and_then(|stem| stem.to_str());
        guest.id = stem.and_then(|stem| stem.parse().ok());
        guest.kind = Some(on_qemu(&guest).to_owned());
        let text = inventory.kept(host.files().read_within(&path, TEXT as u64));
        let text = vmconfig::decode(&text.unwrap_or_default()).text;
        guest.autostart = vmconfig::proxmox::starts_with_host(&text);
        if let Some(id) = guest.id.filter(|_| host.is_live()) {
            guest.state = runs(host, id).unwrap_or_else(|error| {
                inventory.errors.push(error);
                State::NotKnown
            });
        }
        inventory.guests.push(guest);
    }
}

/// Whether the process is there that the file names.
fn runs(host: &Host, id: u32) -> Result<State> {
    let files = host.files();
    let Some(pid) = files.value(Path::new(RUNNING).join(format!("{id}.pid")))? else {
        return Ok(State::Off);
    };
    let process = pid.parse::<u32>().is_ok();
    let there = process && files.exists(Path::new("/proc").join(&pid))?;
    Ok(if there {
        State::Active("running".to_owned())
    } else {
        State::Off
    })
}
