//! A hypervisor that was reported to crash.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "xen-crash-460",
    title: "the hypervisor is not Xen 4.6.0 with dom0_mem",
    looks_at: "the version of the hypervisor's package, and dom0_mem",
    versions: Versions::All,
    why: "Xen 4.6.0 was reported to crash while it starts when dom0_mem is set, and 4.6.1 not to. No commit that mends it was found: \
          take it as a report.",
    source: &["a report about Alpine 3.3"],
    check,
    examples: &[
        Example::bad(
            "-- lib/apk/db/installed --\nP:xen\nV:4.6.0-r1\n\nP:xen-hypervisor\nV:4.6.0-r1\nF:boot\nR:xen.gz\n\n-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz dom0_mem=2G,max:2G\n\tmodule2 /boot/vmlinuz\n}\n",
            &["info boot/grub/grub.cfg:2:26: Xen 4.6.0 was reported to crash with dom0_mem"],
        ),
        Example::good(
            "-- lib/apk/db/installed --\nP:xen\nV:4.6.1-r3\n\nP:xen-hypervisor\nV:4.6.1-r3\nF:boot\nR:xen.gz\n\n-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz dom0_mem=2G,max:2G\n\tmodule2 /boot/vmlinuz\n}\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let packages = facts.packages()?;
    let Some(packages) = packages.as_ref() else {
        return Ok(());
    };
    let is_it = |package: &packages::Package| {
        package.is_installed()
            && package.name.starts_with("xen-hypervisor")
            && package.version.starts_with("4.6.0")
    };
    if !packages.all().iter().any(is_it) {
        return Ok(());
    }
    for line in facts.xen_options()?.iter().take(1) {
        for parameter in line.all("dom0_mem") {
            found
                .info(
                    Place::of_parameter(&parameter),
                    "Xen 4.6.0 was reported to crash with dom0_mem",
                )
                .hint("upgrade to Xen 4.6.1 or later");
        }
    }
    Ok(())
}
