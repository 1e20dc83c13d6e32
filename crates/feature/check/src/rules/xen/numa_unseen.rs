//! NUMA nodes that the firmware describes and Xen does not use.

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "xen-numa-unseen",
    title: "Xen uses the NUMA nodes that the firmware describes",
    looks_at: "the firmware's table SRAT in /sys/firmware/acpi/tables, and the nodes that xl info counts",
    versions: Versions::All,
    why: "Where Xen cannot make sense of the table it takes all memory as one node, and says so in xl dmesg alone ('SRAT: SRAT not used'). \
          Guests are placed without regard to where their memory is. A firmware update, or a setting there (node interleaving, \
          sub-NUMA clusters), mends it as a rule.",
    source: &[
        "ACPI specification 6.5, 5.2.16",
        "xen.git xen/arch/x86/srat.c",
    ],
    check,
    examples: &[
        Example::bad(
            "-- $ xl info --\nxen_version : 4.17.3\nnr_nodes : 1\n-- hex sys/firmware/acpi/tables/SRAT --\n30: 01 28 00\n40: 01\n4c: 01\n57: 00\n58: 01 28 01\n68: 01\n74: 01\n7f: 00\n",
            &["warning: the firmware describes 2 NUMA nodes with memory, and Xen sees 1"],
        ),
        Example::good(
            "-- $ xl info --\nxen_version : 4.17.3\nnr_nodes : 2\n-- hex sys/firmware/acpi/tables/SRAT --\n30: 01 28 00\n40: 01\n4c: 01\n57: 00\n58: 01 28 01\n68: 01\n74: 01\n7f: 00\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let Some(described) = facts.firmware_nodes()?.0.filter(|nodes| *nodes > 1) else {
        return Ok(());
    };
    let running = facts.running_xen()?;
    let Some(xen) = running.as_ref() else {
        return Ok(());
    };
    let seen = xen.number("nr_nodes");
    let seen = seen.ok_or_else(|| NotKnown::new("the running Xen", "xl info names no nr_nodes"))?;
    // numa=off has a rule of its own.
    let options = xen.options.as_deref().unwrap_or_default();
    let is_off = options
        .split_whitespace()
        .any(|word| matches!(word, "numa=off" | "no-numa"));
    if seen == 1 && !is_off {
        let message =
            format!("the firmware describes {described} NUMA nodes with memory, and Xen sees 1");
        found
            .warning(None, message)
            .hint("look for SRAT in xl dmesg, and at the NUMA settings of the firmware");
    }
    Ok(())
}
