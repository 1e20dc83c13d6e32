//! Kernels that start under Xen without what a dom0 needs.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Severity, Versions};

/// An option of the kernel, how bad it is to lack it, and what does not work then.
struct Option(&'static str, Severity, &'static str);

const NEEDED: [Option; 6] = [
    Option("XEN", Severity::Error, "it does not start under Xen"),
    Option("XEN_DOM0", Severity::Error, "it does not start as dom0"),
    Option(
        "XEN_BLKDEV_BACKEND",
        Severity::Warning,
        "guests have no disks on block devices",
    ),
    Option(
        "XEN_NETDEV_BACKEND",
        Severity::Warning,
        "guests have no network",
    ),
    Option(
        "XEN_GNTDEV",
        Severity::Warning,
        "QEMU and xenconsoled cannot share memory with guests",
    ),
    Option("XENFS", Severity::Warning, "older tools do not find Xen"),
];

pub(crate) const RULE: Rule = Rule {
    id: "kernel-config",
    title: "kernels that start under Xen have what a dom0 needs",
    looks_at: "/boot/config-VERSION of the kernels that boot entries start under Xen",
    versions: Versions::All,
    why: "A kernel that was built without CONFIG_XEN_DOM0 stops at once under Xen; one without the back ends starts, and its \
          guests have neither disks nor network. Small flavours for guests (virt, cloud) are built so.",
    source: &[
        "Linux drivers/xen/Kconfig",
        "wiki.xenproject.org, Mainline Linux Kernel Configs",
    ],
    check,
    examples: &[
        Example::bad(
            "-- boot/xen.gz --\n-- boot/extlinux.conf --\nDEFAULT xen\nLABEL xen\n  KERNEL mboot.c32\n  APPEND xen.gz dom0_mem=1024M,max:1024M --- vmlinuz-virt --- initramfs-virt\n-- boot/mboot.c32 --\n-- boot/vmlinuz-virt --\n-- boot/initramfs-virt --\n-- boot/config-virt --\nCONFIG_XEN=y\n# CONFIG_XEN_DOM0 is not set\nCONFIG_XEN_BLKDEV_BACKEND=m\nCONFIG_XEN_NETDEV_BACKEND=m\nCONFIG_XEN_GNTDEV=y\nCONFIG_XENFS=m\n",
            &[
                "error boot/config-virt: boot/vmlinuz-virt, which starts under Xen, was built without CONFIG_XEN_DOM0: it does not start as dom0",
            ],
        ),
        Example::good("-- boot/vmlinuz-virt --\n-- boot/config-virt --\nCONFIG_XEN=y\n"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for kernel in facts.kernels_under_xen()? {
        let Some(config) = &kernel.config else {
            continue;
        };
        let text = facts.text(config)?.unwrap_or_default();
        let is_set = |option: &str| {
            let mut values = text
                .lines()
                .filter_map(|line| line.strip_prefix("CONFIG_")?.strip_prefix(option));
            values.any(|value| matches!(value, "=y" | "=m"))
        };
        for Option(option, severity, without) in NEEDED {
            if !is_set(option) {
                let message = format!(
                    "{}, which starts under Xen, was built without CONFIG_{option}: {without}",
                    Place::file(&kernel.file).name()
                );
                let finding = found.add(severity, Place::file(config), message);
                finding.hint(
                    "start a kernel of another flavour, which the distribution builds for hosts",
                );
            }
        }
    }
    Ok(())
}
