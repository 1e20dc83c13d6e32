//! The package that brings the next hypervisor.

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "package-system",
    title: "Debian will bring the next hypervisor (xen-system-amd64)",
    looks_at: "the packages of Debian and its descendants",
    versions: Versions::All,
    why: "Debian has each release of the hypervisor in a package of its own, xen-hypervisor-4.17-amd64. What brings the \
          next one in an upgrade is xen-system-amd64: without it, the tools are upgraded and the old hypervisor stays.",
    source: &["Debian package xen-system-amd64"],
    check,
    examples: &[
        Example::bad(
            "-- etc/os-release --\nID=debian\n-- var/lib/dpkg/status --\nPackage: xen-hypervisor-4.14-amd64\nStatus: install ok installed\nVersion: 4.14.6-1\n\n",
            &[
                "warning: xen-system-amd64 is not installed: an upgrade of Debian does not bring the next hypervisor",
            ],
        ),
        Example::good(
            "-- etc/os-release --\nID=debian\n-- var/lib/dpkg/status --\nPackage: xen-hypervisor-4.14-amd64\nStatus: install ok installed\nVersion: 4.14.6-1\n\nPackage: xen-system-amd64\nStatus: install ok installed\nVersion: 4.14.6-1\n\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let packages = facts.packages()?;
    let Some(packages) = packages
        .as_ref()
        .as_ref()
        .filter(|packages| packages.kind() == packages::Kind::Dpkg)
    else {
        return Ok(());
    };
    let is_hypervisor = |name: &str| name.starts_with("xen-hypervisor-4");
    let mut installed = packages
        .all()
        .iter()
        .filter(|package| package.is_installed());
    let system = |name: &str| name.starts_with("xen-system-");
    if installed
        .clone()
        .any(|package| is_hypervisor(&package.name))
        && !installed.any(|package| system(&package.name))
    {
        found
            .warning(None, "xen-system-amd64 is not installed: an upgrade of Debian does not bring the next hypervisor")
            .hint("apt install xen-system-amd64");
    }
    Ok(())
}
