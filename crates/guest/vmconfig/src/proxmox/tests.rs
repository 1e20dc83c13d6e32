use super::*;
use crate::testing::golden;
use crate::vm::Bus;
use crate::xl;

const SHOP: &str = include_str!("tests/shop.conf");

#[test]
fn a_guest_is_read() {
    let mut vm = read(SHOP, "qemu-server.conf").unwrap();
    assert_eq!(vm.faults, []);
    let ids: Vec<_> = vm.disks.iter().map(|disk| disk.id.as_str()).collect();
    assert_eq!(
        ids,
        ["scsi1", "ide2", "scsi0"],
        "what it boots from is first"
    );
    let disk = &vm.disks[0];
    assert_eq!(disk.source.as_deref(), Some("drive-scsi1"));
    assert_eq!((disk.size, disk.scsi), (Some(32 << 30), Some(Scsi::Virtio)));
    assert_eq!(disk.bus.as_ref().unwrap().value, Bus::Scsi);
    assert!(disk.bootable && vm.disks[1].cdrom);
    let unplugged: Vec<_> = vm
        .unplugged
        .iter()
        .map(|image| (image.source.as_str(), image.what.as_str()))
        .collect();
    assert_eq!(
        unplugged,
        [
            ("drive-efidisk0", "the variables of the UEFI firmware"),
            ("drive-tpmstate0-backup", "the state of the TPM"),
        ]
    );
    assert_eq!(
        (
            vm.vcpus.as_ref().unwrap().value,
            vm.max_vcpus.as_ref().unwrap().value
        ),
        (3, 4)
    );
    assert_eq!(vm.nics[0].mac.as_ref().unwrap().value, "bc:24:11:0a:0b:0c");
    assert_eq!(vm.nics[1].model.as_ref().unwrap().value, "e1000");
    assert_eq!(vm.chipset.as_ref().unwrap().value, Chipset::Q35);
    assert_eq!(
        vm.boot.as_ref().unwrap().value,
        [BootDevice::Disk, BootDevice::Cdrom, BootDevice::Network]
    );
    assert!(vm.tpm.as_ref().unwrap().value && vm.secure_boot.as_ref().unwrap().value);
    vm.place("drive-scsi1", "/dev/vg0/shop").unwrap();
    let text = xl::write(&vm).unwrap();
    assert_eq!(xl::parse(&text).unwrap().faults, []);
    golden("proxmox/tests/shop.cfg", &text);
}

#[test]
fn old_spellings_are_read() {
    let text = "bootdisk: virtio0\nboot: cdn\nmemory: current=512\nvirtio0: file=a:b,size=8G\n\
        sata0: cdrom,media=cdrom\nnet0: model=rtl8139,macaddr=52:54:00:00:00:01\nvga: serial0\n\
        memory: current=1024\n";
    let vm = read(text, "100.conf").unwrap();
    assert_eq!(
        vm.memory.unwrap().value,
        1 << 30,
        "the last one is in force"
    );
    assert_eq!(
        vm.boot.unwrap().value,
        [BootDevice::Disk, BootDevice::Cdrom, BootDevice::Network]
    );
    assert!(vm.disks[0].bootable && vm.disks[0].id == "virtio0");
    assert_eq!(vm.disks[0].source.as_deref(), Some("drive-virtio0"));
    assert_eq!(vm.nics[0].model.as_ref().unwrap().value, "rtl8139");
    assert_eq!(vm.graphics.unwrap().value.screen, Screen::None);
}

#[test]
fn what_cannot_be_used_is_said() {
    let text = "memory: much\ncores: 0\nscsi0: a:b,size=big\nhello world\ncipassword: geheim\n";
    let vm = read(text, "100.conf").unwrap();
    let faults: Vec<_> = vm.faults.iter().map(|fault| fault.text.as_str()).collect();
    assert_eq!(
        faults,
        [
            "memory: much is not a size in MiB",
            "cores: 0 is not a number from 1 to 4096",
            "scsi0: size big is not a size",
            "hello world is not a setting",
        ]
    );
    assert_eq!(vm.faults[3].from.to_string(), "from 100.conf: line 4");
    assert_eq!(vm.notes[0].text, "cipassword: (hidden)");
    let error = read("# only words\n[snap]\nname: a\n", "100.conf").unwrap_err();
    assert_eq!(
        error.to_string(),
        "it is not a configuration of Proxmox VE: it sets nothing"
    );
    let many: String = (0..=SETTINGS).map(|n| format!("k{n}: v\n")).collect();
    let error = read(&many, "100.conf").unwrap_err();
    assert_eq!(error.to_string(), "it has more than 10000 settings");
}

/// One more is too many.
const SETTINGS: usize = 10_000;
