use testkit::machine::FakeHost;

use super::*;

fn read(files: &[(&str, &str)]) -> Bridges {
    let fake = FakeHost::new();
    for (path, text) in files {
        fake.write(path, text);
    }
    let host = host::Host::at(fake.root()).unwrap();
    let bridges = Bridges::read(host.files());
    assert_eq!(bridges.errors, []);
    bridges
}

/// The bridges with their ports: `br0: a b`, with `?` where there may be more.
fn told(bridges: &Bridges) -> Vec<String> {
    let one = |bridge: &Bridge| {
        let ports: Vec<_> = bridge.ports.iter().map(Traced::as_str).collect();
        let more = if bridge.doubt.is_some() { "?" } else { "" };
        format!("{}: {}{more}", bridge.name, ports.join(" "))
    };
    bridges.found.iter().map(one).collect()
}

#[test]
fn bridges_of_ifupdown() {
    let text = "iface br0 inet static\n bridge_ports eno1 eno2\niface br1 inet manual\n bridge-ports none\n\
                iface br2\n use bridge\niface br3 inet manual\n bridge_ports regex eth.*\niface eno1 inet manual\n";
    let bridges = read(&[("etc/network/interfaces", text)]);
    assert_eq!(
        told(&bridges),
        ["br0: eno1 eno2", "br1: ", "br2: ", "br3: ?"]
    );
    let port = bridges.get("br0").unwrap().ports[1]
        .place()
        .unwrap()
        .to_string();
    assert_eq!(port, "/etc/network/interfaces:2:20");
    assert!(!bridges.may_have_more());
}

#[test]
fn bridges_of_network_scripts() {
    let bridges = read(&[
        (
            "etc/sysconfig/network-scripts/ifcfg-br0",
            "DEVICE=br0\nTYPE=\"Bridge\"\n",
        ),
        (
            "etc/sysconfig/network-scripts/ifcfg-eth0",
            "DEVICE=eth0\nBRIDGE=br0\n",
        ),
        (
            "etc/sysconfig/network-scripts/ifcfg-eth1.bak",
            "DEVICE=eth1\nBRIDGE=br0\n",
        ),
        (
            "etc/sysconfig/network/ifcfg-br1",
            "BRIDGE='yes'\nBRIDGE_PORTS='eth2 eth3'\n",
        ),
    ]);
    assert_eq!(told(&bridges), ["br0: eth0", "br1: eth2 eth3"]);
}

#[test]
fn bridges_of_netplan() {
    let text = "# made by hand
network:
  version: 2
  ethernets:
    eno1: {dhcp4: false}
  bridges:
    br0:
      interfaces: [eno1, \"eno2\"]
      addresses:
      - 192.0.2.1/24
    br1:
      interfaces:
        - eno3 # a comment
      parameters:
        stp: false
    br2: {}
  vlans:
    br3:
      id: 5
";
    let bridges = read(&[("etc/netplan/01.yaml", text)]);
    assert_eq!(told(&bridges), ["br0: eno1 eno2", "br1: eno3", "br2: "]);
    let port = bridges.get("br1").unwrap().ports[0]
        .place()
        .unwrap()
        .to_string();
    assert_eq!(port, "/etc/netplan/01.yaml:13:11");
    assert!(!bridges.may_have_more());
    let flow = read(&[("etc/netplan/01.yaml", "network: \n  bridges: {br0: {}}\n")]);
    assert!(flow.may_have_more());
    let flow = read(&[("etc/netplan/01.yaml", "{network: {bridges: {br0: {}}}}\n")]);
    assert!(flow.may_have_more());
}

#[test]
fn bridges_of_networkd_and_network_manager() {
    let bridges = read(&[
        (
            "etc/systemd/network/br0.netdev",
            "[NetDev]\nName=br0\nKind=bridge\n",
        ),
        (
            "etc/systemd/network/vlan.netdev",
            "[NetDev]\nName=v0\nKind=vlan\n",
        ),
        (
            "etc/systemd/network/a.network",
            "[Match]\nName=eno1 eno2\n[Network]\nBridge = br0\n",
        ),
        (
            "etc/systemd/network/b.network",
            "[Match]\nName=en*\n[Network]\nBridge=br0\n",
        ),
        (
            "etc/NetworkManager/system-connections/b.nmconnection",
            "[connection]\nid=b\nuuid=1-2\ntype=bridge\ninterface-name=br1\n",
        ),
        (
            "etc/NetworkManager/system-connections/p.nmconnection",
            "[connection]\ntype=ethernet\ninterface-name=eno3\nmaster=1-2\nslave-type=bridge\n",
        ),
    ]);
    assert_eq!(told(&bridges), ["br0: eno1 eno2?", "br1: eno3"]);
}

#[test]
fn bridges_that_are_only_named() {
    let bridges = read(&[
        (
            "etc/libvirt/qemu/networks/default.xml",
            "<network>\n  <bridge name='virbr0' stp='on'/>\n</network>\n",
        ),
        (
            "var/xapi/state.db",
            "<row ref=\"x\" bridge=\"xenbr0\"/><row bridge=\"\"/><row bridge=\"xenbr1\"/>",
        ),
        ("etc/openvswitch/conf.db", "OVSDB JSON"),
    ]);
    assert_eq!(told(&bridges), ["virbr0: ", "xenbr0: ", "xenbr1: "]);
    assert_eq!(bridges.found[1].by, Program::Xapi);
    assert!(bridges.may_have_more());
}

#[test]
fn interfaces_are_seen_where_sysfs_is() {
    let fake = FakeHost::new();
    let host = host::Host::at(fake.root()).unwrap();
    assert_eq!(interfaces_present(host.files()).unwrap(), None);
    fake.write("sys/class/net/lo/address", "");
    fake.write("sys/class/net/eno1/address", "");
    let present = interfaces_present(host.files()).unwrap().unwrap();
    assert_eq!(present, ["eno1", "lo"]);
}

#[test]
fn a_line_names_thousands_of_bridges_and_more_are_a_doubt() {
    let networks = |count: usize| {
        let one = |at| format!("<row name='ü' bridge=\"xapi{at}\"/>");
        let line: String = (0..count).map(one).collect();
        read(&[("var/xapi/state.db", &line)])
    };
    let bridges = networks(10_000);
    assert_eq!(bridges.found.len(), 10_000);
    assert!(!bridges.may_have_more());
    let place = bridges.found[1].name.place().unwrap().to_string();
    assert_eq!(place, "/var/xapi/state.db:1:53");
    let bridges = networks(10_001);
    assert_eq!(bridges.found.len(), 10_000);
    assert_eq!(
        bridges.doubts[0].why,
        "more than 10000 bridges are named on one line"
    );
}

#[test]
fn what_a_script_of_the_network_adds_may_be_another_bridge() {
    let bridges = read(&[(
        "etc/sysconfig/network-scripts/ifcfg-eth0",
        "BRIDGE=xen\nBRIDGE+=br0\n",
    )]);
    assert_eq!(
        bridges.doubts[0].why,
        "'BRIDGE+=' is bash's, and what /bin/sh is is not known"
    );
}

#[test]
fn an_id_of_netplan_with_match_is_no_interface() {
    let text = "network:\n  ethernets:\n    lan:\n      match:\n        macaddress: 00:16:3e:00:00:01\n    wan: {match: {name: \"en*\"}}\n    eth2: {dhcp4: false}\n  bridges:\n    br0:\n      interfaces: [lan, eth2]\n    br1:\n      interfaces: [eth2]\n    br2:\n      interfaces:\n        - wan\n";
    let bridges = read(&[("etc/netplan/01.yaml", text)]);
    let ports = |name: &str| {
        let bridge = bridges.get(name).unwrap();
        let ports: Vec<_> = bridge
            .ports
            .iter()
            .map(|port| port.as_str().to_owned())
            .collect();
        (ports.join(" "), bridge.doubt.is_some())
    };
    assert_eq!(ports("br0"), ("eth2".to_owned(), true));
    assert_eq!(ports("br1"), ("eth2".to_owned(), false));
    assert_eq!(ports("br2"), (String::new(), true));
}
