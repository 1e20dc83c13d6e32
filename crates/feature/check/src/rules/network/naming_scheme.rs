//! Names of network cards that may change with the upgrade.

use host::Init;

use crate::facts::place_of;
use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

/// The option of the kernel that pins the names.
const OPTION: &str = "net.naming-scheme";

pub(crate) const RULE: Rule = Rule {
    id: "network-naming-scheme",
    title: "the names of network cards stay the same with a newer systemd",
    looks_at: "the ports of bridges, net.naming-scheme= and net.ifnames= of the kernel, and .link files in /etc/systemd/network, before an upgrade",
    versions: Versions::All,
    why: "systemd names network cards by where they are, and each release may do so a little differently: enp3s0 becomes enp3s0np0, \
          or ens1. The kernel's option net.naming-scheme keeps the names of one release, a .link file those of one card.",
    source: &["nixpkgs 71086, 29197", "systemd.net-naming-scheme(7)"],
    check,
    examples: &[
        Example::bad(
            "-- run/systemd/system/none --\n-- etc/network/interfaces --\nauto xenbr0\niface xenbr0 inet dhcp\n\tbridge_ports enp3s0\n",
            &["info etc/network/interfaces:3:15: the name enp3s0 may change with the upgrade: nothing keeps it"],
        )
        .from_xen("4.19")
        .to_xen("4.20"),
        Example::good(
            "-- run/systemd/system/none --\n-- etc/systemd/network/10-lan.link --\n-- etc/network/interfaces --\nauto xenbr0\niface xenbr0 inet dhcp\n\tbridge_ports enp3s0\n",
        )
        .from_xen("4.19")
        .to_xen("4.20"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let is_systemd = facts.host().init_system().ok() == Some(Init::Systemd);
    if facts.question().targets.is_empty() || !is_systemd || has_links(facts)? || is_pinned(facts)?
    {
        return Ok(());
    }
    for bridge in &facts.bridges()?.found {
        for port in &bridge.ports {
            let name = port.as_str();
            // By slot, by path, or on the board: what systemd made out of where the card is.
            if ["enp", "ens", "eno", "enP"]
                .iter()
                .any(|start| name.starts_with(start))
            {
                let message =
                    format!("the name {name} may change with the upgrade: nothing keeps it");
                let finding = found.info(place_of(port), message);
                finding.hint(format!(
                    "note the release of systemd, and give the kernel {OPTION}=v252 or the like"
                ));
            }
        }
    }
    Ok(())
}

fn has_links(facts: &Facts) -> Result<bool, NotKnown> {
    let names = facts.host().files().list("/etc/systemd/network");
    let names = names.map_err(|error| NotKnown::new("network interfaces", error.to_string()))?;
    Ok(names
        .unwrap_or_default()
        .iter()
        .any(|name| name.to_string_lossy().ends_with(".link")))
}

/// Whether any entry of the boot loader pins the names, or has the kernel's own.
fn is_pinned(facts: &Facts) -> Result<bool, NotKnown> {
    let configurations = facts.boot()?;
    let mut entries = configurations.found.iter().flat_map(|boot| &boot.entries);
    Ok(entries.any(|entry| {
        let options = entry
            .kernel
            .as_ref()
            .map(|kernel| kernel.options.text.as_str());
        options.is_some_and(|text| text.contains(OPTION) || text.contains("net.ifnames=0"))
    }))
}
