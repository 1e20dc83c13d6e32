//! Seeds that are texts written for this: what real descriptions of guests do not have, old spellings and nonsense.

/// The target, the name, the content. The first byte for `guest` is the language.
pub(super) fn made() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let guest = |language: u8, text: &str| [&[language][..], text.as_bytes()].concat();
    let utf_16: Vec<u8> = include_str!("guests/old.vmx")
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    vec![
        ("guest", "bad-ovf", guest(0, include_str!("guests/odd.ovf"))),
        (
            "guest",
            "bad-ovf-xen",
            guest(0, include_str!("guests/xen.ovf")),
        ),
        (
            "guest",
            "bad-xva",
            guest(1, include_str!("guests/many.xml")),
        ),
        (
            "guest",
            "bad-xl-old",
            guest(2, include_str!("guests/old.cfg")),
        ),
        (
            "guest",
            "bad-xl",
            guest(2, include_str!("guests/broken.cfg")),
        ),
        (
            "guest",
            "bad-proxmox-old",
            guest(5, include_str!("guests/old.conf")),
        ),
        (
            "guest",
            "bad-proxmox",
            guest(5, include_str!("guests/few.conf")),
        ),
        ("guest", "bad-vmx", guest(4, include_str!("guests/old.vmx"))),
        ("guest", "bad-vmx-utf-16", [&[4][..], &utf_16].concat()),
        (
            "manifest",
            "of-empty-files",
            manifest("a.ovf", "a-disk1.vmdk"),
        ),
        (
            "manifest",
            "of-empty-files-and-one-more",
            manifest("guest.mf", "guest.ovf"),
        ),
        ("manifest", "bad-certificate", certificate()),
        (
            "manifest",
            "bad-java",
            b"Manifest-Version: 1.0\r\nName: a\r\n".to_vec(),
        ),
    ]
}

/// A manifest of two empty files.
fn manifest(one: &str, two: &str) -> Vec<u8> {
    let sha_1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    let sha_256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    format!("SHA1({one})= {sha_1}\nSHA256(./{two}) = {sha_256}\n").into_bytes()
}

/// A signature and a certificate of nobody.
fn certificate() -> Vec<u8> {
    let digits = "0".repeat(64);
    format!(
        "SHA256(guest.mf)= {digits}\n-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"
    )
    .into_bytes()
}
