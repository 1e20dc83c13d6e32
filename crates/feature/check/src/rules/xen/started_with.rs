//! Options that Xen was not started with.

use std::collections::BTreeSet;

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "xen-started-with",
    title: "Xen runs with the options of its boot entry",
    looks_at: "xl info's xen_commandline, and the options of Xen in the boot entry with Xen",
    versions: Versions::All,
    why: "Options in the boot menu count from the next start of the host. Some ways to start another kernel (kexec, boards' own loaders) \
          drop the options of Xen altogether.",
    source: &["linuxboot/heads 536"],
    check,
    examples: &[
        Example::bad(
            "-- $ xl info --\nxen_version : 4.17.3\nxen_commandline : placeholder\n-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G \n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
            &["warning boot/grub/grub.cfg:2:38: Xen runs without dom0_mem=2G,max:2G"],
        ),
        Example::good(
            "-- $ xl info --\nxen_version : 4.17.3\nxen_commandline : placeholder dom0_mem=2G,max:2G\n-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G \n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let lines = facts.xen_options()?;
    let Some(line) = lines.first() else {
        return Ok(());
    };
    let running = facts.running_xen()?;
    let Some(options) = running
        .as_ref()
        .as_ref()
        .and_then(|xen| xen.options.as_deref())
    else {
        return Ok(());
    };
    let known: BTreeSet<&str> = options.split_whitespace().collect();
    for parameter in line.parameters() {
        let value = parameter
            .value
            .as_ref()
            .map_or(String::new(), |value| format!("={}", value.as_str()));
        let word = format!("{}{value}", parameter.name.as_str());
        if word != "placeholder" && !known.contains(word.as_str()) {
            found
                .warning(
                    Place::of_parameter(&parameter),
                    format!("Xen runs without {word}"),
                )
                .hint("start the host again, or find out what else starts it");
        }
    }
    Ok(())
}
