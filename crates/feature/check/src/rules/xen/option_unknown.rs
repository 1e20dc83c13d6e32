//! Options that no Xen has, or not this one yet.

use vmconfig::xen::{Standing, options};

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "xen-option-unknown",
    title: "Xen knows the options that it is started with",
    looks_at: "the options of Xen in the boot entry with Xen, and what they are made from",
    versions: Versions::All,
    why: "Xen prints 'parameter \"x\" unknown!' for an option that it does not have and starts without it. A mistyped dom0_mem leaves \
          all memory to dom0, and only the console says so.",
    source: &[
        "OpenXT/xenclient-oe 502",
        "xen.git docs/misc/xen-command-line.pandoc, and the *_param macros",
    ],
    check,
    examples: &[
        Example::bad(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G max_dom0_vcpus=2\n\tmodule2 /boot/vmlinuz\n}\n",
            &["warning boot/grub/grub.cfg:2:57: Xen does not know max_dom0_vcpus; dom0_max_vcpus is meant, perhaps"],
        )
        .to_xen("4.17"),
        Example::bad(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz dom0_mem=2G,max:2G spec-ctrl=no\n\tmodule2 /boot/vmlinuz\n}\n",
            &["warning boot/grub/grub.cfg:2:45: Xen 4.6 does not know spec-ctrl yet"],
        )
        .to_xen("4.6"),
        Example::good(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G no-real-mode vga=gfx-1024x768 no-smt console=vga\n\tmodule2 /boot/vmlinuz\n}\n",
        )
        .to_xen("4.17"),
    ],
};

/// A word that distributions put in front, so that Xen does not take the first option for its own name.
const PLACEHOLDER: &str = "placeholder";

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let lines = facts.xen_options()?;
    if lines.is_empty() {
        return Ok(());
    }
    let release = facts.xen_release()?;
    for parameter in lines.iter().flat_map(|line| line.parameters()) {
        let name = parameter.name.as_str();
        let message = match options::standing(name, release) {
            _ if name == PLACEHOLDER => continue,
            Standing::NotYet(_) => format!("Xen {release} does not know {name} yet"),
            Standing::Unknown => match options::nearest(name) {
                Some(nearest) => format!("Xen does not know {name}; {nearest} is meant, perhaps"),
                None => format!("Xen does not know {name}"),
            },
            Standing::Known | Standing::Unsure | Standing::Gone(_) => continue,
        };
        found.warning(Place::of_parameter(&parameter), message);
    }
    Ok(())
}
