//! Settings that say what xl does without them.

use crate::xl::Node;

/// Names, and the values that are xl's own: xl.cfg(5), and libxl's `*_setdefault`.
const DEFAULTS: &[(&str, &[&str])] = &[
    ("acpi", &["1"]),
    ("acpi_s3", &["1"]),
    ("acpi_s4", &["1"]),
    ("apic", &["1"]),
    ("cap", &["0"]),
    ("cpu_weight", &["256"]),
    ("device_model_version", &["qemu-xen"]),
    ("hap", &["1"]),
    ("hdtype", &["ide"]),
    ("hpet", &["1"]),
    ("nestedhvm", &["0"]),
    ("nographic", &["0"]),
    ("nomigrate", &["0"]),
    ("nx", &["1"]),
    ("opengl", &["0"]),
    ("pae", &["1"]),
    ("sdl", &["0"]),
    ("stdvga", &["0"]),
    ("vncdisplay", &["0"]),
    ("vncpasswd", &[""]),
    ("vncunused", &["1"]),
    ("xen_platform_pci", &["1"]),
];

/// Whether the setting `name` says nothing, because xl does the same without it.
pub(super) fn is_default(name: &str, value: &Node) -> bool {
    let said = value.text();
    DEFAULTS
        .iter()
        .any(|(known, values)| *known == name && said.is_some_and(|said| values.contains(&said)))
}
