//! What devices that are passed through do between guests.

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "xen-quarantine",
    title: "devices for guests are quarantined as before",
    looks_at: "guests with pci=, in upgrades from 4.13, 4.14 or 4.15 to 4.16 or later",
    versions: Versions::crossing(16),
    why: "A device that goes from one guest to another is put into quarantine meanwhile. Up to Xen 4.15 a scratch page was mapped then; since \
          4.16 nothing is, and a device that goes on writing can hang the host.",
    source: &["xen.git 980d6acf15", "xen.git CHANGELOG 4.16"],
    check,
    examples: &[
        Example::bad(
            "-- etc/xen/gpu.cfg --\npci = ['0000:01:00.0']\n",
            &["info etc/xen/gpu.cfg:1:8: a device of guest gpu is quarantined in another way since Xen 4.16"],
        )
        .from_xen("4.14")
        .to_xen("4.17"),
        Example::good("-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = 'web'\nkernel = \"/srv/vmlinuz\"\n").from_xen("4.14").to_xen("4.17"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        if let Some((_, place)) = guest.values("pci").into_iter().next() {
            let message = format!(
                "a device of guest {} is quarantined in another way since Xen 4.16",
                guest.name()
            );
            found
                .info(place, message)
                .hint("write iommu=quarantine=scratch-page into Xen's options if the device hangs the host");
        }
    }
    Ok(())
}
