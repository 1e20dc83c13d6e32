//! Bridges and networks that are not there.

use std::path::Path;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "libvirt-bridge",
    title: "the bridges and networks of libvirt's guests are there",
    looks_at: "<source bridge=…> and <source network=…> of libvirt's guests",
    versions: Versions::All,
    why: "libvirt puts a guest's card into a bridge of the host, or into the bridge of one of its own networks. Where there is none \
          by that name, the guest does not start.",
    source: &["libvirt.org, Domain XML format, network interfaces"],
    check,
    examples: &[
        Example::bad(
            "-- etc/network/interfaces --\niface br0 inet manual\n\tbridge_ports eno1\n-- etc/libvirt/qemu/networks/default.xml --\n<network>\n  <name>default</name>\n</network>\n-- etc/libvirt/qemu/web.xml --\n<domain type='kvm'>\n  <name>web</name>\n  <devices>\n    <interface type='bridge'>\n      <source bridge='br1'/>\n    </interface>\n    <interface type='network'>\n      <source network='inner'/>\n    </interface>\n  </devices>\n</domain>\n",
            &[
                "error etc/libvirt/qemu/web.xml:5:7: the host has no bridge br1",
                "error etc/libvirt/qemu/web.xml:8:7: libvirt has no network inner",
            ],
        ),
        Example::good(
            "-- etc/network/interfaces --\niface br0 inet manual\n\tbridge_ports eno1\n-- etc/libvirt/qemu/web.xml --\n<domain type='kvm'>\n  <name>web</name>\n  <devices>\n    <interface type='bridge'>\n      <source bridge='br0'/>\n    </interface>\n  </devices>\n</domain>\n",
        ),
    ],
};

const NETWORKS: &str = "/etc/libvirt/qemu/networks";

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let mut not_known = None;
    for domain in &facts.domains()?.all {
        for card in domain.devices("interface") {
            let Some(source) = card.child("source") else {
                continue;
            };
            // Bridges of Open vSwitch are in its own database.
            let is_ovs = card.child("virtualport").is_some();
            if let Some(bridge) = source.attribute("bridge").filter(|_| !is_ovs) {
                match facts.bridge(bridge) {
                    Ok(true) => {}
                    Ok(false) => {
                        found.error(
                            domain.place(source),
                            format!("the host has no bridge {bridge}"),
                        );
                    }
                    Err(reason) => not_known = Some(reason),
                }
            }
            if let Some(network) = source.attribute("network")
                && facts.has(Path::new(NETWORKS))?
                && !facts.has(&Path::new(NETWORKS).join(format!("{network}.xml")))?
            {
                found.error(
                    domain.place(source),
                    format!("libvirt has no network {network}"),
                );
            }
        }
    }
    not_known.map_or(Ok(()), Err)
}
