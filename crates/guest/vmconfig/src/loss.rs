//! What a description lost on its way into another language.

use crate::value::Value;
use crate::vm::{Chipset, Disk, Firmware, Graphics, Kind, Nic, Screen, System, Vm};

/// What `before` says and `after`, the same guest read back from another language, does not: a line each. Guesses do
/// not count, nor does what is so without being said.
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
    lost.extend(lost_disks(&before.disks, &after.disks));
    let notes = before.faults.iter().chain(&before.notes);
    lost.extend(notes.map(|note| format!("{}, {}", note.text, note.from)));
    lost
}

/// A name and a value.
type Fact = (String, String);

/// What is stated about a guest, in words.
fn facts(vm: &Vm) -> Vec<Fact> {
    let mut facts = machine(vm);
    facts.extend(start(vm));
    facts.extend(screen(vm));
    for (number, nic) in (1..).zip(&vm.nics) {
        facts.extend(of_nic(number, nic));
    }
    facts
}

/// What the machine is and has.
fn machine(vm: &Vm) -> Vec<Fact> {
    let same = |value: &Option<Value<u64>>| value.as_ref().map(|it| it.value);
    let is_more = same(&vm.max_memory) != same(&vm.memory);
    let max_memory = said(&vm.max_memory, |it| error::amount(*it));
    let vcpus = vm.vcpus.as_ref().map(|it| it.value);
    let max_vcpus = vm.max_vcpus.as_ref().map(|it| it.value);
    let uefi = vm.firmware.clone().filter(|it| it.value == Firmware::Uefi);
    let q35 = vm.chipset.clone().filter(|it| it.value == Chipset::Q35);
    let windows = vm
        .guest_os
        .clone()
        .filter(|_| vm.system() == System::Windows);
    named([
        ("name", said(&vm.name, Clone::clone)),
        ("description", said(&vm.description, Clone::clone)),
        ("UUID", said(&vm.uuid, |uuid| uuid.to_ascii_lowercase())),
        ("kind", said(&vm.kind, |kind| kind.name().to_owned())),
        ("emulated processor", if_set(&vm.emulated)),
        ("firmware", said(&uefi, |_| "UEFI".to_owned())),
        ("secure boot", if_set(&vm.secure_boot)),
        ("chipset", said(&q35, |_| "Q35".to_owned())),
        ("system", said(&windows, |_| "Windows".to_owned())),
        ("memory", said(&vm.memory, |it| error::amount(*it))),
        ("maximum memory", max_memory.filter(|_| is_more)),
        ("vCPUs", said(&vm.vcpus, ToString::to_string)),
        (
            "maximum vCPUs",
            said(&vm.max_vcpus, ToString::to_string).filter(|_| max_vcpus != vcpus),
        ),
        ("share of a processor", said(&vm.cpu_share, Clone::clone)),
        (
            "topology",
            said(&vm.topology, |it| {
                let (sockets, cores, threads) = (it.sockets, it.cores, it.threads);
                format!("{sockets} sockets, {cores} cores in each, {threads} threads in each")
            }),
        ),
        ("TPM", if_set(&vm.tpm)),
        ("local time", if_set(&vm.local_time)),
    ])
}

/// How it starts and ends.
fn start(vm: &Vm) -> Vec<Fact> {
    let boot = said(&vm.boot, |devices| {
        devices.iter().map(|device| device.letter()).collect()
    });
    named([
        ("boot order", boot.filter(|_| vm.is(Kind::Hvm))),
        ("boot loader", said(&vm.bootloader, Clone::clone)),
        ("kernel", said(&vm.kernel, Clone::clone)),
        ("ramdisk", said(&vm.ramdisk, Clone::clone)),
        ("kernel's command line", command_line(vm)),
        (
            "on power off",
            said(&vm.on_poweroff, |it| it.name().to_owned()),
        ),
        ("on reboot", said(&vm.on_reboot, |it| it.name().to_owned())),
        ("on crash", said(&vm.on_crash, |it| it.name().to_owned())),
    ])
}

/// The root device is a part of it in some languages.
fn command_line(vm: &Vm) -> Option<String> {
    let root = said(&vm.root, |root| format!("root={root}"));
    let words: Vec<_> = root
        .into_iter()
        .chain(said(&vm.extra, Clone::clone))
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// How it is seen.
fn screen(vm: &Vm) -> Vec<Fact> {
    let is_seen = |it: &Value<Graphics>| it.value.screen != Screen::None;
    let graphics = vm.graphics.clone().filter(is_seen);
    let part = |part: fn(&Graphics) -> Option<String>| {
        let graphics = graphics.as_ref().filter(|it| it.from.is_stated())?;
        part(&graphics.value)
    };
    named([
        ("screen", part(|it| Some(format!("{:?}", it.screen)))),
        ("screen: address", part(|it| it.listen.clone())),
        (
            "screen: password",
            part(|it| it.password.as_ref().map(|_| "(hidden)".to_owned())),
        ),
        ("serial console", said(&vm.serial, Clone::clone)),
        ("USB tablet", if_set(&vm.usb_tablet)),
    ])
}

/// Those of `facts` that have a value.
fn named<const N: usize>(facts: [(&str, Option<String>); N]) -> Vec<Fact> {
    let facts = facts.into_iter();
    facts
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

fn said<T>(value: &Option<Value<T>>, shown: impl Fn(&T) -> String) -> Option<String> {
    let value = value.as_ref().filter(|value| value.from.is_stated())?;
    Some(shown(&value.value))
}

/// A flag; one that is not set is as good as one that is not there.
fn if_set(flag: &Option<Value<bool>>) -> Option<String> {
    said(flag, ToString::to_string).filter(|said| said == "true")
}

/// What became of the disks. They are known by what is in them: names and numbers change.
fn lost_disks(before: &[Disk], after: &[Disk]) -> Vec<String> {
    let mut rest: Vec<&Disk> = after.iter().collect();
    let mut lost = Vec::new();
    for disk in before {
        let holds = |other: &&Disk| {
            other.source == disk.source
                && other.registered == disk.registered
                && (other.cdrom == disk.cdrom || disk.source.is_some())
        };
        let now = rest.iter().position(holds).map(|index| rest.remove(index));
        let (name, was) = (&disk.id, of_disk(disk));
        match now.map(of_disk) {
            Some(now) if now == was => {}
            Some(now) => lost.push(format!("disk {name}: {was} became {now}")),
            None => lost.push(format!("disk {name}: {was}")),
        }
    }
    lost
}

fn of_disk(disk: &Disk) -> String {
    let kind = if disk.cdrom { "CD drive" } else { "disk" };
    let access = if disk.read_only || disk.cdrom {
        "read only"
    } else {
        "read, write"
    };
    format!("{kind}, {access}")
}

fn of_nic(number: usize, nic: &Nic) -> Vec<Fact> {
    let parts = [
        ("MAC", said(&nic.mac, |mac| mac.to_ascii_lowercase())),
        ("bridge", said(&nic.bridge, Clone::clone)),
        ("model", said(&nic.model, Clone::clone)),
        ("network", nic.network.clone()),
        ("network's number", nic.network_id.clone()),
    ];
    let mut facts = vec![(format!("network card {number}"), "a card".to_owned())];
    for (name, value) in parts {
        facts.extend(value.map(|value| (format!("network card {number}: {name}"), value)));
    }
    facts
}
