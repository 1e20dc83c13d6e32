//! Hosts that start Linux without Xen by themselves.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "boot-default-without-xen",
    title: "what is booted by default starts Xen",
    looks_at: "the default entry of the boot menu, where another entry starts Xen",
    versions: Versions::All,
    why: "After the next boot the host runs Linux without Xen, and no guest starts. GRUB sorts the entries of Linux before those \
          of Xen, and an upgrade that adds an entry moves numbers: GRUB_DEFAULT as a number means another entry then.",
    source: &[
        "Debian wiki, Xen (order of 10_linux and 20_linux_xen)",
        "QubesOS/qubes-issues 9197",
    ],
    check,
    examples: &[
        Example::bad(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nset default=\"0\"\nmenuentry 'Linux' {\n\tlinux /boot/vmlinuz\n}\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
            &["error boot/grub/grub.cfg:2:1: the default entry 'Linux' starts Linux without Xen"],
        ),
        Example::good(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nset default=\"1\"\nmenuentry 'Linux' {\n\tlinux /boot/vmlinuz\n}\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let boot = facts.boot()?;
    let Some(main) = boot.main().filter(|main| main.with_xen().next().is_some()) else {
        return Ok(());
    };
    let entry = main
        .default_entry()
        .map_err(|unknown| NotKnown::new("the default entry", unknown.why))?;
    if entry.kernel.is_none() || entry.starts_xen() {
        return Ok(());
    }
    let title = entry.title.as_str();
    found
        .error(Place::of(&entry.place, 0), format!("the default entry '{title}' starts Linux without Xen"))
        .hint("set GRUB_DEFAULT to the title of the entry with Xen, or move 20_linux_xen before 10_linux");
    Ok(())
}
