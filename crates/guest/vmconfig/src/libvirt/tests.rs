mod boots;

use std::io::Write;
use std::process::{Command, Stdio};

use error::Kind as Trouble;
use proptest::prelude::*;

use super::*;
use crate::testing::{golden, hostile};
use crate::vm::{Bus, Chipset, Scsi, System};
use crate::{ovf, xml, xva};

fn shop() -> Vm {
    let mut vm = ovf::read(include_str!("../ovf/tests/vmware.ovf"), "vmware.ovf").unwrap();
    vm.place("vmdisk1", "/dev/vg0/shop").unwrap();
    vm.place("vmdisk2", "/srv/a \"b\"&c.qcow2").unwrap();
    vm.disks[1].place_format = Some("qcow2".into());
    vm
}

/// Asks libvirt's own schema.
fn validate(text: &str) {
    let mut lint = Command::new("xmllint")
        .args([
            "--noout",
            "--relaxng",
            "/usr/share/libvirt/schemas/domain.rng",
            "-",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("xmllint is missing: apt-get install libxml2-utils libvirt0");
    lint.stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = lint.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{text}");
}

#[test]
fn domains_of_kvm_and_of_xen() {
    let text = write(&shop(), Hypervisor::Kvm).unwrap();
    golden("libvirt/tests/shop-kvm.xml", &text);
    validate(&text);
    let domain = xml::parse(&text).unwrap();
    let source = domain
        .child("devices")
        .unwrap()
        .all("disk")
        .nth(1)
        .unwrap()
        .child("source");
    assert_eq!(
        source.unwrap().attribute("file"),
        Some("/srv/a \"b\"&c.qcow2")
    );
    let text = write(&shop(), Hypervisor::Xen).unwrap();
    golden("libvirt/tests/shop-xen.xml", &text);
    validate(&text);
}

#[test]
fn a_paravirtual_domain() {
    let mut vm = ovf::read(include_str!("../ovf/tests/xcp.ovf"), "xcp.ovf").unwrap();
    vm.place_nth(0, "/dev/vg0/mail").unwrap();
    let text = write(&vm, Hypervisor::Xen).unwrap();
    validate(&text);
    golden("libvirt/tests/mail-xen.xml", &text);
}

#[test]
fn what_is_written_is_read() {
    for hypervisor in [Hypervisor::Kvm, Hypervisor::Xen] {
        let text = write(&shop(), hypervisor).unwrap();
        let vm = read(&text, "shop.xml").unwrap();
        assert_eq!(vm.name.unwrap().value, "shop");
        let memory = vm.memory.unwrap();
        assert_eq!(memory.value, 4 << 30);
        assert_eq!(
            memory.from.to_string(),
            "from shop.xml: currentMemory, line 5"
        );
        assert_eq!(vm.vcpus.unwrap().value, 4);
        assert_eq!(vm.firmware.unwrap().value, Firmware::Uefi);
        assert_eq!(vm.secure_boot.is_some(), hypervisor == Hypervisor::Kvm);
        let sources: Vec<_> = vm.disks.iter().map(|disk| disk.source.as_deref()).collect();
        assert_eq!(
            sources,
            [Some("/dev/vg0/shop"), Some("/srv/a \"b\"&c.qcow2")]
        );
        assert_eq!(vm.disks[1].format.as_deref(), Some("qcow2"));
        assert_eq!(vm.on_reboot.unwrap().value, Action::Restart);
        assert!(vm.usb_tablet.unwrap().value);
        assert_eq!(vm.notes, []);
    }
}

#[test]
fn a_domain_of_anyone() {
    let text = "<domain type='kvm'><name>a</name><memory unit='GiB'>2</memory>\
        <vcpu current='1'>2</vcpu><os><type>hvm</type><loader>/x/OVMF_CODE.fd</loader>\
        <boot dev='cdrom'/></os><devices><disk type='network' device='disk'>\
        <source protocol='rbd' name='p/a'/><target dev='vda' bus='virtio'/></disk>\
        <interface type='network'><source network='lan'/><mac address='52:54:00:00:00:01'/></interface>\
        <graphics type='vnc' passwd='geheim'/><watchdog model='i6300esb'/></devices></domain>";
    let vm = read(text, "a.xml").unwrap();
    assert_eq!(vm.memory.as_ref().unwrap().value, 2 << 30);
    assert_eq!(vm.vcpus.as_ref().unwrap().value, 1);
    assert_eq!(vm.max_vcpus.as_ref().unwrap().value, 2);
    assert_eq!(vm.firmware.as_ref().unwrap().value, Firmware::Uefi);
    assert_eq!(vm.disks[0].source, None, "it is not on this host");
    assert_eq!(vm.nics[0].network.as_deref(), Some("lan"));
    assert!(vm.has_secrets() && !format!("{vm:?}").contains("geheim"));
    assert_eq!(
        notes(&vm),
        [
            "disk vda type=\"network\"",
            "disk vda: source protocol=\"rbd\" name=\"p/a\"",
            "watchdog model=\"i6300esb\""
        ]
    );
    let cases = [
        (
            "'GiB'>2",
            "'GiB'>17179869184",
            "memory: 17179869184 GiB are more than 2^64 bytes",
        ),
        ("'GiB'>2", "'pint'>2", "memory: 2 pint is not a size"),
        ("'GiB'>2", "'GiB'>-2", "memory: -2 GiB is not a size"),
        ("'1'>2", "'1'>0", "vcpu: 0 is not a number of virtual CPUs"),
        ("'1'>2", "'x'>2", "vcpu: x is not a number of virtual CPUs"),
    ];
    for (good, bad, message) in cases {
        let vm = read(&text.replace(good, bad), "a.xml").unwrap();
        assert_eq!(vm.faults[0].text, message);
        assert_eq!(vm.name.unwrap().value, "a");
    }
    let error = read(&text.replace("domain", "network"), "a.xml").unwrap_err();
    assert_eq!(
        error.to_string(),
        "it is not a domain of libvirt: its root is <network>"
    );
    assert_eq!(error.kind(), Trouble::Corrupt);
}

/// The notes of `vm`, a line each.
fn notes(vm: &Vm) -> Vec<&str> {
    vm.notes.iter().map(|note| note.text.as_str()).collect()
}

#[test]
fn what_is_not_read_of_a_domain_is_a_note() {
    let vm = read(include_str!("tests/lost.xml"), "lost.xml").unwrap();
    golden("libvirt/tests/lost.txt", &(notes(&vm).join("\n") + "\n"));
    let faults: Vec<_> = vm.faults.iter().map(|note| note.text.as_str()).collect();
    assert_eq!(
        faults,
        ["a guest of the architecture \"aarch64\" runs on no x86 processor"]
    );
    let sources: Vec<_> = vm.disks.iter().map(|disk| disk.source.as_deref()).collect();
    assert_eq!(sources, [None, None, Some("/dev/vg/s")]);
    assert_eq!(vm.nics[0].network, None);
    assert!(!format!("{vm:?}").contains("hunter"));
}

#[test]
fn what_libvirt_adds_to_every_domain_is_no_note() {
    let vm = read(include_str!("tests/plain.xml"), "plain.xml").unwrap();
    assert_eq!(notes(&vm), [] as [&str; 0]);
    assert_eq!(vm.faults, []);
    assert_eq!(vm.topology.as_ref().unwrap().value.cores, 2);
    assert!(vm.secure_boot.as_ref().unwrap().value);
    assert_eq!(vm.system(), System::Windows);
    let boot = vm.boot.as_ref().unwrap();
    assert_eq!(boot.value, [BootDevice::Network, BootDevice::Disk]);
    assert_eq!(vm.graphics.unwrap().value.listen.unwrap(), "127.0.0.1");
}

#[test]
fn controllers_chipset_and_clock_are_read() {
    let text = "<domain type='kvm'><name>a</name><metadata><l:libosinfo xmlns:l='u'>\
        <l:os id='http://microsoft.com/win/10'/></l:libosinfo></metadata>\
        <os><type machine='pc-q35-8.2'>hvm</type></os><clock offset='localtime'/><devices>\
        <disk device='disk'><source file='/b'/><target dev='sda' bus='scsi'/></disk>\
        <disk device='disk'><source file='/a'/><target dev='sdb' bus='scsi'/>\
        <address type='drive' controller='1'/><boot order='1'/></disk>\
        <controller type='scsi' index='0' model='lsilogic'/>\
        <controller type='scsi' index='1' model='virtio-scsi'/><controller type='sata'/>\
        <tpm model='tpm-crb'/></devices></domain>";
    let vm = read(text, "a.xml").unwrap();
    let disks: Vec<_> = vm
        .disks
        .iter()
        .map(|disk| (disk.id.as_str(), disk.scsi))
        .collect();
    assert_eq!(
        disks,
        [("sdb", Some(Scsi::Virtio)), ("sda", Some(Scsi::Lsi53c895a))],
        "what it boots from is first"
    );
    assert_eq!(vm.buses, [Bus::Scsi, Bus::Sata]);
    assert_eq!(vm.chipset.as_ref().unwrap().value, Chipset::Q35);
    assert!(vm.local_time.as_ref().unwrap().value && vm.tpm.as_ref().unwrap().value);
    assert_eq!(vm.system(), System::Windows);
    assert_eq!(vm.notes, []);
}

#[test]
fn places_that_are_no_path_are_refused() {
    let mut vm = xva::read(include_str!("../xva/tests/ova.xml"), "ova.xml").unwrap();
    vm.place_nth(0, "/a\n").unwrap();
    let error = write(&vm, Hypervisor::Kvm).unwrap_err();
    assert_eq!(error.kind(), Trouble::Target);
    assert_eq!(
        error.to_string(),
        "a disk of a domain cannot be at \"/a\\n\""
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn nothing_breaks_out(words in prop::collection::vec(hostile(), 6)) {
        let from = Origin::stated(&words[0], words[1].clone());
        let mut vm = shop();
        vm.name = Some(Value::new(words[2].clone(), &from));
        vm.description = Some(Value::new(words[3].clone(), &from));
        vm.disks[0].id = words[4].clone();
        vm.kernel = Some(Value::new(format!("/boot/{}", words[5]), &from));
        vm.note(words[1].clone(), &from);
        for hypervisor in [Hypervisor::Xen, Hypervisor::Kvm] {
            let text = write(&vm, hypervisor).unwrap();
            let domain = xml::parse(&text).unwrap();
            prop_assert_eq!(domain.child("devices").unwrap().all("disk").count(), 2);
            let description = domain.child("description").map(|child| child.text.clone());
            let clean = words[3].replace('\u{b}', "\u{fffd}");
            prop_assert_eq!(description.unwrap(), clean.trim());
        }
    }
}
