//! The configuration of a guest of Proxmox VE, as it is in `/etc/pve/qemu-server` and in a VMA.
//!
//! Format: Proxmox VE Administration Guide, "Configuration" of qm(1): lines of `key: value`; lines that
//! begin with `#` are the description, `[name]` begins a snapshot. `vzdump` adds lines
//! `#qmdump#map:scsi0:drive-scsi0:storage:format:` that say which device of the VMA holds which disk.

mod drive;
mod lines;
mod nic;
#[cfg(test)]
mod tests;

use error::{Error, Result};

use crate::decode::percent_decoded;
use crate::limits::{check_devices, check_text, shown};
use crate::value::{Origin, Value};
use crate::vm::{BootDevice, Chipset, Firmware, Graphics, Host, Kind, Screen, Scsi, Topology, Vm};
use lines::Lines;

/// Settings that say nothing about the guest elsewhere, or have been read by the way.
const SILENT: &[&str] = &[
    "agent",
    "balloon",
    "boot",
    "bootdisk",
    "digest",
    "hotplug",
    "kvm",
    "lock",
    "memory",
    "meta",
    "onboot",
    "parent",
    "protection",
    "shares",
    "snaptime",
    "sockets",
    "startup",
    "tags",
    "template",
    "vmgenid",
];

/// Reads the configuration called `file`.
///
/// # Errors
/// [`error::Kind::Corrupt`] for what sets nothing, [`error::Kind::Unsupported`] for what is beyond all
/// measure. A setting that cannot be used is in [`Vm::faults`].
pub fn read(text: &str, file: &str) -> Result<Vm> {
    check_text(text)?;
    let lines = Lines::of(text)?;
    if lines.is_empty() {
        return Err(Error::corrupt(
            "it is not a configuration of Proxmox VE: it sets nothing",
        ));
    }
    let mut reader = Reader {
        lines: &lines,
        file,
        vm: Vm::default(),
    };
    reader.names();
    reader.processors();
    reader.machine();
    reader.boot();
    reader.console();
    reader.drives();
    reader.nics();
    reader.leftovers();
    check_devices("disks", reader.vm.disks.len())?;
    check_devices("network cards", reader.vm.nics.len())?;
    Ok(reader.vm)
}

/// Whether the guest that `text` describes starts with its host: `onboot: 1`. A template never does.
pub fn starts_with_host(text: &str) -> bool {
    let lines = Lines::of(text).unwrap_or_default();
    let is_set = |key| lines.get(key).and_then(|(value, _)| boolean(value)) == Some(true);
    is_set("onboot") && !is_set("template")
}

/// What `text` means as a boolean (`parse_boolean` of PVE::JSONSchema).
fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "on" | "yes" | "true" => Some(true),
        "0" | "off" | "no" | "false" => Some(false),
        _ => None,
    }
}

/// Whether `text`, or the beginning of one, is a configuration of Proxmox VE by all that shows.
pub fn is_likely(text: &str) -> bool {
    let Ok(lines) = Lines::of(text) else {
        return false;
    };
    let own = ["ostype", "scsihw", "smbios1", "vmgenid", "efidisk0"];
    let common = ["memory", "cores", "sockets", "boot", "bootdisk"];
    let is_own = |key: &str| own.contains(&key) || drive::place(key).is_some();
    let mut keys = lines.all().map(|(key, ..)| key);
    keys.any(is_own) && common.iter().any(|key| lines.get(key).is_some())
}

struct Reader<'t> {
    lines: &'t Lines<'t>,
    file: &'t str,
    vm: Vm,
}

impl Reader<'_> {
    fn origin(&self, line: usize) -> Origin {
        Origin::stated(self.file, format!("line {line}"))
    }

    fn text(&self, key: &str) -> Option<Value<String>> {
        let (value, line) = self.lines.get(key)?;
        Some(Value::new(value.to_owned(), &self.origin(line)))
    }

    /// The number called `key`, from 1 to `most`.
    fn number(&mut self, key: &str, most: u64) -> Option<Value<u64>> {
        let said = self.text(key)?;
        match said.value.parse() {
            Ok(number @ 1..) if number <= most => Some(Value::new(number, &said.from)),
            _ => {
                let text = format!(
                    "{key}: {} is not a number from 1 to {most}",
                    shown(&said.value)
                );
                self.vm.fault(text, &said.from);
                None
            }
        }
    }

    fn flag(&self, key: &str) -> Option<Value<bool>> {
        let said = self.text(key)?;
        Some(Value::new(boolean(&said.value)?, &said.from))
    }

    fn names(&mut self) {
        self.vm.host = Some(Host::Kvm);
        self.vm.name = self.text("name");
        self.vm.guest_os = self.text("ostype");
        let line = self.lines.description_line();
        let described = self.lines.description();
        self.vm.description = match described.trim() {
            "" => self.text("description").map(|mut said| {
                said.value = percent_decoded(&said.value);
                said
            }),
            text => Some(Value::new(text.to_owned(), &self.origin(line))),
        };
        if let Some(said) = self.text("smbios1") {
            let uuid = Parts::of(&said.value)
                .get("uuid")
                .map(str::to_ascii_lowercase);
            self.vm.uuid = uuid.map(|uuid| Value::new(uuid, &said.from));
        }
    }

    /// Sockets and cores are 1 where nothing is said; `vcpus` is how many of them are plugged in.
    fn processors(&mut self) {
        self.memory();
        let sockets = self.number("sockets", 4096);
        let cores = self.number("cores", 4096);
        let plugged = self.number("vcpus", 4096);
        let Some(from) = cores
            .as_ref()
            .or(sockets.as_ref())
            .map(|said| said.from.clone())
        else {
            return;
        };
        let count = |said: Option<Value<u64>>| said.map_or(1, |said| said.value as u32);
        let (sockets, cores) = (count(sockets), count(cores));
        let all = Value::new(sockets * cores, &from);
        self.vm.topology = Some(Value::new(
            Topology {
                sockets,
                cores,
                threads: 1,
            },
            &from,
        ));
        let plugged = plugged.map(|said| Value::new(said.value as u32, &said.from));
        match plugged.filter(|plugged| plugged.value < all.value) {
            Some(plugged) => {
                self.vm.vcpus = Some(plugged);
                self.vm.max_vcpus = Some(all);
            }
            None => self.vm.vcpus = Some(all),
        }
    }

    /// `memory: 2048`, or `memory: current=2048` of version 8; in MiB.
    fn memory(&mut self) {
        let Some(mut said) = self.text("memory") else {
            return;
        };
        if let Some(current) = Parts::of(&said.value).get("current") {
            said.value = current.to_owned();
        }
        match said
            .value
            .parse::<u64>()
            .ok()
            .and_then(|mib| mib.checked_mul(1 << 20))
        {
            Some(bytes @ 1..) => self.vm.memory = Some(Value::new(bytes, &said.from)),
            _ => {
                let text = format!("memory: {} is not a size in MiB", shown(&said.value));
                self.vm.fault(text, &said.from);
            }
        }
    }

    fn machine(&mut self) {
        let kvm = self.flag("kvm").filter(|kvm| !kvm.value);
        self.vm.emulated = kvm.map(|kvm| Value::new(true, &kvm.from));
        let why = "Proxmox VE gives every guest a PC's hardware";
        self.vm.kind = Some(Value::guess(Kind::Hvm, why));
        if let Some(bios) = self.text("bios") {
            let firmware = match bios.value.as_str() {
                "ovmf" => Firmware::Uefi,
                _ => Firmware::Bios,
            };
            self.vm.firmware = Some(Value::new(firmware, &bios.from));
        }
        if let Some(machine) = self.text("machine") {
            let parts = Parts::of(&machine.value);
            let kind = parts.get("type").or(parts.first()).unwrap_or_default();
            let chipset = match kind {
                kind if kind.contains("q35") => Chipset::Q35,
                _ => Chipset::I440fx,
            };
            self.vm.chipset = Some(Value::new(chipset, &machine.from));
        }
    }

    /// `boot: order=scsi0;ide2;net0`, or up to version 6 letters.
    fn boot(&mut self) {
        let Some(boot) = self.text("boot") else {
            return;
        };
        let parts = Parts::of(&boot.value);
        let legacy = parts.get("legacy").or(parts.first());
        let devices: Vec<_> = match (parts.get("order"), legacy) {
            (Some(order), _) => order
                .split(';')
                .filter_map(|name| self.device(name))
                .collect(),
            (None, Some(letters)) => letters.chars().filter_map(BootDevice::of_letter).collect(),
            (None, None) => Vec::new(),
        };
        let mut once: Vec<BootDevice> = Vec::new();
        for device in devices {
            if !once.contains(&device) {
                once.push(device);
            }
        }
        if !once.is_empty() {
            self.vm.boot = Some(Value::new(once, &boot.from));
        }
    }

    /// What `name` in a boot order stands for.
    fn device(&self, name: &str) -> Option<BootDevice> {
        let name = name.trim();
        if name.starts_with("net") {
            return Some(BootDevice::Network);
        }
        let (value, _) = self.lines.get(name)?;
        match Parts::of(value).get("media") {
            Some("cdrom") => Some(BootDevice::Cdrom),
            _ if drive::place(name).is_some() => Some(BootDevice::Disk),
            _ => None,
        }
    }

    fn console(&mut self) {
        let from = self.text("vga");
        let kind = from.as_ref().map(|vga| {
            let parts = Parts::of(&vga.value);
            parts
                .get("type")
                .or(parts.first())
                .unwrap_or_default()
                .to_owned()
        });
        if let (Some(vga), Some(kind)) = (from, kind) {
            let screen = match kind.as_str() {
                "none" => Screen::None,
                kind if kind.starts_with("serial") => Screen::None,
                _ => Screen::Vnc,
            };
            if screen == Screen::None {
                self.vm.graphics = Some(Value::new(Graphics::new(screen), &vga.from));
            }
        }
        if let Some(serial) = self.text("serial0") {
            match serial.value.as_str() {
                "socket" => self.vm.serial = Some(Value::new("pty".to_owned(), &serial.from)),
                device => {
                    let text = format!("serial0: {device:?} of another host");
                    self.vm.note(text, &serial.from);
                }
            }
        }
        self.vm.usb_tablet = self.flag("tablet");
        self.vm.local_time = self.flag("localtime");
    }

    /// The controller of all SCSI disks; `lsi` where nothing is said.
    fn scsi(&self) -> Scsi {
        let said = self
            .lines
            .get("scsihw")
            .and_then(|(value, _)| Scsi::of_name(value));
        said.unwrap_or(Scsi::Lsi53c895a)
    }

    /// What has found no place is a note.
    fn leftovers(&mut self) {
        let read = [
            "name",
            "description",
            "ostype",
            "smbios1",
            "cores",
            "vcpus",
            "bios",
            "machine",
            "vga",
            "serial0",
            "tablet",
            "localtime",
            "scsihw",
        ];
        for (key, value, line) in self.lines.all() {
            let device = drive::is_drive(key) || nic::is_nic(key);
            if device || SILENT.contains(&key) || read.contains(&key) {
                continue;
            }
            // A password for the guest's first start.
            let value = match key {
                "cipassword" => "(hidden)",
                _ => value,
            };
            let from = self.origin(line);
            self.vm.note(format!("{key}: {}", shown(value)), &from);
        }
        for (text, line) in self.lines.wrong() {
            let from = self.origin(*line);
            self.vm
                .fault(format!("{} is not a setting", shown(text)), &from);
        }
    }
}

/// A value of several parts: `local-lvm:vm-100-disk-0,size=32G`.
struct Parts<'t>(Vec<(Option<&'t str>, &'t str)>);

impl<'t> Parts<'t> {
    fn of(text: &'t str) -> Self {
        let part = |part: &'t str| match part.split_once('=') {
            Some((key, value)) => (Some(key.trim()), value.trim()),
            None => (None, part.trim()),
        };
        Parts(text.split(',').map(part).collect())
    }

    fn get(&self, key: &str) -> Option<&'t str> {
        let found = self.0.iter().find(|(known, _)| *known == Some(key));
        found.map(|&(_, value)| value)
    }

    /// The part without a key.
    fn first(&self) -> Option<&'t str> {
        let found = self
            .0
            .iter()
            .find(|(key, value)| key.is_none() && !value.is_empty());
        found.map(|&(_, value)| value)
    }

    fn keys(&self) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.0
            .iter()
            .filter_map(|&(key, value)| Some((key?, value)))
    }

    /// Whether the flag `key` is set.
    fn flag(&self, key: &str) -> Option<bool> {
        boolean(self.get(key)?)
    }
}
