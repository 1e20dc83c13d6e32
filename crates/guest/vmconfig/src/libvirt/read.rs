//! What a domain XML says about a guest.

mod devices;

use error::{Error, Result};

use crate::limits::shown;
use crate::value::{Origin, Value};
use crate::vm::{Action, BootDevice, Chipset, Firmware, Host, Kind, Vm};
use crate::xml::{self, Element};

/// Reads the domain XML called `file`.
///
/// # Errors
/// [`error::Kind::Corrupt`] for what is not a domain, [`error::Kind::Unsupported`] for what is beyond all
/// measure. What cannot be used is in [`Vm::faults`].
pub fn read(text: &str, file: &str) -> Result<Vm> {
    let domain = xml::parse(text)?;
    if domain.name != "domain" {
        return Err(Error::corrupt(format!(
            "it is not a domain of libvirt: its root is <{}>",
            shown(&domain.name)
        )));
    }
    let mut reader = Reader {
        file,
        domain: &domain,
        vm: Vm::default(),
    };
    reader.machine();
    reader.system();
    reader.platform();
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
            format!("{}, line {}", element.name, element.position.line),
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

    fn machine(&mut self) {
        self.vm.host = match self.domain.attribute("type") {
            Some("xen") => Some(Host::Xen),
            Some("kvm" | "qemu" | "hvf") => Some(Host::Kvm),
            Some("vmware") => Some(Host::Vmware),
            Some("vbox") => Some(Host::Virtualbox),
            _ => None,
        };
        self.vm.name = self.text(&["name"]);
        self.vm.uuid = self.text(&["uuid"]);
        self.vm.description = self.text(&["description"]);
        let most = self.size("memory");
        self.vm.memory = self.size("currentMemory").or_else(|| most.clone());
        self.vm.max_memory =
            most.filter(|most| Some(most.value) != self.vm.memory.as_ref().map(|m| m.value));
        if let Some(vcpu) = self.domain.child("vcpu") {
            let from = self.origin(vcpu);
            let most = self.vm.usable(count(&vcpu.text), &from);
            let start = vcpu.attribute("current").map(count);
            let start = start.and_then(|start| self.vm.usable(start, &from));
            self.vm.vcpus = start.or(most).map(|start| Value::new(start, &from));
            let most = most.filter(|_| start.is_some());
            self.vm.max_vcpus = most.map(|most| Value::new(most, &from));
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
    }

    /// A size in bytes.
    fn size(&mut self, name: &str) -> Option<Value<u64>> {
        let element = self.domain.child(name)?;
        let from = self.origin(element);
        let size = self.vm.usable(size(name, element), &from)?;
        Some(Value::new(size, &from))
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

    /// The chipset, the clock, the TPM, and what libosinfo says is in it.
    fn platform(&mut self) {
        if let Some(kind) = self.domain.at(&["os", "type"]) {
            let from = self.origin(kind);
            let chipset = match kind.attribute("machine") {
                Some(machine) if machine.contains("q35") => Some(Chipset::Q35),
                Some(machine) if machine.starts_with("pc") => Some(Chipset::I440fx),
                _ => None,
            };
            self.vm.chipset = chipset.map(|chipset| Value::new(chipset, &from));
        }
        if let Some(clock) = self.domain.child("clock") {
            let local = clock.attribute("offset") == Some("localtime");
            self.vm.local_time = Some(Value::new(local, &self.origin(clock)));
        }
        if let Some(tpm) = self.domain.at(&["devices", "tpm"]) {
            self.vm.tpm = Some(Value::new(true, &self.origin(tpm)));
        }
        if let Some(os) = self.domain.at(&["metadata", "libosinfo", "os"]) {
            let id = os.attribute("id").map(str::to_owned);
            self.vm.guest_os = id.map(|id| Value::new(id, &self.origin(os)));
        }
    }
}

/// A number of virtual CPUs.
fn count(text: &str) -> Result<u32> {
    match text.parse::<u16>() {
        Ok(count @ 1..) => Ok(count.into()),
        _ => Err(Error::corrupt(format!(
            "vcpu: {} is not a number of virtual CPUs",
            shown(text)
        ))),
    }
}

/// A size in bytes; without a unit it is in KiB.
fn size(name: &str, element: &Element) -> Result<u64> {
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
        _ => return Err(Error::corrupt(format!("{} is not a size", said()))),
    };
    let count: Option<u64> = element.text.parse().ok().filter(|&count| count > 0);
    let Some(count) = count else {
        return Err(Error::corrupt(format!("{} is not a size", said())));
    };
    let bytes = count.checked_mul(factor);
    bytes.ok_or_else(|| Error::corrupt(format!("{} are more than 2^64 bytes", said())))
}
