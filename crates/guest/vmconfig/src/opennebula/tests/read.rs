//! Templates, read.

use proptest::prelude::*;

use super::super::{read, write};
use crate::vm::{BootDevice, Bus, Firmware, Host, Kind, Registered, Screen};

const MAIL: &str = "# mail\nNAME = \"mail\"\nMEMORY=\"2048\"\nVCPU = 2\nCPU = \"0.5\"\n  # disks\nDISK = [\n  IMAGE_ID = \"7\",\n  TARGET = \"vda\" ]\n\
    DISK = [ SOURCE = \"/srv/mail.qcow2\", DRIVER = \"qcow2\", DEV_PREFIX = \"sd\" ]\nDISK=[IMAGE=\"debian, 12\",TYPE=\"CDROM\"]\n\
    NIC = [ NETWORK = \"lan\", MAC = \"02:00:00:00:00:01\", MODEL = \"virtio\", SECURITY_GROUPS = \"0\" ]\n\
    OS = [ ARCH = \"x86_64\", BOOT = \"disk1\", FIRMWARE = \"/usr/share/OVMF/OVMF_CODE.fd\" ]\n\
    GRAPHICS = [ LISTEN = \"0.0.0.0\", TYPE = \"vnc\", PASSWD = \"geheim\" ]\nINPUT = [ TYPE = \"tablet\", BUS = \"usb\" ]\n\
    CONTEXT = [ SSH_PUBLIC_KEY = \"$USER[SSH_PUBLIC_KEY]\" ]\nRAW = [ TYPE = \"kvm\", DATA = \"<x a=\\\"b\\\"/>\" ]\n";

#[test]
fn a_template_says_what_the_guest_is() {
    let vm = read(MAIL, "mail.one").unwrap();
    assert_eq!(vm.faults, []);
    assert_eq!(vm.name.as_ref().unwrap().value, "mail");
    assert_eq!(vm.memory.as_ref().unwrap().value, 2 << 30);
    assert_eq!(
        (vm.vcpus.as_ref().unwrap().value, vm.host),
        (2, Some(Host::Kvm))
    );
    assert_eq!(vm.kind.as_ref().unwrap().value, Kind::Hvm);
    assert_eq!(vm.firmware.as_ref().unwrap().value, Firmware::Uefi);
    let disks: Vec<_> = vm
        .disks
        .iter()
        .map(|disk| {
            (
                disk.source.as_deref(),
                disk.bus.as_ref().map(|bus| bus.value),
                disk.cdrom,
            )
        })
        .collect();
    assert_eq!(
        disks,
        [
            (None, Some(Bus::Virtio), false),
            (Some("/srv/mail.qcow2"), Some(Bus::Scsi), false),
            (None, None, true),
        ]
    );
    assert_eq!(vm.disks[0].registered, Some(Registered::Id("7".into())));
    assert_eq!(vm.cpu_share.as_ref().unwrap().value, "0.5");
    assert!(vm.disks[1].bootable && !vm.disks[0].bootable);
    assert_eq!(vm.nics[0].network.as_deref(), Some("lan"));
    assert_eq!(vm.graphics.as_ref().unwrap().value.screen, Screen::Vnc);
    assert!(vm.usb_tablet.as_ref().unwrap().value);
    let notes: Vec<_> = vm.notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!(
        notes,
        [
            "NIC: SECURITY_GROUPS = \"0\"",
            "CONTEXT: SSH_PUBLIC_KEY",
            "RAW: TYPE = \"kvm\"",
            "RAW: DATA = \"<x a=\\\"b\\\"/>\"",
        ]
    );
    assert!(!format!("{vm:?}").contains("geheim"));
}

#[test]
fn what_is_no_template_is_corrupt() {
    for (text, message) in [
        ("", "it is not a template of a virtual machine"),
        ("A = 1\n", "it is not a template of a virtual machine"),
        ("NAME\n", "line 1, column 5: expected '='"),
        (
            "NAME = \"x\n",
            "line 1, column 9: expected a string that ends",
        ),
        (
            "DISK = [ A = \"1\" B = \"2\" ]\n",
            "line 1, column 18: expected ',' or ']'",
        ),
        (
            "<TEMPLATE/>",
            "line 1, column 1: expected the name of an attribute",
        ),
    ] {
        assert_eq!(
            read(text, "x").unwrap_err().to_string(),
            message,
            "{text:?}"
        );
    }
    let vm = read("NAME = x\nMEMORY = many\nVCPU = 0\n", "x").unwrap();
    let faults: Vec<_> = vm.faults.iter().map(|fault| fault.text.as_str()).collect();
    assert_eq!(
        faults,
        [
            "MEMORY: \"many\" is not an amount of MiB",
            "VCPU: \"0\" is not a number of virtual CPUs"
        ]
    );
}

#[test]
fn what_is_written_is_read_back() {
    let mut vm = read(MAIL, "mail.one").unwrap();
    for disk in &mut vm.disks {
        disk.place.clone_from(&disk.source);
        disk.place_format.clone_from(&disk.format);
    }
    let back = read(&write(&vm), "back.one").unwrap();
    let lost = crate::lost(&vm, &back);
    assert!(!write(&vm).contains("IMAGE = \"7\""));
    let real: Vec<_> = lost
        .iter()
        .filter(|what| !what.contains("from mail.one"))
        .collect();
    assert_eq!(real, [] as [&String; 0]);
}

#[test]
fn numbers_stay_numbers_and_limits_are_written() {
    let text = "NAME=a\nMEMORY=512\nMEMORY_MAX=1024\nCPU=0.5\nVCPU=2\nVCPU_MAX=4\nHYPERVISOR=qemu\n\
        OS=[BOOT=\"nic0,disk1\",MACHINE=q35]\nDISK=[IMAGE_ID=7]\nDISK=[IMAGE=x,IMAGE_UNAME=y]\n\
        NIC=[NETWORK_ID=3]\nFEATURES=[ACPI=yes,LOCALTIME=yes,HYPERV=yes]\n\
        CONTEXT=[PASSWORD=geheim,START_SCRIPT=x]\nSCHED_REQUIREMENTS=\"CLUSTER_ID=100\"\nLOGO=l\n";
    let vm = read(text, "a.one").unwrap();
    assert_eq!(
        vm.boot.as_ref().unwrap().value,
        [BootDevice::Network, BootDevice::Disk]
    );
    let back = read(&write(&vm), "back.one").unwrap();
    assert_eq!(
        crate::lost(&vm, &back),
        [
            "DISK: IMAGE_UNAME = \"y\", from a.one: line 10",
            "CONTEXT: PASSWORD, START_SCRIPT, from a.one: line 13",
            "SCHED_REQUIREMENTS = \"CLUSTER_ID=100\", from a.one: line 14",
        ]
    );
    assert_eq!(back.max_memory.unwrap().value, 1 << 30);
    assert_eq!(back.nics[0].network_id.as_deref(), Some("3"));
}

proptest! {
    #[test]
    fn any_text_is_read_without_harm(text in "[A-C=\\[\\],\" \n#a\\\\]{0,60}") {
        let _ = read(&format!("NAME = x\n{text}"), "x");
    }
}
