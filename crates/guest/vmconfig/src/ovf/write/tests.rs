use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::{Descriptor, DiskFile, write};
use crate::testing::{golden, hostile};
use crate::value::{Origin, Value};
use crate::vm::{Bus, Content, Disk, Firmware, Kind, Nic, Topology, Vm};
use crate::{libvirt, ovf, vmx, xl, xva};

/// A file for each of the first `count` disks of `vm`, which then are in them.
fn package(vm: &mut Vm, count: usize) -> Vec<DiskFile> {
    let disks = vm.disks.iter_mut().filter(|disk| !disk.cdrom);
    let files = (1..).zip(disks.take(count)).map(|(number, disk)| {
        let href = format!("guest-disk{number}.vmdk");
        disk.place = Some(href.clone());
        DiskFile {
            href,
            size: 1_130_496,
            capacity: 16 << 30,
            populated: 4 << 20,
        }
    });
    files.collect()
}

/// What the schema says about `text`; empty if nothing is wrong.
fn objections(text: &str) -> String {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ovf/write/tests/ovf.rng");
    let mut lint = Command::new("xmllint")
        .args(["--noout", "--relaxng"])
        .arg(schema)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("xmllint is missing: apt-get install libxml2-utils");
    let mut input = lint.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    let output = lint.wait_with_output().unwrap();
    if output.status.success() {
        String::new()
    } else {
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

#[track_caller]
fn validate(text: &str) {
    let objections = objections(text);
    assert!(objections.is_empty(), "{objections}\n{text}");
}

/// `vm` in a package of its first `count` disks, which the schema takes and which is read back.
#[track_caller]
fn there_and_back(mut vm: Vm, count: usize) -> (Descriptor, Vm) {
    let files = package(&mut vm, count);
    let written = write(&vm, &files);
    validate(&written.text);
    let read = ovf::read(&written.text, "guest.ovf").unwrap();
    (written, read)
}

fn shop() -> Vm {
    ovf::read(include_str!("../tests/vmware.ovf"), "vmware.ovf").unwrap()
}

/// What both descriptions of a guest have to agree on.
fn essence(vm: &Vm) -> String {
    fn plain<T: Clone>(value: &Option<Value<T>>) -> Option<T> {
        value.as_ref().map(|value| value.value.clone())
    }
    let disks: Vec<_> = vm
        .disks
        .iter()
        .map(|disk| (plain(&disk.bus), disk.scsi, disk.cdrom))
        .collect();
    let nics = vm
        .nics
        .iter()
        .map(|nic| (plain(&nic.mac), plain(&nic.model), nic.network.clone()));
    let essence = (
        (plain(&vm.name), plain(&vm.description), plain(&vm.guest_os)),
        (plain(&vm.memory), plain(&vm.vcpus), plain(&vm.topology)),
        (plain(&vm.kind), plain(&vm.firmware), plain(&vm.secure_boot)),
        (disks, nics.collect::<Vec<_>>()),
    );
    format!("{essence:#?}")
}

#[test]
fn a_guest_of_vmware_comes_back_as_it_was() {
    let (written, read) = there_and_back(shop(), 2);
    golden("ovf/write/tests/shop.ovf", &written.text);
    assert_eq!(written.left_out, [] as [&str; 0]);
    assert_eq!(essence(&read), essence(&shop()));
    let sources = read.disks.iter().map(|disk| disk.source.as_deref());
    let names = [Some("guest-disk1.vmdk"), Some("guest-disk2.vmdk")];
    assert_eq!(sources.collect::<Vec<_>>(), names);
    assert_eq!(read.disks[0].size, Some(16 << 30));
}

#[test]
fn guests_of_all_languages_become_valid_descriptors() {
    let guests = [
        ovf::read(include_str!("../tests/virtualbox.ovf"), "virtualbox.ovf"),
        ovf::read(include_str!("../tests/xcp.ovf"), "xcp.ovf"),
        ovf::read(include_str!("../tests/ovirt.ovf"), "ovirt.ovf"),
        xl::read(
            "name = 'web'\nmemory = 512\nvcpus = 2\ndisk = ['/x,raw,xvda']\nvif = ['']\n",
            "web.cfg",
        ),
        vmx::read(
            "displayName = \"w\"\nmemsize = \"2048\"\nscsi0:0.fileName = \"w.vmdk\"\n",
            "w.vmx",
        ),
        libvirt::read(
            "<domain type='kvm'><name>k</name><memory>1048576</memory></domain>",
            "k.xml",
        ),
        xva::read(include_str!("../../xva/tests/ova.xml"), "ova.xml"),
    ];
    for guest in guests {
        let guest = guest.unwrap();
        let disks = guest.disks.iter().filter(|disk| !disk.cdrom).count();
        for count in 0..=disks {
            let (_, read) = there_and_back(guest.clone(), count);
            let mut complete = guest.clone();
            complete.complete();
            assert_eq!(read.name.unwrap().value, complete.name.unwrap().value);
            let files = read.disks.iter().filter(|disk| disk.source.is_some());
            assert_eq!(files.count(), count);
        }
    }
}

#[test]
fn a_guest_of_which_nothing_is_known_is_valid_too() {
    let from = Origin::guess("nothing came with the disk");
    let (written, read) = there_and_back(Vm::guess("box", vec![Disk::new("disk", &from)]), 1);
    assert_eq!(written.left_out, [] as [&str; 0]);
    assert_eq!(read.memory.unwrap().value, 1 << 30);
    assert_eq!(read.disks[0].bus.as_ref().unwrap().value, Bus::Ide);
    assert_eq!(read.nics[0].model.as_ref().unwrap().value, "e1000");
    assert_eq!(read.nics[0].network.as_deref(), Some("VM Network"));
}

#[test]
fn what_a_pc_has_not_is_told() {
    let from = Origin::stated("web.cfg", "line 1");
    let mut vm = Vm::guess(
        "web",
        vec![Disk::new("xvda", &from), Disk::new("xvdb", &from)],
    );
    vm.kind = Some(Value::new(Kind::Pv, &from));
    vm.kernel = Some(Value::new("/boot/vmlinuz --x".into(), &from));
    let (written, _) = there_and_back(vm, 1);
    let left_out = [
        "disk xvdb, from web.cfg: line 1: it is not in the package",
        "pv, from web.cfg: line 1: the guest becomes a PC",
        "kernel \"/boot/vmlinuz --x\", from web.cfg: line 1",
    ];
    assert_eq!(written.left_out, left_out);
    let comments: Vec<_> = written
        .text
        .lines()
        .filter(|line| line.contains("Left out"))
        .collect();
    assert_eq!(comments.len(), 3);
    assert_eq!(
        comments[2],
        "  <!-- Left out: kernel \"/boot/vmlinuz - -x\", from web.cfg: line 1 -->"
    );
}

#[test]
fn a_blank_disk_needs_no_file() {
    let from = Origin::guess("made for the test");
    let blank = Disk {
        content: Content::Blank,
        size: Some(5 << 30),
        ..Disk::new("swap", &from)
    };
    let vm = Vm::guess("box", vec![Disk::new("disk", &from), blank]);
    let (written, read) = there_and_back(vm, 1);
    assert_eq!(written.left_out, [] as [&str; 0]);
    let disks = read
        .disks
        .iter()
        .map(|disk| (disk.source.as_deref(), disk.size));
    let expected = [
        (Some("guest-disk1.vmdk"), Some(16 << 30)),
        (None, Some(5 << 30)),
    ];
    assert_eq!(disks.collect::<Vec<_>>(), expected);
    assert_eq!(read.disks[1].content, Content::Blank);
}

#[test]
fn every_bus_has_a_controller_with_room() {
    let from = Origin::guess("made for the test");
    let on = |bus: Option<Bus>| Disk {
        bus: bus.map(|bus| Value::new(bus, &from)),
        ..Disk::new("disk", &from)
    };
    let buses = [
        (None, 5, vec![Bus::Ide; 4]),
        (Some(Bus::Xen), 4, vec![Bus::Ide; 4]),
        (Some(Bus::Virtio), 3, vec![Bus::Sata; 3]),
        (Some(Bus::Sata), 31, vec![Bus::Sata; 31]),
        (Some(Bus::Scsi), 17, vec![Bus::Scsi; 17]),
        (Some(Bus::Nvme), 2, vec![Bus::Nvme; 2]),
    ];
    for (bus, count, expected) in buses {
        let vm = Vm::guess("box", vec![on(bus); count]);
        let (written, read) = there_and_back(vm, count);
        let found: Vec<_> = read
            .disks
            .iter()
            .map(|disk| disk.bus.as_ref().unwrap().value)
            .collect();
        assert!(found.starts_with(&expected), "{bus:?}: {found:?}");
        let rest = found.iter().skip(expected.len());
        assert!(
            rest.clone().all(|&bus| bus == Bus::Sata),
            "{bus:?}: {found:?}"
        );
        // No address twice on one controller, and none that a SCSI controller has itself.
        let places: Vec<_> = written
            .text
            .split("<Item")
            .filter(|item| item.contains("Hard disk"))
            .map(|item| {
                let field = |name: &str| {
                    let rest = item.split_once(&format!("<rasd:{name}>")).unwrap().1;
                    rest.split_once('<').unwrap().0.parse::<u32>().unwrap()
                };
                (field("Parent"), field("AddressOnParent"))
            })
            .collect();
        let different: std::collections::HashSet<_> = places.iter().collect();
        assert_eq!(different.len(), count, "{bus:?}");
        assert!(bus != Some(Bus::Scsi) || places.iter().all(|&(_, address)| address != 7));
    }
}

#[test]
fn settings_of_firmware_and_layout_survive() {
    let from = Origin::guess("made for the test");
    let mut vm = Vm::guess("box", Vec::new());
    vm.firmware = Some(Value::new(Firmware::Uefi, &from));
    vm.secure_boot = Some(Value::new(true, &from));
    vm.vcpus = Some(Value::new(8, &from));
    vm.topology = Some(Value::new(
        Topology {
            sockets: 2,
            cores: 4,
            threads: 1,
        },
        &from,
    ));
    let (written, read) = there_and_back(vm.clone(), 0);
    assert_eq!(read.topology.unwrap().value, vm.topology.unwrap().value);
    assert_eq!(read.firmware.unwrap().value, Firmware::Uefi);
    assert!(read.secure_boot.unwrap().value);
    assert!(written.text.contains(">vmx-13<"));
}

#[test]
fn the_schema_objects_to_what_is_wrong() {
    let mut vm = shop();
    let files = package(&mut vm, 1);
    let text = write(&vm, &files).text;
    let wrong = [
        ("ovf:size=\"1130496\"", "ovf:size=\"many\""),
        ("ovf:id=\"file1\" ", ""),
        ("<rasd:InstanceID>1</rasd:InstanceID>", ""),
        (
            "<NetworkSection>",
            "<NetworkSection><Network ovf:name=\"x\"/>",
        ),
        ("<Name>shop</Name>", "<Names>shop</Names>"),
        ("ovf:capacity=", "capacity="),
        (
            ">2 virtual",
            ">2 virtual CPUs and more than sixty-four characters of words about them, virtual",
        ),
    ];
    for (good, bad) in wrong {
        let changed = match good {
            ">2 virtual" => text.replace("<rasd:Caption>4", &format!("<rasd:Caption{bad}")),
            good => text.replace(good, bad),
        };
        assert_ne!(changed, text, "{good}");
        assert!(!objections(&changed).is_empty(), "{bad}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn nothing_breaks_out_of_where_it_is_put(words in prop::collection::vec(hostile(), 8)) {
        let from = Origin::stated(&words[0], words[1].clone());
        let said = |text: &str| Some(Value::new(text.to_owned(), &from));
        let mut vm = Vm::guess(&words[2], vec![Disk::new(words[3].clone(), &from), Disk::new("b", &from)]);
        vm.description = said(&words[4]);
        vm.guest_os = said(&words[5]);
        vm.kernel = said(&words[6]);
        vm.nics.push(Nic { network: Some(words[7].clone()), model: said(&words[0]), ..Nic::new(&from) });
        let files = package(&mut vm, 1);
        let written = write(&vm, &files);
        prop_assert_eq!(objections(&written.text), "");
        let read = ovf::read(&written.text, "guest.ovf").unwrap();
        prop_assert_eq!(read.disks.len(), 1);
        prop_assert_eq!(read.nics.len(), 2);
        let plain = |text: &str| text.replace(char::is_control, "\u{fffd}").trim().to_owned();
        let network = match words[7].trim() {
            "" => "VM Network".to_owned(),
            _ => plain(&words[7].replace(['\n', '\r', '\t'], " ")),
        };
        let read = read.nics[1].network.as_deref().unwrap_or_default();
        prop_assert_eq!(plain(&read.replace(['\n', '\r', '\t'], " ")), network);
    }
}
