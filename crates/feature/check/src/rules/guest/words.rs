//! Values that xl does not know.

use crate::{Example, Facts, Findings, Guest, NotKnown, Release, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-words",
    title: "settings that take a word have one that xl knows",
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
                "error etc/xen/web.cfg:4:11: builder = \"generic\" contradicts type = \"hvm\": xl refuses it",
                "error etc/xen/web.cfg:5:12: xl does not know on_crash = \"reboot\"",
                "error etc/xen/web.cfg:6:8: rombios needs device_model_version = \"qemu-xen-traditional\"",
            ],
        ),
        Example::good(
            "-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ntype = \"hvm\"\nbuilder = \"hvm\"\non_crash = \"restart\"\nbios = \"seabios\"\nvga = \"stdvga\"\n",
        ),
    ],
};

/// What to do when a guest ends.
const ACTIONS: &[&str] = &[
    "destroy",
    "restart",
    "rename-restart",
    "preserve",
    "coredump-destroy",
    "coredump-restart",
    "soft-reset",
];

/// Settings, and the words that xl knows for each. Those for which a number is right as well are not looked at where they
/// are numbers.
const WORDS: &[(&str, &[&str])] = &[
    ("on_poweroff", ACTIONS),
    ("on_reboot", ACTIONS),
    ("on_watchdog", ACTIONS),
    ("on_crash", ACTIONS),
    ("on_soft_reset", ACTIONS),
    ("type", &["hvm", "pv", "pvh"]),
    ("builder", &["hvm", "generic"]),
    ("bios", &["rombios", "seabios", "ovmf"]),
    ("vga", &["stdvga", "cirrus", "none", "qxl"]),
    (
        "tsc_mode",
        &["default", "always_emulate", "native", "native_paravirt"],
    ),
    (
        "timer_mode",
        &[
            "delay_for_missed_ticks",
            "no_delay_for_missed_ticks",
            "no_missed_ticks_pending",
            "one_missed_tick_pending",
        ],
    ),
    ("ms_vm_genid", &["generate", "none"]),
    (
        "device_model_version",
        &["qemu-xen", "qemu-xen-traditional"],
    ),
];

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        for (key, words) in WORDS {
            let Some((value, place)) = guest.value(key) else {
                continue;
            };
            let is_number =
                guest.number(key).is_some() && matches!(*key, "tsc_mode" | "timer_mode");
            if !is_number && !is_known(key, value, words, facts.language()) {
                found
                    .error(place, format!("xl does not know {key} = \"{value}\""))
                    .hint(format!("write one of {}", words.join(", ")));
            }
        }
        contradictions(guest, found);
    }
    Ok(())
}

/// Whether xl knows `value` for `key`. It compares types only as far as the value goes, so `h` is `hvm`.
fn is_known(key: &str, value: &str, words: &[&str], release: Release) -> bool {
    if key == "type" && release < Release::new(4, 10) {
        // Not read at all.
        return true;
    }
    match key {
        "type" | "builder" => words.iter().any(|word| word.starts_with(value)),
        _ => words.iter().any(|word| word.eq_ignore_ascii_case(value)),
    }
}

fn contradictions(guest: &Guest, found: &mut Findings) {
    if let (Some((kind, _)), Some((builder, place))) = (guest.value("type"), guest.value("builder"))
    {
        let same = matches!((kind, builder), ("hvm", "hvm") | ("pv", "generic"));
        if !same && matches!(kind, "hvm" | "pv" | "pvh") && matches!(builder, "hvm" | "generic") {
            let message =
                format!("builder = \"{builder}\" contradicts type = \"{kind}\": xl refuses it");
            found.error(place, message).hint("remove builder");
        }
    }
    if let Some((_, place)) = guest.value("timer_mode").filter(|_| guest.is("pv")) {
        found
            .error(place, "xl refuses timer_mode for a PV guest")
            .hint("remove it");
    }
    if let Some((_, place)) = guest.value("bios").filter(|(bios, _)| *bios == "rombios") {
        let model = guest.value("device_model_version").map(|(model, _)| model);
        if guest.is("hvm") && model != Some("qemu-xen-traditional") {
            found
                .error(
                    place,
                    "rombios needs device_model_version = \"qemu-xen-traditional\"",
                )
                .hint("write bios = \"seabios\"");
        }
    }
}
