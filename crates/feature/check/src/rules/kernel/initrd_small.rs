//! Initial RAM disks that are much smaller than the others.

use std::collections::BTreeMap;
use std::path::PathBuf;

use host::Status;

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

/// Most bytes of something that is no initial RAM disk at all.
const LEAST: u64 = 100;

pub(crate) const RULE: Rule = Rule {
    id: "kernel-initrd-small",
    title: "no initial RAM disk is much smaller than the others",
    looks_at: "the sizes of initial RAM disks in /boot",
    versions: Versions::All,
    why: "An initial RAM disk that is smaller than every other by more than 30 % was not written to its end (a full /boot), or \
          lacks drivers that the others have.",
    source: &["QubesOS 6210"],
    check,
    examples: &[
        Example::bad(
            "-- boot/vmlinuz-6.1.0-18 --\n-- boot/initrd.img-6.1.0-18 --\n0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\n-- boot/vmlinuz-6.1.0-20 --\n-- boot/initrd.img-6.1.0-20 --\n01234567890123456789\n",
            &[
                "warning boot/initrd.img-6.1.0-20: the initial RAM disk has 21 bytes, the next larger one 101 bytes (boot/initrd.img-6.1.0-18)",
            ],
        ),
        Example::good(
            "-- boot/vmlinuz-6.1.0-20-cloud-amd64 --\n-- boot/initrd.img-6.1.0-20-cloud-amd64 --\n0123456789\n-- boot/vmlinuz-6.1.0-20-amd64 --\n-- boot/initrd.img-6.1.0-20-amd64 --\n0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\n",
        ),
        Example::good(
            "-- boot/vmlinuz-6.1.0-18 --\n-- boot/initrd.img-6.1.0-18 --\n0123456789\n-- boot/vmlinuz-6.1.0-20 --\n-- boot/initrd.img-6.1.0-20 --\n012345678\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let kernels = facts.kernels()?;
    // Those for rescue and for crashes are made otherwise.
    let is_usual = |version: &str| {
        !["rescue", "kdump", "fallback"]
            .iter()
            .any(|word| version.contains(word))
    };
    let usual = kernels
        .all
        .iter()
        .filter(|kernel| is_usual(&kernel.version));
    let mut flavours: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for kernel in usual {
        let flavour = flavours.entry(flavour(&kernel.version)).or_default();
        flavour.extend(kernel.initrd.as_ref());
    }
    for mut initrds in flavours.into_values() {
        initrds.sort_by_key(|(_, status)| status.size);
        if let [smallest, next, ..] = initrds.as_slice() {
            compare(smallest, next, found);
        }
    }
    Ok(())
}

/// What of a kernel's version stays the same from one to the next: kernels for clouds have smaller RAM disks.
fn flavour(version: &str) -> String {
    version.chars().filter(char::is_ascii_alphabetic).collect()
}

type Initrd = (PathBuf, Status);

fn compare((file, status): &Initrd, (other, larger): &Initrd, found: &mut Findings) {
    let (size, next) = (status.size, larger.size);
    if next >= LEAST && size.saturating_mul(10) < next.saturating_mul(7) {
        let message = format!(
            "the initial RAM disk has {}, the next larger one {} ({})",
            error::amount(size),
            error::amount(next),
            Place::file(other).name()
        );
        let finding = found.warning(Place::file(file), message);
        finding.hint("look for free space in /boot, make it again, and compare what lsinitramfs or lsinitrd lists");
    }
}
