//! dom0 that may still grow.

use hostconfig::cmdline::Dom0Memory;

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "dom0-memory-max",
    title: "dom0_mem has an upper limit",
    looks_at: "dom0_mem in the boot entry with Xen",
    versions: Versions::All,
    why: "With dom0_mem=2G alone dom0 starts with 2 GiB, and Linux reserves structures for all memory of the machine, up to a \
          tenth of those 2 GiB on large hosts. max: ends that. XenServer and XCP-ng set it otherwise.",
    source: &["xen-command-line(7), dom0_mem", "Xen wiki, best practices"],
    check,
    examples: &[
        Example::good(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
        ),
        Example::bad(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
            &[
                "info boot/grub/grub.cfg:2:38: dom0_mem has no max: Linux reserves structures for all memory of the machine",
            ],
        ),
        Example::bad(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2GB\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
            &[
                "error boot/grub/grub.cfg:2:38: Xen does not understand it: invalid size '2GB' of memory",
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
    let Some(set) = set.map_err(|unknown| NotKnown::new("Xen's options", unknown.why))? else {
        return Ok(());
    };
    let place = Place::of_parameter(&set);
    match Dom0Memory::parse(set.value_text()) {
        Err(error) => {
            found
                .error(place, format!("Xen does not understand it: {error}"))
                .hint("for instance dom0_mem=2G,max:2G");
        }
        Ok(memory) if memory.max.is_none() && !facts.is_xenserver()? => {
            found
                .info(
                    place,
                    "dom0_mem has no max: Linux reserves structures for all memory of the machine",
                )
                .hint(format!("write dom0_mem={0},max:{0}", set.value_text()));
        }
        Ok(_) => {}
    }
    Ok(())
}
