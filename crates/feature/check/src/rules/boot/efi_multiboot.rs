//! Xen that EFI cannot start.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "boot-efi-multiboot",
    title: "GRUB can start this Xen under EFI",
    looks_at: "hosts started by EFI with a Xen before 4.9",
    versions: Versions::before(9),
    why: "Before Xen 4.9 GRUB under EFI could start xen.gz without EFI's services only: no ACPI, no screen, often no start at all. There, xen.efi is \
          started directly, or the host by BIOS.",
    source: &["xen.git 9180f53655", "Launchpad bug 1520979"],
    check,
    examples: &[
        Example::bad(
            "-- sys/firmware/efi/fw_platform_size --\n64\n-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G \n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
            &["error boot/grub/grub.cfg:2:2: GRUB starts a Xen before 4.9 under EFI: it does not get EFI's services"],
        )
        .to_xen("4.5"),
        Example::good("-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G \n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n").to_xen("4.5"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let boot = facts.boot()?;
    let main = boot
        .main()
        .filter(|main| main.loader == bootconfig::Loader::Grub);
    let Some(xen) = main.and_then(crate::facts::xen_image) else {
        return Ok(());
    };
    if facts.has("/sys/firmware/efi".as_ref())? {
        found
            .error(
                Place::of_image(xen),
                "GRUB starts a Xen before 4.9 under EFI: it does not get EFI's services",
            )
            .hint("start xen.efi from the firmware's menu, or upgrade to Xen 4.9 or later");
    }
    Ok(())
}
