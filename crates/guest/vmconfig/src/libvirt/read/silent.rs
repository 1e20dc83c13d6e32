//! What of a domain XML says nothing about the guest elsewhere, and why.

use crate::xml::Element;

/// Elements: the one they are in (`*`: any), their name, an attribute that they must have, and the reason.
type Silent = (
    &'static str,
    &'static str,
    Option<(&'static str, &'static str)>,
    &'static str,
);

const ELEMENTS: &[Silent] = &[
    ("*", "address", None, "the hypervisor plugs devices in anew"),
    ("*", "alias", None, "a name for as long as the guest runs"),
    ("domain", "metadata", None, "what other programs remember"),
    (
        "domain",
        "resource",
        None,
        "a group of processes on the host",
    ),
    (
        "domain",
        "seclabel",
        Some(("type", "dynamic")),
        "libvirt makes a new label at each start",
    ),
    ("features", "acpi", None, "a PC has it"),
    ("features", "apic", None, "a PC has it"),
    ("features", "pae", None, "a PC has it"),
    ("features", "smm", None, "it goes with secure boot"),
    (
        "features",
        "vmport",
        None,
        "VMware's port: only its own tools look for it",
    ),
    ("os", "bootmenu", Some(("enable", "no")), "the default"),
    (
        "pm",
        "suspend-to-mem",
        Some(("enabled", "no")),
        "guests are not offered it by default",
    ),
    (
        "pm",
        "suspend-to-disk",
        Some(("enabled", "no")),
        "guests are not offered it by default",
    ),
    (
        "devices",
        "controller",
        None,
        "devices get the controllers that they need; the model of a SCSI controller is read",
    ),
    (
        "devices",
        "memballoon",
        None,
        "the sizes of memory say whether it is needed",
    ),
    (
        "devices",
        "console",
        Some(("type", "pty")),
        "every guest has one",
    ),
    (
        "devices",
        "input",
        Some(("type", "mouse")),
        "every guest has one",
    ),
    (
        "devices",
        "input",
        Some(("type", "keyboard")),
        "every guest has one",
    ),
    ("devices", "audio", Some(("type", "none")), "there is none"),
    (
        "devices",
        "watchdog",
        Some(("model", "itco")),
        "a part of the chipset Q35",
    ),
    (
        "disk",
        "backingStore",
        None,
        "the image itself names the image that it is based on",
    ),
    (
        "serial",
        "source",
        None,
        "the terminal that it has while the guest runs",
    ),
    ("serial", "target", None, "its number: the first is used"),
];

/// Attributes: their element, their name, the values that say nothing (none: any), and the reason.
type SilentAttribute = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static str,
);

const ATTRIBUTES: &[SilentAttribute] = &[
    (
        "domain",
        "id",
        &[],
        "a number for as long as the guest runs",
    ),
    ("vcpu", "placement", &["static"], "the default"),
    ("loader", "readonly", &["yes"], "firmware is"),
    ("loader", "type", &["pflash", "rom"], "the firmware has one"),
    ("loader", "format", &["raw"], "the default"),
    ("cpu", "check", &[], "what is compared before a migration"),
    ("cpu", "migratable", &["on"], "the default"),
    ("topology", "dies", &["1"], "the default"),
    ("topology", "clusters", &["1"], "the default"),
    (
        "driver",
        "name",
        &["qemu", "phy", "file", "tap", "tap2"],
        "the new host has its own",
    ),
    ("source", "index", &[], "a number while the guest runs"),
    ("source", "portid", &[], "a name while the guest runs"),
    ("target", "tray", &["closed"], "the default"),
    ("graphics", "port", &["-1"], "the default"),
    ("graphics", "autoport", &["yes"], "the default"),
    ("listen", "type", &["address"], "the default"),
    ("rng", "model", &["virtio"], "the only one on a PC"),
    ("model", "vram", &[], "a default of the graphics card"),
    ("model", "heads", &["1"], "the default"),
    ("model", "primary", &["yes"], "the default"),
    ("hyperv", "mode", &["custom"], "the default"),
];

/// Whether `element` in one called `parent` says nothing, with all that is in it.
pub(super) fn is_silent(parent: &str, element: &Element) -> bool {
    ELEMENTS.iter().any(|&(within, name, condition, _why)| {
        let is_met = |(name, value)| element.attribute(name) == Some(value);
        (within == "*" || within == parent) && name == element.name && condition.is_none_or(is_met)
    })
}

/// Whether the attribute `name` of an `element` says nothing where it is `value`.
pub(super) fn is_silent_attribute(element: &str, name: &str, value: &str) -> bool {
    ATTRIBUTES.iter().any(|&(of, known, values, _why)| {
        of == element && known == name && (values.is_empty() || values.contains(&value))
    })
}
