//! Guests from other hypervisors find the hardware that they have drivers for.

use std::collections::HashSet;

use super::*;
use crate::vm::{Disk, Nic};

/// Buses and SCSI controllers that a description may name.
const BUSES: [(Option<Bus>, Option<Scsi>); 14] = [
    (Some(Bus::Ide), None),
    (Some(Bus::Sata), None),
    (Some(Bus::Nvme), None),
    (Some(Bus::Virtio), None),
    (Some(Bus::Xen), None),
    (Some(Bus::Scsi), None),
    (Some(Bus::Scsi), Some(Scsi::LsiLogic)),
    (Some(Bus::Scsi), Some(Scsi::LsiSas)),
    (Some(Bus::Scsi), Some(Scsi::BusLogic)),
    (Some(Bus::Scsi), Some(Scsi::PvScsi)),
    (Some(Bus::Scsi), Some(Scsi::Virtio)),
    (Some(Bus::Scsi), Some(Scsi::Lsi53c895a)),
    (Some(Bus::Scsi), Some(Scsi::MegaSas)),
    (None, None),
];

/// Network cards that a description may name, and none.
const CARDS: [&str; 13] = [
    "e1000",
    "e1000e",
    "82540em",
    "am79c970a",
    "pcnet32",
    "flexible",
    "vmxnet3",
    "virtio",
    "rtl8139",
    "ne2k_pci",
    "i82551",
    "acme",
    "",
];

/// A guest with ten disks of one sort, a CD drive and all cards.
fn guest(bus: Option<Bus>, scsi: Option<Scsi>, os: &str, firmware: Firmware) -> Vm {
    let from = Origin::stated("a.ovf", "item 1");
    let disk = |number: usize| Disk {
        bus: bus.map(|bus| Value::new(bus, &from)),
        scsi,
        place: Some(format!("/dev/vg0/{number}")),
        ..Disk::new(format!("d{number}"), &from)
    };
    let drive = Disk {
        cdrom: true,
        ..Disk::new("cd", &from)
    };
    let card = |model: &&str| Nic {
        model: Some(Value::new((*model).to_owned(), &from)).filter(|model| !model.value.is_empty()),
        ..Nic::new(&from)
    };
    Vm {
        name: Some(Value::new("a".into(), &from)),
        firmware: Some(Value::new(firmware, &from)),
        guest_os: Some(Value::new(os.into(), &from)),
        tpm: Some(Value::new(true, &from)),
        disks: (0..10).map(disk).chain([drive]).collect(),
        nics: CARDS.iter().map(card).collect(),
        ..Vm::default()
    }
}

#[test]
fn every_combination_is_a_domain() {
    for (bus, scsi) in BUSES {
        for os in ["", "Ubuntu_64", "Windows10_64", "winxppro"] {
            for firmware in [Firmware::Bios, Firmware::Uefi] {
                let vm = guest(bus, scsi, os, firmware);
                for hypervisor in [Hypervisor::Kvm, Hypervisor::Xen] {
                    let text = write(&vm, hypervisor).unwrap();
                    validate(&text);
                    starts(&text, hypervisor);
                }
            }
        }
    }
}

/// The name and the bus of a disk.
fn target(disk: &xml::Element) -> (String, String) {
    let target = disk.child("target").unwrap();
    let attribute = |name| target.attribute(name).unwrap().to_owned();
    (attribute("dev"), attribute("bus"))
}

/// Holds against `text` what libvirt and QEMU refuse when a domain starts, and no schema says.
fn starts(text: &str, hypervisor: Hypervisor) {
    let domain = xml::parse(text).unwrap();
    let devices = domain.child("devices").unwrap();
    let targets: Vec<_> = devices.all("disk").map(target).collect();
    let names: HashSet<_> = targets.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 11, "{text}");
    if hypervisor == Hypervisor::Xen {
        return;
    }
    let machine = domain.at(&["os", "type"]).unwrap().attribute("machine");
    let ide = targets.iter().filter(|(_, bus)| bus == "ide").count();
    assert!(ide <= if machine == Some("q35") { 0 } else { 4 }, "{text}");
    let controllers: Vec<_> = devices.all("controller").collect();
    let mut addresses = HashSet::new();
    for disk in devices.all("disk").filter(|disk| target(disk).1 == "scsi") {
        let address = disk.child("address").unwrap();
        let part = |name| address.attribute(name).unwrap().parse::<usize>().unwrap();
        let place = (part("controller"), part("target"), part("unit"));
        assert!(addresses.insert(place), "{text}");
        let most = match controllers[place.0].attribute("model").unwrap() {
            "lsilogic" => (0, 6),
            "lsisas1068" => (7, 0),
            "vmpvscsi" | "lsisas1078" => (63, 0),
            "virtio-scsi" => (254, 0),
            other => panic!("{other}"),
        };
        assert!(place.1 <= most.0 && place.2 <= most.1, "{text}");
    }
    for interface in devices.all("interface") {
        assert_eq!(interface.attribute("type"), Some("network"));
        let source = interface.child("source").unwrap();
        assert_eq!(source.attribute("network"), Some("default"));
    }
}

/// The bus, the SCSI controller's model and the card of a guest on KVM with one disk and one card.
fn hardware(
    os: &str,
    (bus, scsi): (Option<Bus>, Option<Scsi>),
    buses: &[Bus],
    card: &str,
) -> String {
    let from = Origin::guess("a test");
    let vm = Vm {
        guest_os: Some(Value::new(os.into(), &from)),
        buses: buses.to_vec(),
        disks: vec![Disk {
            bus: bus.map(|bus| Value::new(bus, &from)),
            scsi,
            place: Some("/a".into()),
            ..Disk::new("a", &from)
        }],
        nics: vec![Nic {
            model: Some(Value::new(card.into(), &from)),
            ..Nic::new(&from)
        }],
        ..Vm::default()
    };
    let text = write(&vm, Hypervisor::Kvm).unwrap();
    let domain = xml::parse(&text).unwrap();
    let devices = domain.child("devices").unwrap();
    let at = |path: &[&str], name: &str| {
        let found = devices.at(path).and_then(|found| found.attribute(name));
        found.unwrap_or("-").to_owned()
    };
    format!(
        "{} {} {}",
        at(&["disk", "target"], "bus"),
        at(&["controller"], "model"),
        at(&["interface", "model"], "type")
    )
}

#[test]
fn disks_and_cards_are_what_the_guest_has_drivers_for() {
    let on = |bus| (Some(bus), None);
    let scsi = |scsi| (Some(Bus::Scsi), Some(scsi));
    let lsi = scsi(Scsi::LsiLogic);
    let both = [Bus::Ide, Bus::Sata];
    type Case<'c> = (
        &'c str,
        (Option<Bus>, Option<Scsi>),
        &'c [Bus],
        &'c str,
        &'c str,
    );
    let cases: [Case<'_>; 15] = [
        ("Ubuntu_64", on(Bus::Ide), &[], "82540em", "ide - e1000"),
        ("Ubuntu_64", on(Bus::Sata), &[], "virtio", "sata - virtio"),
        (
            "ubuntu-64",
            scsi(Scsi::PvScsi),
            &[],
            "vmxnet3",
            "scsi vmpvscsi virtio",
        ),
        (
            "windows9-64",
            scsi(Scsi::LsiSas),
            &[],
            "vmxnet3",
            "scsi lsisas1068 e1000",
        ),
        ("windows9-64", lsi, &[], "e1000e", "sata - e1000e"),
        ("windows9-64", lsi, &[Bus::Ide], "e1000", "ide - e1000"),
        ("centos7-64", lsi, &both, "e1000", "sata - e1000"),
        (
            "winxppro",
            scsi(Scsi::BusLogic),
            &both,
            "flexible",
            "ide - pcnet",
        ),
        ("winxppro", on(Bus::Nvme), &[], "vmxnet", "ide - rtl8139"),
        (
            "Windows10_64",
            on(Bus::Nvme),
            &[],
            "virtio",
            "sata - virtio",
        ),
        ("Windows10_64", (None, None), &[], "acme", "sata - e1000"),
        (
            "rhel_8x64",
            scsi(Scsi::Virtio),
            &[],
            "virtio",
            "scsi virtio-scsi virtio",
        ),
        ("", (None, None), &[], "acme", "virtio - e1000"),
        ("", on(Bus::Xen), &[], "rtl8139", "virtio - rtl8139"),
        ("Windows", on(Bus::Xen), &[], "e1000", "sata - e1000"),
    ];
    for (os, bus, buses, card, expected) in cases {
        assert_eq!(
            hardware(os, bus, buses, card),
            expected,
            "{os} {bus:?} {card}"
        );
    }
}

#[test]
fn bridges_stay_on_the_kind_of_host_that_they_are_of() {
    let text = "<domain type='kvm'><name>a</name><devices><interface type='bridge'>\
        <source bridge='br7'/></interface></devices></domain>";
    let vm = read(text, "a.xml").unwrap();
    let written = write(&vm, Hypervisor::Kvm).unwrap();
    assert!(written.contains("<source bridge=\"br7\"/> <!-- from a.xml: interface, line 1 -->"));
    let written = write(&vm, Hypervisor::Xen).unwrap();
    let expected = "<source bridge=\"xenbr0\"/> \
        <!-- a guess: in place of \"br7\", a bridge of another host -->";
    assert!(written.contains(expected), "{written}");
    let vm = crate::xl::read("name = 'a'\nvif = ['bridge=xenbr3']\n", "a.cfg").unwrap();
    let written = write(&vm, Hypervisor::Kvm).unwrap();
    assert!(!written.contains("xenbr"), "{written}");
    assert!(
        written.contains("<source network=\"default\"/>"),
        "{written}"
    );
    let mut completed = vm.clone();
    completed.complete();
    assert_eq!(write(&completed, Hypervisor::Kvm).unwrap(), written);
}
