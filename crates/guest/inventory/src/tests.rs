use std::path::Path;

use exec::never;
use host::Host;
use testkit::machine::FakeHost;

use super::*;

const SHOP: &str =
    "<domain type='kvm'><name>shop</name><memory unit='MiB'>512</memory><vcpu>2</vcpu></domain>\n";

/// A line for each guest: name, toolstack, kind, vCPUs, MiB, state, autostart, file.
fn shown(inventory: &Inventory) -> Vec<String> {
    let line = |guest: &Guest| {
        let number =
            |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
        let file = guest.file.as_deref().unwrap_or(Path::new("-"));
        [
            guest.name.clone().unwrap_or("-".to_owned()),
            guest.toolstack.name().to_owned(),
            guest.kind.clone().unwrap_or("-".to_owned()),
            number(guest.vcpus.map(u64::from)),
            number(guest.memory.map(|memory| memory >> 20)),
            guest.state.name().to_owned(),
            if guest.autostart { "auto" } else { "-" }.to_owned(),
            file.display().to_string(),
        ]
        .join(" | ")
    };
    inventory.guests.iter().map(line).collect()
}

fn read(fake: &FakeHost) -> Inventory {
    Inventory::read(&Host::at(fake.root()).unwrap(), &never)
}

#[test]
fn a_host_without_guests_has_none_and_no_errors() {
    let inventory = read(&FakeHost::new());
    assert!(inventory.guests.is_empty() && inventory.errors.is_empty());
}

#[test]
fn configured_guests_are_found_in_every_place() {
    let fake = FakeHost::new();
    fake.write(
        "etc/xen/web.cfg",
        "name='web'\nmemory=1024\nvcpus=2\ntype='pvh'\n",
    );
    fake.write("etc/xen/old.cfg", "name='web'\nmemory=512\nbuilder='hvm'\n");
    fake.write("etc/xen/xl.conf", "autoballoon=0\n");
    fake.write("etc/xen/.hidden.cfg", "name='x'\n");
    fake.write("etc/xen/auto/own.cfg", "name='own'\nmemory=256\n");
    fake.link("etc/xen/auto/10-web", "/etc/xen/web.cfg");
    fake.write("etc/libvirt/qemu/shop.xml", SHOP);
    fake.link(
        "etc/libvirt/qemu/autostart/shop.xml",
        "/etc/libvirt/qemu/shop.xml",
    );
    fake.write("etc/libvirt/qemu/networks/default.xml", "<network/>");
    fake.write(
        "etc/pve/qemu-server/100.conf",
        "name: mail\nmemory: 2048\ncores: 4\nonboot: 1\n[old]\nonboot: 0\n",
    );
    let inventory = read(&fake);
    assert_eq!(inventory.errors.len(), 0, "{:?}", inventory.errors);
    assert_eq!(
        shown(&inventory),
        [
            "mail | proxmox | kvm | 4 | 2048 | not known | auto | /etc/pve/qemu-server/100.conf",
            "own | xl | pv | - | 256 | not known | auto | /etc/xen/auto/own.cfg",
            "shop | libvirt-qemu | kvm | 2 | 512 | not known | auto | /etc/libvirt/qemu/shop.xml",
            "web | xl | hvm | - | 512 | not known | - | /etc/xen/old.cfg",
            "web | xl | pvh | 2 | 1024 | not known | auto | /etc/xen/web.cfg",
        ]
    );
}

#[test]
fn guests_without_kvm_and_templates_are_told_apart() {
    let fake = FakeHost::new();
    fake.write(
        "etc/libvirt/qemu/shop.xml",
        &SHOP.replace("'kvm'", "'qemu'"),
    );
    let pve = "memory: 64\ncores: 1\n";
    for (number, text) in [
        (1, "name: a\nkvm: 0\nonboot: yes\n"),
        (2, "name: b\nonboot: 1\ntemplate: on\n"),
        (3, "name: c\nonboot: True\nonboot : off\n[x]\nonboot: 1\n"),
    ] {
        let file = format!("etc/pve/qemu-server/{number}.conf");
        fake.write(&file, &format!("{text}{pve}"));
    }
    fake.write("etc/xen/win.cfg", "name='win'\nbuilder='hv'\nmemory=64\n");
    let kinds: Vec<_> = read(&fake)
        .guests
        .into_iter()
        .map(|guest| (guest.name.unwrap(), guest.kind.unwrap(), guest.autostart))
        .collect();
    let line = |name: &str, kind: &str, auto| (name.to_owned(), kind.to_owned(), auto);
    assert_eq!(
        kinds,
        [
            line("a", "qemu", true),
            line("b", "kvm", false),
            line("c", "kvm", false),
            line("shop", "qemu", false),
            line("win", "hvm", false),
        ]
    );
}

#[test]
fn what_cannot_be_read_is_an_error_with_its_place() {
    let fake = FakeHost::new();
    fake.write("etc/xen/python.cfg", "import os\n");
    fake.link("etc/xen/auto/gone.cfg", "/etc/xen/gone.cfg");
    fake.link(
        "etc/libvirt/qemu/autostart/shop.xml",
        "/etc/libvirt/qemu/shop.xml",
    );
    fake.write("etc/pve/qemu-server/7.conf", "\n");
    let inventory = read(&fake);
    assert!(inventory.guests.is_empty());
    let errors: Vec<_> = inventory.errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), 4, "{errors:?}");
    assert_eq!(
        errors[0],
        "/etc/xen/python.cfg: line 1, column 8: near `os': syntax error, unexpected IDENT, expecting += or '='"
    );
    assert!(errors[1].contains("gone.cfg"), "{}", errors[1]);
    assert_eq!(
        errors[2],
        "/etc/libvirt/qemu/autostart/shop.xml: it leads nowhere, the guest does not start with the host"
    );
}

#[test]
fn what_xl_prints_is_read() {
    let text = "Name                                        ID   Mem VCPUs\tState\tTime(s)\n\
        Domain-0                                     0  2048     4     r-----      55.6\n\
        web                                          3  1023     2     -b----     105.1\n\
        two words                                   12   256     1     --p---       0.0\n\
        (null)                                      13     0     1     --ps-d       0.0\n";
    let domains = xl::parse(text).unwrap();
    let shown: Vec<_> = domains
        .iter()
        .map(|it| (it.name.as_str(), it.id, it.memory, it.vcpus, it.state))
        .collect();
    assert_eq!(
        shown,
        [
            ("web", 3, 1023, 2, "running"),
            ("two words", 12, 256, 1, "paused"),
            ("(null)", 13, 0, 1, "dying"),
        ]
    );
    assert!(xl::parse("head\nweb 3\n").is_err());
}
