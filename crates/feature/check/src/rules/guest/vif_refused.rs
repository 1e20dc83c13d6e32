//! Network cards that xl refuses.

use vmconfig::xl;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-vif-refused",
    title: "xl accepts the network cards of guests",
    looks_at: "vif= of guests",
    versions: Versions::All,
    why: "A wrong rate, devid or mtu ends xl: the guest does not start. A rate is written 10Mb/s or 1GB/s@20ms.",
    source: &[
        "xl-network-configuration(5)",
        "xen.git tools/xl/xl_parse.c, parse_nic_config",
    ],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvif = ['mac=00:16:3e:00:00:01,devid=one']\nkernel = \"/srv/vmlinuz\"\n",
            &[
                "error etc/xen/web.cfg:3:37: xl refuses the network card: failed to convert to number, near 'one'",
            ],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvif = ['', 'mac=00:16:3e:00:00:01,rate=10Mb/s']\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        for text in guest.texts("vif") {
            if let Err(wrong) = xl::vif::parse(&text.text) {
                let message = format!(
                    "xl refuses the network card: {}, near '{}'",
                    wrong.message, wrong.near
                );
                found.error(guest.wrong(text, &wrong), message);
            }
        }
    }
    Ok(())
}
