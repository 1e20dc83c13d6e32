//! Disks and network cards.

use error::{Error, Result, printable};

use super::Writer;
use crate::value::{Origin, Value};
use crate::vm::{Disk, Host, Kind, Nic, Vm};
use crate::xl::quote;

impl Writer {
    pub(super) fn disks(&mut self, vm: &Vm) -> Result<()> {
        self.text += "\ndisk = [\n";
        for disk in &vm.disks {
            let named = also("name", disk.vdev.as_ref(), &disk.from);
            let about = format!("{}, {}{named}", about(disk), disk.from);
            match line(disk)? {
                Some(line) => {
                    self.text += &format!("    # {}\n    {},\n", printable(&about), quote(&line));
                }
                None => self
                    .left_out
                    .push(format!("disk {about}: it has no place here")),
            }
        }
        self.text += "]\n";
        Ok(())
    }

    pub(super) fn nics(&mut self, vm: &Vm) {
        self.text += "\nvif = [\n";
        for nic in &vm.nics {
            let plugged = also("bridge", nic.bridge.as_ref(), &nic.from);
            let card = self.about_card(nic, vm);
            let about = format!("{}{plugged}{card}", nic.from);
            let line = self.nic(nic, vm);
            self.text += &format!("    # {}\n    {},\n", printable(&about), quote(&line));
        }
        self.text += "]\n";
    }

    /// Why the card is not the one that the guest had.
    fn about_card(&self, nic: &Nic, vm: &Vm) -> String {
        let said = nic.model.as_ref().map(|model| model.value.as_str());
        let card = vm.card(said, Host::Xen).filter(|_| vm.is(Kind::Hvm));
        let why = card.and_then(|card| card.why);
        why.map_or(String::new(), |why| format!("; model: a guess: {why}"))
    }

    fn nic(&mut self, nic: &Nic, vm: &Vm) -> String {
        let mut parts = Vec::new();
        if let Some(mac) = &nic.mac {
            parts.push(format!("mac={}", mac.value));
        }
        let model = nic.model.as_ref().filter(|_| vm.is(Kind::Hvm));
        let said = model.map(|model| model.value.as_str());
        let card = vm.card(said, Host::Xen).filter(|_| vm.is(Kind::Hvm));
        match (card, model) {
            (Some(card), _) => parts.push(format!("model={}", card.model)),
            (None, Some(model)) => self.left_out.push(format!(
                "network card {:?}, {}: the guest has Xen's own",
                model.value, model.from
            )),
            (None, None) => {}
        }
        if let Some(bridge) = &nic.bridge {
            parts.push(format!("bridge={}", bridge.value));
        }
        parts.join(", ")
    }
}

/// Where a part of a device comes from, unless it is where the device does.
fn also(what: &str, part: Option<&Value<String>>, device: &Origin) -> String {
    match part {
        Some(part) if part.from != *device => format!("; {what}: {}", part.from),
        _ => String::new(),
    }
}

/// What the disk was called.
fn about(disk: &Disk) -> String {
    match &disk.source {
        Some(source) if *source != disk.id => format!("{}, {source}", disk.id),
        _ => disk.id.clone(),
    }
}

/// Whether `format=` of a disk takes this name (xl-disk-configuration(5)).
pub fn has_format(name: &str) -> bool {
    matches!(name, "raw" | "qcow" | "qcow2" | "vhd" | "qed")
}

/// The disk in the language of `disk=`, target last; `None` for one without a place, unless it is a
/// drive that may be empty.
fn line(disk: &Disk) -> Result<Option<String>> {
    let vdev = disk.vdev.as_ref().map_or("", |vdev| vdev.value.as_str());
    let Some(place) = &disk.place else {
        let empty = || format!("vdev={vdev}, devtype=cdrom, format=empty");
        return Ok(disk.cdrom.then(empty));
    };
    // The target takes the rest of the line, but for a comma at its end.
    if place.is_empty() || place.ends_with(',') || place.contains(char::is_control) {
        return Err(Error::target(format!(
            "a disk of xl.cfg cannot be at {place:?}"
        )));
    }
    let format = disk.place_format.as_deref().unwrap_or("raw");
    if !has_format(format) {
        return Err(Error::target(format!(
            "a disk of xl.cfg cannot have the format {format:?}"
        )));
    }
    let kind = if disk.cdrom { " devtype=cdrom," } else { "" };
    let access = if disk.read_only { "ro" } else { "rw" };
    Ok(Some(format!(
        "format={format}, vdev={vdev},{kind} access={access}, target={place}"
    )))
}
