//! Paths that the next upgrade breaks.

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-bootloader-versioned",
    title: "no guest names its boot loader by a path with a version",
    looks_at: "bootloader= of guests",
    versions: Versions::All,
    why: "A path with Xen's version in it, or /usr/bin/pygrub, works until the next upgrade. bootloader=\"pygrub\" is found in \
          every release.",
    source: &["xen.git 1fa104ee7a", "xl.cfg(5), bootloader"],
    check,
    examples: &[
        Example::bad(
            "-- usr/lib/xen-4.14/bin/pygrub --\n-- etc/xen/web.cfg --\nbootloader = \"/usr/lib/xen-4.14/bin/pygrub\"\n",
            &[
                "warning etc/xen/web.cfg:1:14: /usr/lib/xen-4.14/bin/pygrub is gone after the next upgrade of Xen",
            ],
        ),
        Example::good(
            "-- usr/lib/xen-4.14/bin/pygrub --\n-- etc/xen/web.cfg --\nbootloader = \"pygrub\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        let Some((loader, place)) = guest.value("bootloader") else {
            continue;
        };
        let versioned =
            loader.contains("/xen-4.") || matches!(loader, "/usr/bin/pygrub" | "/usr/sbin/pygrub");
        if versioned && facts.has(loader.as_ref())? {
            found
                .warning(
                    place,
                    format!("{loader} is gone after the next upgrade of Xen"),
                )
                .hint("write bootloader = \"pygrub\"");
        }
    }
    Ok(())
}
