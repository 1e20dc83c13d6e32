//! MAC addresses of groups.

use vmconfig::xl;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-vif-mac",
    title: "network cards have addresses of one card",
    looks_at: "mac= in vif= of guests",
    versions: Versions::All,
    why: "An address whose first byte is odd (01:…, 33:…) names a group of cards. Guests refuse it for their own card, and \
          bridges drop frames that come from it. Addresses of Xen begin with 00:16:3e.",
    source: &[
        "IEEE 802, individual and group addresses",
        "xl-network-configuration(5), mac",
    ],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvif = ['mac=01:16:3e:00:00:01']\nkernel = \"/srv/vmlinuz\"\n",
            &[
                "error etc/xen/web.cfg:3:13: 01:16:3e:00:00:01 is the address of a group, not of a card",
            ],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvif = ['mac=00:16:3e:00:00:01']\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        for text in guest.texts("vif") {
            let spec = xl::vif::parse(&text.text).unwrap_or_default();
            let (Some(mac), Some(at)) = (spec.mac, spec.at.mac) else {
                continue;
            };
            let first = mac
                .get(..2)
                .and_then(|byte| u8::from_str_radix(byte, 16).ok());
            if first.is_some_and(|byte| byte % 2 == 1) {
                let place = guest.at(text.place(at), mac.chars().count());
                found
                    .error(
                        place,
                        format!("{mac} is the address of a group, not of a card"),
                    )
                    .hint("write an address that begins with 00:16:3e");
            }
        }
    }
    Ok(())
}
