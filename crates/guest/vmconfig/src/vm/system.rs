//! What system is in a guest, from the words that descriptions have for it.

/// A system in a guest: what its drivers depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Windows before Vista: no driver for AHCI, none for most SCSI controllers.
    OldWindows,
    /// Windows Vista and later, and the servers of its time.
    Windows,
    /// Linux.
    Linux,
    /// Something else that is named.
    Other,
    /// Not said, or in words that are not known.
    Unknown,
}

impl System {
    /// The system that `text` means to VMware (`windows9-64`), VirtualBox (`Windows10_64`), Proxmox
    /// (`win10`, `l26`), oVirt (`windows_2019x64`), XenServer (`Ubuntu 22.04`) or to a reader.
    pub fn of(text: &str) -> Self {
        let text = text.trim().to_ascii_lowercase();
        let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        let begins = |names: &[&str]| names.iter().any(|name| plain.starts_with(name));
        let holds = |names: &[&str]| names.iter().any(|name| plain.contains(name));
        if text.is_empty() || begins(&["otherunknown", "unknown"]) {
            System::Unknown
        } else if begins(WINDOWS) {
            System::Windows
        } else if begins(OLD_WINDOWS) || (holds(&["microsoft", "windows"]) && holds(OLD_RELEASES)) {
            System::OldWindows
        } else if holds(&["microsoft", "windows"]) {
            System::Windows
        } else if plain == "l24" || plain == "l26" || holds(LINUX) {
            System::Linux
        } else if holds(OTHERS) {
            System::Other
        } else {
            System::Unknown
        }
    }

    /// Whether it is some Windows.
    pub fn is_windows(self) -> bool {
        matches!(self, System::OldWindows | System::Windows)
    }
}

/// How products shorten old releases of Windows.
const OLD_WINDOWS: &[&str] = &[
    "wxp",
    "w2k3",
    "win31",
    "win95",
    "win98",
    "winme",
    "winnt",
    "winxp",
    "win2000",
    "winnet",
    "w2k",
    "windowsxp",
    "windowsme",
    "windows9x",
    "windows98",
    "windows95",
    "windows31",
];

/// Old releases of Windows in a reader's words.
const OLD_RELEASES: &[&str] = &[
    "xp",
    "2000",
    "2003",
    "win2k",
    "windowsnt",
    "windows95",
    "windows98",
];

/// How products shorten Windows.
const WINDOWS: &[&str] = &[
    "win7",
    "win8",
    "win10",
    "win11",
    "win2008",
    "win2012",
    "win2016",
    "win2019",
    "win2022",
    "win2025",
    "winvista",
    "wvista",
    "w2k8",
    "longhorn",
    "winserver",
];

/// Parts of the names of Linux distributions.
const LINUX: &[&str] = &[
    "linux", "ubuntu", "debian", "rhel", "redhat", "centos", "fedora", "suse", "sles", "oracle",
    "alma", "rocky", "gentoo", "arch", "mandriva", "mageia", "asianux", "turbo", "photon",
    "coreos", "amazon", "flatcar", "alpine", "nixos", "xandros",
];

/// Systems that are none of the above.
const OTHERS: &[&str] = &[
    "bsd",
    "solaris",
    "darwin",
    "macos",
    "osx",
    "netware",
    "dos",
    "os2",
    "vmkernel",
    "esxi",
    "qnx",
    "haiku",
    "minix",
    "openserver",
    "unixware",
    "hurd",
    "beos",
    "other",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_known_by_the_words_of_many_products() {
        let cases = [
            ("windows9-64", System::Windows),
            ("windows2019srv-64", System::Windows),
            ("Windows10_64", System::Windows),
            (
                "Microsoft Windows Server 2016 or later (64-bit)",
                System::Windows,
            ),
            ("win10", System::Windows),
            ("w2k8", System::Windows),
            ("windows_2019x64", System::Windows),
            ("windows9Server64Guest", System::Windows),
            ("longhorn-64", System::Windows),
            ("http://microsoft.com/win/10", System::Windows),
            ("http://microsoft.com/win/2k3", System::OldWindows),
            ("winNetStandard", System::OldWindows),
            ("winxppro", System::OldWindows),
            ("WindowsXP", System::OldWindows),
            ("Windows2003_64", System::OldWindows),
            ("Microsoft Windows XP Professional", System::OldWindows),
            ("w2k3", System::OldWindows),
            ("w2k", System::OldWindows),
            ("l26", System::Linux),
            ("ubuntu-64", System::Linux),
            ("Ubuntu_64", System::Linux),
            ("rhel8_64Guest", System::Linux),
            ("other5xlinux-64", System::Linux),
            ("Oracle Linux 8 (64-bit)", System::Linux),
            ("centos7-64", System::Linux),
            ("freebsd12-64", System::Other),
            ("other", System::Other),
            ("vmkernel65", System::Other),
            ("OtherUnknown", System::Unknown),
            ("", System::Unknown),
            ("Acme appliance", System::Unknown),
        ];
        for (text, system) in cases {
            assert_eq!(System::of(text), system, "{text}");
        }
    }
}
