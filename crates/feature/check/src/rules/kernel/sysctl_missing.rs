//! Settings that the kernel does not have.

use crate::facts::{Key, place_of};
use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "kernel-sysctl-missing",
    title: "the kernel has what sysctl sets",
    looks_at: "the keys in /etc/sysctl.conf and /etc/sysctl.d, /proc/sys of a running host, the versions of the kernels in /boot",
    versions: Versions::All,
    why: "A key that the kernel does not have sets nothing. sysctl -p ends with status 1 then, and a script or a hook of an \
          interface that runs it fails. Kernels drop keys: net.ipv4.tcp_tw_recycle in 4.12, those of the scheduler in 5.13.",
    source: &[
        "linux.git 4396e46187ca",
        "linux.git 8a99b6833c88",
        "sysctl(8)",
    ],
    check,
    examples: &[
        Example::bad(
            "-- proc/sys/kernel/ostype --\nLinux\n-- etc/sysctl.conf --\nkernel.ostypo = 1\n",
            &["warning etc/sysctl.conf:1:1: the running kernel has no kernel.ostypo"],
        ),
        Example::bad(
            "-- boot/vmlinuz-6.1.0-18-amd64 --\n-- proc/sys/kernel/ostype --\n-- etc/sysctl.d/a.conf --\nnet.ipv4.tcp_tw_recycle = 1\n",
            &["warning etc/sysctl.d/a.conf:1:1: Linux has no net.ipv4.tcp_tw_recycle since 4.12"],
        ),
        Example::good(
            "-- proc/sys/kernel/ostype --\nLinux\n-- etc/sysctl.conf --\nkernel.ostype = x\n-kernel.ostypo = 1\nnet.ipv4.conf.eth7.rp_filter = 1\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let sysctl = facts.sysctl()?;
    let mut not_known = false;
    let judged = sysctl
        .settings
        .iter()
        .filter(|setting| !setting.ignores_failure);
    for setting in judged {
        let place = place_of(&setting.key).filter(|place| place.file.starts_with("/etc"));
        match facts.key(setting)? {
            Key::Absent(why) if place.is_some() => {
                let finding = found.warning(place, why);
                finding.hint("remove the line, or write - in front of it where only some kernels have the key");
            }
            Key::NotKnown => not_known |= place.is_some(),
            Key::Present | Key::Absent(_) => {}
        }
    }
    if not_known {
        let reason = "the host does not run, and has no /proc/sys";
        return Err(NotKnown::new("the kernel's settings", reason));
    }
    Ok(())
}
