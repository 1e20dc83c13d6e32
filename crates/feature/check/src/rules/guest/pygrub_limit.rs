//! pygrub with a limit on the size of files.

use std::path::Path;

use crate::{Example, Facts, Findings, Guest, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-pygrub-limit",
    title: "kernels and initrds of guests are small enough for pygrub",
    looks_at: "bootloader_restrict= and bootloader_user= of guests that boot by pygrub",
    versions: Versions::All,
    why: "A pygrub that is restricted (bootloader_restrict=1, or bootloader_user=) writes no file of more than 128 MiB: with a \
          larger kernel or initrd the guest does not start. They are inside the guest, and grow with each of its upgrades. \
          PYGRUB_MAX_FILE_SIZE_MB in the environment of xl is another limit. Releases before 4.18 have it with the fix of XSA-443.",
    source: &["xen.git e0342ae555", "Xen Security Advisory 443", "xl.cfg(5), bootloader_restrict"],
    check,
    examples: &[
        Example::bad(
            "-- usr/lib/xen/bin/pygrub --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nbootloader = \"pygrub\"\nbootloader_restrict = 1\n",
            &["info etc/xen/web.cfg:4:1: pygrub refuses kernels and initrds of more than 128 MiB where it is restricted"],
        )
        .to_xen("4.20"),
        Example::good(
            "-- usr/lib/xen/bin/pygrub --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nbootloader = \"pygrub\"\n",
        )
        .to_xen("4.20"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in facts.guests()?.xl.iter().filter(|guest| by_pygrub(guest)) {
        // A user implies the restriction.
        let key = match guest.flag("bootloader_restrict") {
            Some(true) => "bootloader_restrict",
            Some(false) => continue,
            None => "bootloader_user",
        };
        if let Some(setting) = guest.config.get(key) {
            let message =
                "pygrub refuses kernels and initrds of more than 128 MiB where it is restricted";
            found.info(guest.setting(setting), message).hint(
                "set PYGRUB_MAX_FILE_SIZE_MB in the environment of xl if the guest has larger ones",
            );
        }
    }
    Ok(())
}

fn by_pygrub(guest: &Guest) -> bool {
    let loader = guest.value("bootloader").map(|(loader, _)| loader);
    loader.is_some_and(|loader| Path::new(loader).file_name() == Some("pygrub".as_ref()))
}
