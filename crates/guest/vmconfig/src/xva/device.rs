//! Disks and network cards of a guest.

use std::collections::HashMap;

use error::Result;

use super::{Reader, Record, size};
use crate::limits::check_devices;
use crate::value::Value;
use crate::vm::{Bus, Disk, Nic, is_mac, letters};

/// The most devices of a kind a guest of XenServer has.
const DEVICES: usize = 255;

impl<'r, 'x> Reader<'r, 'x> {
    pub(super) fn devices(&mut self) -> Result<()> {
        let by_id: HashMap<_, _> = self
            .records
            .iter()
            .map(|record| (record.id, record))
            .collect();
        let vbds = self.own("VBD", "userdevice");
        check_devices("disks", vbds.len())?;
        for (number, vbd) in vbds {
            let vdi = vbd.text("VDI").and_then(|reference| by_id.get(reference));
            self.disk(number, vbd, vdi.copied());
        }
        let vifs = self.own("VIF", "device");
        check_devices("network cards", vifs.len())?;
        for (_, vif) in vifs {
            let network = vif
                .text("network")
                .and_then(|reference| by_id.get(reference));
            self.nic(vif, network.copied());
        }
        Ok(())
    }

    /// The guest's objects of `class`, by the number in `field`, in order.
    fn own(&self, class: &str, field: &str) -> Vec<(Option<usize>, &'r Record<'x>)> {
        let own = |record: &&Record<'_>| {
            record.class == class && record.text("VM") == Some(self.record.id)
        };
        let number = |record: &Record<'_>| {
            let number = record.text(field)?.parse().ok()?;
            (number <= DEVICES).then_some(number)
        };
        let records = self.records;
        let mut found: Vec<_> = records
            .iter()
            .filter(own)
            .map(|record| (number(record), record))
            .collect();
        found.sort_by_key(|(number, _)| number.unwrap_or(usize::MAX));
        found
    }

    fn disk(&mut self, number: Option<usize>, vbd: &Record<'_>, vdi: Option<&Record<'_>>) {
        let from = self.origin(vbd, "userdevice");
        let cdrom = vbd.text("type") == Some("CD");
        if vbd.text("type") == Some("Floppy") {
            return self.vm.note("a floppy drive", &from);
        }
        let Some(vdi) = vdi.filter(|_| !cdrom) else {
            if cdrom {
                let drive = Disk {
                    cdrom,
                    read_only: true,
                    ..Disk::new(vbd.id, &from)
                };
                self.vm.disks.push(drive);
            } else {
                self.vm.note(format!("{} has no disk", vbd.id), &from);
            }
            return;
        };
        let size = self.vm.usable(size(vdi), &from);
        let name = number.map(|number| format!("xvd{}", letters(number)));
        self.vm.disks.push(Disk {
            source: Some(vdi.id.to_owned()),
            size,
            bus: Some(Value::new(Bus::Xen, &from)),
            vdev: name.map(|name| Value::new(name, &from)),
            read_only: vbd.text("mode") == Some("RO"),
            bootable: vbd.flag("bootable"),
            ..Disk::new(vdi.id, &from)
        });
    }

    fn nic(&mut self, vif: &Record<'_>, network: Option<&Record<'_>>) {
        let from = self.origin(vif, "device");
        let mac = vif.text("MAC").map(str::to_ascii_lowercase);
        self.vm.nics.push(Nic {
            mac: mac
                .filter(|mac| is_mac(mac))
                .map(|mac| Value::new(mac, &from)),
            network: network
                .and_then(|network| network.text("name_label"))
                .map(str::to_owned),
            ..Nic::new(&from)
        });
        if let Some(mtu) = vif.text("MTU").filter(|&mtu| mtu != "1500") {
            let from = self.origin(vif, "MTU");
            self.vm.note(format!("frames of {mtu} bytes"), &from);
        }
    }
}
