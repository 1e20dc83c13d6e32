//! Docker beside guests on bridges.

use std::path::Path;

use hostconfig::bridges::Program;
use serde_json::Value;

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

/// Docker's configuration.
const DAEMON: &str = "/etc/docker/daemon.json";

/// Whether bridged traffic passes the rules of iptables.
const CALLS: &str = "net.bridge.bridge-nf-call-iptables";

pub(crate) const RULE: Rule = Rule {
    id: "network-docker",
    title: "Docker does not cut guests on bridges off",
    looks_at: "whether Docker starts with the host, its daemon.json, the host's bridges, and net.bridge.bridge-nf-call-iptables",
    versions: Versions::All,
    why: "Docker sets the policy of the chain FORWARD to DROP, and has br_netfilter loaded, by which frames between the ports of a \
          bridge pass that chain too. Guests on a bridge then reach nothing, from the next start of the host on.",
    source: &["docker/for-linux 949", "seapath 909", "moby 48365"],
    check,
    examples: &[
        Example::bad(
            "-- run/systemd/system/none --\n-- usr/lib/systemd/system/docker.service --\n-- etc/systemd/system/multi-user.target.wants/docker.service -> /usr/lib/systemd/system/docker.service --\n-- etc/network/interfaces --\nauto xenbr0\niface xenbr0 inet dhcp\n\tbridge_ports none\n",
            &[
                "warning usr/lib/systemd/system/docker.service: Docker starts with the host and drops what is forwarded, on the bridge xenbr0 too",
            ],
        ),
        Example::good(
            "-- run/systemd/system/none --\n-- usr/lib/systemd/system/docker.service --\n-- etc/docker/daemon.json --\n{\"iptables\": false}\n-- etc/systemd/system/multi-user.target.wants/docker.service -> /usr/lib/systemd/system/docker.service --\n-- etc/network/interfaces --\nauto xenbr0\niface xenbr0 inet dhcp\n\tbridge_ports none\n",
        ),
        Example::good(
            "-- run/systemd/system/none --\n-- usr/lib/systemd/system/docker.service --\n-- etc/network/interfaces --\nauto xenbr0\niface xenbr0 inet dhcp\n\tbridge_ports none\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let services = facts.services()?;
    let Some((_, file)) = services
        .definition(&["docker"])
        .filter(|_| services.starts(&["docker"]))
    else {
        return Ok(());
    };
    let bridges = facts.bridges()?;
    let of_host = bridges
        .found
        .iter()
        .filter(|bridge| bridge.by != Program::Libvirt);
    let names: Vec<_> = of_host.map(|bridge| bridge.name.as_str()).collect();
    if names.is_empty() || leaves_rules_alone(facts)? || is_off(facts)? {
        return Ok(());
    }
    let (bridges, names) = match names.as_slice() {
        [one] => ("bridge", (*one).to_owned()),
        _ => ("bridges", names.join(", ")),
    };
    let message = format!(
        "Docker starts with the host and drops what is forwarded, on the {bridges} {names} too"
    );
    let finding = found.warning(Place::file(file), message);
    finding.hint(format!(
        "set {CALLS} = 0, or allow the bridges in the chain DOCKER-USER"
    ));
    Ok(())
}

/// Whether daemon.json says that Docker is to leave the rules, or their policy, alone.
fn leaves_rules_alone(facts: &Facts) -> Result<bool, NotKnown> {
    let text = facts.text(Path::new(DAEMON))?.unwrap_or_default();
    let daemon: Value = serde_json::from_str(&text).unwrap_or_default();
    Ok(daemon["iptables"] == Value::Bool(false)
        || daemon["ip-forward-no-drop"] == Value::Bool(true))
}

/// Whether bridged traffic is kept from the rules.
fn is_off(facts: &Facts) -> Result<bool, NotKnown> {
    let sysctl = facts.sysctl()?;
    let value = sysctl
        .last(CALLS)
        .and_then(|setting| setting.value.as_ref());
    Ok(value.is_some_and(|value| value.as_str() == "0"))
}
