use error::Kind as Trouble;

use super::*;
use crate::testing::golden;
use crate::vm::{BootDevice, Bus, Content, Firmware, Kind, Scsi};
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
    assert_eq!(vm.disks[0].scsi, Some(Scsi::PvScsi));
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

/// The faults that are found in `text`.
fn faults(text: &str) -> Vec<String> {
    let vm = read(text, "a.ovf").unwrap();
    vm.faults.into_iter().map(|fault| fault.text).collect()
}

#[test]
fn what_cannot_be_used_is_said_and_the_rest_is_read() {
    let cases = [
        (
            ">4096<",
            ">18446744073709551616<",
            "memory: 18446744073709551616 of \"byte * 2^20\" is not a number below 2^64",
        ),
        (
            ">4096<",
            ">17592186044416<",
            "memory: 17592186044416 of \"byte * 2^20\" are more than 2^64 bytes",
        ),
        (
            ">4096<",
            ">-1<",
            "memory: -1 of \"byte * 2^20\" is not a number below 2^64",
        ),
        (">4096<", ">0<", "memory is 0"),
        (
            "byte * 2^20",
            "byte * 2^64",
            "memory: 4096 of \"byte * 2^64\" is in no unit that is known",
        ),
        (">4<", ">70000<", "70000 is not a number of virtual CPUs"),
        (
            "ovf:capacity=\"16\"",
            "ovf:capacity=\"sixteen\"",
            "capacity of disk vmdisk1: sixteen of \"byte * 2^30\" is not a number below 2^64",
        ),
        (
            "ovf:fileRef=\"file1\"",
            "ovf:fileRef=\"file9\"",
            "disk vmdisk1 is in file \"file9\", which is not among the references",
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
        (
            "ovf:/disk/vmdisk1",
            "ovf:/file/file9",
            "Hard disk 1 is ovf:/file/file9, which is not among the files",
        ),
        (
            "ovf:size=\"1130496\"",
            "ovf:chunkSize=\"0\"",
            "file shop-disk1.vmdk comes in chunks of no size",
        ),
        (
            "ovf:populatedSize=\"4194304\"",
            "ovf:parentRef=\"p\"",
            "disk vmdisk1 holds only what differs from disk \"p\"",
        ),
    ];
    for (good, bad, message) in cases {
        let vm = read(&VMWARE.replace(good, bad), "a.ovf").unwrap();
        assert_eq!(vm.faults[0].text, message);
        assert_eq!(vm.name.unwrap().value, "shop", "{bad}");
        assert_eq!(vm.disks.len(), 2, "{bad}");
    }
    let bare = VMWARE.replace("VirtualHardwareSection", "Hardware");
    let vm = read(&bare, "a.ovf").unwrap();
    assert_eq!(
        vm.faults[0].text,
        "the guest has no <VirtualHardwareSection>"
    );
    assert_eq!(vm.disks.len(), 2, "the envelope lists them");
}

#[test]
fn what_is_not_an_ovf_is_refused() {
    let cases = [
        (
            "<Envelop/>",
            "it is not an OVF: its root is <Envelop>, not <Envelope>",
        ),
        ("<Envelope/>", "there is no <VirtualSystem> in it"),
    ];
    for (text, message) in cases {
        let error = read(text, "a.ovf").unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(error.kind(), Trouble::Corrupt);
    }
}

#[test]
fn chunks_are_counted_and_named() {
    let chunked = VMWARE.replace(
        "ovf:size=\"1130496\"",
        "ovf:size=\"1130496\" ovf:chunkSize=\"1000000\"",
    );
    let vm = read(&chunked, "a.ovf").unwrap();
    let chunks = vm.disks[0].chunks.clone().unwrap();
    assert_eq!((chunks.size, chunks.count()), (1_000_000, Some(2)));
    let source = vm.disks[0].source.as_deref().unwrap();
    assert_eq!(chunks.name(source, 1), "shop-disk1.vmdk.000000001");
    let files = files(&chunked).unwrap();
    assert_eq!(files[0].chunks, Some(chunks));
    assert_eq!(files[1].compression.as_deref(), Some("gzip"));
}

/// Two guests, one in a collection in a collection, each with a disk.
const TWO: &str = include_str!("tests/two.ovf");

fn guest(name: &str) -> Choice {
    let guest = Some(name.to_owned());
    let deployment = None;
    Choice { guest, deployment }
}

#[test]
fn one_of_several_guests_is_chosen() {
    let error = read(&TWO.replace(">b<", ">b\u{1b}<"), "a.ovf").unwrap_err();
    assert_eq!(error.to_string(), "it describes 2 guests: a, b\\u{1b}");
    assert_eq!(error.kind(), Trouble::Refused);
    for (name, file) in [("a", "a.vmdk"), ("X", "b.vmdk"), ("b", "b.vmdk")] {
        let vm = choose(TWO, "a.ovf", &guest(name)).unwrap();
        let sources: Vec<_> = vm.disks.iter().map(|disk| disk.source.as_deref()).collect();
        assert_eq!(sources, [Some(file)], "{name}");
    }
    let error = choose(TWO, "a.ovf", &guest("c")).unwrap_err();
    assert_eq!(error.to_string(), "it describes no guest 'c', but a, b");
    assert_eq!(offer(TWO).unwrap().guests, ["a", "b"]);
    let error = choose(VMWARE, "a.ovf", &guest("c")).unwrap_err();
    assert_eq!(error.to_string(), "it describes no guest 'c', but shop");
}

/// Two deployments, the second by default; each with a disk of its own, and a blank one for two items.
const SIZES: &str = include_str!("tests/sizes.ovf");

#[test]
fn a_deployment_decides_which_hardware_holds() {
    let deployment = |id: Option<&str>| {
        let deployment = id.map(str::to_owned);
        let guest = None;
        choose(SIZES, "a.ovf", &Choice { guest, deployment })
    };
    for (id, memory, disk, size) in [
        (None, 1024, "large", 20),
        (Some("l"), 1024, "large", 20),
        (Some("s"), 512, "small", 10),
    ] {
        let vm = deployment(id).unwrap();
        assert_eq!(vm.faults, []);
        assert_eq!(vm.memory.unwrap().value, memory << 20);
        let disks: Vec<_> = vm
            .disks
            .iter()
            .map(|disk| (disk.id.as_str(), disk.size, &disk.content))
            .collect();
        assert_eq!(
            disks,
            [
                (disk, None, &Content::Given),
                ("data", Some(size << 30), &Content::Blank),
                ("data-2", Some(size << 30), &Content::Blank),
            ]
        );
    }
    let error = deployment(Some("m")).unwrap_err();
    assert_eq!(error.to_string(), "it offers no deployment 'm', but l, s");
    assert_eq!(offer(SIZES).unwrap().deployments, ["l", "s"]);
    let unset = SIZES.replace("key='size'", "key='capacity'");
    assert_eq!(
        faults(&unset),
        ["capacity of disk data: ${d.size} has no value"]
    );
}

#[test]
fn disks_are_found_by_every_spelling() {
    let spellings = [
        "ovf:/disk/vmdisk1",
        "ovf://disk/vmdisk1",
        "ovf:disk/vmdisk1",
        "/disk/vmdisk1",
        "disk/vmdisk1",
        "vmdisk1",
        "ovf:/file/file1",
        "file1",
        "file:/shop-disk1.vmdk",
        "file:///disks/shop-disk1.vmdk",
        "shop-disk1.vmdk",
    ];
    for spelling in spellings {
        let text = VMWARE.replace("ovf:/disk/vmdisk1", spelling);
        let vm = read(&text, "a.ovf").unwrap();
        assert_eq!(vm.faults, [], "{spelling}");
        assert_eq!(
            vm.disks[0].source.as_deref(),
            Some("shop-disk1.vmdk"),
            "{spelling}"
        );
        assert_eq!(vm.disks.len(), 2, "{spelling}");
    }
    let twice = "ovf:/disk/vmdisk1</rasd:HostResource><rasd:HostResource>ovf:/disk/vmdisk2";
    let text = VMWARE.replace("ovf:/disk/vmdisk1", twice);
    assert_eq!(faults(&text)[0], "Hard disk 1 is ovf:/disk/vmdisk2 too");
}

#[test]
fn a_disk_without_file_has_the_size_that_its_item_gives() {
    let text = "<Envelope><VirtualSystem id='a'><VirtualHardwareSection>\
        <Item><ResourceType>17</ResourceType><InstanceID>1</InstanceID><ElementName>Data</ElementName>\
        <AllocationUnits>GB</AllocationUnits><VirtualQuantity>4</VirtualQuantity></Item>\
        <Item><ResourceType>17</ResourceType><InstanceID>2</InstanceID><ElementName>Odd</ElementName></Item>\
        </VirtualHardwareSection></VirtualSystem></Envelope>";
    let vm = read(text, "a.ovf").unwrap();
    assert_eq!(vm.disks.len(), 1);
    assert_eq!(
        (vm.disks[0].size, &vm.disks[0].content),
        (Some(4 << 30), &Content::Blank)
    );
    assert_eq!(faults(text), ["Odd has neither a file nor a size"]);
}

#[test]
fn prefixes_comments_and_padding_do_not_matter() {
    let odd = VMWARE
        .replace("ovf:", "o:")
        .replace("xmlns:o=", "xmlns:ovf=")
        .replace("rasd:", "")
        .replace("<References>", "<!-- files -- of it --><References>");
    let vm = read(&format!("\u{feff}{odd}\0\0\0"), "a.ovf").unwrap();
    assert_eq!(vm.memory.unwrap().value, 4 << 30);
    assert_eq!(vm.disks.len(), 2);
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
