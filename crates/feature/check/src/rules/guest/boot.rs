//! Guests with nothing to boot.

use vmconfig::xl::{self, Verdict};

use crate::{Example, Facts, Findings, Guest, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-boot",
    title: "guests that are not HVM have a kernel or a boot loader",
    looks_at: "kernel=, bootloader= and firmware= of PV and PVH guests",
    versions: Versions::All,
    why: "Only an HVM guest boots from its disk by itself. xl refuses any other without kernel= or bootloader=: 'Neither kernel \
          nor bootloader specified'. Without type= and builder= a guest is PV: where type=\"hvm\" was lost, this is how it \
          shows.",
    source: &[
        "xen.git tools/xl/xl_parse.c",
        "xl.cfg(5), kernel, bootloader",
    ],
    check,
    examples: &[
        Example::bad(
            "-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ndisk = ['phy:/dev/vg0/web,xvda,w']\n",
            &[
                "error etc/xen/web.cfg:1:1: the guest is PV and has neither a kernel nor a boot loader",
            ],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nkernel = \"/srv/vmlinuz\"\n",
        ),
        Example::good("-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ntype = \"hvm\"\n"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let release = facts.language();
    // Of a configuration that xl cannot read at all a part is known only, and another rule tells an unknown type.
    let guests = facts.guests()?;
    let is_known = |guest: &Guest| matches!(guest.kind(), "pv" | "pvh");
    let is_read = |guest: &&Guest| guest.config.faults.is_empty() && is_known(guest);
    for guest in guests.xl.iter().filter(is_read) {
        let refused = xl::judge(&guest.config, release);
        let mut refused = refused
            .into_iter()
            .filter(|it| it.verdict == Verdict::Refused);
        let Some(refused) = refused.find(|it| it.message.starts_with("Neither kernel")) else {
            continue;
        };
        let place = guest.at(refused.position, refused.length);
        let kind = guest.kind().to_uppercase();
        found
            .error(place, format!("the guest is {kind} and has neither a kernel nor a boot loader"))
            .hint("write bootloader = \"pygrub\" or kernel = \"FILE\", or type = \"hvm\" if it is to boot from its disk");
    }
    Ok(())
}
