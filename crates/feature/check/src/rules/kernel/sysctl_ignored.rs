//! Settings of the kernel in a file that nothing reads at boot.

use hostconfig::sysctl::{Setting, Sysctl};

use crate::facts::place_of;
use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "kernel-sysctl-ignored",
    title: "what is in /etc/sysctl.conf is set at boot",
    looks_at: "/etc/sysctl.conf and /etc/sysctl.d where systemd starts the host, the running kernel's values",
    versions: Versions::All,
    why: "systemd-sysctl reads the directories alone. Most distributions had a link from /etc/sysctl.d to /etc/sysctl.conf; \
          Debian 13 has none any more, and what the file said before the upgrade is no longer set. A warning where the \
          running kernel has another value.",
    source: &[
        "sysctl.d(5)",
        "Debian 13's release notes, /etc/sysctl.conf is no longer honored",
    ],
    check,
    examples: &[
        Example::bad(
            "-- run/systemd/system/none --\n-- proc/sys/net/ipv4/ip_forward --\n0\n-- etc/sysctl.conf --\nnet.ipv4.ip_forward = 1\n",
            &[
                "warning etc/sysctl.conf:1:1: net.ipv4.ip_forward = 1 is not set at boot: systemd does not read this file, and the kernel has 0",
            ],
        ),
        Example::bad(
            "-- run/systemd/system/none --\n-- proc/sys/vm/swappiness --\n10\n-- etc/sysctl.conf --\nvm.swappiness = 10\n",
            &[
                "info etc/sysctl.conf:1:1: vm.swappiness = 10 is not set at boot: systemd does not read this file",
            ],
        ),
        Example::good(
            "-- run/systemd/system/none --\n-- proc/sys/vm/swappiness --\n10\n-- etc/sysctl.conf --\nvm.swappiness = 10\n-- etc/sysctl.d/99-own.conf --\nvm.swappiness = 10\n",
        ),
        Example::good("-- run/openrc/none --\n-- etc/sysctl.conf --\nvm.swappiness = 10\n"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let sysctl = facts.sysctl()?;
    for setting in &sysctl.settings {
        let Some(value) = &setting.value else {
            continue;
        };
        if is_made(setting, &sysctl) {
            continue;
        }
        let Some(place) = place_of(&setting.key) else {
            continue;
        };
        let key = setting.dotted();
        let message =
            format!("{key} = {value} is not set at boot: systemd does not read this file");
        let finding = match other_value(facts, setting) {
            Some(other) => found.warning(place, format!("{message}, and the kernel has {other}")),
            None => found.info(place, message),
        };
        finding.hint("move the line to a file in /etc/sysctl.d, or link the file there: ln -s ../sysctl.conf /etc/sysctl.d/99-sysctl.conf");
    }
    Ok(())
}

/// Whether the key is set at boot, be it by another file.
fn is_made(setting: &Setting, all: &Sysctl) -> bool {
    let at_boot = |other: &Setting| other.is_made_at_boot && other.path == setting.path;
    setting.is_made_at_boot || all.settings.iter().any(at_boot)
}

/// The value that the running kernel has, where that is not what the setting says.
fn other_value(facts: &Facts, setting: &Setting) -> Option<String> {
    if setting.is_pattern() {
        return None;
    }
    // Some keys can be written only.
    let running = facts.text(format!("/proc/sys/{}", setting.path));
    let running = running.ok().flatten();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let wanted = setting.value.as_ref().map(|value| words(value.as_str()));
    running
        .map(|text| words(&text))
        .filter(|running| Some(running) != wanted.as_ref())
}
