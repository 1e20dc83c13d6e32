//! The system in a guest, in the words of CIM and of VMware.

use crate::vm::System as Family;

/// Numbers of `CIM_OperatingSystem.OSType`, for 32 and for 64 bits, and VMware's names, by a word that
/// the description has. The first that fits counts.
const FAMILIES: [(&str, [u16; 2], [&str; 2]); 13] = [
    ("ubuntu", [93, 94], ["ubuntuGuest", "ubuntu64Guest"]),
    ("debian", [95, 96], ["debian8Guest", "debian8_64Guest"]),
    ("centos", [106, 107], ["centosGuest", "centos64Guest"]),
    ("red hat", [79, 80], ["rhel6Guest", "rhel7_64Guest"]),
    ("redhat", [79, 80], ["rhel6Guest", "rhel7_64Guest"]),
    ("rhel", [79, 80], ["rhel6Guest", "rhel7_64Guest"]),
    ("sles", [84, 85], ["sles12Guest", "sles12_64Guest"]),
    ("suse", [82, 83], ["opensuseGuest", "opensuse64Guest"]),
    ("fedora", [36, 101], ["fedoraGuest", "fedora64Guest"]),
    ("linux", [36, 101], ["otherLinuxGuest", "otherLinux64Guest"]),
    ("freebsd", [42, 78], ["freebsdGuest", "freebsd64Guest"]),
    ("windows server", [103, 103], ["windows8Server64Guest"; 2]),
    ("windows", [105, 105], ["windows8Guest", "windows8_64Guest"]),
];

/// What a system is called.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct System {
    /// Its number in `CIM_OperatingSystem.OSType`.
    pub(super) id: u16,
    /// Its name in VMware's products.
    pub(super) vmware: String,
}

/// The system that a text describes. Without a word about bits, 64 of them are meant.
pub(super) fn of(said: &str) -> System {
    let plain = said.to_ascii_lowercase();
    let is_32 = ["32-bit", "32 bit", "i386", "i686", "x86_32"]
        .iter()
        .any(|word| plain.contains(word));
    let wide = usize::from(!is_32);
    let word = match Family::of(said) {
        _ if FAMILIES.iter().any(|(word, ..)| plain.contains(word)) => plain.as_str(),
        Family::Linux => "linux",
        Family::Windows | Family::OldWindows => "windows",
        Family::Other | Family::Unknown => "",
    };
    let family = FAMILIES.iter().find(|(known, ..)| word.contains(known));
    let (ids, names) = match family {
        Some((_, ids, names)) => (ids, names),
        None => (&[1, 102], &["otherGuest", "otherGuest64"]),
    };
    let (id, vmware) = (ids[wide], names[wide]);
    let vmware = if is_identifier(said) { said } else { vmware };
    System {
        id,
        vmware: vmware.to_owned(),
    }
}

/// Whether it is one of VMware's own names: `debian10_64Guest`, `otherGuest64`.
fn is_identifier(said: &str) -> bool {
    let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
    said.len() <= 64
        && said.chars().all(named)
        && (said.ends_with("Guest") || said.ends_with("Guest64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_known_by_their_words() {
        let cases = [
            ("Debian GNU/Linux 12 (64-bit)", 96, "debian8_64Guest"),
            ("Ubuntu 20.04 (32-bit)", 93, "ubuntuGuest"),
            ("debian10_64Guest", 96, "debian10_64Guest"),
            ("otherGuest64", 102, "otherGuest64"),
            ("Red Hat Enterprise Linux 9", 80, "rhel7_64Guest"),
            (
                "Microsoft Windows Server 2022",
                103,
                "windows8Server64Guest",
            ),
            ("Windows 11 \"Guest", 105, "windows8_64Guest"),
            ("win10", 105, "windows8_64Guest"),
            ("l26", 101, "otherLinux64Guest"),
            ("Plan 9", 102, "otherGuest64"),
            ("", 102, "otherGuest64"),
        ];
        for (said, id, vmware) in cases {
            let system = of(said);
            assert_eq!((system.id, system.vmware.as_str()), (id, vmware), "{said}");
        }
    }
}
