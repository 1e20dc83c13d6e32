use report::Kind as Trouble;

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
fn each_broken_field_has_its_message() {
    let cases = [
        (
            "17179869184",
            "-1",
            "virtual_size of disk Ref:7: -1 is no number below 2^64",
        ),
        (
            "17179869184",
            "18446744073709551616",
            "virtual_size of disk Ref:7: 18446744073709551616 is no number below 2^64",
        ),
        (
            "<name>virtual_size</name>",
            "<name>size</name>",
            "disk Ref:7 has no virtual_size",
        ),
        (
            "4294967296",
            "4 GiB",
            "memory_static_max: 4 GiB is no number below 2^64",
        ),
        (
            "<name>VCPUs_max</name><value>4<",
            "<name>VCPUs_max</name><value>0<",
            "VCPUs_max: 0 is no number of virtual CPUs",
        ),
        (
            "<value>VM<",
            "<value>VN<",
            "there is no VM among its objects",
        ),
        (
            "objects",
            "object",
            "it is no ova.xml: there are no objects in <value>",
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
}

#[test]
fn what_is_beyond_this_program_is_named() {
    let snapshot = "<name>is_a_snapshot</name><value><boolean>1</boolean></value>";
    let two = OVA.replace(snapshot, "");
    let error = read(&two, "ova.xml").unwrap_err();
    assert_eq!(
        error.to_string(),
        "it describes 2 guests: files, files before"
    );
    assert_eq!(error.kind(), Trouble::Refused);
    let old = "<appliance version='0.1'><vm name='a'/></appliance>";
    let error = vdis(old).unwrap_err();
    assert_eq!(error.kind(), Trouble::Unsupported);
    assert_eq!(
        error.to_string(),
        "it is an export of XenServer 3 (version 0), whose disks lie in other pieces"
    );
}
