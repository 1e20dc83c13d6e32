use error::Kind as Trouble;

use super::*;
use crate::testing::golden;
use crate::xl;

const OVA: &str = include_str!("tests/ova.xml");

#[test]
fn a_guest_is_read() {
    let mut vm = read(OVA, "ova.xml").unwrap();
    vm.place("Ref:7", "/dev/vg0/files").unwrap();
    vm.place_nth(1, "/dev/vg0/files-data").unwrap();
    let text = xl::write(&vm).unwrap();
    assert_eq!(xl::parse(&text).unwrap().faults, []);
    golden("xva/tests/files.cfg", &text);
    assert_eq!(vm.disks[1].size, Some(100 << 30));
    assert!(vm.disks[0].bootable && vm.disks[2].cdrom);
    let error = vm.place_nth(2, "/x").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the guest has no disk number 2, counted from 0"
    );
}

#[test]
fn disks_are_listed_in_their_order() {
    let disk = |reference: &str, name: &str, size| Vdi {
        reference: reference.into(),
        name: name.into(),
        size,
    };
    let expected = [
        disk("Ref:7", "system", 16 << 30),
        disk("Ref:8", "data", 100 << 30),
    ];
    assert_eq!(vdis(OVA).unwrap(), expected);
}

#[test]
fn a_paravirtual_guest_is_one() {
    let text = OVA.replace("BIOS order", "").replace(
        "<name>PV_bootloader</name><value/>",
        "<name>PV_bootloader</name><value>pygrub</value>",
    );
    let vm = read(&text, "ova.xml").unwrap();
    assert_eq!(vm.kind.unwrap().value, Kind::Pv);
    assert_eq!(vm.bootloader.unwrap().value, "pygrub");
}

#[test]
fn what_is_not_an_export_is_refused() {
    let cases = [
        (
            "<value>VM<",
            "<value>VN<",
            "there is no VM among its objects",
        ),
        (
            "objects",
            "object",
            "it is not an ova.xml: there are no objects in <value>",
        ),
        (
            "<name>class</name>",
            "<name>klass</name>",
            "line 2: an object without class, id or snapshot",
        ),
    ];
    for (good, bad, message) in cases {
        let error = read(&OVA.replace(good, bad), "ova.xml").unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(error.kind(), Trouble::Corrupt);
    }
    let old = "<appliance version='0.1'><vm name='a'/></appliance>";
    let error = vdis(old).unwrap_err();
    assert_eq!(error.kind(), Trouble::Unsupported);
    assert_eq!(
        error.to_string(),
        "it is an export of XenServer 3 (version 0), whose disks are stored in other pieces"
    );
}

#[test]
fn what_cannot_be_used_is_said_and_the_rest_is_read() {
    let cases = [
        (
            "17179869184",
            "-1",
            "virtual_size of disk Ref:7: -1 is not a number below 2^64",
        ),
        (
            "<name>virtual_size</name>",
            "<name>size</name>",
            "disk Ref:7 has no virtual_size",
        ),
        (
            "4294967296",
            "4 GiB",
            "memory_static_max: 4 GiB is not a number below 2^64",
        ),
        (
            "<name>VCPUs_max</name><value>4<",
            "<name>VCPUs_max</name><value>0<",
            "VCPUs_max: 0 is not a number of virtual CPUs",
        ),
    ];
    for (good, bad, message) in cases {
        let vm = read(&OVA.replace(good, bad), "ova.xml").unwrap();
        assert_eq!(vm.faults[0].text, message);
        assert_eq!(vm.name.unwrap().value, "files");
        assert_eq!(vm.disks.len(), 3);
    }
    // The disks themselves cannot be read without their sizes.
    let error = vdis(&OVA.replace("17179869184", "18446744073709551616")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "virtual_size of disk Ref:7: 18446744073709551616 is not a number below 2^64"
    );
}

/// An object of an export; `fields` are names and values.
fn object(class: &str, id: &str, fields: &[(&str, &str)]) -> String {
    let member = |name: &str, value: &str| {
        format!("<member><name>{name}</name><value>{value}</value></member>")
    };
    let inner: String = fields
        .iter()
        .map(|(name, value)| member(name, value))
        .collect();
    let snapshot = format!("<struct>{inner}</struct>");
    let parts = [("class", class), ("id", id), ("snapshot", &snapshot)];
    let parts: String = parts
        .iter()
        .map(|(name, value)| member(name, value))
        .collect();
    format!("<value><struct>{parts}</struct></value>")
}

/// [`OVA`] with more objects.
fn with(objects: &[String]) -> String {
    let end = "</data></array></value></member></struct></value>";
    let begin = OVA.trim_end().strip_suffix(end).unwrap();
    format!("{begin}{}{end}", objects.concat())
}

#[test]
fn disks_of_others_are_named_and_not_plugged_in() {
    let size = ("virtual_size", "1048576");
    let text = with(&[
        object(
            "VBD",
            "Ref:20",
            &[("VM", "Ref:1"), ("VDI", "Ref:21"), ("type", "Disk")],
        ),
        object(
            "VDI",
            "Ref:21",
            &[
                size,
                ("is_a_snapshot", "<boolean>1</boolean>"),
                ("snapshot_of", "Ref:7"),
            ],
        ),
        object(
            "VDI",
            "Ref:22",
            &[
                size,
                ("is_a_snapshot", "<boolean>1</boolean>"),
                ("snapshot_of", "Ref:8"),
            ],
        ),
        object("VDI", "Ref:23", &[size, ("type", "suspend")]),
        object(
            "VM",
            "Ref:24",
            &[
                ("name_label", "asleep"),
                ("suspend_VDI", "Ref:25"),
                ("is_a_template", "<boolean>1</boolean>"),
            ],
        ),
        object("VDI", "Ref:25", &[size]),
        object(
            "VBD",
            "Ref:26",
            &[("VM", "Ref:24"), ("VDI", "Ref:27"), ("type", "Disk")],
        ),
        object("VDI", "Ref:27", &[size]),
        object("VDI", "Ref:28", &[size]),
    ]);
    let vm = read(&text, "ova.xml").unwrap();
    assert_eq!(vm.disks.len(), 3, "as before");
    let unplugged: Vec<_> = vm
        .unplugged
        .iter()
        .map(|image| format!("{} {}", image.source, image.what))
        .collect();
    assert_eq!(
        unplugged,
        [
            "Ref:21 a disk of the snapshot \"files before\"",
            "Ref:22 a snapshot of disk Ref:8",
            "Ref:23 an image of type suspend",
            "Ref:25 the memory of the template \"asleep\"",
            "Ref:27 a disk of the template \"asleep\"",
            "Ref:28 a disk that is plugged into no guest",
        ]
    );
    let written = xl::write(&vm).unwrap();
    assert!(
        written.contains(
            "# - Ref:21, a disk of the snapshot \"files before\", from ova.xml: VDI Ref:21"
        ),
        "{written}"
    );
    let choice = Choice {
        guest: Some("files before".into()),
        deployment: None,
    };
    let vm = choose(&text, "ova.xml", &choice).unwrap();
    assert_eq!(vm.disks[0].id, "Ref:21");
    assert_eq!(vm.unplugged[0].what, "a disk of the guest \"files\"");
}

#[test]
fn one_of_several_guests_is_chosen() {
    let snapshot = "<name>is_a_snapshot</name><value><boolean>1</boolean></value>";
    let two = OVA.replace(snapshot, "");
    let error = read(&two, "ova.xml").unwrap_err();
    assert_eq!(
        error.to_string(),
        "it describes 2 guests: files, files before"
    );
    assert_eq!(error.kind(), Trouble::Refused);
    let choice = |guest: &str| Choice {
        guest: Some(guest.into()),
        deployment: None,
    };
    for (guest, name) in [("files", "files"), ("Ref:1", "files before")] {
        let vm = choose(&two, "ova.xml", &choice(guest)).unwrap();
        assert_eq!(vm.name.unwrap().value, name);
    }
    assert_eq!(guests(OVA).unwrap(), ["files", "files before"]);
}

#[test]
fn a_system_is_known_by_its_agent_or_its_platform() {
    let os = "<struct><member><name>name</name><value>Ubuntu 22.04.3 LTS</value></member></struct>";
    let metrics = object("VM_guest_metrics", "Ref:30", &[("os_version", os)]);
    let text = with(&[metrics]).replace(
        "<name>uuid</name>",
        "<name>guest_metrics</name><value>Ref:30</value></member><member><name>uuid</name>",
    );
    let vm = read(&text, "ova.xml").unwrap();
    assert_eq!(vm.guest_os.unwrap().value, "Ubuntu 22.04.3 LTS");
    let text = OVA.replace("<name>acpi</name>", "<name>viridian</name>");
    let vm = read(&text, "ova.xml").unwrap();
    assert!(vm.system().is_windows());
}
