//! Bridges with ports that the host does not have.

use hostconfig::bridges::Program;

use crate::facts::place_of;
use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "network-bridge-port",
    title: "the host has the interfaces that its bridges and bonds connect",
    looks_at: "the ports of bridges in /etc/network/interfaces, ifcfg files, netplan, systemd-networkd and NetworkManager, and /sys/class/net",
    versions: Versions::All,
    why: "The names of network cards change with the kernel, with systemd and with where a card is plugged in. A bridge whose \
          port is not there comes up without it: the host is not reached any more, and neither are its guests.",
    source: &[
        "hexie.dev, bridge-with-no-slave",
        "cr0x.net, Debian 13",
        "harvester 9815",
    ],
    check,
    examples: &[
        Example::bad(
            "-- sys/class/net/enp4s0/address --\n-- sys/class/net/lo/address --\n-- etc/network/interfaces --\nauto xenbr0\niface xenbr0 inet dhcp\n\tbridge_ports enp3s0\n",
            &[
                "error etc/network/interfaces:3:15: bridge xenbr0 connects enp3s0, which the host does not have",
            ],
        ),
        Example::bad(
            "-- sys/class/net/enp4s0/address --\n-- etc/network/interfaces --\nauto bond0\niface bond0 inet manual\n\tbond-slaves enp3s0 enp4s0\n",
            &[
                "error etc/network/interfaces:3:14: bond bond0 connects enp3s0, which the host does not have",
            ],
        ),
        Example::good(
            "-- sys/class/net/enp4s0/address --\n-- etc/network/interfaces --\nauto xenbr0\niface xenbr0 inet dhcp\n\tbridge_ports enp4s0 enp4s0.7 bond0\nauto bond0\niface bond0 inet manual\n\tbond-slaves none\n",
        ),
        Example::good(
            "-- etc/network/interfaces --\nauto xenbr0\niface xenbr0 inet dhcp\n\tbridge_ports enp3s0\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let present = facts.interfaces_present()?;
    let Some(present) = &present.0 else {
        return Ok(());
    };
    let (bridges, interfaces) = (facts.bridges()?, facts.interfaces()?);
    let mut connected = Vec::new();
    for bridge in bridges
        .found
        .iter()
        .filter(|bridge| !matches!(bridge.by, Program::Libvirt | Program::Xapi))
    {
        connected.extend(
            bridge
                .ports
                .iter()
                .map(|port| ("bridge", &bridge.name, port.clone())),
        );
    }
    for stanza in &interfaces.stanzas {
        let options = ["bond-slaves", "slaves", "bond-ports"];
        let slaves = options.iter().flat_map(|name| stanza.options(name));
        let ports = slaves.flat_map(|option| option.value.words());
        connected.extend(ports.map(|port| ("bond", &stanza.name, port)));
    }
    for (kind, name, port) in connected {
        let port_name = port.as_str();
        // Interfaces that the host makes itself: a VLAN, another bridge or bond, whatever has a block of its own that
        // says how.
        let is_made = |stanza: &hostconfig::interfaces::Stanza| {
            let makes = [
                "bond-slaves",
                "bridge-ports",
                "vlan-raw-device",
                "pre-up",
                "tunnel-mode",
                "vxlan-id",
            ];
            stanza.name == port_name
                && makes
                    .iter()
                    .any(|option| stanza.options(option).next().is_some())
        };
        let is_virtual = port_name.contains(['.', ':', '*', '/', '$'])
            || matches!(port_name, "none" | "all" | "regex");
        let is_there =
            present.iter().any(|there| there == port_name) || bridges.get(port_name).is_some();
        if is_there
            || is_virtual
            || is_virtual_kind(port_name)
            || interfaces.stanzas.iter().any(is_made)
        {
            continue;
        }
        let message = format!("{kind} {name} connects {port_name}, which the host does not have");
        let finding = found.error(place_of(&port), message);
        let others: Vec<_> = present
            .iter()
            .filter(|name| *name != "lo")
            .map(String::as_str)
            .collect();
        finding.hint(format!("it has {}", others.join(", ")));
    }
    Ok(())
}

/// Whether the kernel or a program makes interfaces of this name: they are not there before.
fn is_virtual_kind(name: &str) -> bool {
    let kinds = [
        "bond", "team", "veth", "tap", "tun", "dummy", "vlan", "vxlan", "gre", "wg", "vif", "br",
        "xenbr", "vmbr", "virbr", "ovs",
    ];
    kinds.iter().any(|kind| name.starts_with(kind))
}
