//! Initial RAM disks from before their kernels.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

/// How many seconds a file may be older without a word: files that were copied together differ a little.
const SLACK: i64 = 60;

pub(crate) const RULE: Rule = Rule {
    id: "kernel-initrd-old",
    title: "no initial RAM disk is older than its kernel",
    looks_at: "the times of kernels and initial RAM disks in /boot",
    versions: Versions::All,
    why: "An initial RAM disk holds the modules of one kernel. Where it was not made again after its kernel was replaced under \
          the same name, the modules do not fit, and the host does not find its root file system at the next start.",
    source: &["initramfs-tools(7)", "mkinitfs(1)"],
    check,
    examples: &[
        Example::bad(
            "-- boot/vmlinuz-lts @1796000000 --\n-- boot/initramfs-lts @1795000000 --\n",
            &[
                "warning boot/initramfs-lts: the initial RAM disk is 11 days older than its kernel, boot/vmlinuz-lts",
            ],
        ),
        Example::good("-- boot/vmlinuz-lts @1796000030 --\n-- boot/initramfs-lts @1796000000 --\n"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for kernel in &facts.kernels()?.all {
        let Some((initrd, status)) = &kernel.initrd else {
            continue;
        };
        let older = kernel.status.modified - status.modified;
        if older > SLACK {
            let message = format!(
                "the initial RAM disk is {} older than its kernel, {}",
                span(older),
                Place::file(&kernel.file).name()
            );
            let finding = found.warning(Place::file(initrd), message);
            finding.hint(format!(
                "make it again: update-initramfs -u -k {0}, dracut -f --kver {0}, or mkinitfs",
                kernel.version
            ));
        }
    }
    Ok(())
}

/// A span of seconds in words.
fn span(seconds: i64) -> String {
    match seconds {
        ..7200 => format!("{} minutes", seconds / 60),
        7200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
