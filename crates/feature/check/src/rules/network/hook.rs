//! Commands whose failure stops an interface.

use std::path::Path;

use hostconfig::Source;
use hostconfig::interfaces::{Failure, Hook};
use hostconfig::sysctl::Sysctl;

use crate::facts::{Key, place_of};
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
        Example::bad(
            "-- boot/vmlinuz-6.1.0-18-amd64 --\n-- etc/network/interfaces --\nauto eth0\niface eth0 inet dhcp\n\tup sysctl -w net.ipv4.tcp_tw_recycle=1 && ip route add 192.0.2.0/24 dev eth0\n",
            &[
                "error etc/network/interfaces:3:5: this command fails and stops eth0: Linux has no net.ipv4.tcp_tw_recycle since 4.12",
            ],
        ),
        Example::bad(
            "-- etc/sysctl.conf --\nnet.ipv4.ip_forward = 1\n-- etc/network/interfaces --\nauto eth0\niface eth0 inet dhcp\n\tup sysctl -p\n",
            &[
                "info etc/network/interfaces:3:5: this command stops eth0 when it fails, as after an upgrade to a kernel without one of its keys",
            ],
        ),
        Example::good(
            "-- usr/local/sbin/firewall --\n-- etc/network/interfaces --\nauto eth0\niface eth0 inet dhcp\n\tpre-up /usr/local/sbin/firewall start\n\tup /usr/sbin/gone || true\n\tdown /usr/sbin/gone\n",
        ),
        Example::good(
            "-- usr/sbin/ip --\n-- etc/network/firewall --\n-- etc/network/interfaces --\nauto eth0\niface eth0 inet dhcp\n\tup /etc/network/firewall; ip route add 10.0.0.0/8 via 192.0.2.1\n",
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
        } else if is_fragile(&hook) {
            let name = &hook.stanza.name;
            let message = format!(
                "this command stops {name} when it fails, as after an upgrade to a kernel without one of its keys"
            );
            let finding = found.info(place_of(&hook.command), message);
            finding.hint("write || true behind the command, or sysctl -e");
        }
    }
    Ok(())
}

/// Whether a command is one that the next kernel may let fail: sysctl, unless it passes over keys that are not there.
fn is_fragile(hook: &Hook<'_>) -> bool {
    let mut words = hook.command.as_str().split_whitespace();
    let is_sysctl = |program: &str| program.rsplit('/').next() == Some("sysctl");
    words.next().is_some_and(is_sysctl) && !words.any(is_lenient)
}

/// Whether an option of sysctl makes it pass over keys that are not there.
fn is_lenient(word: &str) -> bool {
    matches!(word, "-e" | "--ignore" | "--system")
}

/// Why the command will fail, as far as files tell; `None` for one that may work.
fn why_it_fails(hook: &Hook<'_>, facts: &Facts) -> Result<Option<String>, NotKnown> {
    let line = hook.command.as_str();
    // Whose status counts among several is not told here.
    let lists = ["&&", "||", ">&"];
    let rest = lists
        .iter()
        .fold(line.to_owned(), |rest, list| rest.replace(list, ""));
    if rest.contains([';', '|', '&', '(']) {
        return Ok(None);
    }
    let words: Vec<_> = line.split_whitespace().collect();
    let Some((program, words)) = words.split_first() else {
        return Ok(None);
    };
    // What the shell puts in the place of something is not known.
    let is_plain = !program.contains(['$', '*', '"', '\'', '`', '<', '>', '&', '|']);
    if program.starts_with('/') && is_plain && is_whole(facts) && !facts.has(Path::new(program))? {
        return Ok(Some(format!("{program} is not there")));
    }
    // Of a list of commands the first one is looked at.
    let is_end = |word: &&&str| matches!(**word, "&&" | "||" | ";" | "|");
    let end = words
        .iter()
        .position(|word| is_end(&word))
        .unwrap_or(words.len());
    let words = words.get(..end).unwrap_or(words);
    match program.rsplit('/').next() {
        Some("sysctl") => sysctl(words, facts),
        Some("modprobe") => modprobe(words, facts),
        _ => Ok(None),
    }
}

/// Whether the host's programs are there at all: a copy of /etc has none.
fn is_whole(facts: &Facts) -> bool {
    let files = facts.host().files();
    let is_there = |path| files.exists(path).unwrap_or(true);
    facts.host().is_live() || is_there("/usr") || is_there("/sbin")
}

/// Why modprobe fails: no kernel has a module.
fn modprobe(words: &[&str], facts: &Facts) -> Result<Option<String>, NotKnown> {
    let Some(module) = words.iter().find(|word| !word.starts_with('-')) else {
        return Ok(None);
    };
    let lacks = facts.installed_modules()?.lack(module);
    Ok(lacks.then(|| format!("no kernel of this host has the module {module}")))
}

/// Why sysctl fails: a file or a key is not there. With -e it passes over keys.
fn sysctl(words: &[&str], facts: &Facts) -> Result<Option<String>, NotKnown> {
    if words.iter().any(|word| is_lenient(word)) {
        return Ok(None);
    }
    let loads = words
        .iter()
        .any(|word| word.starts_with("-p") || matches!(*word, "--load" | "-qp" | "-f"));
    let given = words.iter().filter(|word| !word.starts_with('-'));
    let mut settings = Sysctl::default();
    if loads {
        let mut files: Vec<_> = given.copied().collect();
        if files.is_empty() {
            files.push(SYSCTL);
        }
        for file in files
            .into_iter()
            .filter(|file| file.starts_with('/') && !file.contains(['*', '$', '>']))
        {
            let Some(text) = facts.text(file)? else {
                return Ok(Some(format!("{file} is not there")));
            };
            settings.add(&Source::new(file, text), true);
        }
    } else {
        let lines: Vec<_> = given.copied().filter(|word| word.contains('=')).collect();
        settings.add(&Source::new(SYSCTL, lines.join("\n")), true);
    }
    bad_key(&settings, facts)
}

/// Why a key is not there.
fn bad_key(sysctl: &Sysctl, facts: &Facts) -> Result<Option<String>, NotKnown> {
    for setting in sysctl
        .settings
        .iter()
        .filter(|setting| !setting.ignores_failure)
    {
        if let Some(module) = facts.module_lacking(setting)? {
            let key = setting.dotted();
            return Ok(Some(format!(
                "{key} is not there without the module {module}, which nothing loads"
            )));
        }
        if let Key::Absent(why) = facts.key(setting)? {
            return Ok(Some(why));
        }
    }
    Ok(None)
}
