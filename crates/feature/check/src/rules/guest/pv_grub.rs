//! The boot loader that was a kernel of its own.

use std::path::Path;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-pv-grub",
    title: "no guest needs pv-grub",
    looks_at: "kernel= of guests",
    versions: Versions::since(16),
    why: "pv-grub (GRUB 0.97 on MiniOS) left Xen in 4.16. It could not unpack kernels packed with zstd or lz4 either. \
          GRUB 2 for Xen (grub-x86_64-xen.bin of the package grub-xen-bin) or pygrub take its place.",
    source: &["xen.git 3ae80dea46"],
    check,
    examples: &[
        Example::bad(
            "-- usr/lib/xen/boot/pv-grub-x86_64.gz --\n-- etc/xen/web.cfg --\nkernel = \"/usr/lib/xen/boot/pv-grub-x86_64.gz\"\n",
            &["error etc/xen/web.cfg:1:10: pv-grub left Xen in 4.16"],
        )
        .to_xen("4.16"),
        Example::good(
            "-- usr/lib/grub-xen/grub-x86_64-xen.bin --\n-- etc/xen/web.cfg --\nkernel = \"/usr/lib/grub-xen/grub-x86_64-xen.bin\"\n",
        )
        .to_xen("4.17"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        let Some((kernel, place)) = guest.value("kernel") else {
            continue;
        };
        let name = Path::new(kernel)
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        if name.starts_with("pv-grub") {
            found
                .error(place, "pv-grub left Xen in 4.16")
                .hint("boot the guest by grub-x86_64-xen.bin, or by bootloader = \"pygrub\"");
        }
    }
    Ok(())
}
