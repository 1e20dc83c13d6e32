use testkit::machine::FakeHost;

use super::*;

const TEXT: &str = "# comment
auto lo xenbr0
allow-hotplug eno1
iface lo inet loopback

iface xenbr0 inet static
	address 192.0.2.10/24
	bridge_ports eno1 \\
	   eno2
	up sysctl -p /etc/sysctl.conf
	pre-up modprobe br_netfilter || true

auto vlan5
iface vlan5 inherits base other
	bridge-stp off
template base
	mtu 9000
mapping eth0
	script /bin/x
";

fn parse(text: &str) -> Interfaces {
    Interfaces::parse(&Source::new(FILE, text))
}

#[test]
fn blocks_have_options_and_inherit_them() {
    let all = parse(TEXT);
    let names: Vec<_> = all.stanzas.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["lo", "xenbr0", "vlan5", "base"]);
    let bridge = &all.stanzas[1];
    assert_eq!(bridge.method.as_ref().unwrap(), &"static");
    let ports = bridge.options("bridge-ports").next().unwrap();
    let ports = ports.value.words();
    assert_eq!(ports, ["eno1", "eno2"]);
    assert_eq!(ports[1].place().unwrap().to_string(), format!("{FILE}:9:5"));
    assert!(all.is_started("xenbr0") && all.is_started("eno1") && !all.is_started("base"));
    let of: Vec<_> = all
        .of("vlan5")
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(of, ["vlan5", "base"]);
    assert_eq!(all.doubts[0].why, "a mapping is what its script prints");
    assert_eq!(
        all.stanzas[3].options.len(),
        1,
        "the mapping's are not the block's"
    );
}

#[test]
fn hooks_say_what_their_failure_does() {
    let all = parse(TEXT);
    let hooks = all.hooks();
    assert_eq!(hooks[0].command, "sysctl -p /etc/sysctl.conf");
    assert_eq!(
        hooks[0].command.place().unwrap().to_string(),
        format!("{FILE}:10:5")
    );
    assert_eq!(
        (hooks[0].phase, hooks[0].failure),
        (Phase::PostUp, Failure::Stops)
    );
    assert_eq!(
        (hooks[1].phase, hooks[1].failure),
        (Phase::PreUp, Failure::Ignored)
    );
}

#[test]
fn a_line_ends_with_the_status_of_its_last_command() {
    for line in [
        "x || true",
        "x || :",
        "x; true",
        "x &",
        "(x; y) &",
        "x || y || exit 0",
        "x && y || true",
        "x | true",
        "true",
        "echo hello",
        "x; exit 0;",
        "x 2>&1 || true # why",
    ] {
        assert_eq!(failure(line), Failure::Ignored, "{line}");
    }
    for line in [
        "x",
        "true && x",
        "x || y",
        "x; y;",
        "x & y",
        "x || true; y",
        "x '|| true'",
        "x \\|\\| true",
        "x 2>&1",
        "echo 1 > /proc/sys/x",
        "x # || true",
    ] {
        assert_eq!(failure(line), Failure::Stops, "{line}");
    }
    for line in ["if x; then y; fi", "(x)", "x 'y", "! x"] {
        assert_eq!(failure(line), Failure::Unknown, "{line}");
    }
}

#[test]
fn files_that_are_named_are_read_in_their_place() {
    let fake = FakeHost::new();
    let write = |path: &str, text: &str| fake.write(&format!("etc/network/{path}"), text);
    write(
        "interfaces",
        "source interfaces.d/*.cfg\nsource-directory more\nsource interfaces\n",
    );
    write("interfaces.d/b.cfg", "iface b\n");
    write("interfaces.d/a.cfg", "iface a\n\tup x\n");
    write("interfaces.d/c.bak", "iface c\n");
    write("more/d", "iface d\n");
    write("more/e.cfg", "iface e\n");
    let host = host::Host::at(fake.root()).unwrap();
    let all = Interfaces::read(host.files());
    let names: Vec<_> = all
        .stanzas
        .iter()
        .take(3)
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["a", "b", "d"]);
    let place = all.hooks()[0].command.place().unwrap().to_string();
    assert_eq!(place, "/etc/network/interfaces.d/a.cfg:2:5");
    assert_eq!(all.doubts[0].why, "more files are named than are looked at");
    assert_eq!(all.errors, []);
}

#[test]
fn what_is_included_has_a_limit_in_number_and_in_bytes() {
    let words = " /etc/network/a".repeat(4000);
    let lines = "source /etc/network/b\n".repeat(40);
    let large = format!("auto y\n#{}\n", "x".repeat(1 << 19));
    let cases = [
        (format!("source{words}\n"), "auto x\n".to_owned(), 1000),
        (lines, large, 16),
        ("source /etc/*/nothing*\n".repeat(2000), String::new(), 0),
    ];
    for (text, included, most) in cases {
        let fake = FakeHost::new();
        fake.write("etc/network/interfaces", &text);
        fake.write("etc/network/a", &included);
        fake.write("etc/network/b", &included);
        let host = host::Host::at(fake.root()).unwrap();
        let all = Interfaces::read(host.files());
        assert_eq!(all.started.len(), most);
        let last = all.doubts.last().unwrap();
        assert!(last.place.is_some() && all.doubts.len() <= 100);
        assert!(
            most == 0 || last.why == "more files are named than are looked at",
            "{last}"
        );
    }
}
