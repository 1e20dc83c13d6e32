//! Scripts of network cards that are not there.

use std::path::Path;

use vmconfig::xl;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-vif-script",
    title: "the scripts of network cards are there",
    looks_at: "script= in vif= of guests, and /etc/xen/scripts",
    versions: Versions::All,
    why: "xl runs the script of a network card, from /etc/xen/scripts where it has no path. Without it the guest does not \
          start. Some come with packages of their own (vif-openvswitch with Open vSwitch in old releases).",
    source: &["xl-network-configuration(5), script", "sysml/clickos 25"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/scripts/vif-bridge --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvif = ['script=vif-clickos']\nkernel = \"/srv/vmlinuz\"\n",
            &["error etc/xen/web.cfg:3:16: /etc/xen/scripts/vif-clickos is not there"],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- etc/xen/scripts/vif-bridge --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvif = ['script=vif-bridge']\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

const SCRIPTS: &str = "/etc/xen/scripts";

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        for text in guest.texts("vif") {
            let spec = xl::vif::parse(&text.text).unwrap_or_default();
            let (Some(script), Some(at)) = (spec.script, spec.at.script) else {
                continue;
            };
            if script.is_empty() || !facts.has(Path::new(SCRIPTS))? {
                continue;
            }
            let path = Path::new(SCRIPTS).join(&script);
            if !facts.has(&path)? {
                let place = guest.at(text.place(at), script.chars().count());
                found.error(place, format!("{} is not there", path.display()));
            }
        }
    }
    Ok(())
}
