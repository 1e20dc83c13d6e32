//! Modules to load at boot that the kernel does not have.

use crate::facts::place_of;
use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "kernel-module-missing",
    title: "the kernels have the modules that are loaded at boot",
    looks_at: "/etc/modules, /etc/modules-load.d, and the kernels' modules in /lib/modules",
    versions: Versions::All,
    why: "Modules are renamed and merged: the back ends of old Xen kernels (evtchn, netbk, blkbk) are called xen-evtchn, \
          xen-netback and xen-blkback today. Loading one that is not there fails, and what it was for is not there either.",
    source: &["QubesOS 1546", "modules-load.d(5)"],
    check,
    examples: &[
        Example::bad(
            "-- etc/modules --\nloop\nnetbk\n-- lib/modules/6.1/modules.dep --\nkernel/drivers/block/loop.ko:\n-- lib/modules/6.1/modules.builtin --\n",
            &["warning etc/modules:2:1: no kernel of this host has the module netbk"],
        ),
        Example::good(
            "-- etc/modules --\nloop\nxen_gntdev\n-- lib/modules/6.1/modules.dep --\nkernel/drivers/block/loop.ko:\n-- lib/modules/6.1/modules.builtin --\nkernel/drivers/xen/xen-gntdev.ko\n",
        ),
        Example::good("-- etc/modules --\nnetbk\n"),
    ],
};

/// What some modules are called today.
const RENAMED: [(&str, &str); 5] = [
    ("evtchn", "xen-evtchn"),
    ("netbk", "xen-netback"),
    ("blkbk", "xen-blkback"),
    ("gntdev", "xen-gntdev"),
    ("pciback", "xen-pciback"),
];

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let installed = facts.installed_modules()?;
    for load in &facts.modules()?.loaded {
        let name = load.name.as_str();
        let place = place_of(&load.name).filter(|place| place.file.starts_with("/etc"));
        if place.is_none() || !installed.lack(name) {
            continue;
        }
        let finding = found.warning(
            place,
            format!("no kernel of this host has the module {name}"),
        );
        match RENAMED.iter().find(|(old, _)| *old == name) {
            Some((_, new)) => finding.hint(format!("write {new}")),
            None => finding.hint("remove the line"),
        };
    }
    Ok(())
}
