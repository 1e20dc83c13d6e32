//! What is plugged in.

use error::Result;

use super::Reader;
use crate::limits::check_devices;
use crate::value::{Origin, Secret, Value};
use crate::vm::{Bus, Disk, Graphics, Host, Nic, Screen, Scsi, is_mac};
use crate::xml::Element;

/// What libvirt calls a bus.
fn bus(name: &str) -> Option<Bus> {
    let buses = [
        Bus::Ide,
        Bus::Scsi,
        Bus::Sata,
        Bus::Nvme,
        Bus::Virtio,
        Bus::Xen,
    ];
    buses.into_iter().find(|bus| bus.name() == name)
}

/// The SCSI controllers among `devices` whose model is named, by their numbers.
fn scsi_controllers(devices: &Element, host: Option<Host>) -> Vec<(String, Scsi)> {
    let is_scsi = |element: &&Element| element.attribute("type") == Some("scsi");
    let controllers = devices.all("controller").filter(is_scsi);
    controllers
        .filter_map(|element| {
            let index = element.attribute("index").unwrap_or("0").to_owned();
            let scsi = match element.attribute("model")? {
                // QEMU has another one than VMware.
                "lsilogic" if host == Some(Host::Kvm) => Scsi::Lsi53c895a,
                model => Scsi::of_name(model)?,
            };
            Some((index, scsi))
        })
        .collect()
}

impl Reader<'_> {
    pub(super) fn devices(&mut self) -> Result<()> {
        let Some(devices) = self.domain.child("devices") else {
            return Ok(());
        };
        let controllers = scsi_controllers(devices, self.vm.host);
        for element in &devices.children {
            let from = self.origin(element);
            match element.name.as_str() {
                "disk" => self.disk(element, &controllers, &from),
                "interface" => self.nic(element, &from),
                "graphics" => self.graphics(element, &from),
                "serial" if element.attribute("type") == Some("pty") => {
                    self.vm.serial = Some(Value::new("pty".to_owned(), &from));
                }
                "input" if element.attribute("type") == Some("tablet") => {
                    self.vm.usb_tablet = Some(Value::new(true, &from));
                }
                "controller" => self.controller(element),
                "console" | "input" | "emulator" | "video" | "memballoon" | "tpm" | "rng" => {}
                other => self.vm.note(format!("{other}: not used"), &from),
            }
        }
        self.boot_first();
        check_devices("disks", self.vm.disks.len())?;
        check_devices("network cards", self.vm.nics.len())
    }

    fn controller(&mut self, element: &Element) {
        let kind = element.attribute("type").and_then(bus);
        if let Some(bus) = kind {
            self.vm.has_bus(bus);
        }
    }

    /// What the guest boots from first is the first disk.
    fn boot_first(&mut self) {
        if let Some(first) = self.vm.disks.iter().position(|disk| disk.bootable) {
            let disk = self.vm.disks.remove(first);
            self.vm.disks.insert(0, disk);
        }
    }

    fn disk(&mut self, element: &Element, controllers: &[(String, Scsi)], from: &Origin) {
        let device = element.attribute("device").unwrap_or("disk");
        if !matches!(device, "disk" | "cdrom" | "lun") {
            return self.vm.note(format!("disk: {device}"), from);
        }
        let target = element.child("target");
        let name = target
            .and_then(|target| target.attribute("dev"))
            .unwrap_or("disk");
        let bus = target.and_then(|target| bus(target.attribute("bus")?));
        if let Some(bus) = bus {
            self.vm.has_bus(bus);
        }
        let number = element
            .child("address")
            .and_then(|address| address.attribute("controller"));
        let number = number.unwrap_or("0");
        let scsi = controllers.iter().find(|(index, _)| index == number);
        let default = (self.vm.host == Some(Host::Kvm)).then_some(Scsi::Lsi53c895a);
        let scsi = scsi
            .map(|&(_, scsi)| scsi)
            .or(default)
            .filter(|_| bus == Some(Bus::Scsi));
        let order = element
            .child("boot")
            .and_then(|boot| boot.attribute("order"));
        let source = element.child("source").and_then(|source| {
            let places = ["file", "dev", "name", "volume"];
            places.iter().find_map(|place| source.attribute(place))
        });
        let driver = element
            .child("driver")
            .and_then(|driver| driver.attribute("type"));
        let cdrom = device == "cdrom";
        // Elsewhere than on Xen a name says nothing about the order.
        let vdev = bus
            .filter(|&bus| bus == Bus::Xen)
            .map(|_| Value::new(name.to_owned(), from));
        self.vm.disks.push(Disk {
            source: source.map(str::to_owned),
            format: driver.map(str::to_owned),
            bus: bus.map(|bus| Value::new(bus, from)),
            scsi,
            bootable: order == Some("1"),
            vdev,
            cdrom,
            read_only: cdrom || element.child("readonly").is_some(),
            ..Disk::new(name, from)
        });
    }

    fn nic(&mut self, element: &Element, from: &Origin) {
        let attribute = |child: &str, name: &str| {
            let value = element.child(child)?.attribute(name)?;
            Some(value.to_owned())
        };
        let stated = |text: Option<String>| text.map(|text| Value::new(text, from));
        let mac = attribute("mac", "address").map(|mac| mac.to_ascii_lowercase());
        self.vm.nics.push(Nic {
            mac: stated(mac.filter(|mac| is_mac(mac))),
            model: stated(attribute("model", "type")),
            network: attribute("source", "network"),
            bridge: stated(attribute("source", "bridge")),
            ..Nic::new(from)
        });
    }

    fn graphics(&mut self, element: &Element, from: &Origin) {
        let screen = match element.attribute("type") {
            Some("vnc") => Screen::Vnc,
            Some("spice") => Screen::Spice,
            _ => return,
        };
        let graphics = Graphics {
            screen,
            listen: element.attribute("listen").map(str::to_owned),
            password: element.attribute("passwd").map(Secret::new),
        };
        self.vm.graphics.get_or_insert(Value::new(graphics, from));
    }
}
