//! Commands whose failure stops an interface.

use std::path::Path;

use hostconfig::interfaces::{Failure, Hook};

use crate::facts::place_of;
use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

/// Where sysctl reads from if it is told no file.
const SYSCTL: &str = "/etc/sysctl.conf";

pub(crate) const RULE: Rule = Rule {
    id: "network-hook",
    title: "no command that may fail stops a network interface",
    looks_at: "pre-up, up and post-up in /etc/network/interfaces",
    versions: Versions::All,
    why: "ifup runs these commands with the interface, and ends where one fails: what is behind it is not done, and with BusyBox \
          and ifupdown-ng the interface does not count as up, so that those that need it do not come up either. sysctl -p \
          fails when one key of the file is not there; other commands fail when their program or file is gone.",
    source: &["interfaces(5)", "sysctl(8)"],
    check,
    examples: &[
        Example::bad(
            "-- etc/sysctl.conf --\nnet.bridge.bridge-nf-call-iptables = 0\n-- etc/network/interfaces --\nauto eth0\niface eth0 inet dhcp\n\tup sysctl -p\n",
            &[
                "warning etc/sysctl.conf:1:1: net.bridge.bridge-nf-call-iptables needs the module br_netfilter, which nothing loads at boot",
                "error etc/network/interfaces:3:5: this command fails and stops eth0: net.bridge.bridge-nf-call-iptables is not there without the module br_netfilter, which nothing loads",
            ],
        ),
        Example::bad(
            "-- usr/sbin/ip --\n-- etc/network/interfaces --\nauto eth0\niface eth0 inet dhcp\n\tpre-up /usr/local/sbin/firewall start\n",
            &[
                "error etc/network/interfaces:3:9: this command fails and stops eth0: /usr/local/sbin/firewall is not there",
            ],
        ),
        Example::good(
            "-- usr/local/sbin/firewall --\n-- etc/network/interfaces --\nauto eth0\niface eth0 inet dhcp\n\tpre-up /usr/local/sbin/firewall start\n\tup /usr/sbin/gone || true\n\tdown /usr/sbin/gone\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let interfaces = facts.interfaces()?;
    for hook in interfaces.hooks() {
        if !hook.phase.is_up() || hook.failure != Failure::Stops {
            continue;
        }
        if let Some(why) = why_it_fails(&hook, facts)? {
            let name = &hook.stanza.name;
            let message = format!("this command fails and stops {name}: {why}");
            let finding = found.error(place_of(&hook.command), message);
            finding.hint("correct that, and write || true behind the command");
        }
    }
    Ok(())
}

/// Why the command will fail, as far as files tell; `None` for one that may work.
fn why_it_fails(hook: &Hook<'_>, facts: &Facts) -> Result<Option<String>, NotKnown> {
    let mut words = hook.command.as_str().split_whitespace();
    let program = words.next().unwrap_or_default();
    if program.starts_with('/')
        && !program.contains(['$', '*', '"', '\''])
        && !facts.has(Path::new(program))?
    {
        return Ok(is_whole(facts).then(|| format!("{program} is not there")));
    }
    if !matches!(program, "sysctl" | "/sbin/sysctl" | "/usr/sbin/sysctl") {
        return Ok(None);
    }
    let words: Vec<_> = words.collect();
    // -e passes over keys that are not there.
    if !words
        .iter()
        .any(|word| matches!(*word, "-p" | "--load" | "-qp"))
        || words.contains(&"-e")
    {
        return Ok(None);
    }
    let file = words
        .iter()
        .find(|word| word.starts_with('/'))
        .copied()
        .unwrap_or(SYSCTL);
    bad_key(Path::new(file), facts)
}

/// Whether the host's programs are there at all: a copy of /etc has none.
fn is_whole(facts: &Facts) -> bool {
    let files = facts.host().files();
    facts.host().is_live()
        || !matches!(files.exists("/usr"), Ok(false))
        || !matches!(files.exists("/sbin"), Ok(false))
}

/// What sysctl does not find when it reads `file`.
fn bad_key(file: &Path, facts: &Facts) -> Result<Option<String>, NotKnown> {
    let sysctl = facts.sysctl()?;
    for setting in sysctl
        .settings
        .iter()
        .filter(|setting| !setting.ignores_failure)
    {
        let is_in = setting
            .key
            .place()
            .is_some_and(|place| &*place.file == file);
        if is_in && let Some(module) = facts.module_lacking(setting)? {
            let key = setting.dotted();
            return Ok(Some(format!(
                "{key} is not there without the module {module}, which nothing loads"
            )));
        }
    }
    Ok(None)
}
