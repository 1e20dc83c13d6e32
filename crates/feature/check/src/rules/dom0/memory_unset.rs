//! dom0 that owns all memory.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "dom0-memory-unset",
    title: "dom0 has a memory of its own (dom0_mem)",
    looks_at: "the options of Xen in the boot entry with Xen",
    versions: Versions::All,
    why: "Without dom0_mem dom0 owns all memory, and each start of a guest takes memory away from it by ballooning: slow, \
          and with a large guest it fails. SLE 15 SP1, openSUSE Leap 15.1 and later \
          give dom0 a tenth and 1 GiB by themselves.",
    source: &[
        "os-autoinst-distri-opensuse 8962",
        "SUSE/doc-sle 595",
        "xen-command-line(7), dom0_mem",
    ],
    check,
    examples: &[
        Example::bad(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder loglvl=all\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
            &[
                "warning boot/grub/grub.cfg:2:2: dom0_mem is not set: dom0 owns all memory, and every guest that starts takes it from there",
            ],
        ),
        Example::good(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
        ),
        Example::bad(
            "-- etc/os-release --\nID=\"opensuse-leap\"\nVERSION_ID=\"15.6\"\n-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder loglvl=all\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
            &[
                "info boot/grub/grub.cfg:2:2: dom0_mem is not set: SUSE's Xen gives dom0 a tenth of the memory and 1 GiB",
            ],
        ),
        Example::bad(
            "-- etc/os-release --\nID=\"sles\"\nVERSION_ID=\"12.5\"\n-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder loglvl=all\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
            &[
                "warning boot/grub/grub.cfg:2:2: dom0_mem is not set: dom0 owns all memory, and every guest that starts takes it from there",
            ],
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let boot = facts.boot()?;
    let Some(xen) = boot.main().and_then(crate::facts::xen_image) else {
        return Ok(());
    };
    let set = xen.option("dom0_mem");
    if set
        .map_err(|unknown| NotKnown::new("Xen's options", unknown.why))?
        .is_some()
    {
        return Ok(());
    }
    let place = Place::of_image(xen);
    if facts.keeps_memory_for_guests()? {
        let message = "dom0_mem is not set: SUSE's Xen gives dom0 a tenth of the memory and 1 GiB";
        found.info(place, message);
    } else {
        let message = "dom0_mem is not set: dom0 owns all memory, and every guest that starts takes it from there";
        found
            .warning(place, message)
            .hint("write dom0_mem=4G,max:4G, or what your dom0 needs, into Xen's options");
    }
    Ok(())
}
