//! The first way to ask for PVH.

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-pvh-key",
    title: "guests ask for PVH by type=",
    looks_at: "pvh= of guests",
    versions: Versions::since(9),
    why: "pvh=1 asked for the first PVH, which Xen dropped in 4.9. xl passes over names that it does not know, so that \
          the guest starts as PV. Since 4.10 type=\"pvh\" asks for today's PVH.",
    source: &["xen.git 33e5c32559", "xl.cfg(5), type"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\npvh = 1\nkernel = \"/srv/vmlinuz\"\n",
            &["warning etc/xen/web.cfg:2:1: pvh= is not read since Xen 4.9: the guest starts as PV"],
        )
        .to_xen("4.17"),
        Example::good("-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\ntype = \"pvh\"\nkernel = \"/srv/vmlinuz\"\n").to_xen("4.17"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        if let Some(setting) = guest.config.get("pvh")
            && setting.value.text() != Some("0")
        {
            found
                .warning(
                    guest.setting(setting),
                    "pvh= is not read since Xen 4.9: the guest starts as PV",
                )
                .hint("write type = \"pvh\"");
        }
    }
    Ok(())
}
