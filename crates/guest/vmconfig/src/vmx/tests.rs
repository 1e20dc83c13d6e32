use super::*;
use crate::vm::{Bus, Scsi, System};
use crate::xl;

const VMX: &str = include_str!("tests/win.vmx");

#[test]
fn a_guest_is_read() {
    let mut vm = read(VMX, "win.vmx").unwrap();
    let ids: Vec<_> = vm.disks.iter().map(|disk| disk.id.as_str()).collect();
    assert_eq!(ids, ["sata0:0", "scsi0:2", "scsi0:10"]);
    assert_eq!(vm.name.as_ref().unwrap().value, "win \"old\" |x");
    assert_eq!(vm.memory.as_ref().unwrap().value, 4 << 30);
    assert_eq!(vm.nics.len(), 1);
    assert_eq!(vm.system(), System::Windows);
    vm.place("win.vmdk", "/dev/vg0/win").unwrap();
    let text = xl::write(&vm).unwrap();
    assert!(text.contains("name = \"win \\\"old\\\" |x\"  # from win.vmx: line 3\n"));
    assert!(text.contains("format=raw, vdev=xvda, access=rw, target=/dev/vg0/win"));
    assert!(text.contains("vdev=hdc, devtype=cdrom, format=empty"));
    assert!(text.contains("\"mac=00:0c:29:01:02:03, model=e1000e, bridge=xenbr0\""));
}

#[test]
fn what_workstation_writes_is_read() {
    let text = "\u{feff}.encoding = \"UTF-8\"\n\
        displayname = büro\n\
        memsize = 512 \n\
        memsize = \"1024\" # more\n\
        uuid.bios = \"56 4D 8c 4f 8d 3a 5b 2c-9b 61 0a 5e 3c 44 12 7f\"\n\
        firmware = \"EFI\"\n\
        vtpm.present = \"TRUE\"\n\
        bios.bootOrder = \"cdrom,hdd,ethernet0\"\n\
        bios.hddOrder = \"scsi0:1\"\n\
        scsi0.present = \"TRUE\"\n\
        scsi0.virtualDev = \"lsisas1068\"\n\
        scsi0:0.present = \"TRUE\"\n\
        scsi0:0.fileName = \"C:\\VMs\\a.vmdk\"\n\
        scsi0:0.mode = \"independent-nonpersistent\"\n\
        scsi0:1.fileName = \"b-000002.vmdk\"\n\
        scsi1:0.fileName = \"c.vmdk\"\n\
        scsi1.virtualDev = \"pvscsi\"\n\
        nvme0:0.fileName = \"n.vmdk\"\n\
        ide1:0.deviceType = \"cdrom-image\"\n\
        ide1:0.fileName = \"tools.iso\"\n\
        sata0:1.deviceType = \"atapi-cdrom\"\n\
        sata0:1.fileName = \"auto detect\"\n\
        ethernet0.present = \"TRUE\"\n\
        ethernet0.connectionType = \"nat\"\n\
        serial0.present = \"TRUE\"\n\
        checkpoint.vmState = \"x.vmss\"\n";
    let vm = read(text, "a.vmx").unwrap();
    assert_eq!(vm.name.as_ref().unwrap().value, "büro");
    assert_eq!(vm.memory.as_ref().unwrap().value, 1 << 30);
    assert_eq!(
        vm.uuid.as_ref().unwrap().value,
        "564d8c4f-8d3a-5b2c-9b61-0a5e3c44127f"
    );
    assert_eq!(vm.firmware.as_ref().unwrap().value, Firmware::Uefi);
    assert!(vm.tpm.as_ref().unwrap().value);
    assert_eq!(
        vm.boot.as_ref().unwrap().value,
        [BootDevice::Cdrom, BootDevice::Disk, BootDevice::Network]
    );
    let disks: Vec<_> = vm
        .disks
        .iter()
        .map(|disk| (disk.id.as_str(), disk.source.as_deref(), disk.scsi))
        .collect();
    assert_eq!(
        disks,
        [
            ("scsi0:1", Some("b-000002.vmdk"), Some(Scsi::LsiSas)),
            ("ide1:0", Some("tools.iso"), None),
            ("nvme0:0", Some("n.vmdk"), None),
            ("sata0:1", None, None),
            ("scsi0:0", Some("C:\\VMs\\a.vmdk"), Some(Scsi::LsiSas)),
            ("scsi1:0", Some("c.vmdk"), Some(Scsi::PvScsi)),
        ]
    );
    assert_eq!(vm.buses, [Bus::Scsi, Bus::Ide, Bus::Nvme, Bus::Sata]);
    assert_eq!(vm.nics[0].network.as_deref(), Some("nat"));
    let notes: Vec<_> = vm.notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!(
        notes,
        [
            "memsize is set twice, and the last one holds",
            "scsi0:0 forgets what is written to it: independent-nonpersistent",
        ]
    );
    assert_eq!(
        vm.faults[0].text,
        "it is suspended: what is in its memory stays in x.vmss"
    );
}

#[test]
fn what_cannot_be_used_is_said_and_the_rest_is_read() {
    let cases = [
        (
            "memsize = \"-1\"",
            "memsize: -1 is not a number from 1 to 17592186044415",
        ),
        (
            "memsize = \"17592186044416\"",
            "memsize: 17592186044416 is not a number from 1 to 17592186044415",
        ),
        (
            "numvcpus = \"0\"",
            "numvcpus: 0 is not a number from 1 to 65535",
        ),
        (
            "scsi0:0.fileName = \"a\"\nscsi0:0.deviceType = \"scsi-passthru\"",
            "scsi0:0 is a disk of the host it ran on",
        ),
    ];
    for (text, message) in cases {
        let vm = read(&format!("displayName = \"a\"\n{text}\n"), "a.vmx").unwrap();
        assert_eq!(vm.faults[0].text, message);
        assert_eq!(vm.name.unwrap().value, "a");
    }
    let error = read("", "a.vmx").unwrap_err();
    assert_eq!(error.to_string(), "it is not a VMX: it sets nothing");
    assert_eq!(error.kind(), error::Kind::Corrupt);
}
