//! HVM guests on hosts without QEMU.

use crate::{Example, Facts, Findings, Guest, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-device-model",
    title: "HVM guests find their device model",
    looks_at: "type=\"hvm\" guests, and the directories that distributions install QEMU into",
    versions: Versions::All,
    why: "QEMU is the device model of HVM guests: without it they do not start. It comes in a package of its own on most systems \
          (qemu-system-xen, qemu-system-x86, qemu), and its name changes with the distribution's releases, so that an \
          upgrade may leave it out. Guests with device_model_override or a stub domain name theirs themselves.",
    source: &[
        "drakvuf 1604",
        "xl.cfg(5), device_model_version",
        "Debian package qemu-system-xen",
    ],
    check,
    examples: &[
        Example::bad(
            "-- bin/sh --\n-- usr/sbin/xl --\n-- etc/xen/win.cfg --\nname = \"win\"\nmemory = 512\ntype = \"hvm\"\n",
            &["error etc/xen/win.cfg:3:1: QEMU is not installed, and the HVM guest win needs it"],
        ),
        Example::good(
            "-- bin/sh --\n-- usr/sbin/xl --\n-- usr/libexec/xen-qemu-system-i386 --\n-- etc/xen/win.cfg --\nname = \"win\"\nmemory = 512\ntype = \"hvm\"\n",
        ),
        Example::good("-- etc/xen/win.cfg --\nname = \"win\"\nmemory = 512\ntype = \"hvm\"\n"),
    ],
};

/// Settings by which a guest has a device model of its own.
const OWN: [&str; 3] = [
    "device_model_override",
    "device_model_stubdomain_override",
    "stubdomain_kernel",
];

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let guests = facts.guests()?;
    let has_own = |guest: &Guest| OWN.iter().any(|key| guest.config.get(key).is_some());
    let mut needing = guests
        .xl
        .iter()
        .filter(|guest| guest.is("hvm") && !has_own(guest))
        .peekable();
    if needing.peek().is_none() || !facts.has_programs()? || facts.qemu()?.is_some() {
        return Ok(());
    }
    for guest in needing {
        let setting = guest.config.get("type").or(guest.config.get("builder"));
        let place = setting.map_or_else(|| Place::file(&guest.file), |it| guest.setting(it));
        let name = guest.name();
        let message = format!("QEMU is not installed, and the HVM guest {name} needs it");
        found
            .error(place, message)
            .hint("install the distribution's package (qemu-system-xen, qemu-system-x86, qemu)");
    }
    Ok(())
}
