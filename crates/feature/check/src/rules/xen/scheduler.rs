//! The scheduler that changes by itself.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "xen-scheduler",
    title: "the scheduler is chosen, or was the default before",
    looks_at: "sched= among the options of Xen, in upgrades to 4.12 or later",
    versions: Versions::crossing(12),
    why: "From Xen 4.12 on credit2 is the default scheduler instead of credit. Weights mean the same; caps, and how vCPUs are spread over \
          hyperthreads, do not behave alike. sched=credit keeps the old one.",
    source: &["xen.git dafd936ddd"],
    check,
    examples: &[
        Example::bad(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G \n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
            &["info boot/grub/grub.cfg:2:2: sched= is not set: the scheduler changes from credit to credit2"],
        )
        .from_xen("4.11")
        .to_xen("4.17"),
        Example::good("-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G sched=credit\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n").from_xen("4.11").to_xen("4.17"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let boot = facts.boot()?;
    let Some(xen) = boot.main().and_then(crate::facts::xen_image) else {
        return Ok(());
    };
    if xen.options.all("sched").is_empty() {
        found
            .info(
                Place::of_image(xen),
                "sched= is not set: the scheduler changes from credit to credit2",
            )
            .hint("write sched=credit to keep what the guests were tuned for");
    }
    Ok(())
}
