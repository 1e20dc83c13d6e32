//! Disks and drives: `scsi0: local-lvm:vm-100-disk-0,size=32G`.

use super::{Parts, Reader};
use crate::limits::shown;
use crate::value::{Origin, Value};
use crate::vm::{Bus, Disk, Unplugged};

/// Buses, in the order in which Proxmox VE looks for a disk to boot from.
const BUSES: [(&str, Bus); 4] = [
    ("ide", Bus::Ide),
    ("scsi", Bus::Scsi),
    ("virtio", Bus::Virtio),
    ("sata", Bus::Sata),
];

/// What holds the state of the guest's hardware, and what that is.
const STATE: [(&str, &str); 2] = [
    ("efidisk", "the variables of the UEFI firmware"),
    ("tpmstate", "the state of the TPM"),
];

/// The bus and the number on it that `key` stands for.
pub(super) fn place(key: &str) -> Option<(usize, u16)> {
    let number = |prefix: &str| numbered(key, prefix);
    let mut buses = BUSES.iter().enumerate();
    buses.find_map(|(bus, (prefix, _))| Some((bus, number(prefix)?)))
}

/// The number behind `prefix` in `key`.
pub(super) fn numbered(key: &str, prefix: &str) -> Option<u16> {
    let number = key.strip_prefix(prefix)?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| number.parse().ok()).flatten()
}

/// Whether `key` is a drive, a disk that is not plugged in, or the state of some hardware.
pub(super) fn is_drive(key: &str) -> bool {
    let others = ["efidisk", "tpmstate", "unused"];
    place(key).is_some() || others.iter().any(|prefix| numbered(key, prefix).is_some())
}

/// `32G`; a number alone is in bytes.
fn size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text.get(digits.len()..)? {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1u64 << 40,
        _ => return None,
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.parse::<u64>().ok()?.checked_mul(factor)?;
    let fraction = match fraction.get(..fraction.len().min(6)) {
        None | Some("") => 0,
        Some(digits) => digits.parse::<u64>().ok()? * factor / 10u64.pow(digits.len() as u32),
    };
    whole.checked_add(fraction)
}

impl Reader<'_> {
    /// Drives: the one that the guest boots from first, then as Proxmox VE orders them.
    pub(super) fn drives(&mut self) {
        let order = self.boot_order();
        let rank = |key: &str| order.iter().position(|known| known == key);
        let mut drives: Vec<_> = self
            .lines
            .all()
            .filter_map(|(key, value, line)| Some(((place(key)?, key), value, line)))
            .collect();
        drives.sort_by_key(|&((place, key), ..)| (rank(key).unwrap_or(usize::MAX), place));
        for ((place, key), value, line) in drives {
            let from = self.origin(line);
            self.drive(place, key, value, &from, rank(key) == Some(0));
        }
        for (key, value, line) in self.lines.all() {
            let from = self.origin(line);
            if let Some((prefix, what)) = STATE
                .iter()
                .find(|(prefix, _)| numbered(key, prefix).is_some())
            {
                self.state(prefix, key, what, value, &from);
            } else if numbered(key, "unused").is_some() {
                let text = format!("{key}: {} is not plugged in", shown(value));
                self.vm.note(text, &from);
            }
        }
    }

    /// The names of what the guest boots from.
    fn boot_order(&self) -> Vec<String> {
        let boot = self.lines.get("boot").map(|(value, _)| Parts::of(value));
        let order = boot.and_then(|boot| boot.get("order"));
        let first = self.lines.get("bootdisk").map(|(value, _)| value);
        match (order, first) {
            (Some(order), _) => order
                .split(';')
                .map(|name| name.trim().to_owned())
                .collect(),
            (None, Some(first)) => vec![first.to_owned()],
            (None, None) => Vec::new(),
        }
    }

    fn drive(&mut self, place: (usize, u16), key: &str, value: &str, from: &Origin, boots: bool) {
        let Some(&(_, bus)) = BUSES.get(place.0) else {
            return;
        };
        self.vm.has_bus(bus);
        let parts = Parts::of(value);
        let volume = parts.get("file").or(parts.get("volume")).or(parts.first());
        let volume = volume.unwrap_or_default();
        let cdrom = parts.get("media") == Some("cdrom") || volume == "cdrom";
        if cdrom && volume.contains("cloudinit") {
            let text = format!("{key}: a drive with settings for cloud-init");
            return self.vm.note(text, from);
        }
        let size = parts.get("size").and_then(|text| {
            let bytes = size(text);
            if bytes.is_none() {
                self.vm
                    .fault(format!("{key}: size {} is not a size", shown(text)), from);
            }
            bytes
        });
        let mapped = self.lines.mapped(key);
        let device = match mapped {
            Some(mapped) => mapped.device.to_owned(),
            None => format!("drive-{key}"),
        };
        let format = mapped
            .map(|mapped| mapped.format)
            .filter(|format| !format.is_empty());
        if parts.flag("backup") == Some(false) {
            let text = format!("{key}: left out of backups, so it does not come with the guest");
            self.vm.note(text, from);
        }
        self.vm.disks.push(Disk {
            source: (!cdrom).then_some(device),
            size: size.filter(|_| !cdrom),
            format: format.or(parts.get("format")).map(str::to_owned),
            bus: Some(Value::new(bus, from)),
            scsi: (bus == Bus::Scsi).then(|| self.scsi()),
            cdrom,
            read_only: cdrom || parts.flag("ro") == Some(true),
            bootable: boots,
            ..Disk::new(key, from)
        });
    }

    /// A disk of the guest's hardware, which the system in it never sees.
    fn state(&mut self, prefix: &str, key: &str, what: &str, value: &str, from: &Origin) {
        let parts = Parts::of(value);
        if prefix == "tpmstate" {
            self.vm.tpm = Some(Value::new(true, from));
        } else if parts.flag("pre-enrolled-keys") == Some(true) {
            self.vm.secure_boot = Some(Value::new(true, from));
        }
        let sources = match self.lines.mapped(key) {
            Some(mapped) => vec![mapped.device.to_owned()],
            // A TPM's state is saved under a name of its own.
            None if prefix == "tpmstate" => vec![format!("drive-{key}-backup")],
            None => vec![format!("drive-{key}")],
        };
        self.vm
            .unplugged
            .extend(sources.into_iter().map(|source| Unplugged {
                source,
                what: what.to_owned(),
                is_state: true,
                place: None,
                from: from.clone(),
            }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        let cases = [
            ("32G", Some(32 << 30)),
            ("528K", Some(528 << 10)),
            ("4096", Some(4096)),
            ("1.5G", Some(3 << 29)),
            ("1T", Some(1 << 40)),
            ("1P", None),
            ("", None),
            ("-1G", None),
            ("99999999999T", None),
        ];
        for (text, bytes) in cases {
            assert_eq!(size(text), bytes, "{text}");
        }
    }
}
