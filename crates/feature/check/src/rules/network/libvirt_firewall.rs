//! libvirt's rules beside those of another firewall.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

/// What configures the rules of libvirt's networks; it is there from libvirt 10.4 on.
const FILE: &str = "/etc/libvirt/network.conf";

/// Firewalls with rules of their own.
const OTHERS: [&str; 6] = [
    "ufw",
    "nftables",
    "iptables",
    "shorewall",
    "netfilter-persistent",
    "awall",
];

pub(crate) const RULE: Rule = Rule {
    id: "network-libvirt-firewall",
    title: "it is said which kind of rules libvirt writes for its networks",
    looks_at: "firewall_backend in /etc/libvirt/network.conf, where another firewall starts with the host",
    versions: Versions::All,
    why: "From libvirt 10.4 on the rules of its networks are nftables' if nothing else is said; before, they were iptables'. Rules of \
          nftables in several tables all have to accept a packet: what ufw or rules of one's own drop stays dropped, and \
          guests have no network after the upgrade.",
    source: &[
        "vagrant-libvirt 1839",
        "NixVirt 91",
        "libvirt, network.conf",
    ],
    check,
    examples: &[
        Example::bad(
            "-- run/systemd/system/none --\n-- usr/lib/systemd/system/ufw.service --\n-- etc/systemd/system/multi-user.target.wants/ufw.service -> /usr/lib/systemd/system/ufw.service --\n-- etc/libvirt/network.conf --\n#firewall_backend = \"nftables\"\n",
            &[
                "info etc/libvirt/network.conf: libvirt writes rules of nftables beside those of ufw",
            ],
        ),
        Example::good(
            "-- run/systemd/system/none --\n-- usr/lib/systemd/system/ufw.service --\n-- etc/systemd/system/multi-user.target.wants/ufw.service -> /usr/lib/systemd/system/ufw.service --\n-- etc/libvirt/network.conf --\nfirewall_backend = \"iptables\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let Some(text) = facts.text(FILE)? else {
        return Ok(());
    };
    let mut lines = text.lines().map(str::trim_start);
    if lines.any(|line| line.starts_with("firewall_backend")) {
        return Ok(());
    }
    let services = facts.services()?;
    if let Some(other) = OTHERS.into_iter().find(|name| services.starts(&[*name])) {
        let message = format!("libvirt writes rules of nftables beside those of {other}");
        let finding = found.info(Place::file(FILE), message);
        finding.hint("write firewall_backend = \"iptables\" if guests lose their network");
    }
    Ok(())
}
