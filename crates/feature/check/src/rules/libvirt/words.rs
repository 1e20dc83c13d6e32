//! Words that libvirt does not know.

use vmconfig::xml::Element;

use crate::{Domain, Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "libvirt-words",
    title: "the definitions of libvirt's guests have words that libvirt knows",
    looks_at: "types, buses and actions of libvirt's guests",
    versions: Versions::All,
    why: "libvirt compares words exactly: 'virtio ' with a blank is not virtio. It passes over such a definition when it starts, or \
          refuses it when it is defined anew.",
    source: &["libvirt.org, Domain XML format", "puppet-libvirt 47"],
    check,
    examples: &[
        Example::bad(
            "-- etc/libvirt/qemu/web.xml --\n<domain type='kvm'>\n  <name>web</name>\n  <devices>\n    <disk type='volume' device='disk'>\n      <target dev='vda' bus='virtio '/>\n    </disk>\n  </devices>\n</domain>\n",
            &[
                "error etc/libvirt/qemu/web.xml:5:7: libvirt does not know bus='virtio ' of <target>",
            ],
        ),
        Example::good(
            "-- etc/libvirt/qemu/web.xml --\n<domain type='kvm'>\n  <name>web</name>\n  <on_crash>destroy</on_crash>\n  <devices>\n    <disk type='volume' device='disk'>\n      <target dev='vda' bus='virtio'/>\n    </disk>\n  </devices>\n</domain>\n",
        ),
    ],
};

const BUSES: &[&str] = &[
    "ide", "fdc", "scsi", "virtio", "xen", "usb", "uml", "sata", "sd", "nvme",
];
const SOURCES: &[&str] = &[
    "block",
    "file",
    "dir",
    "network",
    "volume",
    "nvme",
    "vhostuser",
    "vhostvdpa",
];
const DEVICES: &[&str] = &["disk", "cdrom", "floppy", "lun"];
const CARDS: &[&str] = &[
    "user",
    "ethernet",
    "vhostuser",
    "server",
    "client",
    "mcast",
    "udp",
    "network",
    "bridge",
    "internal",
    "direct",
    "hostdev",
    "vdpa",
    "null",
    "vds",
];
const ACTIONS: &[&str] = &[
    "destroy",
    "restart",
    "rename-restart",
    "preserve",
    "coredump-destroy",
    "coredump-restart",
];

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for domain in &facts.domains()?.all {
        for disk in domain.devices("disk") {
            attribute(domain, disk, ("type", SOURCES), found);
            attribute(domain, disk, ("device", DEVICES), found);
            if let Some(target) = disk.child("target") {
                attribute(domain, target, ("bus", BUSES), found);
            }
        }
        for card in domain.devices("interface") {
            attribute(domain, card, ("type", CARDS), found);
        }
        for name in ["on_poweroff", "on_reboot", "on_crash"] {
            if let Some(element) = domain.root.child(name)
                && !ACTIONS.contains(&element.text.as_str())
            {
                let message = format!("libvirt does not know '{}' in <{name}>", element.text);
                found
                    .error(domain.place(element), message)
                    .hint(format!("write one of {}", ACTIONS.join(", ")));
            }
        }
    }
    Ok(())
}

/// An attribute that has to be one of some words.
fn attribute(
    domain: &Domain,
    element: &Element,
    (name, words): (&str, &[&str]),
    found: &mut Findings,
) {
    let Some(value) = element
        .attribute(name)
        .filter(|value| !words.contains(value))
    else {
        return;
    };
    let message = format!(
        "libvirt does not know {name}='{value}' of <{}>",
        element.name
    );
    let finding = found.error(domain.place(element), message);
    if words.contains(&value.trim()) {
        finding.hint(format!("write {name}='{}'", value.trim()));
    } else {
        finding.hint(format!("write one of {}", words.join(", ")));
    }
}
