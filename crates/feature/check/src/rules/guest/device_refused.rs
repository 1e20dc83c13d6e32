//! Devices of the host that xl refuses.

use vmconfig::xl::{self, Wrong};

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-device-refused",
    title: "xl accepts the PCI and USB devices of guests",
    looks_at: "pci=, usbctrl= and usbdev= of guests",
    versions: Versions::All,
    why: "A device of the host is named by its address: 0000:03:00.0 for PCI, hostbus=1,hostaddr=4 for USB. xl ends at what it \
          does not understand.",
    source: &[
        "xl-pci-configuration(5)",
        "xl.cfg(5), usbdev",
        "xen.git tools/libs/util/libxlu_pci.c",
    ],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\npci = ['03:00', '03:00.0,permisive=1']\nusbdev = ['host:1.4']\nkernel = \"/srv/vmlinuz\"\n",
            &[
                "error etc/xen/web.cfg:3:9: xl refuses pci: unable to parse PCI_SPEC_STRING for passthrough",
                "error etc/xen/web.cfg:3:26: xl refuses pci: Unknown PCI_SPEC_STRING option",
                "error etc/xen/web.cfg:4:12: xl refuses usbdev: Unknown string in usbdev spec",
            ],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\npci = ['0000:03:00.0,permissive=1']\nusbdev = ['hostbus=1,hostaddr=4']\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

/// Reads a device, and says what xl refuses.
type Reader = fn(&str) -> Result<(), Wrong>;

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let languages: [(&str, Reader); 3] = [
        ("pci", |text| xl::pci::parse(text).map(drop)),
        ("usbctrl", |text| xl::usb::controller(text).map(drop)),
        ("usbdev", |text| xl::usb::device(text).map(drop)),
    ];
    for guest in &facts.guests()?.xl {
        for (key, read) in languages {
            for text in guest.texts(key) {
                if let Err(wrong) = read(&text.text) {
                    found.error(
                        guest.wrong(text, &wrong),
                        format!("xl refuses {key}: {}", wrong.message),
                    );
                }
            }
        }
    }
    Ok(())
}
