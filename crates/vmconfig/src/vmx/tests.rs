use super::*;
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
    vm.place("win.vmdk", "/dev/vg0/win").unwrap();
    let text = xl::write(&vm).unwrap();
    assert!(text.contains("name = \"win \\\"old\\\" |x\"  # from win.vmx: line 3\n"));
    assert!(text.contains("format=raw, vdev=xvda, access=rw, target=/dev/vg0/win"));
    assert!(text.contains("vdev=hdc, devtype=cdrom, format=empty"));
    assert!(text.contains("\"mac=00:0c:29:01:02:03, model=e1000e, bridge=xenbr0\""));
}

#[test]
fn each_broken_field_has_its_message() {
    let cases = [
        ("", "it is no VMX: it sets nothing"),
        (
            "memsize = \"-1\"",
            "memsize: -1 is no number from 1 to 17592186044415",
        ),
        (
            "memsize = \"17592186044416\"",
            "memsize: 17592186044416 is no number from 1 to 17592186044415",
        ),
        (
            "numvcpus = \"0\"",
            "numvcpus: 0 is no number from 1 to 65535",
        ),
    ];
    for (text, message) in cases {
        let error = read(text, "a.vmx").unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(error.kind(), report::Kind::Corrupt);
    }
}
