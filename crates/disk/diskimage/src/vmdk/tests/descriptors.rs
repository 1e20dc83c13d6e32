//! Descriptors that are refused.

use super::{Files, descriptor};
use crate::Format;
use crate::test_util::{by_qemu, patched, random, refusal};

#[test]
fn descriptors_say_what_is_understood_and_nothing_else() {
    let told = |text: &str| Files::with(&[("d.vmdk", text.as_bytes()), ("f", &[1; 512])]).refusal();
    let line = |line: &str| told(&descriptor(line));
    let slashes = "is not a plain file name beside it";
    assert_eq!(
        line("RW 1 FLAT \"/etc/shadow\" 0"),
        format!("names \"/etc/shadow\" as an extent, which {slashes}")
    );
    assert_eq!(
        line("RW 1 SPARSE \"../f\""),
        format!("names \"../f\" as an extent, which {slashes}")
    );
    assert_eq!(line(""), "has a descriptor without extents");
    for odd in [
        "RW 1",
        "RW 1 FLAT f 0",
        "RW x FLAT \"f\" 0",
        "RW 1 FLAT \"f",
        "RW 1 FLAT \"f\" 0 x",
        "RW 1 SPARSE \"f\" 0",
        "hello",
        "/etc/shadow=1",
        "a key=1",
        "=1",
        "RW 1 2 FLAT \"f\"",
    ] {
        assert_eq!(
            line(odd),
            format!("has a descriptor with a line that is not understood: {odd:?}")
        );
    }
    let long = "x".repeat(1000);
    assert_eq!(
        line(&long),
        format!(
            "has a descriptor with a line that is not understood: \"{}…\"",
            &long[..80]
        )
    );
    for kind in ["VMFSSPARSE", "SESPARSE", "VMFSRDM", "VMFSRAW", "ODD"] {
        assert_eq!(
            line(&format!("RW 1 {kind} \"f\"")),
            format!("has an extent of type {kind}, which is not read here")
        );
    }
    assert_eq!(
        line("NOACCESS 1 FLAT \"f\" 0"),
        "has an extent that may not be read (NOACCESS)"
    );
    assert_eq!(
        line("RW 1 FLAT \"f\" 1"),
        "its extent \"f\": has 512 bytes, and the descriptor needs 1024"
    );
    assert_eq!(
        line("RW 1 SPARSE \"f\""),
        "its extent \"f\": has no header of a sparse extent"
    );
    assert_eq!(
        line("RW 1 FLAT \"g\" 0"),
        "is stored in the file \"g\" beside it, which is missing"
    );
    assert_eq!(
        line("RW 36028797018963968 ZERO"),
        "has a descriptor whose extents are more than 2^63 bytes"
    );
    assert_eq!(
        line("RW 9007199254740992 ZERO\nRW 9007199254740992 ZERO"),
        "has a descriptor whose extents are more than 2^63 bytes"
    );
    assert_eq!(line("CID=1"), "has a descriptor that says CID twice");
    assert_eq!(line("cid = 2"), "has a descriptor that says cid twice");
    for device in [
        "partitionedDevice",
        "fullDevice",
        "vmfsRawDeviceMap",
        "VMFSRDM",
    ] {
        assert_eq!(
            told(&format!(
                "createType=\"{device}\"\nCID=1\nRW 63 FLAT \"/dev/sda\" 0\n"
            )),
            format!("describes a physical disk ({device}), whose content is not in files")
        );
    }
    assert_eq!(
        line("isNativeSnapshot=\"yes\"\nRW 1 FLAT \"f\" 0"),
        "is a snapshot that the storage system holds (isNativeSnapshot), which is not read here"
    );
    for key in ["encryptionKeys", "cryptoKeySafe", "keySafe", "ENCRYPTION.x"] {
        assert_eq!(
            line(&format!("{key}=\"vmware:key/list/(pair)\"")),
            "is encrypted, which is not read here"
        );
    }
    let many = "RW 1 ZERO\n".repeat(4097);
    assert_eq!(line(&many), "has a descriptor of more than 4096 extents");
    let head = "# Disk DescriptorFile\n";
    assert_eq!(
        told(&format!("{head}version=4\nRW 1 ZERO")),
        "has a descriptor of version \"4\", and only 1 to 3 are read here"
    );
    assert_eq!(
        told(&format!(
            "{head}version=1\nCID=xyz\ncreateType=a\nRW 1 ZERO"
        )),
        "has a descriptor that says CID=xyz, which is not a number"
    );
    assert_eq!(
        told(&format!(
            "{head}version=1\nparentCID=1\ncreateType=a\nRW 1 ZERO"
        )),
        "has a parent with the CID 00000001 and does not name it"
    );
    assert_eq!(told("# Disk"), "has no header of a sparse extent");
    assert_eq!(
        told(&format!("{head}{}", " ".repeat(1 << 20))),
        "is a descriptor of more than 1048576 bytes"
    );
}

#[test]
fn an_embedded_descriptor_lists_one_sparse_extent() {
    let file = by_qemu(&random(5, 512), "vmdk", "", &[]);
    let text = String::from_utf8_lossy(&file[512..2048]).into_owned();
    let with = |from: &str, to: &str| {
        let text = text.replace(from, to).into_bytes();
        refusal(Format::Vmdk, patched(&file, 512, &text[..1536]))
    };
    let several =
        "has a descriptor inside that lists 2 extents, and not just the one that it is in";
    assert_eq!(with("RW 1 ", "RW 1 ZERO\nRW 1 "), several);
    let other = "has a descriptor inside that lists 1 extents, and not just the one that it is in";
    assert_eq!(with("SPARSE \"image\"", "FLAT \"shadow\" 0"), other);
    assert_eq!(
        with("SPARSE \"image\"", "SPARSE \"/image\""),
        "names \"/image\" as an extent, which is not a plain file name beside it"
    );
}

#[test]
fn a_disk_that_is_its_own_parent_has_no_end() {
    let text = descriptor("RW 1 ZERO\nparentFileNameHint=\"/x/d.vmdk\"");
    let text = text.replace("parentCID=ffffffff", "parentCID=12345678");
    let told = Files::with(&[("d.vmdk", text.as_bytes())]).refusal();
    assert!(
        told.ends_with(": is based on more than 16 other images"),
        "{told}"
    );
}
