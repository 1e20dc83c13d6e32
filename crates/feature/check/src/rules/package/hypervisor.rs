//! A hypervisor that no package owns.

use bootconfig::locate;

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "package-hypervisor",
    title: "the hypervisor that is started belongs to an installed package",
    looks_at: "the file of Xen in the boot entry with Xen, and the package database",
    versions: Versions::All,
    why: "A hypervisor that no package owns was left behind: an upgrade replaced the tools and not the hypervisor, and tools of \
          one release cannot manage the hypervisor of another. Alpine has the hypervisor and pygrub in packages of their own \
          (xen-hypervisor, py3-xen or py-xen), which the package xen does not depend on.",
    source: &[
        "Alpine aports main/xen",
        "the upgrade from Alpine 3.3 to 3.4 (Xen 4.4 to 4.6)",
    ],
    check,
    examples: &[
        Example::bad(
            "-- lib/apk/db/installed --\nP:xen\nV:4.6.1-r3\nF:usr/sbin\nR:xl\n\n-- usr/sbin/xl --\n-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G \n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
            &["error boot/xen.gz: no installed package owns the hypervisor that is started"],
        ),
        Example::good(
            "-- lib/apk/db/installed --\nP:xen\nV:4.6.1-r3\nF:usr/sbin\nR:xl\n\nP:xen-hypervisor\nV:4.6.1-r3\nF:boot\nR:xen.gz\n\n-- usr/sbin/xl --\n-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G \n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let boot = facts.boot()?;
    let Some(main) = boot.main() else {
        return Ok(());
    };
    let Some(xen) = crate::facts::xen_image(main) else {
        return Ok(());
    };
    let name = xen
        .path()
        .known()
        .map_err(|unknown| NotKnown::new("the boot entry", unknown.why))?;
    let file = locate(facts.host().files(), main, name);
    let Some(file) = file.map_err(|error| NotKnown::new("files", error.to_string()))? else {
        return Ok(());
    };
    if facts.is_owned(&file)? != Some(false) {
        return Ok(());
    }
    let message = "no installed package owns the hypervisor that is started";
    if facts.installed_tools()?.is_some() {
        found
            .error(Place::file(&file), message)
            .hint("install the package with the hypervisor (xen-hypervisor), and make the boot menu again");
    } else {
        // Xen that was built on the host has no packages at all.
        found.info(Place::file(&file), message);
    }
    Ok(())
}
