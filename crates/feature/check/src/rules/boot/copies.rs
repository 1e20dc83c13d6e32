//! Copies of a configuration of which one was left behind.

use bootconfig::{Boot, Loader};
use hostconfig::Known;

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "boot-copies",
    title: "copies of Xen's configuration for EFI say the same",
    looks_at: "xen.cfg in the directories of the EFI system partition",
    versions: Versions::All,
    why: "Some installers keep a second copy of xen.efi and xen.cfg in EFI/BOOT, which the firmware starts when its entries are lost. \
          An upgrade that changes one copy only leaves the other with a kernel that is gone.",
    source: &["QubesOS/qubes-issues 3690, 5038"],
    check,
    examples: &[
        Example::bad(
            "-- boot/efi/EFI/qubes/xen.cfg --\n[global]\ndefault=new\n[new]\noptions=dom0_mem=2G,max:2G\nkernel=vmlinuz-6\n\
             -- boot/efi/EFI/qubes/vmlinuz-6 --\n\
             -- boot/efi/EFI/BOOT/xen.cfg --\n[global]\ndefault=old\n[old]\noptions=dom0_mem=2G,max:2G\nkernel=vmlinuz-5\n\
             -- boot/efi/EFI/BOOT/vmlinuz-5 --\n",
            &[
                "warning boot/efi/EFI/qubes/xen.cfg: it starts vmlinuz-6, and boot/efi/EFI/BOOT/xen.cfg starts vmlinuz-5",
            ],
        ),
        Example::good(
            "-- boot/efi/EFI/qubes/xen.cfg --\n[global]\ndefault=new\n[new]\noptions=dom0_mem=2G,max:2G\nkernel=vmlinuz-6\n\
             -- boot/efi/EFI/qubes/vmlinuz-6 --\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let boot = facts.boot()?;
    let mut copies = boot
        .found
        .iter()
        .filter(|boot| boot.loader == Loader::XenEfi);
    let Some(first) = copies.next() else {
        return Ok(());
    };
    for copy in copies {
        let (here, there) = match (kernel(copy), kernel(first)) {
            (Ok(Some(here)), Ok(Some(there))) => (here, there),
            (Err(unknown), _) | (_, Err(unknown)) => {
                facts.miss(NotKnown::new("the boot configuration", unknown.to_string()));
                continue;
            }
            _ => continue,
        };
        if here != there {
            let other = Place::file(&first.file).name();
            found
                .warning(
                    Place::file(&copy.file),
                    format!("it starts {here}, and {other} starts {there}"),
                )
                .hint("copy the one that is right over the other, with the files that it names");
        }
    }
    Ok(())
}

/// The kernel that a configuration starts by itself.
fn kernel(boot: &Boot) -> Known<Option<&str>> {
    let entry = boot.default_entry()?;
    let kernel = entry.kernel.as_ref();
    kernel.map(|kernel| kernel.path().known()).transpose()
}
