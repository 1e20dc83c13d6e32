//! Kernels that are not there.

use std::path::Path;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-kernel",
    title: "the kernels and initrds that guests name are there",
    looks_at: "kernel= and ramdisk= of guests",
    versions: Versions::All,
    why: "A guest's kernel= and ramdisk= are files of the host. What an upgrade of the host replaces (a kernel of dom0 with \
          its version in its name) is gone for the guest as well. xl passes over hvmloader as the kernel of an HVM guest.",
    source: &["xl.cfg(5), kernel", "xen.git tools/xl/xl_parse.c"],
    check,
    examples: &[
        Example::bad(
            "-- boot/vmlinuz-6.1.0-18 --\n-- etc/xen/web.cfg --\nkernel = \"/boot/vmlinuz-6.1.0-13\"\nramdisk = \"/boot/initrd-6.1.0-13\"\n",
            &[
                "error etc/xen/web.cfg:1:10: /boot/vmlinuz-6.1.0-13 is not there",
                "error etc/xen/web.cfg:2:11: /boot/initrd-6.1.0-13 is not there",
            ],
        ),
        Example::good(
            "-- etc/xen/win.cfg --\nbuilder = \"hvm\"\nkernel = \"/usr/lib/xen/boot/hvmloader\"\n",
        ),
        Example::good(
            "-- boot/vmlinuz-6.1.0-18 --\n-- etc/xen/web.cfg --\nkernel = \"/boot/vmlinuz-6.1.0-18\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        for key in ["kernel", "ramdisk"] {
            let Some((file, place)) = guest.value(key) else {
                continue;
            };
            let path = Path::new(file);
            let hvmloader =
                guest.is("hvm") && path.file_name().is_some_and(|name| name == "hvmloader");
            if path.is_absolute() && !hvmloader && !facts.has(path)? {
                found.error(place, format!("{file} is not there"));
            }
        }
    }
    Ok(())
}
