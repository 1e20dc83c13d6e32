//! OpenNebula's template of a virtual machine.
//!
//! Format: OpenNebula documentation, "Virtual Machine Template"; what breaks out of a string is taken
//! from its parser (src/parsers/template_parser.l).

mod read;
mod template;
#[cfg(test)]
mod tests;

pub use read::read;

use error::printable;

use crate::value::{Origin, Value};
use crate::vm::{
    BootDevice, Chipset, Disk, Firmware, Graphics, Host, Kind, Nic, Registered, Screen, System, Vm,
};

/// The template of `vm`. A disk's place becomes its `IMAGE` when it is no path: the name of an image
/// that is registered; and its `SOURCE` when it is. Without a place it is the image that the description names
/// ([`Disk::registered`]). What was not said is guessed ([`Vm::complete`]);
/// what has no place in it is listed in comments at its end.
pub fn write(vm: &Vm) -> String {
    let mut vm = vm.clone();
    vm.complete();
    let mut writer = Writer::default();
    writer.machine(&vm);
    writer.disks(&vm);
    for nic in &vm.nics {
        writer.nic(&vm, nic);
    }
    writer.system(&vm);
    if let Some(graphics) = &vm.graphics {
        writer.graphics(&graphics.value, &graphics.from);
    }
    if let Some(tablet) = vm.usb_tablet.as_ref().filter(|tablet| tablet.value) {
        let input = [("TYPE", "tablet".to_owned()), ("BUS", "usb".to_owned())];
        writer.vector("INPUT", &input, &tablet.from.to_string());
    }
    writer.finish(&vm)
}

#[derive(Default)]
struct Writer {
    text: String,
    left_out: Vec<String>,
}

impl Writer {
    fn comment(&mut self, text: &str) {
        self.text += &format!("# {}\n", printable(text));
    }

    /// `NAME = "value"`, and above it where it comes from.
    fn line(&mut self, name: &str, value: &str, from: &Origin) {
        self.comment(&from.to_string());
        self.text += &format!("{name} = {}\n", quote(value));
    }

    /// `NAME = [ KEY = "value", … ]`, and above it where it comes from.
    fn vector(&mut self, name: &str, parts: &[(&str, String)], about: &str) {
        self.comment(about);
        let parts: Vec<_> = parts
            .iter()
            .map(|(key, value)| format!("{key} = {}", quote(value)))
            .collect();
        self.text += &format!("{name} = [ {} ]\n", parts.join(", "));
    }

    fn machine(&mut self, vm: &Vm) {
        if let Some(name) = &vm.name {
            self.line("NAME", &name.value, &name.from);
        }
        if let Some(description) = &vm.description {
            self.line("DESCRIPTION", &description.value, &description.from);
        }
        if let Some(memory) = &vm.memory {
            let mebibytes = memory.value.div_ceil(1 << 20).to_string();
            self.line("MEMORY", &mebibytes, &memory.from);
        }
        if let Some(memory) = &vm.max_memory {
            let mebibytes = memory.value.div_ceil(1 << 20).to_string();
            self.line("MEMORY_MAX", &mebibytes, &memory.from);
        }
        if let Some(vcpus) = &vm.vcpus {
            self.line("VCPU", &vcpus.value.to_string(), &vcpus.from);
            let why = "a processor's time for every virtual one";
            let share = Value::guess(vcpus.value.to_string(), why);
            let share = vm.cpu_share.as_ref().unwrap_or(&share);
            self.line("CPU", &share.value, &share.from);
        }
        if let Some(vcpus) = &vm.max_vcpus {
            self.line("VCPU_MAX", &vcpus.value.to_string(), &vcpus.from);
        }
        if let Some(emulated) = vm.emulated.as_ref().filter(|it| it.value) {
            self.line("HYPERVISOR", "qemu", &emulated.from);
        }
        if let Some(topology) = &vm.topology {
            let laid_out = topology.value;
            let parts = [
                ("SOCKETS", laid_out.sockets.to_string()),
                ("CORES", laid_out.cores.to_string()),
                ("THREADS", laid_out.threads.to_string()),
            ];
            self.vector("TOPOLOGY", &parts, &topology.from.to_string());
        }
    }

    fn disks(&mut self, vm: &Vm) {
        for disk in &vm.disks {
            let about = format!("{}, {}", disk.id, disk.from);
            match image(disk) {
                Some(image) => self.disk(disk, image, &about, !vm.is(Kind::Hvm)),
                None => self
                    .left_out
                    .push(format!("disk {about}: it has no place here")),
            }
        }
    }

    /// A disk; its name is told to a guest that knows Xen, others have names of their own.
    fn disk(&mut self, disk: &Disk, image: (&'static str, &str), about: &str, named: bool) {
        let (key, image) = image;
        let mut parts = vec![(key, image.to_owned())];
        // The store knows the format of an image.
        let format = match disk.place {
            Some(_) => disk.place_format.as_deref().or(Some("raw")),
            None => disk.format.as_deref(),
        };
        parts.extend(format.map(|format| ("DRIVER", format.to_owned())));
        if let Some(vdev) = disk.vdev.as_ref().filter(|_| named) {
            parts.push(("TARGET", vdev.value.clone()));
        }
        if disk.cdrom {
            parts.push(("TYPE", "CDROM".to_owned()));
        }
        if disk.read_only {
            parts.push(("READONLY", "yes".to_owned()));
        }
        self.vector("DISK", &parts, about);
    }

    fn nic(&mut self, vm: &Vm, nic: &Nic) {
        let mut parts = Vec::new();
        // A network of OpenNebula's, or else a bridge of the host.
        match (&nic.network, &nic.network_id, &nic.bridge) {
            (Some(network), ..) => parts.push(("NETWORK", network.clone())),
            (None, Some(id), _) => parts.push(("NETWORK_ID", id.clone())),
            (None, None, Some(bridge)) => parts.push(("BRIDGE", bridge.value.clone())),
            (None, None, None) => {}
        }
        if let Some(mac) = &nic.mac {
            parts.push(("MAC", mac.value.clone()));
        }
        let model = nic.model.as_ref().map(|model| model.value.as_str());
        let card = model.and_then(|model| vm.card(Some(model), Host::Kvm));
        if let Some(card) = card {
            parts.push(("MODEL", card.model.to_owned()));
        }
        self.vector("NIC", &parts, &nic.from.to_string());
    }

    fn system(&mut self, vm: &Vm) {
        let mut parts = Vec::new();
        let mut about = Vec::new();
        let mut stated = |key, value: Option<(String, &Origin)>| {
            if let Some((value, from)) = value {
                parts.push((key, value));
                about.push(format!("{key} {from}"));
            }
        };
        let text =
            |value: &Option<crate::Value<String>>| value.as_ref().map(|value| value.value.clone());
        for (key, value) in [
            ("KERNEL", &vm.kernel),
            ("INITRD", &vm.ramdisk),
            ("ROOT", &vm.root),
            ("KERNEL_CMD", &vm.extra),
            ("UUID", &vm.uuid),
        ] {
            let from = value.as_ref().map(|value| &value.from);
            stated(key, text(value).zip(from));
        }
        let chipset = vm.chipset.as_ref().filter(|it| it.value == Chipset::Q35);
        stated("MACHINE", chipset.map(|it| ("q35".to_owned(), &it.from)));
        let boot = vm.boot.as_ref().filter(|boot| boot.from.is_stated());
        let boot = boot.filter(|_| vm.is(Kind::Hvm));
        let order = boot.and_then(|boot| Some((order(vm, &boot.value)?, &boot.from)));
        stated("BOOT", order);
        let bootloader = vm.bootloader.as_ref().filter(|_| !vm.is(Kind::Hvm));
        stated(
            "BOOTLOADER",
            bootloader.map(|known| (known.value.clone(), &known.from)),
        );
        let uefi = vm
            .firmware
            .as_ref()
            .filter(|known| known.value == Firmware::Uefi);
        stated(
            "FIRMWARE",
            uefi.map(|known| ("UEFI".to_owned(), &known.from)),
        );
        let secure = vm
            .secure_boot
            .as_ref()
            .filter(|known| known.value && uefi.is_some());
        stated(
            "FIRMWARE_SECURE",
            secure.map(|known| ("YES".to_owned(), &known.from)),
        );
        if !parts.is_empty() {
            self.vector("OS", &parts, &about.join("; "));
        }
        if let Some(kind) = vm.kind.as_ref().filter(|kind| kind.value == Kind::Hvm) {
            let mut parts = vec![("ACPI", "yes".to_owned())];
            if vm.local_time.as_ref().is_some_and(|local| local.value) {
                parts.push(("LOCALTIME", "yes".to_owned()));
            }
            if vm.system() == System::Windows {
                parts.push(("HYPERV", "yes".to_owned()));
            }
            self.vector("FEATURES", &parts, &kind.from.to_string());
        }
    }

    fn graphics(&mut self, graphics: &Graphics, from: &Origin) {
        let kind = match graphics.screen {
            Screen::None => return,
            Screen::Vnc => "VNC",
            Screen::Spice => "SPICE",
        };
        let listen = graphics.listen.as_deref().unwrap_or("127.0.0.1");
        let mut parts = vec![("TYPE", kind.to_owned()), ("LISTEN", listen.to_owned())];
        if let Some(secret) = &graphics.password {
            parts.push(("PASSWD", secret.reveal().to_owned()));
        }
        self.vector("GRAPHICS", &parts, &from.to_string());
    }

    fn finish(mut self, vm: &Vm) -> String {
        self.left_out.extend(vm.left_out());
        for what in std::mem::take(&mut self.left_out) {
            self.comment(&format!("Left out: {what}"));
        }
        self.text
    }
}

/// The key and the value that name what is in a disk.
fn image(disk: &Disk) -> Option<(&'static str, &str)> {
    match (&disk.place, &disk.registered) {
        (Some(place), _) if place.starts_with('/') => Some(("SOURCE", place)),
        (Some(place), _) => Some(("IMAGE", place)),
        (None, Some(Registered::Name(name))) => Some(("IMAGE", name)),
        (None, Some(Registered::Id(id))) => Some(("IMAGE_ID", id)),
        (None, None) => None,
    }
}

/// `devices` as OpenNebula names them: `disk0,nic0`, if the guest has them all. Disks are numbered as they are written.
fn order(vm: &Vm, devices: &[BootDevice]) -> Option<String> {
    let written: Vec<_> = vm
        .disks
        .iter()
        .filter(|disk| image(disk).is_some())
        .collect();
    let first = |fits: &dyn Fn(&Disk) -> bool| written.iter().position(|disk| fits(disk));
    let name = |device: &BootDevice| {
        let disk = match device {
            BootDevice::Disk => {
                first(&|disk| !disk.cdrom && disk.bootable).or_else(|| first(&|disk| !disk.cdrom))
            }
            BootDevice::Cdrom => first(&|disk| disk.cdrom),
            BootDevice::Network if !vm.nics.is_empty() => return Some("nic0".to_owned()),
            BootDevice::Network | BootDevice::Floppy => None,
        };
        disk.map(|index| format!("disk{index}"))
    };
    let names: Option<Vec<_>> = devices.iter().map(name).collect();
    names.map(|names| names.join(","))
}

/// `text` as a string of a template. Its language has no way to write a double quote, ends a string
/// that ends in a backslash later than meant, and takes `]]>` for its own wherever it is.
fn quote(text: &str) -> String {
    let plain = |c: char| match c {
        '"' => '\'',
        c if c.is_control() => ' ',
        c => c,
    };
    let mut quoted: String = text.chars().map(plain).collect();
    quoted = quoted.replace("]]>", "]] >");
    if quoted.ends_with('\\') {
        quoted.push(' ');
    }
    format!("\"{quoted}\"")
}
