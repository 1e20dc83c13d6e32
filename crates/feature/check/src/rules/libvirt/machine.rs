//! Machine types that QEMU no longer has.

use crate::{Example, Facts, Findings, NotKnown, Release, Rule, Severity, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "libvirt-machine",
    title: "QEMU still has the machine types of guests",
    looks_at: "machine= of libvirt's guests, and the package of QEMU",
    versions: Versions::All,
    why: "QEMU keeps a machine type for six years: since 10.1 each release drops those that are older, pc-i440fx-4.1 with 10.1. The guest \
          does not start with the next QEMU. Another machine type changes what the guest sees of its hardware: try it before. \
          Earlier went pc-q35 before 2.4 (2.6), pc-0.x and pc-1.x (6.0), pc-i440fx-1.x (8.2) and pc-i440fx before 2.4 (9.1). Types of distributions (-rhel, Ubuntu's names) have rules of their own.",
    source: &[
        "qemu docs/about/deprecated.rst, removed-features.rst; qemu.git 86165b499e",
        "code-ready/osp4 12, vmango 15",
    ],
    check,
    examples: &[
        Example::bad(
            "-- var/lib/dpkg/status --\nPackage: qemu-system-x86\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:10.2.0+ds-1\n\n-- etc/libvirt/qemu/web.xml --\n<domain type='kvm'>\n  <name>web</name>\n  <os>\n    <type arch='x86_64' machine='pc-i440fx-4.2'>hvm</type>\n  </os>\n</domain>\n",
            &[
                "error etc/libvirt/qemu/web.xml:4:5: QEMU 10.2 has no machine type pc-i440fx-4.2 any more",
            ],
        ),
        Example::bad(
            "-- var/lib/dpkg/status --\nPackage: qemu-system-x86\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:10.0.2+ds-2\n\n-- etc/libvirt/qemu/web.xml --\n<domain type='kvm'>\n  <name>web</name>\n  <os>\n    <type arch='x86_64' machine='pc-i440fx-5.1'>hvm</type>\n  </os>\n</domain>\n",
            &[
                "info etc/libvirt/qemu/web.xml:4:5: QEMU drops the machine type pc-i440fx-5.1 with release 11.1",
            ],
        ),
        Example::bad(
            "-- var/lib/dpkg/status --\nPackage: qemu-system-x86\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:9.2.1+ds-1\n\n-- etc/libvirt/qemu/web.xml --\n<domain type='kvm'>\n  <name>web</name>\n  <os>\n    <type arch='x86_64' machine='pc-i440fx-2.1'>hvm</type>\n  </os>\n</domain>\n",
            &[
                "error etc/libvirt/qemu/web.xml:4:5: QEMU 9.2 has no machine type pc-i440fx-2.1 any more",
            ],
        ),
        Example::good(
            "-- var/lib/dpkg/status --\nPackage: qemu-system-x86\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:10.0.2+ds-2\n\n-- etc/libvirt/qemu/web.xml --\n<domain type='kvm'>\n  <name>web</name>\n  <os>\n    <type arch='x86_64' machine='pc-q35-8.2'>hvm</type>\n  </os>\n</domain>\n",
        ),
    ],
};

/// Packages of QEMU: Debian's, Fedora's and SUSE's, Alpine's.
const PACKAGES: [&str; 5] = [
    "qemu-system-x86",
    "qemu-system-x86-core",
    "qemu-x86",
    "qemu-system-x86_64",
    "qemu-kvm",
];

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let domains = facts.domains()?;
    if domains.all.is_empty() {
        return Ok(());
    }
    let packages = facts.packages()?;
    let installed = packages.as_ref().as_ref().and_then(|packages| {
        let all = PACKAGES.iter().flat_map(|name| packages.installed(name));
        all.filter_map(|package| crate::release_of(&package.version))
            .max()
    });
    let Some(qemu) = installed else {
        return Ok(());
    };
    for domain in &domains.all {
        let Some((machine, element)) = domain.machine() else {
            continue;
        };
        if let Some((severity, message)) = judge(machine, qemu) {
            found
                .add(severity, domain.place(element), message)
                .hint("change machine= to a newer type, and try the guest");
        }
    }
    Ok(())
}

/// What a release of QEMU makes of a machine type, where that is worth saying.
fn judge(machine: &str, qemu: Release) -> Option<(Severity, String)> {
    let (kind, version) = ["pc-i440fx-", "pc-q35-", "pc-"]
        .iter()
        .find_map(|kind| Some((*kind, machine.strip_prefix(kind)?)))?;
    let is_version = version.chars().all(|c| c.is_ascii_digit() || c == '.');
    let version = crate::release_of(version).filter(|_| is_version)?;
    let gone = gone(kind, version);
    if qemu >= gone {
        let message = format!("QEMU {qemu} has no machine type {machine} any more");
        return Some((Severity::Error, message));
    }
    let is_old = qemu >= Release::new(version.major + 3, version.minor);
    is_old.then(|| {
        let message = format!("QEMU drops the machine type {machine} with release {gone}");
        (Severity::Info, message)
    })
}

/// The first release of QEMU without a machine type.
fn gone(kind: &str, version: Release) -> Release {
    let until = |major, minor| version < Release::new(major, minor);
    match kind {
        "pc-" if until(2, 0) => Release::new(6, 0),
        "pc-q35-" if until(2, 4) => Release::new(2, 6),
        "pc-i440fx-" if until(2, 0) => Release::new(8, 2),
        // removed-features.rst says 9.0; the types went when that was out.
        "pc-i440fx-" if until(2, 4) => Release::new(9, 1),
        // Six years, counted since 10.1.
        _ => Release::new(version.major + 6, version.minor).max(Release::new(10, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_types_go_with_the_release_that_dropped_them() {
        let is_gone = |machine: &str, (major, minor)| {
            let judged = judge(machine, Release::new(major, minor));
            judged.is_some_and(|(severity, _)| severity == Severity::Error)
        };
        for (machine, last, first) in [
            ("pc-1.3", (5, 2), (6, 0)),
            ("pc-q35-1.7", (2, 5), (2, 6)),
            ("pc-i440fx-1.7", (8, 1), (8, 2)),
            ("pc-i440fx-2.3", (9, 0), (9, 1)),
            ("pc-i440fx-2.4", (10, 0), (10, 1)),
            ("pc-q35-4.1", (10, 0), (10, 1)),
            ("pc-i440fx-4.2", (10, 1), (10, 2)),
            ("pc-q35-5.0", (10, 2), (11, 0)),
        ] {
            assert!(!is_gone(machine, last), "{machine} in {last:?}");
            assert!(is_gone(machine, first), "{machine} in {first:?}");
        }
        assert_eq!(judge("pc-i440fx-rhel7.6.0", Release::new(10, 1)), None);
    }
}
