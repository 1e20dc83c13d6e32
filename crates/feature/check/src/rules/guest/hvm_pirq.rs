//! Interrupts of passed devices in HVM guests.

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-hvm-pirq",
    title: "HVM guests with devices of the host have the interrupts that they know",
    looks_at: "pci= of HVM guests, at an upgrade to Xen 4.19 or later",
    versions: Versions::crossing(19),
    why: "Until Xen 4.18 HVM guests could take interrupts of devices as event channels (PIRQs); since 4.19 that is off unless \
          hvm_pirq=1 is set. Linux does without, but systems of their own drivers may not.",
    source: &["xen.git 024e7131be", "xl.cfg(5), hvm_pirq"],
    check,
    examples: &[
        Example::bad(
            "-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ntype = \"hvm\"\npci = ['03:00.0']\n",
            &["info etc/xen/web.cfg:4:1: PIRQs are off for HVM guests since Xen 4.19"],
        )
        .from_xen("4.17")
        .to_xen("4.20"),
        Example::good("-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ntype = \"hvm\"\npci = ['03:00.0']\nhvm_pirq = 1\n")
            .from_xen("4.17")
            .to_xen("4.20"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        if let Some(setting) = guest.config.get("pci")
            && guest.is("hvm")
            && guest.config.get("hvm_pirq").is_none()
        {
            found
                .info(
                    guest.setting(setting),
                    "PIRQs are off for HVM guests since Xen 4.19",
                )
                .hint("write hvm_pirq = 1 if the device does not work in the guest");
        }
    }
    Ok(())
}
