//! Settings that xl warns about and passes over.

use vmconfig::xl::{self, Verdict};

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-ignored",
    title: "guests set nothing that xl warns about and ignores",
    looks_at: "device_model=, root= and extra= beside cmdline=, vncviewer=, tsc_mode=, timer_mode=, altp2mhvm=, bootloader_args=, netdev= of guests",
    versions: Versions::All,
    why: "xl prints a warning about these settings at each start and goes on. Some are ignored, some have a new name.",
    source: &["xen.git tools/xl/xl_parse.c", "xl.cfg(5)"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ncmdline = \"quiet\"\nextra = \"ro\"\ndevice_model = \"qemu-dm\"\nkernel = \"/srv/vmlinuz\"\n",
            &[
                "info etc/xen/web.cfg:4:1: extra: it is ignored in favour of cmdline=",
                "info etc/xen/web.cfg:5:1: device_model: it is ignored; device_model_override names another device model",
            ],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nroot = \"/dev/xvda1\"\nextra = \"ro\"\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

/// Settings that have no other rule.
const SETTINGS: [&str; 9] = [
    "device_model",
    "vncviewer",
    "vif2",
    "root",
    "extra",
    "tsc_mode",
    "timer_mode",
    "bootloader_args",
    "altp2mhvm",
];

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let release = facts.language();
    for guest in &facts.guests()?.xl {
        for ignored in xl::judge(&guest.config, release) {
            let is_warned = matches!(ignored.verdict, Verdict::Ignored | Verdict::Deprecated);
            if is_warned && SETTINGS.contains(&ignored.name.as_str()) {
                let place = guest.at(ignored.position, ignored.length);
                found.info(place, format!("{}: {}", ignored.name, ignored.message));
            }
        }
        for (text, place) in guest.values("vif") {
            let others = xl::vif::parse(text)
                .map(|spec| spec.others)
                .unwrap_or_default();
            if others.iter().any(|word| word.starts_with("netdev=")) {
                found
                    .info(place, "netdev is deprecated")
                    .hint("write gatewaydev=");
            }
        }
    }
    Ok(())
}
