//! What a description lost on its way into another language.

use crate::value::Value;
use crate::vm::{Disk, Nic, Vm};

/// What `before` says and `after`, the same guest read back from another language, does not: a line each. Guesses do
/// not count, nor where disks and other files are.
pub fn lost(before: &Vm, after: &Vm) -> Vec<String> {
    let mut lost = Vec::new();
    let known = facts(after);
    for (name, value) in facts(before) {
        let there = known.iter().find(|(known, _)| *known == name);
        match there {
            Some((_, now)) if *now == value => {}
            Some((_, now)) => lost.push(format!("{name}: {value} became {now}")),
            None => lost.push(format!("{name}: {value}")),
        }
    }
    let notes = before.faults.iter().chain(&before.notes);
    lost.extend(notes.map(|note| format!("{}, {}", note.text, note.from)));
    lost
}

/// What is stated about a guest, in words.
fn facts(vm: &Vm) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut fact = |name: &str, value: Option<String>| {
        facts.extend(value.map(|value| (name.to_owned(), value)));
    };
    fact("name", said(&vm.name, Clone::clone));
    fact("description", said(&vm.description, Clone::clone));
    fact("UUID", said(&vm.uuid, Clone::clone));
    fact("kind", said(&vm.kind, |kind| kind.name().to_owned()));
    fact("firmware", said(&vm.firmware, |it| format!("{it:?}")));
    fact("secure boot", said(&vm.secure_boot, ToString::to_string));
    fact("memory", said(&vm.memory, |it| error::amount(*it)));
    fact(
        "maximum memory",
        said(&vm.max_memory, |it| error::amount(*it)),
    );
    fact("vCPUs", said(&vm.vcpus, ToString::to_string));
    fact("maximum vCPUs", said(&vm.max_vcpus, ToString::to_string));
    fact("topology", said(&vm.topology, |it| format!("{it:?}")));
    fact("boot loader", said(&vm.bootloader, Clone::clone));
    fact("kernel", said(&vm.kernel, Clone::clone));
    fact("ramdisk", said(&vm.ramdisk, Clone::clone));
    fact("kernel's command line", said(&vm.extra, Clone::clone));
    fact("root device", said(&vm.root, Clone::clone));
    fact(
        "screen",
        said(&vm.graphics, |it| format!("{:?}", it.screen)),
    );
    fact("serial console", said(&vm.serial, Clone::clone));
    fact("TPM", said(&vm.tpm, ToString::to_string));
    fact("local time", said(&vm.local_time, ToString::to_string));
    fact(
        "on power off",
        said(&vm.on_poweroff, |it| it.name().to_owned()),
    );
    fact("on reboot", said(&vm.on_reboot, |it| it.name().to_owned()));
    fact("on crash", said(&vm.on_crash, |it| it.name().to_owned()));
    let disks = (1..).zip(&vm.disks);
    facts.extend(disks.map(|(number, disk)| (format!("disk {number}"), of_disk(disk))));
    for (number, nic) in (1..).zip(&vm.nics) {
        facts.extend(of_nic(number, nic));
    }
    facts
}

fn said<T>(value: &Option<Value<T>>, shown: impl Fn(&T) -> String) -> Option<String> {
    let value = value.as_ref().filter(|value| value.from.is_stated())?;
    Some(shown(&value.value))
}

fn of_disk(disk: &Disk) -> String {
    let kind = if disk.cdrom { "CD drive" } else { "disk" };
    let access = if disk.read_only {
        "read only"
    } else {
        "read, write"
    };
    format!("{kind}, {access}")
}

fn of_nic(number: usize, nic: &Nic) -> Vec<(String, String)> {
    let parts = [
        ("MAC", said(&nic.mac, |mac| mac.to_ascii_lowercase())),
        ("bridge", said(&nic.bridge, Clone::clone)),
        ("model", said(&nic.model, Clone::clone)),
        ("network", nic.network.clone()),
    ];
    let mut facts = vec![(format!("network card {number}"), "a card".to_owned())];
    for (name, value) in parts {
        facts.extend(value.map(|value| (format!("network card {number}: {name}"), value)));
    }
    facts
}
