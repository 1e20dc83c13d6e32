use error::Kind as Trouble;

use super::*;
use crate::testing::golden;
use crate::vm::{BootDevice, Bus, Chipset, Content, Firmware, Scsi, System};
use crate::xl;

const DESK: &str = include_str!("tests/desk.vbox");

#[test]
fn a_machine_is_read_in_its_present_state() {
    let mut vm = read(DESK, "desk.vbox").unwrap();
    assert_eq!(vm.system(), System::Windows);
    assert_eq!(vm.memory.as_ref().unwrap().value, 4 << 30);
    assert_eq!(vm.vcpus.as_ref().unwrap().value, 2);
    assert_eq!(vm.firmware.as_ref().unwrap().value, Firmware::Uefi);
    assert_eq!(vm.chipset.as_ref().unwrap().value, Chipset::Q35);
    assert_eq!(
        vm.boot.as_ref().unwrap().value,
        [BootDevice::Cdrom, BootDevice::Disk]
    );
    assert!(vm.tpm.as_ref().unwrap().value && vm.local_time.as_ref().unwrap().value);
    let disks: Vec<_> = vm
        .disks
        .iter()
        .map(|disk| (disk.id.as_str(), disk.source.as_deref().unwrap(), disk.scsi))
        .collect();
    assert_eq!(
        disks,
        [
            (
                "SATA 0:0",
                "Snapshots/{0d6f57f3-0a0a-4c0e-9d8e-3f6a8f8f2e12}.vdi",
                None
            ),
            ("SATA 2:0", "C:/Program Files/VBoxGuestAdditions.iso", None),
            ("SCSI 3:0", "D:\\VMs\\desk\\data.vmdk", Some(Scsi::LsiLogic)),
        ]
    );
    assert_eq!(vm.disks[0].content, Content::Differences("desk.vdi".into()));
    assert_eq!(vm.buses, [Bus::Sata, Bus::Scsi]);
    assert_eq!(
        vm.faults[0].text,
        "Snapshots/{0d6f57f3-0a0a-4c0e-9d8e-3f6a8f8f2e12}.vdi holds only what differs from desk.vdi"
    );
    let nics: Vec<_> = vm
        .nics
        .iter()
        .map(|nic| {
            let (mac, model) = (nic.mac.as_ref().unwrap(), nic.model.as_ref().unwrap());
            (
                mac.value.as_str(),
                model.value.as_str(),
                nic.network.as_deref().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        nics,
        [
            ("08:00:27:0a:0b:0c", "82540em", "NAT"),
            ("08:00:27:0a:0b:0d", "virtio", "eth0"),
        ]
    );
    vm.place("SATA 0:0", "/dev/vg0/desk").unwrap();
    vm.place("SCSI 3:0", "/dev/vg0/data").unwrap();
    let text = xl::write(&vm).unwrap();
    assert_eq!(xl::parse(&text).unwrap().faults, []);
    golden("vbox/tests/desk.cfg", &text);
}

#[test]
fn older_settings_have_their_controllers_in_the_machine() {
    let old = DESK
        .replace("<StorageControllers>", "<X>")
        .replace("</StorageControllers>", "</X>")
        .replacen(
            "<Hardware>",
            "<StorageControllers><StorageController name=\"IDE\" type=\"PIIX4\"><AttachedDevice \
             type=\"HardDisk\" port=\"0\" device=\"1\"><Image uuid=\"{0d6f57f3-0a0a-4c0e-9d8e-3f6a8f8f2e11}\"/>\
             </AttachedDevice></StorageController></StorageControllers><Hardware>",
            2,
        );
    let vm = read(&old, "desk.vbox").unwrap();
    let disk = vm.disks.last().unwrap();
    assert_eq!(
        (disk.id.as_str(), disk.source.as_deref()),
        ("IDE 0:1", Some("desk.vdi"))
    );
    assert_eq!(disk.bus.as_ref().unwrap().value, Bus::Ide);
    assert_eq!(vm.faults, []);
}

#[test]
fn what_cannot_be_used_is_said_and_the_rest_is_read() {
    let cases = [
        (
            "RAMSize=\"4096\"",
            "RAMSize=\"4 GB\"",
            "RAMSize: 4 GB is not a size in MiB",
        ),
        (
            "count=\"2\"",
            "count=\"0\"",
            "CPU: 0 is not a number of virtual CPUs",
        ),
        (
            "uuid=\"{0D6F57F3-0A0A-4C0E-9D8E-3F6A8F8F2E13}\"",
            "uuid=\"{x}\"",
            "SCSI 3:0 is image {x}, which the machine does not list",
        ),
        (
            "<Image uuid=\"{0D6F57F3-0A0A-4C0E-9D8E-3F6A8F8F2E13}\"/>",
            "",
            "SCSI 3:0 has no image",
        ),
        (
            "snapshotFolder=\"Snapshots\"",
            "stateFile=\"Snapshots/x.sav\"",
            "it is suspended: what is in its memory is not taken along",
        ),
        (
            "format=\"VMDK\" type=\"Normal\"/>",
            "format=\"VMDK\"><Property name=\"CRYPT/KeyId\" value=\"a\"/></HardDisk>",
            "D:\\VMs\\desk\\data.vmdk is encrypted",
        ),
    ];
    for (good, bad, message) in cases {
        let vm = read(&DESK.replace(good, bad), "desk.vbox").unwrap();
        let said = vm.faults.iter().any(|fault| fault.text == message);
        assert!(said, "{message}: {:?}", vm.faults);
        assert_eq!(vm.name.unwrap().value, "desk");
    }
}

#[test]
fn what_is_not_a_machine_is_refused() {
    let cases = [
        (
            "<domain/>",
            "it is not VirtualBox's settings of a machine: its root is <domain>",
            Trouble::Corrupt,
        ),
        (
            "<VirtualBox><Global/></VirtualBox>",
            "there is no <Machine> in it",
            Trouble::Corrupt,
        ),
        (
            "<VirtualBox><MachineEncrypted keyId='a'>AAAA</MachineEncrypted></VirtualBox>",
            "the machine's settings are encrypted",
            Trouble::Unsupported,
        ),
    ];
    for (text, message, kind) in cases {
        let error = read(text, "a.vbox").unwrap_err();
        assert_eq!((error.to_string().as_str(), error.kind()), (message, kind));
    }
}
