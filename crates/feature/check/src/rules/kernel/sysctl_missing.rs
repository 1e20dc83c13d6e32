//! Settings that the kernel does not have.

use std::path::Path;

use hostconfig::sysctl::Setting;

use crate::facts::place_of;
use crate::{Example, Facts, Findings, NotKnown, Release, Rule, Versions};

/// Where the running kernel's settings are.
const RUNNING: &str = "/proc/sys";

/// Keys that a release of Linux dropped.
const DROPPED: [(&str, Release); 8] = [
    ("net/ipv4/tcp_tw_recycle", Release::new(4, 12)),
    ("kernel/sched_latency_ns", Release::new(5, 13)),
    ("kernel/sched_migration_cost_ns", Release::new(5, 13)),
    ("kernel/sched_min_granularity_ns", Release::new(5, 13)),
    ("kernel/sched_nr_migrate", Release::new(5, 13)),
    ("kernel/sched_tunable_scaling", Release::new(5, 13)),
    ("kernel/sched_wakeup_granularity_ns", Release::new(5, 13)),
    ("net/ipv4/rt_cache_rebuild_count", Release::new(3, 6)),
];

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
    let oldest = facts.oldest_kernel()?;
    let has_running = facts.has(Path::new(RUNNING))?;
    let mut not_known = false;
    for setting in sysctl.settings.iter().filter(|setting| is_judged(setting)) {
        let Some(place) = place_of(&setting.key).filter(|place| place.file.starts_with("/etc"))
        else {
            continue;
        };
        let key = setting.dotted();
        let dropped = DROPPED.iter().find(|(path, _)| *path == setting.path);
        if let Some((_, release)) = dropped.filter(|(_, release)| oldest >= Some(*release)) {
            let finding = found.warning(place, format!("Linux has no {key} since {release}"));
            finding.hint("remove the line");
        } else if !has_running {
            not_known = true;
        } else if !facts.has(&Path::new(RUNNING).join(&setting.path))?
            && facts.module_lacking(setting)?.is_none()
        {
            let finding = found.warning(place, format!("the running kernel has no {key}"));
            finding.hint(
                "remove the line, or write - in front of it where only some kernels have the key",
            );
        }
    }
    if not_known {
        return Err(NotKnown::new(
            "the kernel's settings",
            "the host is a directory",
        ));
    }
    Ok(())
}

/// Whether the key has to be there: nothing else says otherwise, and it is no interface's, which may come later.
fn is_judged(setting: &Setting) -> bool {
    let is_of_interface = ["/conf/", "/neigh/"]
        .iter()
        .any(|part| setting.path.contains(part));
    !setting.ignores_failure && !setting.is_pattern() && !is_of_interface
}
