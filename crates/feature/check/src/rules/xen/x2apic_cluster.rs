//! A way to address processors that went away.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "xen-x2apic-cluster",
    title: "Xen is not asked for x2APIC's cluster mode",
    looks_at: "x2apic-mode= and x2apic_phys= among the options of Xen",
    versions: Versions::since(20),
    why: "Xen 4.20 has no cluster mode for external interrupts any more. It does not understand x2apic-mode=cluster, and \
          x2apic_phys=false means the mixed mode: interrupts between processors by clusters, external ones by processors.",
    source: &["xen.git CHANGELOG 4.20", "xen.git xen/arch/x86/genapic/x2apic.c"],
    check,
    examples: &[
        Example::bad(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz dom0_mem=2G,max:2G x2apic-mode=cluster\n\tmodule2 /boot/vmlinuz\n}\n",
            &["warning boot/grub/grub.cfg:2:45: Xen 4.20 does not have x2apic-mode=cluster"],
        )
        .to_xen("4.20"),
        Example::bad(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz dom0_mem=2G,max:2G x2apic_phys=false\n\tmodule2 /boot/vmlinuz\n}\n",
            &["info boot/grub/grub.cfg:2:45: x2apic_phys=false means the mixed mode since Xen 4.20"],
        )
        .to_xen("4.20"),
        Example::good(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz dom0_mem=2G,max:2G x2apic-mode=physical\n\tmodule2 /boot/vmlinuz\n}\n",
        )
        .to_xen("4.20"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for line in facts.xen_options()? {
        for parameter in line.all("x2apic-mode") {
            if parameter
                .value
                .as_ref()
                .is_some_and(|value| value.as_str() == "cluster")
            {
                let place = Place::of_parameter(&parameter);
                found
                    .warning(place, "Xen 4.20 does not have x2apic-mode=cluster")
                    .hint("write x2apic-mode=mixed, or leave it to Xen");
            }
        }
        for parameter in line.all("x2apic_phys") {
            if parameter.boolean() == Some(false) {
                let place = Place::of_parameter(&parameter);
                found
                    .info(
                        place,
                        "x2apic_phys=false means the mixed mode since Xen 4.20",
                    )
                    .hint("write x2apic-mode=mixed");
            }
        }
    }
    Ok(())
}
