//! A way to load microcode that went away.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "xen-ucode",
    title: "microcode is loaded in a way that Xen still has",
    looks_at: "ucode= among the options of Xen",
    versions: Versions::since(20),
    why: "ucode=allow-same loaded microcode of the revision that the processor has already. Xen 4.20 does not have it; xen-ucode --force \
          does the same while the host runs.",
    source: &["xen.git CHANGELOG 4.20", "xen.git 9b0d2465c8"],
    check,
    examples: &[
        Example::bad(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz dom0_mem=2G,max:2G ucode=scan,allow-same\n\tmodule2 /boot/vmlinuz\n}\n",
            &["warning boot/grub/grub.cfg:2:45: Xen 4.20 does not have ucode=allow-same"],
        )
        .to_xen("4.20"),
        Example::good(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz dom0_mem=2G,max:2G ucode=scan\n\tmodule2 /boot/vmlinuz\n}\n",
        )
        .to_xen("4.20"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for parameter in facts
        .xen_options()?
        .iter()
        .flat_map(|line| line.all("ucode"))
    {
        if parameter
            .items()
            .iter()
            .any(|item| item.as_str() == "allow-same")
        {
            found
                .warning(
                    Place::of_parameter(&parameter),
                    "Xen 4.20 does not have ucode=allow-same",
                )
                .hint("remove allow-same");
        }
    }
    Ok(())
}
