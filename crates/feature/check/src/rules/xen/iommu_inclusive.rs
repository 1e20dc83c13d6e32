//! An option of Xen that another one replaced.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "xen-iommu-inclusive",
    title: "dom0's IOMMU mappings are asked for by dom0-iommu=",
    looks_at: "iommu_inclusive_mapping among the options of Xen",
    versions: Versions::since(12),
    why: "Since Xen 4.12 dom0-iommu=map-inclusive says the same. Xen still understands the old name.",
    source: &["xen.git 66a9274cc3"],
    check,
    examples: &[
        Example::bad(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G iommu_inclusive_mapping\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
            &["info boot/grub/grub.cfg:2:57: iommu_inclusive_mapping has been dom0-iommu=map-inclusive since Xen 4.12"],
        )
        .to_xen("4.17"),
        Example::good("-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G dom0-iommu=map-inclusive\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n").to_xen("4.17"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for line in facts.xen_options()? {
        for parameter in line.all("iommu_inclusive_mapping") {
            found
                .info(
                    Place::of_parameter(&parameter),
                    "iommu_inclusive_mapping has been dom0-iommu=map-inclusive since Xen 4.12",
                )
                .hint("write dom0-iommu=map-inclusive");
        }
    }
    Ok(())
}
