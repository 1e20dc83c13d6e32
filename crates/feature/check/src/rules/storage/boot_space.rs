//! Too little room for the next kernel.

use crate::facts::{Kernel, Space};
use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

/// What a new boot loader or hypervisor takes on an EFI system partition, in bytes.
const LOADER: u64 = 8 << 20;

pub(crate) const RULE: Rule = Rule {
    id: "storage-boot-space",
    title: "the next kernel and its initial RAM disk fit into /boot",
    looks_at: "the free space in /boot and the EFI system partition (df), and the sizes of the kernels there",
    versions: Versions::All,
    why: "An upgrade writes a kernel, an initial RAM disk and a hypervisor beside those that are there. Where they do not fit, \
          packages are left half installed, or the initial RAM disk is cut off, and the host does not start.",
    source: &["QubesOS 5038, 3690"],
    check,
    examples: &[
        Example::bad(
            "-- boot/vmlinuz-6.1 --\n-- $ df -P -k /boot --\nFilesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 204800 200704 4096 98% /boot\n",
            &["warning: /boot has 4.0 MiB free of 200.0 MiB, and the next kernel needs 8.0 MiB"],
        ),
        Example::good(
            "-- boot/vmlinuz-6.1 --\n-- $ df -P -k /boot --\nFilesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 2048000 2048 2045952 1% /boot\n",
        ),
        Example::good("-- etc/hostname --\nweb\n"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let kernels = facts.kernels()?;
    if kernels.all.is_empty() {
        return Ok(());
    }
    let largest = kernels.all.iter().map(size).max().unwrap_or_default();
    for Space { point, size, free } in &facts.boot_space()?.0 {
        let (what, needed) = if point.contains("efi") || point.contains("firmware") {
            ("boot loader", LOADER)
        } else {
            ("kernel", largest.saturating_add(LOADER))
        };
        if *free < needed {
            let message = format!(
                "{point} has {} free of {}, and the next {what} needs {}",
                error::amount(*free),
                error::amount(*size),
                error::amount(needed)
            );
            let finding = found.warning(None, message);
            finding.hint("remove kernels that are not used any more before the upgrade");
        }
    }
    Ok(())
}

/// What a kernel and its initial RAM disk take, in bytes.
fn size(kernel: &Kernel) -> u64 {
    let initrd = kernel.initrd.as_ref().map_or(0, |(_, status)| status.size);
    kernel.status.size.saturating_add(initrd)
}
