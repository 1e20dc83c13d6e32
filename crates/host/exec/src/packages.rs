//! Which package has a tool.

use host::{Family, Host};

/// A tool's packages on Debian, Alpine, Fedora and openSUSE; empty where the distribution has none.
struct Packages {
    tools: &'static [&'static str],
    names: [&'static str; 4],
}

/// The families in the order of [`Packages::names`].
const FAMILIES: [(Family, &str); 4] = [
    (Family::Debian, "Debian"),
    (Family::Alpine, "Alpine"),
    (Family::Fedora, "Fedora"),
    (Family::Suse, "openSUSE"),
];

/// The tools that commands run.
const TABLE: &[Packages] = &[
    Packages {
        tools: &["vgs", "lvs", "pvs", "lvcreate", "lvremove", "lvchange"],
        names: ["lvm2"; 4],
    },
    Packages {
        tools: &["dmsetup"],
        names: ["dmsetup", "device-mapper", "device-mapper", "device-mapper"],
    },
    Packages {
        tools: &["blkdiscard", "losetup", "lsblk"],
        names: ["util-linux", "util-linux-misc", "util-linux", "util-linux"],
    },
    Packages {
        tools: &["xl", "xenpm"],
        names: ["xen-utils-common", "xen", "xen-runtime", "xen-tools"],
    },
    Packages {
        tools: &["xenstore-ls", "xenstore-read"],
        names: ["xenstore-utils", "xen", "xen-runtime", "xen-tools"],
    },
    Packages {
        tools: &["virsh"],
        names: [
            "libvirt-clients",
            "libvirt-client",
            "libvirt-client",
            "libvirt-client",
        ],
    },
    Packages {
        tools: &["qemu-img"],
        names: ["qemu-utils", "qemu-img", "qemu-img", "qemu-img"],
    },
    Packages {
        tools: &["ipmitool"],
        names: ["ipmitool"; 4],
    },
    Packages {
        tools: &["journalctl", "systemctl"],
        names: ["systemd", "", "systemd", "systemd"],
    },
    Packages {
        tools: &["rc-service", "rc-update"],
        names: ["openrc", "openrc", "", ""],
    },
    Packages {
        tools: &["udevadm"],
        names: ["udev", "eudev", "systemd-udev", "udev"],
    },
    Packages {
        tools: &["modprobe", "modinfo"],
        names: ["kmod"; 4],
    },
    Packages {
        tools: &["dhcpcd"],
        names: ["dhcpcd-base", "dhcpcd", "dhcpcd", "dhcpcd"],
    },
    Packages {
        tools: &["dhclient"],
        names: ["isc-dhcp-client", "dhclient", "dhcp-client", "dhcp-client"],
    },
    Packages {
        tools: &["udhcpc"],
        names: ["udhcpc", "busybox", "", "busybox"],
    },
];

/// What a user can do about a tool that is missing on `host`: install a package, by the name it has on the host's
/// distribution, or by all its names where that is not known. `None` for a tool that is not in the table.
pub(crate) fn hint(host: &Host, tool: &str) -> Option<String> {
    let row = TABLE.iter().find(|row| row.tools.contains(&tool))?;
    let family = host.distribution().ok().and_then(|found| found.family());
    let all = || {
        FAMILIES
            .iter()
            .zip(row.names)
            .filter(|(_, name)| !name.is_empty())
    };
    if let Some((_, name)) = all().find(|((known, _), _)| Some(*known) == family) {
        return Some(format!("install {name}"));
    }
    let first = row.names[0];
    if row.names.iter().all(|name| *name == first) {
        return Some(format!("install {first}"));
    }
    let names = all().map(|((_, family), name)| format!("{name} ({family})"));
    Some(format!("install {}", names.collect::<Vec<_>>().join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::machine::FakeHost;

    fn hint_on(release: &str, tool: &str) -> Option<String> {
        let fake = FakeHost::new();
        fake.write("etc/os-release", release);
        hint(&Host::at(fake.root()).unwrap(), tool)
    }

    #[test]
    fn a_package_has_the_name_that_the_distribution_gives_it() {
        for (release, package) in [
            ("ID=debian", "xen-utils-common"),
            ("ID=ubuntu\nID_LIKE=debian", "xen-utils-common"),
            ("ID=alpine", "xen"),
            ("ID=fedora", "xen-runtime"),
            ("ID=opensuse-tumbleweed", "xen-tools"),
        ] {
            let expected = Some(format!("install {package}"));
            assert_eq!(hint_on(release, "xl"), expected, "{release}");
        }
    }

    #[test]
    fn where_the_distribution_is_unknown_all_names_are_given() {
        let all = "install xen-utils-common (Debian), xen (Alpine), xen-runtime (Fedora), xen-tools (openSUSE)";
        assert_eq!(hint_on("ID=void", "xl").as_deref(), Some(all));
        assert_eq!(hint_on("", "vgs").as_deref(), Some("install lvm2"));
        let others = "install systemd (Debian), systemd (Fedora), systemd (openSUSE)";
        assert_eq!(hint_on("ID=alpine", "journalctl").as_deref(), Some(others));
        assert_eq!(hint_on("ID=debian", "no-such-tool"), None);
    }

    #[test]
    fn no_tool_is_in_two_rows() {
        let mut tools: Vec<_> = TABLE.iter().flat_map(|row| row.tools).collect();
        let count = tools.len();
        tools.sort();
        tools.dedup();
        assert_eq!(tools.len(), count);
    }
}
