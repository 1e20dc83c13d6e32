//! VMX, the configuration beside the disks of a VMware guest.
//!
//! Language: lines of `key = "value"`; keys do not heed case; `|22` in a value is the character of that
//! hexadecimal number. There is no specification; names are those that VMware's products write.

mod devices;
mod entries;
#[cfg(test)]
mod tests;

use error::{Error, Result};

use crate::limits::{check_devices, check_text, shown};
use crate::value::{Origin, Value};
use crate::vm::{BootDevice, Firmware, Host, Kind, Topology, Vm};
use entries::Entries;

/// Reads the configuration called `file`.
///
/// # Errors
/// [`error::Kind::Corrupt`] for what is not a VMX, [`error::Kind::Unsupported`] for what is beyond all
/// measure. A setting that cannot be used is in [`Vm::faults`].
pub fn read(text: &str, file: &str) -> Result<Vm> {
    check_text(text)?;
    let entries = Entries::of(text)?;
    if entries.is_empty() {
        return Err(Error::corrupt("it is not a VMX: it sets nothing"));
    }
    let mut reader = Reader {
        file,
        entries: &entries,
        vm: Vm::default(),
    };
    reader.names();
    reader.machine();
    reader.boot();
    reader.disks();
    reader.nics();
    reader.others();
    check_devices("disks", reader.vm.disks.len())?;
    check_devices("network cards", reader.vm.nics.len())?;
    Ok(reader.vm)
}

struct Reader<'f> {
    file: &'f str,
    entries: &'f Entries,
    vm: Vm,
}

impl Reader<'_> {
    fn origin(&self, line: usize) -> Origin {
        Origin::stated(self.file, format!("line {line}"))
    }

    /// What `key` is set to, unless it is empty.
    fn text(&self, key: &str) -> Option<Value<String>> {
        let (value, line) = self.entries.get(key)?;
        Some(Value::new(value.to_owned(), &self.origin(line)))
    }

    /// Whether `key` is true, where it is set.
    fn flag(&self, key: &str) -> Option<Value<bool>> {
        let said = self.text(key)?;
        let on = ["true", "yes", "1"]
            .iter()
            .any(|word| said.value.eq_ignore_ascii_case(word));
        Some(Value::new(on, &said.from))
    }

    /// The number that `key` is set to, from 1 to `most`.
    fn number(&mut self, key: &str, most: u64) -> Option<Value<u64>> {
        let text = self.text(key)?;
        match text.value.parse() {
            Ok(value @ 1..) if value <= most => Some(Value::new(value, &text.from)),
            _ => {
                let said = shown(&text.value);
                let fault = format!("{key}: {said} is not a number from 1 to {most}");
                self.vm.fault(fault, &text.from);
                None
            }
        }
    }

    fn names(&mut self) {
        self.vm.host = Some(Host::Vmware);
        self.vm.name = self.text("displayname");
        self.vm.description = self.text("annotation");
        self.vm.guest_os = self.text("guestos");
        self.vm.uuid = self.text("uuid.bios").and_then(|said| {
            let uuid = uuid(&said.value)?;
            Some(Value::new(uuid, &said.from))
        });
        for (key, line) in self.entries.twice() {
            let from = self.origin(*line);
            self.vm
                .note(format!("{key} is set twice, and the last one holds"), &from);
        }
    }

    fn machine(&mut self) {
        self.vm.kind = Some(Value::guess(Kind::Hvm, "a VMX describes a PC's hardware"));
        let memory = self.number("memsize", u64::MAX >> 20);
        self.vm.memory = memory.map(|memory| Value::new(memory.value << 20, &memory.from));
        let count = |value: &Value<u64>| Value::new(value.value as u32, &value.from);
        let vcpus = self.number("numvcpus", u16::MAX.into());
        let cores = self.number("cpuid.corespersocket", u16::MAX.into());
        if let (Some(vcpus), Some(cores)) = (vcpus.as_ref().map(count), cores.as_ref().map(count))
            && vcpus.value.is_multiple_of(cores.value)
        {
            let laid_out = Topology {
                sockets: vcpus.value / cores.value,
                cores: cores.value,
                threads: 1,
            };
            self.vm.topology = Some(Value::new(laid_out, &cores.from));
        }
        self.vm.vcpus = vcpus.as_ref().map(count);
        self.vm.secure_boot = self.flag("uefi.secureboot.enabled");
        self.vm.tpm = self.flag("vtpm.present").filter(|flag| flag.value);
    }

    fn boot(&mut self) {
        if let Some(firmware) = self.text("firmware") {
            let kind = match firmware.value.to_ascii_lowercase().as_str() {
                "efi" | "uefi" => Firmware::Uefi,
                _ => Firmware::Bios,
            };
            self.vm.firmware = Some(Value::new(kind, &firmware.from));
        }
        let Some(order) = self.text("bios.bootorder") else {
            return;
        };
        let device = |name: &str| match name.trim().to_ascii_lowercase().as_str() {
            "hdd" | "disk" => Some(BootDevice::Disk),
            "cdrom" | "cd" => Some(BootDevice::Cdrom),
            "floppy" => Some(BootDevice::Floppy),
            name if name.starts_with("ethernet") || name == "net" => Some(BootDevice::Network),
            _ => None,
        };
        let mut devices: Vec<_> = order.value.split(',').filter_map(device).collect();
        devices.dedup();
        if !devices.is_empty() {
            self.vm.boot = Some(Value::new(devices, &order.from));
        }
    }

    /// A serial port, and what has no place.
    fn others(&mut self) {
        if let Some(serial) = self.flag("serial0.present").filter(|serial| serial.value) {
            self.vm.serial = Some(Value::new("pty".to_owned(), &serial.from));
        }
        if let Some(floppy) = self.flag("floppy0.present").filter(|floppy| floppy.value) {
            self.vm.note("a floppy drive", &floppy.from);
        }
        if let Some(state) = self.text("checkpoint.vmstate") {
            let text = format!(
                "it is suspended: what is in its memory stays in {}",
                shown(&state.value)
            );
            self.vm.fault(text, &state.from);
        }
    }
}

/// `56 4d … -9b 61 …`, 16 bytes, as a UUID is written.
fn uuid(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    if digits.len() != 32 {
        return None;
    }
    let digits = digits.to_ascii_lowercase();
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
    let parts: Option<Vec<_>> = parts.into_iter().map(|part| digits.get(part)).collect();
    Some(parts?.join("-"))
}
