//! Settings that xl warns about and passes over.

use vmconfig::xl;

use crate::{Example, Facts, Findings, Guest, NotKnown, Rule, Versions};

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
            "-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ncmdline = \"quiet\"\nextra = \"ro\"\ndevice_model = \"qemu-dm\"\n",
            &[
                "info etc/xen/web.cfg:4:1: xl ignores extra beside cmdline",
                "info etc/xen/web.cfg:5:1: xl ignores device_model",
            ],
        ),
        Example::good(
            "-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nroot = \"/dev/xvda1\"\nextra = \"ro\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        for (key, what, hint) in ignored(guest) {
            if let Some(setting) = guest.config.get(key) {
                found.info(guest.setting(setting), what).hint(hint);
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

/// Settings, what is said of each, and what to do.
fn ignored(guest: &Guest) -> Vec<(&'static str, &'static str, &'static str)> {
    let has = |key| guest.config.get(key).is_some();
    let is_number = |key| guest.number(key).is_some();
    let mut all = Vec::new();
    let mut add = |applies: bool, key, what, hint| {
        if applies {
            all.push((key, what, hint));
        }
    };
    add(
        has("device_model"),
        "device_model",
        "xl ignores device_model",
        "remove it, or write device_model_override if another device model is meant",
    );
    let cmdline = has("cmdline");
    add(
        cmdline && has("root"),
        "root",
        "xl ignores root beside cmdline",
        "write it into cmdline",
    );
    add(
        cmdline && has("extra"),
        "extra",
        "xl ignores extra beside cmdline",
        "write it into cmdline",
    );
    add(
        is_number("vncviewer"),
        "vncviewer",
        "xl ignores vncviewer",
        "remove it; xl create -V opens a viewer",
    );
    add(
        is_number("tsc_mode"),
        "tsc_mode",
        "tsc_mode as a number is deprecated",
        "write default, always_emulate, native or native_paravirt",
    );
    add(
        is_number("timer_mode") && guest.is("hvm"),
        "timer_mode",
        "timer_mode as a number is deprecated",
        "write the name that xl prints",
    );
    add(
        has("altp2mhvm"),
        "altp2mhvm",
        "altp2mhvm is deprecated since Xen 4.9",
        "write altp2m",
    );
    add(
        guest.value("bootloader_args").is_some(),
        "bootloader_args",
        "bootloader_args as a string is deprecated",
        "write a list",
    );
    all
}
