//! Settings of xend, which is gone.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "xen-xend",
    title: "nothing is left that only xend reads",
    looks_at: "/etc/xen/xend-config.sxp and /etc/xen/xend-pci-permissive.sxp",
    versions: Versions::since(5),
    why: "xm and xend left Xen in 4.5. What is set for xend (the network script, dom0-min-mem, who may migrate guests to this host) \
          counts no more: bridges are the distribution's to make, and /etc/xen/xl.conf has what xl reads.",
    source: &["xen.git 9e8672f1c3", "xl.conf(5)"],
    check,
    examples: &[
        Example::bad(
            "-- etc/xen/xend-config.sxp --\n(network-script network-bridge)\n(dom0-min-mem 512)\n",
            &["warning etc/xen/xend-config.sxp: xend left Xen in 4.5: what is set here is not read"],
        )
        .to_xen("4.6"),
        Example::good("-- etc/xen/xl.conf --\nautoballoon=\"auto\"\n").to_xen("4.6"),
    ],
};

const FILES: [&str; 2] = [
    "/etc/xen/xend-config.sxp",
    "/etc/xen/xend-pci-permissive.sxp",
];

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for file in FILES {
        if facts.has(file.as_ref())? {
            found
                .warning(Place::file(file), "xend left Xen in 4.5: what is set here is not read")
                .hint("set what is still wanted in /etc/xen/xl.conf and in the network's configuration, and remove the file");
        }
    }
    Ok(())
}
