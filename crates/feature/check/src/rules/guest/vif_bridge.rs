//! Bridges that are not there.

use vmconfig::xl;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-vif-bridge",
    title: "the bridges that guests name are there",
    looks_at: "vif= of guests, and every file of the host that defines bridges",
    versions: Versions::All,
    why: "The script vif-bridge puts a guest's card into the bridge that the guest names, xenbr0 without one. Where there is no such \
          bridge the script fails, and the guest does not start.",
    source: &[
        "xl-network-configuration(5), bridge",
        "xen.git tools/hotplug/Linux/vif-bridge",
        "tklengyel/drakvuf 328",
    ],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/network/interfaces --\nauto xenbr0\niface xenbr0 inet manual\n\tbridge_ports eno1\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvif = ['mac=00:16:3e:00:00:01,bridge=br0']\nkernel = \"/srv/vmlinuz\"\n",
            &["error etc/xen/web.cfg:3:38: the host has no bridge br0"],
        ),
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/network/interfaces --\nauto br0\niface br0 inet manual\n\tbridge_ports eno1\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvif = ['mac=00:16:3e:00:00:01']\nkernel = \"/srv/vmlinuz\"\n",
            &[
                "warning etc/xen/web.cfg:3:8: without bridge= the card is put into xenbr0, which the host has not",
            ],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- etc/network/interfaces --\nauto xenbr0\niface xenbr0 inet manual\n\tbridge_ports eno1\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvif = ['mac=00:16:3e:00:00:01,bridge=xenbr0', '', 'script=vif-route,ip=192.0.2.1']\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let mut not_known = None;
    for guest in &facts.guests()?.xl {
        for text in guest.texts("vif") {
            let spec = xl::vif::parse(&text.text).unwrap_or_default();
            let is_bridged = spec
                .script
                .as_deref()
                .is_none_or(|script| script.ends_with("vif-bridge"));
            if !is_bridged
                || spec
                    .others
                    .iter()
                    .any(|other| other.starts_with("backend="))
            {
                continue;
            }
            let bridge = spec.bridge.as_deref();
            match facts.bridge(bridge.unwrap_or("xenbr0")) {
                Ok(true) => continue,
                Ok(false) => {}
                Err(reason) => {
                    not_known = Some(reason);
                    continue;
                }
            }
            let finding = match (bridge, spec.at.bridge) {
                (Some(bridge), Some(at)) => {
                    let place = guest.at(text.place(at), bridge.chars().count());
                    found.error(place, format!("the host has no bridge {bridge}"))
                }
                _ if facts.default_script()? => continue,
                _ => {
                    let message =
                        "without bridge= the card is put into xenbr0, which the host has not";
                    found.warning(guest.text(text).1, message)
                }
            };
            let bridges = facts.bridges()?;
            let mut names: Vec<_> = bridges
                .found
                .iter()
                .map(|bridge| bridge.name.as_str())
                .collect();
            names.dedup();
            if !names.is_empty() {
                finding.hint(format!("its bridges are: {}", names.join(", ")));
            }
        }
    }
    not_known.map_or(Ok(()), Err)
}
