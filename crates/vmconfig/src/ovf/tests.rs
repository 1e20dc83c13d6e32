use report::Kind as Trouble;

use super::*;
use crate::testing::golden;
use crate::vm::{BootDevice, Bus, Firmware, Kind};
use crate::{xl, xl::parse};

const VMWARE: &str = include_str!("tests/vmware.ovf");

/// Reads an OVF, puts its disks into volumes and compares the configuration.
fn converted(name: &str, text: &str) -> Vm {
    let vm = read(text, &format!("{name}.ovf")).unwrap();
    let mut placed = vm.clone();
    for (number, disk) in placed.disks.iter_mut().enumerate() {
        disk.place = Some(format!("/dev/vg0/{name}-{number}"));
    }
    let text = xl::write(&placed).unwrap();
    assert_eq!(parse(&text).unwrap().faults, []);
    golden(&format!("ovf/tests/{name}.cfg"), &text);
    vm
}

#[test]
fn vmware() {
    let vm = converted("vmware", VMWARE);
    let memory = vm.memory.unwrap();
    assert_eq!(memory.value, 4 << 30);
    assert_eq!(
        memory.from.to_string(),
        "from vmware.ovf: VirtualHardwareSection, item 3"
    );
    assert_eq!(vm.vcpus.unwrap().value, 4);
    assert_eq!(vm.firmware.unwrap().value, Firmware::Uefi);
    let kind = vm.kind.unwrap();
    assert_eq!(
        kind.from.to_string(),
        "a guess: the OVF says vmx-13, a PC's hardware"
    );
    let ids: Vec<_> = vm.disks.iter().map(|disk| disk.id.as_str()).collect();
    assert_eq!(ids, ["vmdisk1", "vmdisk2"]);
    assert_eq!(vm.disks[0].size, Some(16 << 30));
    assert_eq!(vm.disks[1].size, None);
    assert_eq!(vm.disks[1].compression.as_deref(), Some("gzip"));
    assert_eq!(vm.disks[0].bus.as_ref().unwrap().value, Bus::Scsi);
}

#[test]
fn virtualbox() {
    let vm = converted("virtualbox", include_str!("tests/virtualbox.ovf"));
    assert_eq!(vm.name.unwrap().value, "desk");
    assert_eq!(
        vm.boot.unwrap().value,
        [BootDevice::Cdrom, BootDevice::Disk]
    );
    assert_eq!(vm.nics[0].mac.as_ref().unwrap().value, "08:00:27:ab:cd:ef");
    let buses: Vec<_> = vm
        .disks
        .iter()
        .map(|disk| disk.bus.as_ref().unwrap().value)
        .collect();
    assert_eq!(buses, [Bus::Ide, Bus::Sata]);
    assert!(vm.disks[0].cdrom && !vm.disks[1].cdrom);
}

#[test]
fn xcp() {
    let vm = converted("xcp", include_str!("tests/xcp.ovf"));
    assert_eq!(vm.kind.unwrap().value, Kind::Pv);
    assert_eq!(vm.extra.unwrap().value, "graphical utf8");
}

#[test]
fn ovirt() {
    let vm = converted("ovirt", include_str!("tests/ovirt.ovf"));
    assert_eq!(vm.vcpus.unwrap().value, 4);
    assert_eq!(vm.disks[0].source.as_deref(), Some("g1/i1"));
    assert_eq!(vm.disks[0].size, Some(10 << 30));
    assert!(vm.disks[0].bootable);
}

#[test]
fn each_broken_field_has_its_message() {
    let cases = [
        (
            "<Envelope",
            "<Envelop",
            "it is no OVF: its root is <Envelop>, not <Envelope>",
        ),
        (
            "<VirtualHardwareSection",
            "<Hardware",
            "the guest has no <VirtualHardwareSection>",
        ),
        (
            ">4096<",
            ">18446744073709551616<",
            "memory: 18446744073709551616 of \"byte * 2^20\" is no number below 2^64",
        ),
        (
            ">4096<",
            ">17592186044416<",
            "memory: 17592186044416 of \"byte * 2^20\" are more than 2^64 bytes",
        ),
        (
            ">4096<",
            ">-1<",
            "memory: -1 of \"byte * 2^20\" is no number below 2^64",
        ),
        (">4096<", ">0<", "memory is 0"),
        (
            "byte * 2^20",
            "byte * 2^64",
            "memory: 4096 of \"byte * 2^64\" is in no unit that is known",
        ),
        (">4<", ">70000<", "70000 is no number of virtual CPUs"),
        (
            "ovf:capacity=\"16\"",
            "ovf:capacity=\"sixteen\"",
            "capacity of disk vmdisk1: sixteen of \"byte * 2^30\" is no number below 2^64",
        ),
        (
            "ovf:fileRef=\"file1\"",
            "ovf:fileRef=\"file9\"",
            "disk vmdisk1 lies in file \"file9\", which is not among the references",
        ),
        (
            "ovf:id=\"file2\"",
            "ovf:id=\"file1\"",
            "two files are called \"file1\", the second is shop-disk2.vmdk.gz",
        ),
        (
            "ovf:/disk/vmdisk1",
            "ovf:/disk/vmdisk9",
            "Hard disk 1 is ovf:/disk/vmdisk9, which is not among the disks",
        ),
    ];
    for (good, bad, message) in cases {
        let text = VMWARE.replace(good, bad).replace(
            "</VirtualHardwareSection",
            match bad {
                "<Hardware" => "</Hardware",
                _ => "</VirtualHardwareSection",
            },
        );
        let text = text.replace(
            "</Envelope",
            match bad {
                "<Envelop" => "</Envelop",
                _ => "</Envelope",
            },
        );
        let error = read(&text, "a.ovf").unwrap_err();
        assert_eq!(error.to_string(), message, "{bad}");
        assert_eq!(error.kind(), Trouble::Corrupt);
    }
}

#[test]
fn what_is_beyond_this_program_is_named() {
    let chunked = VMWARE.replace("ovf:size=\"1130496\"", "ovf:chunkSize=\"1000\"");
    let error = read(&chunked, "a.ovf").unwrap_err();
    assert_eq!(
        error.to_string(),
        "file shop-disk1.vmdk comes in chunks of 1000 bytes"
    );
    assert_eq!(error.kind(), Trouble::Unsupported);
    let delta = VMWARE.replace("ovf:populatedSize=\"4194304\"", "ovf:parentRef=\"p\"");
    let error = read(&delta, "a.ovf").unwrap_err();
    assert_eq!(
        error.to_string(),
        "disk vmdisk1 holds only what differs from another disk"
    );
    let two = "<Envelope><VirtualSystemCollection><VirtualSystem id='a'/><VirtualSystem id='x'>\
        <Name>b\u{1b}</Name></VirtualSystem></VirtualSystemCollection></Envelope>";
    let error = read(two, "a.ovf").unwrap_err();
    assert_eq!(error.to_string(), "it describes 2 guests: a, b\\u{1b}");
    assert_eq!(error.kind(), Trouble::Refused);
    let none = read("<Envelope/>", "a.ovf").unwrap_err();
    assert_eq!(none.to_string(), "there is no <VirtualSystem> in it");
}

#[test]
fn a_guest_alone_in_its_collection_is_taken() {
    let text = VMWARE.replace(
        "<VirtualSystem ",
        "<VirtualSystemCollection><VirtualSystem ",
    );
    let text = text.replace(
        "</VirtualSystem>",
        "</VirtualSystem></VirtualSystemCollection>",
    );
    assert_eq!(read(&text, "a.ovf").unwrap().name.unwrap().value, "shop");
}
