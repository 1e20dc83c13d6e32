//! What a domain XML says about a guest.

use report::{Error, Result};

use crate::limits::{check_devices, shown};
use crate::value::{Origin, Secret, Value};
use crate::vm::{Action, BootDevice, Bus, Disk, Firmware, Graphics, Kind, Nic, Screen, Vm, is_mac};
use crate::xml::{self, Element};

/// Reads the domain XML called `file`.
///
/// # Errors
/// [`report::Kind::Corrupt`] for what is no domain or holds numbers that are none.
pub fn read(text: &str, file: &str) -> Result<Vm> {
    let domain = xml::parse(text)?;
    if domain.name != "domain" {
        return Err(Error::corrupt(format!(
            "it is no domain of libvirt: its root is <{}>",
            shown(&domain.name)
        )));
    }
    let mut reader = Reader {
        file,
        domain: &domain,
        vm: Vm::default(),
    };
    reader.machine()?;
    reader.system();
    reader.devices()?;
    Ok(reader.vm)
}

struct Reader<'x> {
    file: &'x str,
    domain: &'x Element,
    vm: Vm,
}

impl<'x> Reader<'x> {
    fn origin(&self, element: &Element) -> Origin {
        Origin::stated(
            self.file,
            format!("{}, line {}", element.name, element.line),
        )
    }

    /// The text at the end of `path`, unless it is empty.
    fn text(&self, path: &[&str]) -> Option<Value<String>> {
        let element = self
            .domain
            .at(path)
            .filter(|element| !element.text.is_empty())?;
        Some(Value::new(element.text.clone(), &self.origin(element)))
    }

    fn machine(&mut self) -> Result<()> {
        self.vm.name = self.text(&["name"]);
        self.vm.uuid = self.text(&["uuid"]);
        self.vm.description = self.text(&["description"]);
        let most = self.size("memory")?;
        self.vm.memory = self.size("currentMemory")?.or_else(|| most.clone());
        self.vm.max_memory =
            most.filter(|most| Some(most.value) != self.vm.memory.as_ref().map(|m| m.value));
        if let Some(vcpu) = self.domain.child("vcpu") {
            let from = self.origin(vcpu);
            let most = count(&vcpu.text)?;
            let start = vcpu.attribute("current").map(count).transpose()?;
            self.vm.vcpus = Some(Value::new(start.unwrap_or(most), &from));
            self.vm.max_vcpus = start.map(|_| Value::new(most, &from));
        }
        let action = |name: &str| {
            let said = self.text(&[name])?;
            Some(Value::new(Action::of_name(&said.value)?, &said.from))
        };
        let (poweroff, reboot, crash) = (
            action("on_poweroff"),
            action("on_reboot"),
            action("on_crash"),
        );
        self.vm.on_poweroff = poweroff;
        self.vm.on_reboot = reboot;
        self.vm.on_crash = crash;
        Ok(())
    }

    /// A size in bytes; without a unit it is in KiB.
    fn size(&self, name: &str) -> Result<Option<Value<u64>>> {
        let Some(element) = self.domain.child(name) else {
            return Ok(None);
        };
        let unit = element.attribute("unit").unwrap_or("KiB");
        let said = || format!("{name}: {} {}", shown(&element.text), shown(unit));
        let factor = match unit {
            "b" | "bytes" => 1,
            "KB" => 1000,
            "k" | "KiB" => 1 << 10,
            "MB" => 1_000_000,
            "M" | "MiB" => 1 << 20,
            "GB" => 1_000_000_000,
            "G" | "GiB" => 1 << 30,
            "T" | "TiB" => 1 << 40,
            _ => return Err(Error::corrupt(format!("{} is no size", said()))),
        };
        let count: Option<u64> = element.text.parse().ok().filter(|&count| count > 0);
        let Some(count) = count else {
            return Err(Error::corrupt(format!("{} is no size", said())));
        };
        let bytes = count
            .checked_mul(factor)
            .ok_or_else(|| Error::corrupt(format!("{} are more than 2^64 bytes", said())))?;
        Ok(Some(Value::new(bytes, &self.origin(element))))
    }

    fn system(&mut self) {
        self.vm.bootloader = self.text(&["bootloader"]);
        let Some(os) = self.domain.child("os") else {
            return;
        };
        let from = self.origin(os);
        if let Some(kind) = self.text(&["os", "type"]) {
            let found = match kind.value.as_str() {
                "hvm" => Some(Kind::Hvm),
                "xenpvh" => Some(Kind::Pvh),
                "linux" | "xen" => Some(Kind::Pv),
                _ => None,
            };
            self.vm.kind = found.map(|found| Value::new(found, &kind.from));
        }
        let is_uefi = |loader: &Value<String>| {
            let loader = loader.value.to_ascii_lowercase();
            loader.contains("ovmf") || loader.contains("edk2")
        };
        let loader = self.text(&["os", "loader"]).filter(is_uefi);
        if os.attribute("firmware") == Some("efi") || loader.is_some() {
            self.vm.firmware = Some(Value::new(Firmware::Uefi, &from));
        }
        let features = os
            .child("firmware")
            .into_iter()
            .flat_map(|parent| parent.all("feature"));
        for feature in features {
            if feature.attribute("name") == Some("secure-boot") {
                let on = feature.attribute("enabled") == Some("yes");
                self.vm.secure_boot = Some(Value::new(on, &self.origin(feature)));
            }
        }
        self.vm.kernel = self.text(&["os", "kernel"]);
        self.vm.ramdisk = self.text(&["os", "initrd"]);
        self.vm.extra = self.text(&["os", "cmdline"]);
        let device = |boot: &Element| match boot.attribute("dev")? {
            "hd" => Some(BootDevice::Disk),
            "cdrom" => Some(BootDevice::Cdrom),
            "network" => Some(BootDevice::Network),
            "fd" => Some(BootDevice::Floppy),
            _ => None,
        };
        let devices: Vec<_> = os.all("boot").filter_map(device).collect();
        if !devices.is_empty() {
            self.vm.boot = Some(Value::new(devices, &from));
        }
    }

    fn devices(&mut self) -> Result<()> {
        let Some(devices) = self.domain.child("devices") else {
            return Ok(());
        };
        for element in &devices.children {
            let from = self.origin(element);
            match element.name.as_str() {
                "disk" => self.disk(element, &from),
                "interface" => self.nic(element, &from),
                "graphics" => self.graphics(element, &from),
                "serial" if element.attribute("type") == Some("pty") => {
                    self.vm.serial = Some(Value::new("pty".to_owned(), &from));
                }
                "input" if element.attribute("type") == Some("tablet") => {
                    self.vm.usb_tablet = Some(Value::new(true, &from));
                }
                "console" | "input" | "emulator" | "controller" | "video" | "memballoon" => {}
                other => self.vm.note(format!("{other}: not used"), &from),
            }
        }
        check_devices("disks", self.vm.disks.len())?;
        check_devices("network cards", self.vm.nics.len())
    }

    fn disk(&mut self, element: &Element, from: &Origin) {
        let device = element.attribute("device").unwrap_or("disk");
        if !matches!(device, "disk" | "cdrom" | "lun") {
            return self.vm.note(format!("disk: {device}"), from);
        }
        let target = element.child("target");
        let name = target
            .and_then(|target| target.attribute("dev"))
            .unwrap_or("disk");
        let bus = match target.and_then(|target| target.attribute("bus")) {
            Some("ide") => Some(Bus::Ide),
            Some("scsi") => Some(Bus::Scsi),
            Some("sata") => Some(Bus::Sata),
            Some("virtio") => Some(Bus::Virtio),
            Some("xen") => Some(Bus::Xen),
            _ => None,
        };
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

/// A number of virtual CPUs.
fn count(text: &str) -> Result<u32> {
    match text.parse::<u16>() {
        Ok(count @ 1..) => Ok(count.into()),
        _ => Err(Error::corrupt(format!(
            "vcpu: {} is no number of virtual CPUs",
            shown(text)
        ))),
    }
}
