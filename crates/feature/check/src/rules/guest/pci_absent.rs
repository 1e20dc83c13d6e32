//! PCI devices that the host does not have.

use std::path::Path;

use vmconfig::xl;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-pci-absent",
    title: "the host has the PCI devices of guests",
    looks_at: "pci= of guests, and /sys/bus/pci/devices of a host that runs",
    versions: Versions::All,
    why: "Addresses of PCI devices change when a card is added or moved, or the firmware is updated. A guest with a device that \
          is not there does not start; one with the address of another device gets that.",
    source: &["xl-pci-configuration(5)"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- sys/bus/pci/devices/0000:03:00.0/vendor --\n0x8086\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\npci = ['04:00.0']\nkernel = \"/srv/vmlinuz\"\n",
            &["error etc/xen/web.cfg:3:8: the host has no PCI device 0000:04:00.0"],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- sys/bus/pci/devices/0000:03:00.0/vendor --\n0x8086\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\npci = ['03:00.0', '03:00.*']\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

const DEVICES: &str = "/sys/bus/pci/devices";

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        for (text, place) in guest.values("pci") {
            let Some(device) = xl::pci::parse(text).ok().and_then(|spec| spec.device) else {
                continue;
            };
            if !facts.has(Path::new(DEVICES))? {
                return Ok(());
            }
            let first = xl::pci::Address {
                function: device.function.or(Some(0)),
                ..device
            };
            if !facts.has(&Path::new(DEVICES).join(first.to_string()))? {
                found.error(place, format!("the host has no PCI device {device}"));
            }
        }
    }
    Ok(())
}
