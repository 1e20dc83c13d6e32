//! Memory that Xen takes for all alike.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "xen-numa-off",
    title: "Xen sees the NUMA nodes of the machine",
    looks_at: "numa= among the options of Xen, and the nodes that xl info counts",
    versions: Versions::All,
    why: "With numa=off all memory is one node for Xen: guests are placed without regard to where their memory is.",
    source: &["xen-command-line(7), numa"],
    check,
    examples: &[
        Example::bad(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G numa=off\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
            &[
                "warning boot/grub/grub.cfg:2:57: numa=off: Xen places guests without regard to where their memory is",
            ],
        ),
        Example::good(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G numa=on\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for line in facts.xen_options()? {
        let Some(parameter) = line.all("numa").pop() else {
            continue;
        };
        if parameter.boolean() == Some(false) {
            found
                .warning(
                    Place::of_parameter(&parameter),
                    "numa=off: Xen places guests without regard to where their memory is",
                )
                .hint("remove it, unless the machine has one node");
        }
    }
    Ok(())
}
