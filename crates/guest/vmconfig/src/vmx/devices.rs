//! Disks, drives and network cards.

use super::Reader;
use crate::limits::shown;
use crate::value::Value;
use crate::vm::{Bus, Disk, Nic, Scsi, mac_address};

/// Buses as their keys begin.
const BUSES: [(&str, Bus); 4] = [
    ("ide", Bus::Ide),
    ("nvme", Bus::Nvme),
    ("sata", Bus::Sata),
    ("scsi", Bus::Scsi),
];

/// Where a device is: `scsi0:1`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Address {
    bus: &'static str,
    place: (u16, u16),
    key: String,
}

impl Address {
    /// The address that the device `key` has.
    fn of(key: &str) -> Option<(Self, Bus)> {
        BUSES.iter().find_map(|&(name, bus)| {
            let (controller, address) = key.strip_prefix(name)?.split_once(':')?;
            let place = (controller.parse().ok()?, address.parse().ok()?);
            let key = key.to_owned();
            Some((
                Address {
                    bus: name,
                    place,
                    key,
                },
                bus,
            ))
        })
    }
}

impl Reader<'_> {
    /// `scsi0:1.fileName`: the disk to boot from first, then by bus, controller and address.
    pub(super) fn disks(&mut self) {
        let device = |key: &str| {
            let names = [".filename", ".devicetype"];
            let device = names.iter().find_map(|name| key.strip_suffix(name))?;
            Address::of(device)
        };
        let mut found: Vec<_> = self.entries.keys().filter_map(device).collect();
        let first = self
            .text("bios.hddorder")
            .unwrap_or(Value::guess(String::new(), ""));
        let first = first
            .value
            .split(',')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        found.sort_by(|(one, _), (other, _)| {
            let behind = |address: &Address| address.key != first;
            (behind(one), one).cmp(&(behind(other), other))
        });
        found.dedup_by(|(one, _), (other, _)| one == other);
        for (address, bus) in found {
            self.disk(&address, bus);
        }
    }

    fn disk(&mut self, address: &Address, bus: Bus) {
        let key = |what: &str| format!("{}.{what}", address.key);
        if self
            .flag(&key("present"))
            .is_some_and(|present| !present.value)
        {
            return;
        }
        let kind = self.text(&key("devicetype"));
        let source = self.text(&key("filename"));
        let Some(from) = source
            .as_ref()
            .or(kind.as_ref())
            .map(|said| said.from.clone())
        else {
            return;
        };
        self.vm.has_bus(bus);
        let kind = kind.map_or(String::new(), |kind| kind.value.to_ascii_lowercase());
        let cdrom = kind.contains("cdrom");
        if kind.contains("passthru") || kind == "rawdisk" {
            let text = format!("{} is a disk of the host it ran on", address.key);
            self.vm.fault(text, &from);
        }
        if let Some(mode) = self
            .text(&key("mode"))
            .filter(|mode| mode.value.contains("nonpersistent"))
        {
            let text = format!(
                "{} forgets what is written to it: {}",
                address.key,
                shown(&mode.value)
            );
            self.vm.note(text, &mode.from);
        }
        // What is in a CD drive without an image is a device of the host, or nothing.
        let source = source.filter(|_| !cdrom || kind.contains("image"));
        self.vm.disks.push(Disk {
            source: source.map(|source| source.value),
            bus: Some(Value::new(bus, &from)),
            scsi: self.scsi(address, bus),
            cdrom,
            read_only: cdrom,
            ..Disk::new(address.key.as_str(), &from)
        });
    }

    /// The SCSI controller that a disk is plugged into.
    fn scsi(&self, address: &Address, bus: Bus) -> Option<Scsi> {
        let key = format!("scsi{}.virtualdev", address.place.0);
        let said = self.text(&key).filter(|_| bus == Bus::Scsi)?;
        Scsi::of_name(&said.value)
    }

    pub(super) fn nics(&mut self) {
        let keys = self.entries.keys();
        let numbers = keys.filter_map(|key| key.strip_prefix("ethernet")?.strip_suffix(".present"));
        let mut numbers: Vec<u16> = numbers.filter_map(|number| number.parse().ok()).collect();
        numbers.sort_unstable();
        for number in numbers {
            let key = |what: &str| format!("ethernet{number}.{what}");
            let Some(present) = self.flag(&key("present")).filter(|present| present.value) else {
                continue;
            };
            let mac = self
                .text(&key("address"))
                .or_else(|| self.text(&key("generatedaddress")));
            let mac = mac.and_then(|said| Some(Value::new(mac_address(&said.value)?, &said.from)));
            let model = self.text(&key("virtualdev")).map(|mut model| {
                model.value.make_ascii_lowercase();
                model
            });
            let network = self
                .text(&key("networkname"))
                .or_else(|| self.text(&key("connectiontype")));
            self.vm.nics.push(Nic {
                mac,
                model,
                network: network.map(|network| network.value),
                ..Nic::new(&present.from)
            });
        }
    }
}
