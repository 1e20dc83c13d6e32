//! 32-bit kernels of paravirtual guests.

use std::path::Path;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-kernel-32",
    title: "kernels of paravirtual guests are 64-bit",
    looks_at: "kernel= of PV guests, by the header of the file",
    versions: Versions::since(16),
    why: "Since Xen 4.16 a hypervisor may be built without 32-bit PV guests, which then do not start, and XSA-286 slows them down anyway. As \
          PVH with pvshim=1 such a kernel still runs.",
    source: &["xen.git 2e5512d1ff", "xl.cfg(5), pvshim"],
    check,
    examples: &[
        Example::bad(
            "-- hex srv/vmlinuz --\n1f1: 01\n202: 48 64 72 53 0f 02\n248: 20\n420: 1f 8b 08\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nkernel = \"/srv/vmlinuz\"\n",
            &["warning etc/xen/web.cfg:3:10: /srv/vmlinuz is a 32-bit kernel: Xen 4.17 may not start it as a PV guest"],
        )
        .to_xen("4.17"),
        Example::good(
            "-- hex srv/vmlinuz --\n1f1: 01\n202: 48 64 72 53 0f 02\n236: 01\n248: 20\n420: 28 b5 2f fd\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nkernel = \"/srv/vmlinuz\"\n",
        )
        .to_xen("4.17"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let release = facts.xen_release()?;
    for guest in facts.guests()?.xl.iter().filter(|guest| guest.is("pv")) {
        let Some((file, place)) = guest.value("kernel") else {
            continue;
        };
        let kernel = facts.kernel(Path::new(file));
        if kernel.and_then(|kernel| kernel.is_64_bit) == Some(false) {
            let message =
                format!("{file} is a 32-bit kernel: Xen {release} may not start it as a PV guest");
            found
                .warning(place, message)
                .hint("use a 64-bit kernel, or write type = \"pvh\" and pvshim = 1");
        }
    }
    Ok(())
}
