//! What is plugged in.

use error::Result;

use super::Reader;
use super::disk::{bus, scsi_controllers};
use super::view::View;
use crate::limits::check_devices;
use crate::value::Secret;
use crate::vm::{BootDevice, Graphics, Nic, Screen, is_mac};

impl<'x> Reader<'x> {
    pub(super) fn devices(&mut self) -> Result<()> {
        let Some(devices) = self.domain.child("devices") else {
            return Ok(());
        };
        devices.mark();
        let controllers = scsi_controllers(devices, self.vm.host);
        for view in devices.children() {
            match view.element.name.as_str() {
                "disk" => self.disk(view, &controllers),
                "interface" => self.nic(view),
                "graphics" => self.graphics(view),
                "serial" => self.serial(view),
                "controller" => self.controller(view),
                "input" => self.input(view),
                "tpm" => self.tpm(view),
                name => known(name, view),
            }
        }
        self.boot_order(devices);
        self.boot_first();
        check_devices("disks", self.vm.disks.len())?;
        check_devices("network cards", self.vm.nics.len())
    }

    fn controller(&mut self, view: View<'x>) {
        if let Some(bus) = view.word("type", bus) {
            self.vm.has_bus(bus);
        }
    }

    /// `<boot order="1"/>` of devices: what it boots from, the first of each kind.
    fn boot_order(&mut self, devices: View<'x>) {
        let mut order = Vec::new();
        for view in devices.children() {
            let device = match (view.element.name.as_str(), view.element.attribute("device")) {
                ("disk", None | Some("disk" | "lun")) => BootDevice::Disk,
                ("disk", Some("cdrom")) => BootDevice::Cdrom,
                ("interface", _) => BootDevice::Network,
                _ => continue,
            };
            let boot = view.child("boot");
            let number = boot.and_then(|boot| boot.element.attribute("order")?.parse().ok());
            order.extend(
                boot.zip(number)
                    .map(|(boot, number)| (number, boot, device)),
            );
        }
        order.sort_by_key(|&(number, _, _): &(u32, View<'_>, BootDevice)| number);
        let mut kinds = Vec::new();
        for &(_, boot, device) in &order {
            // The model knows no order among disks but which of them is the first.
            if !kinds.contains(&device) {
                kinds.push(device);
                boot.attribute("order");
            }
        }
        if let (Some(&(_, boot, _)), None) = (order.first(), &self.vm.boot) {
            self.vm.boot = Some(self.stated(boot, kinds));
        }
    }

    /// What the guest boots from first is the first disk.
    fn boot_first(&mut self) {
        if let Some(first) = self.vm.disks.iter().position(|disk| disk.bootable) {
            let disk = self.vm.disks.remove(first);
            self.vm.disks.insert(0, disk);
        }
    }

    fn nic(&mut self, view: View<'x>) {
        let plugged = view.word("type", |kind| {
            matches!(kind, "bridge" | "network").then_some(())
        });
        let source = view.child("source");
        let source =
            source.filter(|_| plugged.is_some() || view.element.attribute("type").is_none());
        let stated = |text: Option<String>| text.map(|text| self.stated(view, text));
        let of_source = |name| source.and_then(|source| source.attribute(name).map(str::to_owned));
        let mac = view.child("mac").and_then(|mac| {
            mac.word("address", |mac| {
                Some(mac.to_ascii_lowercase()).filter(|mac| is_mac(mac))
            })
        });
        let model = view.child("model");
        let model = model.and_then(|model| model.attribute("type").map(str::to_owned));
        // The host's side has a name of its own at each start.
        if let Some(target) = view.child("target") {
            let made = ["vnet", "vif", "tap"];
            target.word("dev", |name| {
                made.iter().any(|made| name.starts_with(made)).then_some(())
            });
        }
        let nic = Nic {
            mac: stated(mac),
            model: stated(model),
            network: of_source("network"),
            bridge: stated(of_source("bridge")),
            ..Nic::new(&self.origin(view.element))
        };
        view.mark();
        self.vm.nics.push(nic);
    }

    /// The first screen.
    fn graphics(&mut self, view: View<'x>) {
        if self.vm.graphics.is_some() {
            return;
        }
        let Some(screen) = view.word("type", |kind| match kind {
            "vnc" => Some(Screen::Vnc),
            "spice" => Some(Screen::Spice),
            _ => None,
        }) else {
            return;
        };
        let listen = view.child("listen");
        let listen = listen.and_then(|listen| listen.attribute("address"));
        let graphics = Graphics {
            screen,
            listen: view.attribute("listen").or(listen).map(str::to_owned),
            password: view.attribute("passwd").map(Secret::new),
        };
        self.vm.graphics = Some(self.stated(view, graphics));
    }

    /// The first serial console that is a terminal of the host.
    fn serial(&mut self, view: View<'x>) {
        if self.vm.serial.is_none() && view.says("type", "pty") {
            self.vm.serial = Some(self.stated(view, "pty".to_owned()));
        }
    }

    fn input(&mut self, view: View<'x>) {
        if view.says("type", "tablet") {
            view.says("bus", "usb");
            self.vm.usb_tablet = Some(self.stated(view, true));
        }
    }

    fn tpm(&mut self, view: View<'x>) {
        view.mark();
        view.attribute("model");
        if let Some(backend) = view.child("backend") {
            backend.says("type", "emulator");
            backend.says("version", "2.0");
        }
        self.vm.tpm.get_or_insert(self.stated(view, true));
    }
}

/// Devices that every guest of KVM gets, or finds at another path on another host.
fn known(name: &str, view: View<'_>) {
    match name {
        "emulator" => {
            let packaged =
                |path: &str| path.starts_with("/usr/") && !path.starts_with("/usr/local/");
            view.text_as(|path| packaged(path).then_some(()));
        }
        "video" => {
            view.mark();
            view.child("model").map(|model| model.says("type", "vga"));
        }
        "rng" => {
            if let Some(backend) = view.child("backend") {
                let random = |path| matches!(path, "/dev/urandom" | "/dev/random").then_some(());
                backend.text_as(random);
                backend.says("model", "random");
            }
        }
        _ => {}
    }
}
