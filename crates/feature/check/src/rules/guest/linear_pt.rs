//! NetBSD as a paravirtual guest.

use std::path::Path;

use crate::{Example, Facts, Findings, NotKnown, Place, Release, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-linear-pt",
    title: "NetBSD guests may have the page tables that they need",
    looks_at: "kernel= of PV guests, by its name, and pv-linear-pt among the options of Xen",
    versions: Versions::All,
    why: "NetBSD as a PV guest lets its page tables point to tables of the same level, which Linux does not. With \
          pv-linear-pt=false it crashes at once ('Attempt to create linear p.t. (feature disabled)'). Releases of Xen before \
          4.10 with the fix of XSA-240 have it off unless pv-linear-pt=true is set.",
    source: &[
        "xen.git 3285e75dea",
        "Xen Security Advisory 240",
        "mail-index.netbsd.org/port-xen, 2017-11-22",
    ],
    check,
    examples: &[
        Example::bad(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G no-pv-linear-pt\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n-- srv/netbsd-XEN3_DOMU.gz --\n-- etc/xen/bsd.cfg --\nname = \"bsd\"\nmemory = 512\nkernel = \"/srv/netbsd-XEN3_DOMU.gz\"\n",
            &["error boot/grub/grub.cfg:2:57: pv-linear-pt is off: the NetBSD guest bsd crashes when it starts"],
        )
        .to_xen("4.17"),
        Example::bad(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G \n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n-- srv/netbsd-XEN3_DOMU.gz --\n-- etc/xen/bsd.cfg --\nname = \"bsd\"\nmemory = 512\nkernel = \"/srv/netbsd-XEN3_DOMU.gz\"\n",
            &["warning etc/xen/bsd.cfg:3:10: Xen 4.9 with the fix of XSA-240 lets a NetBSD guest crash unless pv-linear-pt=true is set"],
        )
        .to_xen("4.9"),
        Example::good(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G \n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n-- srv/netbsd-XEN3_DOMU.gz --\n-- etc/xen/bsd.cfg --\nname = \"bsd\"\nmemory = 512\nkernel = \"/srv/netbsd-XEN3_DOMU.gz\"\n",
        )
        .to_xen("4.17"),
    ],
};

/// From this release on linear page tables are allowed unless they are switched off.
const ALLOWED: Release = Release::new(4, 10);

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in facts.guests()?.xl.iter().filter(|guest| guest.is("pv")) {
        let Some((_, kernel)) = guest.value("kernel").filter(|(file, _)| is_netbsd(file)) else {
            continue;
        };
        let options = facts.xen_options()?;
        let Some(line) = options.first() else {
            continue;
        };
        let set = line.last("pv-linear-pt");
        let set = set.map_err(|unknown| NotKnown::new("the options of Xen", unknown.why))?;
        let Some(parameter) = set else {
            if facts.xen_release()? < ALLOWED {
                let release = facts.xen_release()?;
                let message = format!(
                    "Xen {release} with the fix of XSA-240 lets a NetBSD guest crash unless pv-linear-pt=true is set"
                );
                found
                    .warning(kernel, message)
                    .hint("add pv-linear-pt=true to the options of Xen");
            }
            continue;
        };
        if parameter.boolean() == Some(false) {
            let name = guest.name();
            let message =
                format!("pv-linear-pt is off: the NetBSD guest {name} crashes when it starts");
            found
                .error(Place::of_parameter(&parameter), message)
                .hint("write pv-linear-pt=true");
        }
    }
    Ok(())
}

/// Whether a kernel is NetBSD's, by the name that its build gives it.
fn is_netbsd(file: &str) -> bool {
    let name = Path::new(file).file_name().unwrap_or_default();
    name.to_string_lossy()
        .to_ascii_lowercase()
        .contains("netbsd")
}
