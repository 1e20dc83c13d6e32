//! Firmware and device models that are not there.

use std::path::Path;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-firmware",
    title: "the firmware and the device models that guests name are there",
    looks_at: "firmware_override=, bios_path_override=, device_model_override= and the like of guests",
    versions: Versions::All,
    why: "What a guest names in place of Xen's own firmware, tables or device model is a file of the host. Paths with a version \
          in them are gone after an upgrade, and the guest does not start.",
    source: &["xl.cfg(5), firmware_override, bios_path_override, device_model_override"],
    check,
    examples: &[
        Example::bad(
            "-- etc/xen/win.cfg --\nname = \"win\"\nmemory = 512\ntype = \"hvm\"\nbios = \"ovmf\"\nbios_path_override = \"/usr/lib/xen-4.11/boot/ovmf.bin\"\n",
            &["error etc/xen/win.cfg:5:22: /usr/lib/xen-4.11/boot/ovmf.bin is not there"],
        ),
        Example::good(
            "-- usr/share/ovmf/OVMF.fd --\n-- etc/xen/win.cfg --\nname = \"win\"\nmemory = 512\ntype = \"hvm\"\nbios = \"ovmf\"\nbios_path_override = \"/usr/share/ovmf/OVMF.fd\"\n",
        ),
    ],
};

const FILES: [&str; 9] = [
    "firmware_override",
    "bios_path_override",
    "smbios_firmware",
    "acpi_firmware",
    "device_model_override",
    "stubdomain_kernel",
    "stubdomain_ramdisk",
    "pvshim_path",
    "device_tree",
];

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        for key in FILES {
            if let Some((file, place)) = guest.value(key)
                && Path::new(file).is_absolute()
                && !facts.has(Path::new(file))?
            {
                found.error(place, format!("{file} is not there"));
            }
        }
    }
    Ok(())
}
