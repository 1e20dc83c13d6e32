//! Values that xl does not know.

use vmconfig::xl::{self, Verdict};

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-words",
    title: "settings have values that xl accepts",
    looks_at: "type=, builder=, bios=, vga=, on_poweroff= and the like of guests",
    versions: Versions::All,
    why: "xl ends at a word that it does not know. type= and builder= must not contradict each other, timer_mode= is for HVM guests \
          only, and rombios needs the device model qemu-xen-traditional.",
    source: &["xen.git tools/xl/xl_parse.c", "xl.cfg(5)"],
    check,
    examples: &[
        Example::bad(
            "-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ntype = \"hvm\"\nbuilder = \"generic\"\non_crash = \"reboot\"\nbios = \"rombios\"\n",
            &[
                "error etc/xen/web.cfg:4:11: xl refuses builder: Contradicting \"builder\" and \"type\" options specified.",
                "error etc/xen/web.cfg:5:12: xl refuses on_crash: unknown value for on_crash: xl knows destroy, restart, rename-restart, preserve, coredump-destroy, coredump-restart, soft-reset",
                "error etc/xen/web.cfg:6:8: rombios needs device_model_version = \"qemu-xen-traditional\"",
            ],
        ),
        Example::good(
            "-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ntype = \"hvm\"\nbuilder = \"hvm\"\non_crash = \"restart\"\nbios = \"seabios\"\nvga = \"stdvga\"\n",
        ),
    ],
};

/// Settings whose values other rules look at.
const ELSEWHERE: [&str; 13] = [
    "",
    "name",
    "vcpus",
    "maxvcpus",
    "cpus",
    "cpus_soft",
    "disk",
    "vif",
    "pci",
    "usbdev",
    "usbctrl",
    "kernel",
    "firmware",
];

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let release = facts.language();
    for guest in &facts.guests()?.xl {
        for refused in xl::judge(&guest.config, release) {
            let has_own = ELSEWHERE.contains(&refused.name.as_str())
                || refused.message.starts_with("Neither");
            if refused.verdict != Verdict::Refused || has_own {
                continue;
            }
            let place = guest.at(refused.position, refused.length);
            let finding = found.error(
                place,
                format!("xl refuses {}: {}", refused.name, refused.message),
            );
            if let Some(instead) = refused.instead {
                finding.hint(format!("write {instead}"));
            }
        }
        let firmware = guest
            .value("bios")
            .filter(|(bios, _)| *bios == "rombios" && guest.is("hvm"));
        let model = guest.value("device_model_version").map(|(model, _)| model);
        if let Some((_, place)) = firmware
            && model != Some("qemu-xen-traditional")
        {
            found
                .error(
                    place,
                    "rombios needs device_model_version = \"qemu-xen-traditional\"",
                )
                .hint("write bios = \"seabios\"");
        }
    }
    Ok(())
}
