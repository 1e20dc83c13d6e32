//! Controllers and what is plugged into them.

use super::Reader;
use super::media::Media;
use crate::limits::shown;
use crate::value::{Origin, Value};
use crate::vm::{Bus, Content, Disk, Scsi};
use crate::xml::Element;

/// What a controller of VirtualBox is for.
fn bus(kind: &str) -> Option<Bus> {
    Some(match kind {
        "PIIX3" | "PIIX4" | "ICH6" => Bus::Ide,
        "AHCI" | "IntelAhci" => Bus::Sata,
        "LsiLogic" | "BusLogic" | "LsiLogicSas" | "VirtioSCSI" => Bus::Scsi,
        "NVMe" => Bus::Nvme,
        _ => return None,
    })
}

impl<'x> Reader<'x> {
    /// The devices of one controller, by port.
    pub(super) fn controller(&mut self, controller: &'x Element, media: &Media<'x>) {
        let kind = controller.attribute("type").unwrap_or_default();
        let bus = bus(kind);
        if let Some(bus) = bus {
            self.vm.has_bus(bus);
        }
        let scsi = Scsi::of_name(kind).filter(|_| bus == Some(Bus::Scsi));
        let name = controller.attribute("name").unwrap_or(kind);
        let mut devices: Vec<_> = controller.all("AttachedDevice").collect();
        let place = |device: &Element| {
            let number = |name| device.attribute(name)?.parse::<u32>().ok();
            (number("port").unwrap_or(0), number("device").unwrap_or(0))
        };
        devices.sort_by_key(|device| place(device));
        for device in devices {
            let from = self.origin("StorageControllers", device);
            let (port, unit) = place(device);
            let plugged = Disk {
                bus: bus.map(|bus| Value::new(bus, &from)),
                scsi,
                ..Disk::new(format!("{name} {port}:{unit}"), &from)
            };
            match device.attribute("type") {
                Some("HardDisk") => self.disk(device, plugged, media, &from),
                Some("DVD") => self.drive(device, plugged, media, &from),
                Some(other) => {
                    let text = format!("{} drive", shown(other).to_lowercase());
                    self.vm.note(text, &from);
                }
                None => {}
            }
        }
    }

    fn disk(&mut self, device: &'x Element, disk: Disk, media: &Media<'x>, from: &Origin) {
        let Some(uuid) = device
            .child("Image")
            .and_then(|image| image.attribute("uuid"))
        else {
            let text = format!("{} has no image", shown(&disk.id));
            return self.vm.fault(text, from);
        };
        let Some(medium) = media.get(uuid) else {
            let (id, uuid) = (shown(&disk.id), shown(uuid));
            let text = format!("{id} is image {uuid}, which the machine does not list");
            self.vm.fault(text, from);
            return self.vm.disks.push(disk);
        };
        let location = shown(medium.location);
        if let Some(parent) = medium.parent {
            let parent = shown(parent);
            let text = format!("{location} holds only what differs from {parent}");
            self.vm.fault(text, from);
        }
        if medium.encrypted {
            self.vm.fault(format!("{location} is encrypted"), from);
        }
        let content = match medium.parent {
            Some(parent) => Content::Differences(parent.to_owned()),
            None => Content::Given,
        };
        self.vm.disks.push(Disk {
            source: Some(medium.location.to_owned()),
            format: medium.format.map(str::to_owned),
            content,
            ..disk
        });
    }

    fn drive(&mut self, device: &'x Element, drive: Disk, media: &Media<'x>, from: &Origin) {
        let image = device
            .child("Image")
            .and_then(|image| image.attribute("uuid"));
        let medium = image.and_then(|uuid| media.get(uuid));
        if let Some(host) = device.child("HostDrive") {
            let name = shown(host.attribute("src").unwrap_or_default());
            let text = format!("{} is drive {name} of the host it ran on", shown(&drive.id));
            self.vm.note(text, from);
        }
        self.vm.disks.push(Disk {
            source: medium.map(|medium| medium.location.to_owned()),
            cdrom: true,
            read_only: true,
            ..drive
        });
    }
}
