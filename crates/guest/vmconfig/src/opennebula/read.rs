//! What a template says about a guest.

use error::{Error, Result};

use super::template::{self, Attribute};
use crate::limits::{check_devices, check_text};
use crate::value::{Origin, Secret, Value};
use crate::vm::{Bus, Disk, Firmware, Graphics, Host, Kind, Nic, Screen, Topology, Vm};

/// Attributes that say nothing about the guest itself: placement, prices, contextualisation.
const WITHOUT_MEANING: &[&str] = &[
    "CONTEXT",
    "CPU",
    "CPU_COST",
    "DISK_COST",
    "HYPERVISOR",
    "INPUTS_ORDER",
    "LOGO",
    "MEMORY_COST",
    "MEMORY_UNIT_COST",
    "SCHED_DS_REQUIREMENTS",
    "SCHED_REQUIREMENTS",
    "USER_INPUTS",
];

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
    };
    for attribute in &attributes {
        reader.attribute(attribute);
    }
    Ok(reader.finish())
}

struct Reader<'t> {
    file: &'t str,
    vm: Vm,
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
            name if WITHOUT_MEANING.contains(&name) => {}
            _ => self.vm.note(format!("{name} = {text:?}"), from),
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
                let tablet = pairs
                    .take("TYPE")
                    .is_some_and(|kind| kind.eq_ignore_ascii_case("tablet"));
                pairs.take("BUS");
                self.vm.usb_tablet = Some(Value::new(tablet, from));
            }
            "FEATURES" => {
                pairs.take("ACPI");
                self.vm.kind = Some(Value::new(Kind::Hvm, from));
                if pairs.is_set("LOCALTIME") {
                    self.vm.local_time = Some(Value::new(true, from));
                }
            }
            name if WITHOUT_MEANING.contains(&name) => return,
            _ => {}
        }
        for (key, value) in pairs.pairs {
            let shown = if key.contains("PASS") {
                "(hidden)".to_owned()
            } else {
                format!("{value:?}")
            };
            self.vm.note(format!("{name}: {key} = {shown}"), from);
        }
    }

    fn disk(&mut self, pairs: &mut Pairs, from: &Origin) {
        let target = pairs.take("TARGET");
        let image = pairs.take("IMAGE").or_else(|| pairs.take("IMAGE_ID"));
        let source = pairs.take("SOURCE").or(image);
        let id = target.clone().or_else(|| source.clone());
        let id = id.unwrap_or_else(|| format!("disk {}", self.vm.disks.len()));
        let cdrom = pairs
            .take("TYPE")
            .is_some_and(|kind| kind.eq_ignore_ascii_case("cdrom"));
        let prefix = pairs.take("DEV_PREFIX").or_else(|| target.clone());
        let bus = match prefix.as_deref().and_then(|prefix| prefix.get(..2)) {
            Some("vd") => Some(Bus::Virtio),
            Some("sd") => Some(Bus::Scsi),
            Some("hd") => Some(Bus::Ide),
            Some("xv") => Some(Bus::Xen),
            _ => None,
        };
        self.vm.disks.push(Disk {
            source,
            format: pairs.take("DRIVER").or_else(|| pairs.take("FORMAT")),
            bus: bus.map(|bus| Value::new(bus, from)),
            vdev: target.map(|target| Value::new(target, from)),
            cdrom,
            read_only: cdrom | pairs.is_set("READONLY"),
            ..Disk::new(id, from)
        });
    }

    fn nic(&mut self, pairs: &mut Pairs, from: &Origin) {
        let mut stated = |name: &str| pairs.take(name).map(|text| Value::new(text, from));
        let nic = Nic {
            mac: stated("MAC"),
            model: stated("MODEL"),
            bridge: stated("BRIDGE"),
            ..Nic::new(from)
        };
        let network = pairs.take("NETWORK").or_else(|| pairs.take("NETWORK_ID"));
        pairs.take("NETWORK_UNAME");
        self.vm.nics.push(Nic { network, ..nic });
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
        if let Some(boot) = pairs.take("BOOT") {
            self.boots(&boot);
        }
        pairs
            .take("ARCH")
            .filter(|arch| arch != "x86_64")
            .inspect(|arch| {
                self.vm.note(format!("OS: ARCH = {arch:?}"), from);
            });
    }

    /// `disk0,nic0`: the disk that comes first boots.
    fn boots(&mut self, order: &str) {
        for device in order.split(',') {
            let number = device.trim().strip_prefix("disk");
            let index = number.and_then(|number| number.parse::<usize>().ok());
            if let Some(disk) = index.and_then(|index| self.vm.disks.get_mut(index)) {
                disk.bootable = true;
                return;
            }
        }
    }

    fn graphics(&mut self, pairs: &mut Pairs, from: &Origin) {
        let kind = pairs.take("TYPE").unwrap_or_default().to_ascii_uppercase();
        let mut graphics = Graphics::new(match kind.as_str() {
            "VNC" => Screen::Vnc,
            "SPICE" => Screen::Spice,
            _ => Screen::None,
        });
        graphics.listen = pairs.take("LISTEN");
        graphics.password = pairs.take("PASSWD").map(Secret::new);
        self.vm.graphics = Some(Value::new(graphics, from));
    }

    fn topology(&mut self, pairs: &mut Pairs, from: &Origin) {
        let mut number = |name: &str| pairs.take(name).and_then(|text| text.parse().ok());
        let (sockets, cores, threads) = (number("SOCKETS"), number("CORES"), number("THREADS"));
        if sockets.is_some() || cores.is_some() {
            let topology = Topology {
                sockets: sockets.unwrap_or(1),
                cores: cores.unwrap_or(1),
                threads: threads.unwrap_or(1),
            };
            self.vm.topology = Some(Value::new(topology, from));
        }
    }

    /// Every guest of KVM has a PC's hardware; one with a boot loader of Xen's is none of KVM's.
    fn finish(mut self) -> Vm {
        if self.vm.bootloader.is_some() {
            self.vm.host = Some(Host::Xen);
        } else if self.vm.kind.is_none() {
            let why = "OpenNebula's guests have a PC's hardware";
            self.vm.kind = Some(Value::guess(Kind::Hvm, why));
        }
        self.vm
    }
}
