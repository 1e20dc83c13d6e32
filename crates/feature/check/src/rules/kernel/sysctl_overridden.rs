//! Settings of the kernel that do not hold because another one comes later.

use crate::facts::{place, place_of};
use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "kernel-sysctl-overridden",
    title: "no setting of sysctl is undone by a later one",
    looks_at: "the keys in /etc/sysctl.conf and /etc/sysctl.d, in the order in which they are set at boot",
    versions: Versions::All,
    why: "Of two values of one key the last holds, in the order of the files' names. An upgrade may bring a file that comes \
          later than one's own.",
    source: &["sysctl.d(5)"],
    check,
    examples: &[
        Example::bad(
            "-- proc/sys/net/ipv4/ip_forward --\n0\n-- etc/sysctl.d/10-own.conf --\nnet.ipv4.ip_forward = 1\n-- etc/sysctl.d/50-other.conf --\nnet.ipv4.ip_forward = 0\n",
            &[
                "info etc/sysctl.d/10-own.conf:1:1: net.ipv4.ip_forward = 1 does not hold: etc/sysctl.d/50-other.conf:1:1 sets it to 0",
            ],
        ),
        Example::good(
            "-- proc/sys/net/ipv4/ip_forward --\n0\n-- etc/sysctl.d/10-own.conf --\nnet.ipv4.ip_forward = 1\n-- etc/sysctl.d/50-other.conf --\nnet.ipv4.ip_forward = 1\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let sysctl = facts.sysctl()?;
    for setting in &sysctl.settings {
        let Some(at) = place_of(&setting.key).filter(|place| place.file.starts_with("/etc")) else {
            continue;
        };
        let Some(by) = &setting.overridden_by else {
            continue;
        };
        let mut others = sysctl.settings.iter();
        let later = others
            .find(|other| other.key.place() == Some(by))
            .and_then(|other| other.value.as_ref());
        if let (Some(value), Some(later)) = (&setting.value, later)
            && value.as_str() != later.as_str()
        {
            let key = setting.dotted();
            let by = place(by, 0).name();
            found.info(
                at,
                format!("{key} = {value} does not hold: {by} sets it to {later}"),
            );
        }
    }
    Ok(())
}
