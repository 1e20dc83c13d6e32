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

use crate::value::Origin;
use crate::vm::{Disk, Firmware, Graphics, Host, Kind, Nic, Screen, Vm};

/// The template of `vm`. A disk's place becomes its `IMAGE` when it is no path: the name of an image
/// that is registered; and its `SOURCE` when it is. What was not said is guessed ([`Vm::complete`]);
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
        if let Some(vcpus) = &vm.vcpus {
            self.line("VCPU", &vcpus.value.to_string(), &vcpus.from);
            let why = Origin::guess("a processor's time for every virtual one");
            self.line("CPU", &vcpus.value.to_string(), &why);
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
            match &disk.place {
                Some(place) => self.disk(disk, place, &about, !vm.is(Kind::Hvm)),
                None => self
                    .left_out
                    .push(format!("disk {about}: it has no place here")),
            }
        }
    }

    /// A disk; its name is told to a guest that knows Xen, others have names of their own.
    fn disk(&mut self, disk: &Disk, place: &str, about: &str, named: bool) {
        let mut parts = Vec::new();
        if place.starts_with('/') {
            parts.push(("SOURCE", place.to_owned()))
        } else {
            parts.push(("IMAGE", place.to_owned()))
        }
        let format = disk.place_format.as_deref().unwrap_or("raw");
        parts.push(("DRIVER", format.to_owned()));
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
        match (&nic.network, &nic.bridge) {
            (Some(network), _) => parts.push(("NETWORK", network.clone())),
            (None, Some(bridge)) => parts.push(("BRIDGE", bridge.value.clone())),
            (None, None) => {}
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
        ] {
            let from = value.as_ref().map(|value| &value.from);
            stated(key, text(value).zip(from));
        }
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
            self.vector(
                "FEATURES",
                &[("ACPI", "yes".to_owned())],
                &kind.from.to_string(),
            );
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
