//! Settings of the kernel that need a module which nothing loads.

use std::path::Path;

use host::Init;
use hostconfig::sysctl::Setting;

use crate::facts::place_of;
use crate::{Example, Facts, Findings, Fix, NotKnown, Rule, Versions};

/// The list of modules that Alpine and Debian load at boot.
const MODULES: &str = "/etc/modules";

pub(crate) const RULE: Rule = Rule {
    id: "kernel-sysctl-module",
    title: "modules are loaded before sysctl sets what they have",
    looks_at: "the keys in /etc/sysctl.conf and /etc/sysctl.d, /etc/modules and the like",
    versions: Versions::All,
    why: "Keys such as net.bridge.* are there only while their module is loaded; since Linux 3.18 br_netfilter is not loaded with \
          the bridge any more. sysctl then sets nothing, ends with an error, and whatever runs it may stop there. systemd goes on: there bridge-nf-call-* = 0 without the module is as it should be, until \
          something loads the module.",
    source: &[
        "jiangcuo/pxvirt 18",
        "blueman 739",
        "sysctl.d(5)",
        "wiki.libvirt.org, Net.bridge.bridge-nf-call_and_sysctl.conf",
    ],
    check,
    examples: &[
        Example::bad(
            "-- etc/modules --\ntun\n-- etc/sysctl.conf --\nnet.ipv4.ip_forward = 0\nnet.bridge.bridge-nf-call-iptables = 0\n",
            &[
                "warning etc/sysctl.conf:2:1: net.bridge.bridge-nf-call-iptables needs the module br_netfilter, which nothing loads at boot",
            ],
        ),
        Example::bad(
            "-- etc/sysctl.d/10-net.conf --\nnet.netfilter.nf_conntrack_max = 1000000\n",
            &[
                "warning etc/sysctl.d/10-net.conf:1:1: net.netfilter.nf_conntrack_max needs the module nf_conntrack, which nothing loads at boot",
            ],
        ),
        Example::good(
            "-- etc/modules --\nbr_netfilter\n-- etc/sysctl.conf --\nnet.bridge.bridge-nf-call-iptables = 0\n",
        ),
        Example::bad(
            "-- run/systemd/system/none --\n-- etc/sysctl.d/bridge.conf --\nnet.bridge.bridge-nf-call-iptables = 0\n",
            &[
                "info etc/sysctl.d/bridge.conf:1:1: net.bridge.bridge-nf-call-iptables is set before br_netfilter is loaded: it is 1 once something loads that",
            ],
        ),
        Example::good(
            "-- run/systemd/system/none --\n-- etc/udev/rules.d/99-bridge.rules --\nACTION==\"add\", SUBSYSTEM==\"module\", KERNEL==\"br_netfilter\", RUN+=\"/lib/systemd/systemd-sysctl --prefix=/net/bridge\"\n-- etc/sysctl.d/bridge.conf --\nnet.bridge.bridge-nf-call-iptables = 0\n",
        ),
        Example::good("-- etc/sysctl.conf --\n-net.bridge.bridge-nf-call-iptables = 0\n"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let sysctl = facts.sysctl()?;
    for setting in sysctl
        .settings
        .iter()
        .filter(|setting| !setting.ignores_failure)
    {
        let Some(place) = place_of(&setting.key).filter(|place| place.file.starts_with("/etc"))
        else {
            continue;
        };
        let Some(module) = facts.module_lacking(setting)? else {
            continue;
        };
        if is_filter_off(facts, setting) {
            let message = format!(
                "{} is set before {module} is loaded: it is 1 once something loads that",
                setting.dotted()
            );
            found.info(place, message).hint(format!(
                "a rule of udev for {module} can run sysctl then, see sysctl.d(5)"
            ));
            continue;
        }
        let message = format!(
            "{} needs the module {module}, which nothing loads at boot",
            setting.dotted()
        );
        let finding = found.warning(place, message);
        if facts.has(Path::new(MODULES))? {
            finding.hint(format!("add {module} to {MODULES}"));
            finding.fix(load(module));
        } else {
            finding.hint(format!(
                "write {module} into /etc/modules-load.d/{module}.conf"
            ));
        }
    }
    Ok(())
}

/// Whether it keeps bridges out of the firewall on a host with systemd: without the module they are out of it anyway, and
/// systemd-sysctl passes over a key that is not there.
fn is_filter_off(facts: &Facts, setting: &Setting) -> bool {
    let is_off = setting.value.as_ref().is_some_and(|value| value == "0");
    let is_filter = setting.path.starts_with("net/bridge/bridge-nf-call-");
    is_off && is_filter && facts.host().init_system().ok() == Some(Init::Systemd)
}

/// Adds the module to the list.
fn load(module: &'static str) -> Fix {
    Fix::new(MODULES, format!("load {module} at boot"), move |text| {
        if text.lines().any(|line| line.trim() == module) {
            return Ok(None);
        }
        let end = if text.is_empty() || text.ends_with('\n') {
            ""
        } else {
            "\n"
        };
        Ok(Some(format!("{text}{end}{module}\n")))
    })
}
