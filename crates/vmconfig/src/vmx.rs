//! VMX, the configuration beside the disks of a VMware guest.
//!
//! Language: lines of `key = "value"`; keys do not heed case; `|22` in a value is the character of that
//! hexadecimal number. There is no specification; names are those that VMware's products write.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use report::{Error, Result};

use crate::limits::{check_devices, check_text, shown};
use crate::value::{Origin, Value};
use crate::vm::{Bus, Disk, Firmware, Kind, Nic, Topology, Vm, is_mac};

/// The most entries a configuration may have.
const ENTRIES: usize = 20_000;

/// Values and their lines by their keys.
type Entries = BTreeMap<String, (String, usize)>;

/// Buses as their keys begin.
const BUSES: [(&str, Bus); 4] = [
    ("ide", Bus::Ide),
    ("nvme", Bus::Nvme),
    ("sata", Bus::Sata),
    ("scsi", Bus::Scsi),
];

/// Reads the configuration called `file`.
///
/// # Errors
/// [`report::Kind::Corrupt`] for what is no VMX or holds numbers that are none,
/// [`report::Kind::Unsupported`] for what is beyond all measure.
pub fn read(text: &str, file: &str) -> Result<Vm> {
    check_text(text)?;
    let mut reader = Reader {
        file,
        entries: entries(text)?,
        vm: Vm::default(),
    };
    if reader.entries.is_empty() {
        return Err(Error::corrupt("it is no VMX: it sets nothing"));
    }
    reader.machine()?;
    reader.disks();
    reader.nics();
    check_devices("disks", reader.vm.disks.len())?;
    check_devices("network cards", reader.vm.nics.len())?;
    Ok(reader.vm)
}

/// What each key, in lower case, is set to, and in which line.
fn entries(text: &str) -> Result<Entries> {
    let mut entries = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let value = value.trim();
        let inner = value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'));
        if let Some(value) = inner {
            let key = key.trim().to_ascii_lowercase();
            entries.insert(key, (plain(value), number + 1));
        }
        if entries.len() > ENTRIES {
            return Err(Error::unsupported(format!(
                "it has more than {ENTRIES} entries"
            )));
        }
    }
    Ok(entries)
}

/// A value without its escapes.
fn plain(value: &str) -> String {
    let mut parts = value.split('|');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part
            .get(..2)
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        match code.filter(u8::is_ascii) {
            Some(code) => {
                plain.push(char::from(code));
                plain += part.get(2..).unwrap_or_default();
            }
            None => {
                plain.push('|');
                plain += part;
            }
        }
    }
    plain
}

struct Reader<'f> {
    file: &'f str,
    entries: Entries,
    vm: Vm,
}

impl Reader<'_> {
    /// What `key` is set to, unless it is empty.
    fn text(&self, key: &str) -> Option<Value<String>> {
        let (value, line) = self
            .entries
            .get(key)
            .filter(|(value, _)| !value.is_empty())?;
        let from = Origin::stated(self.file, format!("line {line}"));
        Some(Value::new(value.clone(), &from))
    }

    fn is_true(&self, key: &str) -> bool {
        self.text(key)
            .is_some_and(|text| text.value.eq_ignore_ascii_case("true"))
    }

    fn number(&self, key: &str, most: u64) -> Result<Option<Value<u64>>> {
        let Some(text) = self.text(key) else {
            return Ok(None);
        };
        match text.value.parse() {
            Ok(value @ 1..) if value <= most => Ok(Some(Value::new(value, &text.from))),
            _ => Err(Error::corrupt(format!(
                "{key}: {} is no number from 1 to {most}",
                shown(&text.value)
            ))),
        }
    }

    fn machine(&mut self) -> Result<()> {
        self.vm.name = self.text("displayname");
        self.vm.description = self.text("annotation");
        self.vm.guest_os = self.text("guestos");
        self.vm.kind = Some(Value::guess(Kind::Hvm, "a VMX describes a PC's hardware"));
        if let Some(memory) = self.number("memsize", u64::MAX >> 20)? {
            self.vm.memory = Some(Value::new(memory.value << 20, &memory.from));
        }
        let count = |value: &Value<u64>| Value::new(value.value as u32, &value.from);
        let vcpus = self.number("numvcpus", u16::MAX.into())?;
        let cores = self.number("cpuid.corespersocket", u16::MAX.into())?;
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
        if let Some(firmware) = self.text("firmware") {
            let kind = match firmware.value.as_str() {
                "efi" => Firmware::Uefi,
                _ => Firmware::Bios,
            };
            self.vm.firmware = Some(Value::new(kind, &firmware.from));
        }
        if let Some(secure) = self.text("uefi.secureboot.enabled") {
            let on = secure.value.eq_ignore_ascii_case("true");
            self.vm.secure_boot = Some(Value::new(on, &secure.from));
        }
        Ok(())
    }

    /// `scsi0:1.fileName`: disks by bus, controller and address.
    fn disks(&mut self) {
        let mut found = Vec::new();
        for key in self.entries.keys() {
            let Some(id) = key
                .strip_suffix(".filename")
                .or_else(|| key.strip_suffix(".devicetype"))
            else {
                continue;
            };
            let known = BUSES.iter().find_map(|&(name, bus)| {
                let (controller, address) = id.strip_prefix(name)?.split_once(':')?;
                let place: (u16, u16) = (controller.parse().ok()?, address.parse().ok()?);
                Some((bus, place))
            });
            if let Some((bus, place)) = known {
                found.push(((bus.name(), place, id.to_owned()), bus));
            }
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        found.dedup_by(|(one, _), (other, _)| one == other);
        for ((_, _, id), bus) in found {
            self.disk(&id, bus);
        }
    }

    fn disk(&mut self, id: &str, bus: Bus) {
        let key = |what: &str| format!("{id}.{what}");
        if !self.is_true(&key("present")) && self.text(&key("present")).is_some() {
            return;
        }
        let kind = self.text(&key("devicetype"));
        let source = self.text(&key("filename"));
        let Some(from) = source
            .as_ref()
            .or(kind.as_ref())
            .map(|value| value.from.clone())
        else {
            return;
        };
        let is_cdrom = |kind: &Value<String>| kind.value.to_ascii_lowercase().contains("cdrom");
        let cdrom = kind.as_ref().is_some_and(is_cdrom);
        self.vm.disks.push(Disk {
            source: source.map(|source| source.value),
            bus: Some(Value::new(bus, &from)),
            cdrom,
            read_only: cdrom,
            ..Disk::new(id, &from)
        });
    }

    fn nics(&mut self) {
        let keys = self.entries.keys();
        let numbers = keys.filter_map(|key| key.strip_prefix("ethernet")?.strip_suffix(".present"));
        let mut numbers: Vec<u16> = numbers.filter_map(|number| number.parse().ok()).collect();
        numbers.sort_unstable();
        for number in numbers {
            let key = |what: &str| format!("ethernet{number}.{what}");
            let Some(present) = self
                .text(&key("present"))
                .filter(|_| self.is_true(&key("present")))
            else {
                continue;
            };
            let mac = self
                .text(&key("address"))
                .or_else(|| self.text(&key("generatedaddress")));
            let lower = |mut value: Value<String>| {
                value.value.make_ascii_lowercase();
                value
            };
            self.vm.nics.push(Nic {
                mac: mac.map(lower).filter(|mac| is_mac(&mac.value)),
                model: self.text(&key("virtualdev")).map(lower),
                network: self.text(&key("networkname")).map(|name| name.value),
                ..Nic::new(&present.from)
            });
        }
    }
}
