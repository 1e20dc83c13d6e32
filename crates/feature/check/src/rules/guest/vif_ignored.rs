//! Words about network cards that xl passes over.

use vmconfig::xl;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-vif-ignored",
    title: "xl understands all that is said about network cards",
    looks_at: "vif= of guests",
    versions: Versions::All,
    why: "xl prints a message about a word in vif= that it does not know, and starts the guest without it: with a misspelt \
          bridge the card is on another bridge, with an invalid MAC address it has a new one at each start. A blank in \
          front of = makes a word unknown.",
    source: &[
        "xl-network-configuration(5)",
        "xen.git tools/xl/xl_parse.c, parse_nic_config",
    ],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvif = ['mac=00:16:3e:zz:00:01,brigde=xenbr0']\nkernel = \"/srv/vmlinuz\"\n",
            &[
                "warning etc/xen/web.cfg:3:13: xl ignores 'mac=00:16:3e:zz:00:01': invalid value",
                "warning etc/xen/web.cfg:3:31: xl ignores 'brigde=xenbr0': unknown word",
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
            for wrong in xl::vif::parse(&text.text)
                .map(|spec| spec.ignored)
                .unwrap_or_default()
            {
                let (word, why) = match wrong.message.as_ref() {
                    "Invalid parameter `mac'." => (format!("mac={}", wrong.near), "invalid value"),
                    "Invalid parameter `type'." => {
                        (format!("type={}", wrong.near), "invalid value")
                    }
                    "unrecognized argument" => (wrong.near.clone(), "unknown word"),
                    _ => (wrong.near.clone(), "not supported"),
                };
                found.warning(
                    guest.wrong(text, &wrong),
                    format!("xl ignores '{word}': {why}"),
                );
            }
        }
    }
    Ok(())
}
