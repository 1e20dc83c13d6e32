//! Names, UUIDs and MAC addresses that two guests have.

use std::collections::BTreeMap;

use vmconfig::xml::Element;

use crate::{Domain, Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "libvirt-duplicate",
    title: "no two guests of libvirt have the same name, UUID or MAC address",
    looks_at: "<name>, <uuid> and <mac> of libvirt's guests",
    versions: Versions::All,
    why: "libvirt keeps one guest for a name and for a UUID: of two definitions it passes over one when it starts. Two cards with one \
          MAC address in one network take each other's frames. Both come from copying a definition by hand; virt-clone makes new ones.",
    source: &["libvirt.org, Domain XML format"],
    check,
    examples: &[
        Example::bad(
            "-- etc/libvirt/qemu/a.xml --\n<domain type='kvm'>\n  <name>a</name>\n  <uuid>3b7b1f0c-9d0a-4b8e-8a55-0c8f0a6d1e11</uuid>\n</domain>\n-- etc/libvirt/qemu/b.xml --\n<domain type='kvm'>\n  <name>b</name>\n  <uuid>3B7B1F0C-9D0A-4B8E-8A55-0C8F0A6D1E11</uuid>\n</domain>\n",
            &[
                "error etc/libvirt/qemu/b.xml:3:3: UUID 3b7b1f0c-9d0a-4b8e-8a55-0c8f0a6d1e11 is that of guest a as well (etc/libvirt/qemu/a.xml:3:3)",
            ],
        ),
        Example::good(
            "-- etc/libvirt/qemu/a.xml --\n<domain type='kvm'>\n  <name>a</name>\n</domain>\n-- etc/libvirt/qemu/b.xml --\n<domain type='kvm'>\n  <name>b</name>\n</domain>\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let domains = facts.domains()?;
    let mut known: BTreeMap<(&str, String), (&Domain, &Element)> = BTreeMap::new();
    for domain in &domains.all {
        for (kind, value, element) in unique(domain) {
            let Some((other, at)) = known.get(&(kind, value.clone())) else {
                known.insert((kind, value), (domain, element));
                continue;
            };
            // QEMU's guests and Xen's are kept apart.
            if other.is_of_xen() != domain.is_of_xen() {
                continue;
            }
            let message = format!(
                "{kind} {value} is that of guest {} as well ({})",
                other.name(),
                other.place(at).name()
            );
            if kind == "MAC address" {
                found.warning(domain.place(element), message);
            } else {
                found.error(domain.place(element), message);
            }
        }
    }
    Ok(())
}

/// What no other guest should have: its kind, its value in one spelling, and where it is.
fn unique(domain: &Domain) -> Vec<(&'static str, String, &Element)> {
    let text = |element: &Element| element.text.to_lowercase();
    let mut all = Vec::new();
    if let Some(name) = domain.root.child("name") {
        all.push(("name", name.text.clone(), name));
    }
    if let Some(uuid) = domain.root.child("uuid") {
        all.push(("UUID", text(uuid), uuid));
    }
    for mac in domain
        .devices("interface")
        .filter_map(|card| card.child("mac"))
    {
        if let Some(address) = mac.attribute("address") {
            all.push(("MAC address", address.to_lowercase(), mac));
        }
    }
    all
}
