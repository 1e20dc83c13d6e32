//! Hosts with Xen that cannot start it.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "boot-no-xen-entry",
    title: "the boot menu has an entry with Xen",
    looks_at: "the boot configuration of hosts that have Xen",
    versions: Versions::All,
    why: "A host with Xen's tools whose boot menu has no entry with Xen starts Linux alone: no guest runs. It happens where \
          the hypervisor's package is missing when the menu is made, and where a menu is written by hand.",
    source: &["Debian wiki, Xen", "QubesOS/qubes-issues 9197"],
    check,
    examples: &[
        Example::bad(
            "-- usr/sbin/xl --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Linux' {\n\tlinux /boot/vmlinuz root=/dev/sda1\n}\n",
            &["error boot/grub/grub.cfg: no entry of the boot menu starts Xen"],
        ),
        Example::good(
            "-- usr/sbin/xl --\n-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
        ),
        Example::good(
            "-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Linux' {\n\tlinux /boot/vmlinuz\n}\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let boot = facts.boot()?;
    if let Some(main) = boot.main()
        && facts.has_xen()?
        && !boot
            .found
            .iter()
            .any(|boot| boot.with_xen().next().is_some())
    {
        found
            .error(Place::file(&main.file), "no entry of the boot menu starts Xen")
            .hint("install the hypervisor's package, and make the menu again (update-grub, update-extlinux)");
    }
    Ok(())
}
