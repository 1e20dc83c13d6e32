//! What a template says about a guest.

mod devices;

use error::{Error, Result};

use super::template::{self, Attribute};
use crate::limits::{check_devices, check_text};
use crate::secret;
use crate::value::{Origin, Value};
use crate::vm::{BootDevice, Chipset, Firmware, Host, Kind, Vm};

/// Attributes that say nothing about the guest, and why.
const WITHOUT_MEANING: &[(&str, &str)] = &[
    ("CPU_COST", "a price"),
    ("DISK_COST", "a price"),
    (
        "INPUTS_ORDER",
        "the order of questions in the web interface",
    ),
    ("LOGO", "a picture in the web interface"),
    ("MEMORY_COST", "a price"),
    ("MEMORY_UNIT_COST", "the unit of a price"),
];

/// Vectors of a user's own words, which may be secrets: their names only are shown.
const DISCREET: &[&str] = &["CONTEXT", "USER_INPUTS"];

/// Reads the template called `file`. What the model has no place for becomes a note.
///
/// # Errors
/// [`error::Kind::Corrupt`] for what is not a template, [`error::Kind::Unsupported`] for what is beyond all
/// measure. What cannot be used is in [`Vm::faults`].
pub fn read(text: &str, file: &str) -> Result<Vm> {
    check_text(text)?;
    let attributes = template::parse(text)?;
    let named = |name: &str| attributes.iter().any(|it| it.name == name);
    if !["NAME", "MEMORY", "DISK", "CPU", "VCPU", "TEMPLATE_ID"]
        .into_iter()
        .any(named)
    {
        return Err(Error::corrupt("it is not a template of a virtual machine"));
    }
    let count = |name: &str| attributes.iter().filter(|it| it.name == name).count();
    check_devices("disks", count("DISK"))?;
    check_devices("network cards", count("NIC"))?;
    let mut reader = Reader {
        file,
        vm: Vm {
            host: Some(Host::Kvm),
            ..Vm::default()
        },
        boot: None,
    };
    for attribute in &attributes {
        reader.attribute(attribute);
    }
    Ok(reader.finish())
}

/// Whether the attribute `name` says nothing about the guest.
fn is_silent(name: &str) -> bool {
    WITHOUT_MEANING.iter().any(|&(known, _why)| known == name)
}

struct Reader<'t> {
    file: &'t str,
    vm: Vm,
    /// What it boots from, which names devices that may come later in the file.
    boot: Option<Value<String>>,
}

/// The pairs of a vector, taken one by one.
struct Pairs {
    pairs: Vec<(String, String)>,
}

impl Pairs {
    fn take(&mut self, name: &str) -> Option<String> {
        let index = self.pairs.iter().position(|(known, _)| known == name)?;
        Some(self.pairs.remove(index).1).filter(|value| !value.is_empty())
    }

    /// What `meaning` makes of the value of `name`, which stays where it makes nothing of it.
    fn word<T>(&mut self, name: &str, meaning: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let index = self.pairs.iter().position(|(known, _)| known == name)?;
        let value = meaning(&self.pairs.get(index)?.1.to_ascii_lowercase())?;
        self.pairs.remove(index);
        Some(value)
    }

    fn is_set(&mut self, name: &str) -> bool {
        let value = self.take(name).unwrap_or_default().to_ascii_lowercase();
        matches!(value.as_str(), "yes" | "true" | "1")
    }
}

impl Reader<'_> {
    fn attribute(&mut self, attribute: &Attribute) {
        let from = Origin::stated(self.file, format!("line {}", attribute.line));
        match &attribute.value {
            template::Value::Text(text) => self.text(&attribute.name, text, &from),
            template::Value::Vector(pairs) => {
                let pairs = Pairs {
                    pairs: pairs.clone(),
                };
                self.vector(&attribute.name, pairs, &from);
            }
        }
    }

    fn text(&mut self, name: &str, text: &str, from: &Origin) {
        let stated = || Some(Value::new(text.to_owned(), from));
        match name {
            "NAME" => self.vm.name = stated(),
            "DESCRIPTION" => self.vm.description = stated(),
            "MEMORY" => self.vm.memory = self.memory(name, text, from),
            "MEMORY_MAX" => self.vm.max_memory = self.memory(name, text, from),
            "VCPU" => self.vm.vcpus = self.count(name, text, from),
            "VCPU_MAX" => self.vm.max_vcpus = self.count(name, text, from),
            "CPU" => self.vm.cpu_share = self.share(text, from),
            "HYPERVISOR" if text.eq_ignore_ascii_case("kvm") => {}
            "HYPERVISOR" if text.eq_ignore_ascii_case("qemu") => {
                self.vm.emulated = Some(Value::new(true, from));
            }
            name if is_silent(name) => {}
            _ => {
                let shown = secret::shown(name, text);
                self.vm.note(format!("{name} = {shown:?}"), from);
            }
        }
    }

    /// MiB in bytes.
    fn memory(&mut self, name: &str, text: &str, from: &Origin) -> Option<Value<u64>> {
        let bytes = text
            .parse::<u64>()
            .ok()
            .and_then(|size| size.checked_mul(1 << 20));
        let read = bytes
            .filter(|bytes| *bytes > 0)
            .ok_or_else(|| Error::corrupt(format!("{name}: {text:?} is not an amount of MiB")));
        self.vm
            .usable(read, from)
            .map(|bytes| Value::new(bytes, from))
    }

    /// A part of a processor, or several: `0.5`.
    fn share(&mut self, text: &str, from: &Origin) -> Option<Value<String>> {
        let is_share = text
            .parse::<f64>()
            .is_ok_and(|share| share.is_finite() && share > 0.0);
        let read = is_share
            .then(|| text.to_owned())
            .ok_or_else(|| Error::corrupt(format!("CPU: {text:?} is not a share of processors")));
        let share = self.vm.usable(read, from)?;
        Some(Value::new(share, from))
    }

    fn count(&mut self, name: &str, text: &str, from: &Origin) -> Option<Value<u32>> {
        let count = text.parse::<u16>().ok().filter(|count| *count > 0);
        let read = count.ok_or_else(|| {
            Error::corrupt(format!("{name}: {text:?} is not a number of virtual CPUs"))
        });
        let count = self.vm.usable(read, from)?;
        Some(Value::new(count.into(), from))
    }

    fn vector(&mut self, name: &str, mut pairs: Pairs, from: &Origin) {
        match name {
            "DISK" => self.disk(&mut pairs, from),
            "NIC" => self.nic(&mut pairs, from),
            "OS" => self.system(&mut pairs, from),
            "GRAPHICS" => self.graphics(&mut pairs, from),
            "TOPOLOGY" => self.topology(&mut pairs, from),
            "INPUT" => {
                let is_tablet = |kind: &str| (kind == "tablet").then_some(());
                if pairs.word("TYPE", is_tablet).is_some() {
                    pairs.word("BUS", |bus| (bus == "usb").then_some(()));
                    self.vm.usb_tablet = Some(Value::new(true, from));
                }
            }
            "FEATURES" => self.features(&mut pairs, from),
            name if is_silent(name) => return,
            name if DISCREET.contains(&name) => {
                let names: Vec<_> = pairs.pairs.into_iter().map(|(name, _)| name).collect();
                return self.vm.note(format!("{name}: {}", names.join(", ")), from);
            }
            _ => {}
        }
        for (key, value) in pairs.pairs {
            let shown = secret::shown(&key, &value);
            self.vm.note(format!("{name}: {key} = {shown:?}"), from);
        }
    }

    fn features(&mut self, pairs: &mut Pairs, from: &Origin) {
        let yes = |value: &str| matches!(value, "yes" | "true" | "1").then_some(());
        pairs.word("ACPI", yes);
        self.vm.kind = Some(Value::new(Kind::Hvm, from));
        if pairs.is_set("LOCALTIME") {
            self.vm.local_time = Some(Value::new(true, from));
        }
        // Microsoft's interface to a hypervisor, which Windows alone looks for.
        if pairs.is_set("HYPERV") {
            self.vm.guest_os = Some(Value::new("Windows".to_owned(), from));
        }
    }

    fn system(&mut self, pairs: &mut Pairs, from: &Origin) {
        let mut stated = |name: &str| pairs.take(name).map(|text| Value::new(text, from));
        self.vm.kernel = stated("KERNEL");
        self.vm.ramdisk = stated("INITRD");
        self.vm.root = stated("ROOT");
        self.vm.extra = stated("KERNEL_CMD");
        self.vm.bootloader = stated("BOOTLOADER");
        let uuid = stated("UUID");
        self.vm.uuid = uuid;
        let firmware = stated("FIRMWARE").filter(|firmware| !firmware.value.is_empty());
        self.vm.firmware = firmware.map(|firmware| {
            let bios = firmware.value.eq_ignore_ascii_case("bios");
            let kind = if bios { Firmware::Bios } else { Firmware::Uefi };
            Value::new(kind, from)
        });
        if pairs.is_set("FIRMWARE_SECURE") {
            self.vm.secure_boot = Some(Value::new(true, from));
        }
        let chipset = pairs.word("MACHINE", |machine| match machine {
            machine if machine.contains("q35") => Some(Chipset::Q35),
            machine if machine.starts_with("pc") => Some(Chipset::I440fx),
            _ => None,
        });
        self.vm.chipset = chipset.map(|chipset| Value::new(chipset, from));
        self.boot = pairs.take("BOOT").map(|boot| Value::new(boot, from));
        if let Some(family) = pairs.take("ARCH") {
            self.vm.architecture(&family, from);
        }
    }

    /// `disk0,nic0`: the first disk that is named boots.
    fn boots(&mut self, order: &Value<String>) {
        let mut kinds = Vec::new();
        let mut is_whole = true;
        for device in order.value.split(',').map(str::trim) {
            let number = device.strip_prefix("disk");
            let index = number.and_then(|number| number.parse::<usize>().ok());
            let disk = index.and_then(|index| self.vm.disks.get_mut(index));
            let kind = match &disk {
                Some(disk) if disk.cdrom => Some(BootDevice::Cdrom),
                Some(_) => Some(BootDevice::Disk),
                None if device.starts_with("nic") => Some(BootDevice::Network),
                None => None,
            };
            match kind.filter(|kind| !kinds.contains(kind)) {
                Some(kind) => {
                    kinds.push(kind);
                    if let Some(disk) = disk {
                        disk.bootable = true;
                    }
                }
                None => is_whole = false,
            }
        }
        if !is_whole {
            let text = format!("OS: BOOT = {:?}", order.value);
            self.vm.note(text, &order.from);
        }
        if !kinds.is_empty() {
            self.vm.boot = Some(Value::new(kinds, &order.from));
        }
    }

    /// Every guest of KVM has a PC's hardware; one with a boot loader of Xen's is none of KVM's.
    fn finish(mut self) -> Vm {
        if let Some(order) = self.boot.take() {
            self.boots(&order);
        }
        if self.vm.bootloader.is_some() {
            self.vm.host = Some(Host::Xen);
        } else if self.vm.kind.is_none() {
            let why = "OpenNebula's guests have a PC's hardware";
            self.vm.kind = Some(Value::guess(Kind::Hvm, why));
        }
        self.vm
    }
}
