//! Guests on the CPUs of dom0.

use vmconfig::xl::cpus::Topology;

use crate::facts::words;
use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-cpus-dom0",
    title: "guests that are bound to CPUs leave dom0 its own",
    looks_at: "cpus= of guests, dom0_max_vcpus and dom0_vcpus_pin in the boot entry with Xen",
    versions: Versions::All,
    why: "With dom0_max_vcpus=N and dom0_vcpus_pin dom0 runs on the first N CPUs and no others. A guest that is bound to one \
          of them competes with dom0, which serves the disks and the network of all guests.",
    source: &[
        "xen-command-line(7), dom0_vcpus_pin",
        "xl.cfg(5), cpus",
        "Xen wiki, best practices",
    ],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G dom0_max_vcpus=2 dom0_vcpus_pin\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ncpus = \"1-3\"\nkernel = \"/srv/vmlinuz\"\nvcpus = 4\n",
            &[
                "warning etc/xen/web.cfg:3:8: \"1-3\" binds the guest to CPU 1, on which dom0 is pinned",
            ],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G dom0_max_vcpus=2 dom0_vcpus_pin\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ncpus = \"all,^0-1\"\nkernel = \"/srv/vmlinuz\"\nvcpus = 4\n-- etc/xen/all.cfg --\nname = \"all\"\nmemory = 512\ncpus = \"all\"\nkernel = \"/srv/vmlinuz\"\nvcpus = 4\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let release = facts.language();
    let mut own = None;
    for guest in &facts.guests()?.xl {
        for (mask, text) in guest.masks("cpus", release).unwrap_or_default() {
            if own.is_none() {
                own = Some(facts.dom0_cpus()?);
            }
            let Some(Some(cpus)) = own else {
                return Ok(());
            };
            let dom0 = Topology {
                cpus,
                nodes: Vec::new(),
            };
            let shared = mask.resolve(&dom0).cpus;
            if shared.is_empty() || text.text == "all" {
                continue;
            }
            let message = format!(
                "\"{}\" binds the guest to CPU {}, on which dom0 is pinned",
                text.text,
                words(&shared)
            );
            found.warning(guest.text(text).1, message);
        }
    }
    Ok(())
}
