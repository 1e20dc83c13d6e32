//! Tools and hypervisor of different releases.

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "package-releases",
    title: "the installed tools and the hypervisor are of one release",
    looks_at: "the packages of Xen's tools and of the hypervisor",
    versions: Versions::All,
    why: "Xen's tools speak to the hypervisor by an interface that each release changes. Tools of another release than the \
          hypervisor do not work, not even to shut guests down.",
    source: &["Debian bug 932759", "salsa debian-xen 8"],
    check,
    examples: &[
        Example::bad(
            "-- lib/apk/db/installed --\nP:xen\nV:4.18.2-r0\n\nP:xen-hypervisor\nV:4.17.1-r0\n\n",
            &["error: Xen's tools are of release 4.18, the hypervisor is of release 4.17"],
        ),
        Example::good(
            "-- lib/apk/db/installed --\nP:xen\nV:4.18.2-r0\n\nP:xen-hypervisor\nV:4.18.2-r0\n\n",
        ),
        Example::good(
            "-- boot/xen-4.14-amd64.gz --\n-- var/lib/dpkg/status --\nPackage: xen-hypervisor-4.14-amd64\nStatus: install ok installed\nVersion: 4.14.6-1\n\nPackage: xen-utils-4.14\nStatus: install ok installed\nVersion: 4.14.6-1\n\nPackage: xen-utils-common\nStatus: install ok installed\nVersion: 4.17.5+23-ga4e5191dc0-1\n\nPackage: xen-system-amd64\nStatus: install ok installed\nVersion: 4.14.6-1\n\n-- var/lib/dpkg/info/xen-hypervisor-4.14-amd64.list --\n/boot/xen-4.14-amd64.gz\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let (tools, hypervisor) = (facts.installed_tools()?, facts.installed_hypervisor()?);
    if let (Some(tools), Some(hypervisor)) = (tools, hypervisor)
        && tools != hypervisor
    {
        found
            .error(
                None,
                format!(
                    "Xen's tools are of release {tools}, the hypervisor is of release {hypervisor}"
                ),
            )
            .hint("upgrade both, and start the host again");
    }
    Ok(())
}
