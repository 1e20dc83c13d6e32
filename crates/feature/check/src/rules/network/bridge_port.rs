//! Bridges with ports that the host does not have.

use hostconfig::Traced;
use hostconfig::bridges::{Bridge, Bridges, Program};
use hostconfig::interfaces::{Interfaces, Stanza};

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
    for (kind, name, port) in connected(&bridges, &interfaces) {
        // A VLAN is made on the interface before the point.
        let below = port.as_str().split('.').next().unwrap_or_default();
        let is_there = present
            .iter()
            .any(|there| there == below || port == there.as_str());
        if is_there
            || is_made(below)
            || bridges.get(below).is_some()
            || has_block(below, &interfaces)
        {
            continue;
        }
        let message = format!("{kind} {name} connects {port}, which the host does not have");
        let finding = found.error(place_of(&port), message);
        let others = present.iter().filter(|name| *name != "lo");
        let others: Vec<_> = others.map(String::as_str).collect();
        finding.hint(format!("it has {}", others.join(", ")));
    }
    for doubt in bridges
        .found
        .iter()
        .filter_map(|bridge| bridge.doubt.as_ref())
    {
        facts.miss(NotKnown::new("the ports of bridges", doubt.to_string()));
    }
    Ok(())
}

/// What is connected: a bridge or a bond, its name, and a port.
fn connected<'f>(
    bridges: &'f Bridges,
    interfaces: &'f Interfaces,
) -> Vec<(&'static str, &'f Traced, Traced)> {
    let mut all = Vec::new();
    // libvirt and XAPI connect by other means than names.
    let named = |bridge: &&Bridge| !matches!(bridge.by, Program::Libvirt | Program::Xapi);
    for bridge in bridges.found.iter().filter(named) {
        let ports = bridge.ports.iter().cloned();
        all.extend(ports.map(|port| ("bridge", &bridge.name, port)));
    }
    for stanza in &interfaces.stanzas {
        let slaves = ["bond-slaves", "slaves", "bond-ports"]
            .into_iter()
            .flat_map(|name| stanza.options(name));
        let ports = slaves.flat_map(|option| option.value.words());
        all.extend(ports.map(|port| ("bond", &stanza.name, port)));
    }
    all
}

/// Whether the host makes the interface itself by a block that says how: a VLAN, another bridge or bond.
fn has_block(name: &str, interfaces: &Interfaces) -> bool {
    const MAKES: [&str; 6] = [
        "bond-slaves",
        "bridge-ports",
        "vlan-raw-device",
        "pre-up",
        "tunnel-mode",
        "vxlan-id",
    ];
    let makes = |stanza: &&Stanza| {
        MAKES
            .iter()
            .any(|option| stanza.options(option).next().is_some())
    };
    interfaces
        .stanzas
        .iter()
        .filter(makes)
        .any(|stanza| stanza.name == name)
}

/// Whether it is no interface of a card: a word of the language, a pattern, or a name that the kernel or a program gives
/// to what it makes.
fn is_made(name: &str) -> bool {
    const KINDS: [&str; 16] = [
        "bond", "team", "veth", "tap", "tun", "dummy", "vlan", "vxlan", "gre", "wg", "vif", "br",
        "xenbr", "vmbr", "virbr", "ovs",
    ];
    let is_word = matches!(name, "none" | "all" | "regex");
    is_word
        || name.contains([':', '*', '/', '$'])
        || KINDS.iter().any(|kind| name.starts_with(kind))
}
