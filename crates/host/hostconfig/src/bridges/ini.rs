//! Bridges of systemd-networkd (systemd.netdev(5), systemd.network(5)) and of NetworkManager's key files.

use host::Files;

use super::{Bridges, Program};
use crate::drop_ins::DropIns;
use crate::source::Source;
use crate::traced::{Traced, Unknown};

/// Of one name the first directory's counts.
const NETWORKD: [&str; 5] = [
    "/etc/systemd/network",
    "/run/systemd/network",
    "/usr/local/lib/systemd/network",
    "/usr/lib/systemd/network",
    "/lib/systemd/network",
];

const NETWORK_MANAGER: [&str; 3] = [
    "/etc/NetworkManager/system-connections",
    "/run/NetworkManager/system-connections",
    "/usr/lib/NetworkManager/system-connections",
];

/// The values of `key` in the sections `section`.
fn values(source: &Source, section: &str, key: &str) -> Vec<Traced> {
    let mut values = Vec::new();
    let mut is_inside = false;
    for line in source.joined_lines() {
        let text = line.as_str();
        if let Some(name) = text.strip_prefix('[') {
            is_inside = name.strip_suffix(']') == Some(section);
        } else if let Some((name, value)) = line.split_once('=')
            && is_inside
            && name.as_str().trim() == key
        {
            values.push(value.trim());
        }
    }
    values
}

fn value(source: &Source, section: &str, key: &str) -> Option<Traced> {
    values(source, section, key).pop()
}

pub(super) fn add_networkd(bridges: &mut Bridges, files: &Files) {
    let devices = DropIns::read(files, &NETWORKD, ".netdev");
    bridges.errors.extend(devices.errors);
    for source in &devices.sources {
        let kind = value(source, "NetDev", "Kind");
        if let (Some(name), true) = (
            value(source, "NetDev", "Name"),
            kind.is_some_and(|kind| kind == "bridge"),
        ) {
            bridges.of(name, Program::Networkd);
        }
    }
    let networks = DropIns::read(files, &NETWORKD, ".network");
    bridges.errors.extend(networks.errors);
    for source in &networks.sources {
        let Some(name) = value(source, "Network", "Bridge") else {
            continue;
        };
        let ports: Vec<Traced> = values(source, "Match", "Name")
            .iter()
            .flat_map(Traced::words)
            .collect();
        let bridge = bridges.of(name, Program::Networkd);
        let is_pattern = |port: &Traced| port.as_str().contains(['*', '?', '[', '!']);
        if ports.is_empty() || ports.iter().any(is_pattern) {
            let why = format!("the ports of '{}' are matched", bridge.name);
            let place = bridge.name.place().cloned();
            bridge.doubt.get_or_insert(Unknown { why, place });
        }
        bridge
            .ports
            .extend(ports.into_iter().filter(|port| !is_pattern(port)));
    }
}

pub(super) fn add_network_manager(bridges: &mut Bridges, files: &Files) {
    let found = DropIns::read(files, &NETWORK_MANAGER, ".nmconnection");
    bridges.errors.extend(found.errors);
    let connection = |source: &Source, key: &str| value(source, "connection", key);
    // Ports name the bridge by its interface, or by the UUID of its connection.
    let mut uuids = Vec::new();
    for source in &found.sources {
        let is_bridge = connection(source, "type").is_some_and(|kind| kind == "bridge");
        if let (true, Some(name)) = (is_bridge, connection(source, "interface-name")) {
            uuids.extend(connection(source, "uuid").map(|uuid| (uuid, name.clone())));
            bridges.of(name, Program::NetworkManager);
        }
    }
    for source in &found.sources {
        let controller = connection(source, "controller").or(connection(source, "master"));
        let (Some(controller), Some(port)) = (controller, connection(source, "interface-name"))
        else {
            continue;
        };
        let by_uuid = uuids.iter().find(|(uuid, _)| *uuid == controller.as_str());
        let name = by_uuid.map_or(&controller, |(_, name)| name);
        let kinds = ["port-type", "slave-type"].map(|key| connection(source, key));
        if kinds.into_iter().flatten().any(|kind| kind == "bridge") {
            bridges
                .of(name.clone(), Program::NetworkManager)
                .ports
                .push(port);
        }
    }
}
