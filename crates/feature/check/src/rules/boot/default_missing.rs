//! Defaults that name no entry of the boot menu.

use bootconfig::{Boot, Loader, locate};
use hostconfig::Traced;

use crate::facts::place_of;
use crate::{Example, Facts, Findings, NotKnown, Rule, Severity, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "boot-default-missing",
    title: "the entry that is to be booted by default is in the menu",
    looks_at: "default= of grub.cfg (GRUB_DEFAULT, or what was saved), DEFAULT of extlinux.conf, default= of xen.cfg",
    versions: Versions::All,
    why: "Titles have versions in them, and an upgrade changes them: a default that names an entry by its old title names \
          nothing. GRUB starts the first entry then, which is Linux without Xen as a rule; syslinux looks for a file of \
          that name; xen.efi stops. A choice that GRUB itself saved is told only.",
    source: &[
        "grub.info, default",
        "QubesOS/qubes-issues 1492, 5716",
        "xen.git docs/misc/efi.pandoc",
    ],
    check,
    examples: &[
        Example::bad(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nset default=\"Debian GNU/Linux, with Xen 4.14-amd64\"\nmenuentry 'Debian GNU/Linux, with Xen 4.17-amd64' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
            &[
                "warning boot/grub/grub.cfg:1:14: the menu has no entry 'Debian GNU/Linux, with Xen 4.14-amd64': GRUB starts the first, 'Debian GNU/Linux, with Xen 4.17-amd64'",
            ],
        ),
        Example::bad(
            "-- boot/efi/EFI/qubes/xen.cfg --\n[global]\ndefault=6.1\n[6.6]\noptions=dom0_mem=2G,max:2G\nkernel=vmlinuz-6.6\n-- boot/efi/EFI/qubes/vmlinuz-6.6 --\n",
            &[
                "error boot/efi/EFI/qubes/xen.cfg:2:9: there is no section '6.1' with a kernel: xen.efi stops",
            ],
        ),
        Example::bad(
            "-- boot/extlinux.conf --\nDEFAULT xen\nLABEL lts\n  KERNEL vmlinuz-lts\n-- boot/vmlinuz-lts --\n",
            &["error boot/extlinux.conf:1:9: there is no label 'xen', and no file of that name"],
        ),
        Example::good(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nset default=\"Xen\"\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
        ),
    ],
};

/// The file in which GRUB saves a choice.
const SAVED: &str = "grubenv";

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let boot = facts.boot()?;
    let main = boot.main();
    // Others than the first are what was left behind, but for xen.cfg, which the firmware may start.
    let counts = |boot: &&Boot| Some(*boot) == main || boot.loader == Loader::XenEfi;
    for boot in boot.found.iter().filter(counts) {
        if let Some(setting) = boot.default.setting.as_ref()
            && boot.default.is_missing
        {
            missing(facts, boot, setting, found)?;
        }
    }
    Ok(())
}

fn missing(
    facts: &Facts,
    boot: &Boot,
    setting: &Traced,
    found: &mut Findings,
) -> Result<(), NotKnown> {
    let (name, place) = (setting.as_str(), place_of(setting));
    match boot.loader {
        Loader::Grub => {
            let first = boot
                .default_entry()
                .map_or("", |entry| entry.title.as_str());
            let file = place.as_ref().and_then(|place| place.file.file_name());
            let severity = if file.is_some_and(|file| file == SAVED) {
                Severity::Info
            } else {
                Severity::Warning
            };
            let message =
                format!("the menu has no entry '{name}': GRUB starts the first, '{first}'");
            found.add(severity, place, message).hint(
                "set GRUB_DEFAULT to the title or the id of an entry, and make the menu again",
            );
        }
        Loader::Syslinux => {
            let file = name.split_whitespace().next().unwrap_or_default();
            let located = locate(facts.host().files(), boot, file);
            let located = located.map_err(|error| NotKnown::new("files", error.to_string()))?;
            if located.is_none() {
                let message = format!("there is no label '{file}', and no file of that name");
                found
                    .error(place, message)
                    .hint("write the name of a LABEL behind DEFAULT");
            }
        }
        Loader::XenEfi => {
            let message = format!("there is no section '{name}' with a kernel: xen.efi stops");
            found
                .error(place, message)
                .hint("write the name of a section behind default=");
        }
    }
    Ok(())
}
