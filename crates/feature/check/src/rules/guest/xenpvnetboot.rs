//! The network boot loader that was dropped.

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-xenpvnetboot",
    title: "no guest boots by xenpvnetboot",
    looks_at: "bootloader= of guests",
    versions: Versions::since(18),
    why: "xenpvnetboot, a script in Python 2, left Xen in 4.18: the guest does not start. Fetch the kernel and the \
          initrd beforehand and name them by kernel= and ramdisk=.",
    source: &["xen.git ffa1437686"],
    check,
    examples: &[
        Example::bad(
            "-- usr/lib/xen/bin/xenpvnetboot --\n-- etc/xen/net.cfg --\nbootloader = \"xenpvnetboot\"\n",
            &["error etc/xen/net.cfg:1:14: xenpvnetboot left Xen in 4.18"],
        )
        .to_xen("4.18"),
        Example::good("-- usr/lib/xen/bin/pygrub --\n-- etc/xen/net.cfg --\nbootloader = \"pygrub\"\n").to_xen("4.18"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        if let Some((loader, place)) = guest.value("bootloader")
            && loader.rsplit('/').next() == Some("xenpvnetboot")
        {
            found
                .error(place, "xenpvnetboot left Xen in 4.18")
                .hint("name the kernel and the initrd by kernel= and ramdisk=");
        }
    }
    Ok(())
}
