//! Boot loaders that are not there.

use std::path::Path;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-bootloader",
    title: "the boot loaders that guests name are there",
    looks_at: "bootloader= of guests",
    versions: Versions::All,
    why: "xl runs the boot loader of a guest on the host. A path with Xen's version in it (/usr/lib/xen-4.11/bin/pygrub) is \
          gone after the next upgrade, and since Xen 4.19 there is no link /usr/bin/pygrub. The name alone is found in \
          every release; it is in a package of its own on some systems (Alpine: py3-xen or py-xen).",
    source: &[
        "xen.git 1fa104ee7a",
        "xl.cfg(5), bootloader",
        "Alpine aports main/xen",
    ],
    check,
    examples: &[
        Example::bad(
            "-- usr/lib/xen-4.14/bin/pygrub --\n-- etc/xen/web.cfg --\nbootloader = \"/usr/lib/xen-4.11/bin/pygrub\"\n",
            &["error etc/xen/web.cfg:1:14: /usr/lib/xen-4.11/bin/pygrub is not there"],
        ),
        Example::bad(
            "-- etc/xen/web.cfg --\nbootloader = \"pygrub\"\n",
            &["error etc/xen/web.cfg:1:14: pygrub is not installed"],
        ),
        Example::good(
            "-- usr/lib/xen-4.14/bin/pygrub --\n-- etc/xen/web.cfg --\nbootloader = \"pygrub\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        let Some((loader, place)) = guest
            .value("bootloader")
            .filter(|(loader, _)| !loader.is_empty())
        else {
            continue;
        };
        let path = Path::new(loader);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_absolute() {
            if !facts.has(path)? {
                let finding = found.error(place, format!("{loader} is not there"));
                if facts.helper(&name)?.is_some() {
                    finding.hint(format!("write bootloader = \"{name}\""));
                }
            }
        } else if facts.helper(loader)?.is_none() {
            found.error(place, format!("{loader} is not installed"));
        }
    }
    Ok(())
}
