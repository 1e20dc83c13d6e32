//! Menus that were made before the last change.

use std::collections::BTreeSet;

use hostconfig::cmdline::Parameter;

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "boot-stale",
    title: "the boot menu has the options that it is made from",
    looks_at: "Xen's options in /etc/default/grub, grub.d and update-extlinux.conf, and in the boot menu",
    versions: Versions::All,
    why: "What is written into /etc/default/grub counts only when the menu has been made from it. The next upgrade makes the menu, and \
          the option counts then, at a time when nobody thinks of it.",
    source: &["QubesOS/qubes-issues 9197", "grub-mkconfig(8)"],
    check,
    examples: &[
        Example::bad(
            "-- etc/default/grub --\nGRUB_CMDLINE_XEN=\"dom0_mem=2G,max:2G smt=off\"\n-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G \n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
            &["warning etc/default/grub:1:38: the boot menu does not have smt=off"],
        ),
        Example::good(
            "-- etc/default/grub --\nGRUB_CMDLINE_XEN=\"dom0_mem=2G,max:2G smt=off\"\n-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G smt=off\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let lines = facts.xen_options()?;
    let [menu, source] = lines.as_slice() else {
        return Ok(());
    };
    let known: BTreeSet<String> = menu.parameters().iter().map(word).collect();
    for parameter in source.parameters() {
        let word = word(&parameter);
        if !known.contains(&word) {
            found
                .warning(
                    Place::of_parameter(&parameter),
                    format!("the boot menu does not have {word}"),
                )
                .hint("make the menu again (update-grub, update-extlinux), or remove the option");
        }
    }
    Ok(())
}

/// An option as it is written, without backslashes: the shell keeps some of them, GRUB takes them away.
fn word(parameter: &Parameter) -> String {
    let value = parameter
        .value
        .as_ref()
        .map(|value| format!("={}", value.as_str()));
    let word = format!("{}{}", parameter.name.as_str(), value.unwrap_or_default());
    word.replace('\\', "")
}
