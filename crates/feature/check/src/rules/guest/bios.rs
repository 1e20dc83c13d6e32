//! EFI guests on hosts without OVMF.

use crate::{Example, Facts, Findings, Guest, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-bios",
    title: "EFI guests find their firmware",
    looks_at: "bios=\"ovmf\" and firmware=\"ovmf\" of HVM guests, and the directories that distributions install OVMF into",
    versions: Versions::All,
    why: "bios=\"ovmf\" needs OVMF on the host. It is a package of its own on most systems (ovmf, edk2-ovmf, qemu-ovmf-x86_64), \
          which Xen's packages only suggest: it may be absent on a host that was installed anew or cleaned up. Without \
          it the guest does not start. A guest with bios_path_override names its firmware itself.",
    source: &["xl.cfg(5), bios", "xen.git tools/libs/light/libxl_dom.c"],
    check,
    examples: &[
        Example::bad(
            "-- bin/sh --\n-- usr/sbin/xl --\n-- usr/bin/qemu-system-i386 --\n-- etc/xen/win.cfg --\nname = \"win\"\nmemory = 512\ntype = \"hvm\"\nbios = \"ovmf\"\n",
            &["error etc/xen/win.cfg:4:8: OVMF is not installed"],
        ),
        Example::good(
            "-- bin/sh --\n-- usr/sbin/xl --\n-- usr/bin/qemu-system-i386 --\n-- usr/share/ovmf/OVMF.fd --\n-- etc/xen/win.cfg --\nname = \"win\"\nmemory = 512\ntype = \"hvm\"\nbios = \"ovmf\"\n",
        ),
        Example::good(
            "-- etc/xen/win.cfg --\nname = \"win\"\nmemory = 512\ntype = \"hvm\"\nbios = \"ovmf\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let guests = facts.guests()?;
    let mut needing = guests.xl.iter().filter_map(ovmf).peekable();
    if needing.peek().is_none() || !facts.has_programs()? || facts.ovmf()?.is_some() {
        return Ok(());
    }
    for place in needing {
        found
            .error(place, "OVMF is not installed")
            .hint("install the distribution's package (ovmf, edk2-ovmf), or name the file by bios_path_override");
    }
    Ok(())
}

/// Where a guest asks for the host's OVMF.
fn ovmf(guest: &Guest) -> Option<Place> {
    let needs = guest.is("hvm") && guest.config.get("bios_path_override").is_none();
    let named = ["bios", "firmware"].into_iter().filter(|_| needs);
    let mut named = named.filter_map(|key| guest.value(key));
    let (_, place) = named.find(|(value, _)| *value == "ovmf")?;
    Some(place)
}
