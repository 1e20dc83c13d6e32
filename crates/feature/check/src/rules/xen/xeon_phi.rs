//! Processors that Xen no longer supports.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

/// Where Linux describes processors.
const FILE: &str = "/proc/cpuinfo";

/// The models of Intel's family 6 that are Xeon Phi: Knights Landing and Knights Mill.
const XEON_PHI: [&str; 2] = ["87", "133"];

pub(crate) const RULE: Rule = Rule {
    id: "xen-xeon-phi",
    title: "Xen supports the host's processors",
    looks_at: "the family and the model in /proc/cpuinfo",
    versions: Versions::since(20),
    why: "Xen 4.20 does not support Xeon Phi processors any more (7200 and its successors).",
    source: &["xen.git CHANGELOG 4.20"],
    check,
    examples: &[
        Example::bad(
            "-- proc/cpuinfo --\nprocessor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 87\nmodel name\t: Intel(R) Xeon Phi(TM) CPU 7210 @ 1.30GHz\n",
            &["error proc/cpuinfo: Xen 4.20 does not support this Xeon Phi processor"],
        )
        .to_xen("4.20"),
        Example::good(
            "-- proc/cpuinfo --\nprocessor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: Intel(R) Xeon(R) Gold 6230\n",
        )
        .to_xen("4.20"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let text = facts.text(FILE)?.unwrap_or_default();
    // The first processor stands for all.
    let value = |name: &str| {
        let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
        let (_, value) = pairs.find(|(key, _)| key.trim() == name)?;
        Some(value.trim())
    };
    let is_intel = value("vendor_id") == Some("GenuineIntel") && value("cpu family") == Some("6");
    if is_intel && value("model").is_some_and(|model| XEON_PHI.contains(&model)) {
        let release = facts.xen_release()?;
        let message = format!("Xen {release} does not support this Xeon Phi processor");
        found
            .error(Place::file(FILE), message)
            .hint("stay with Xen 4.19, or move the guests to another host");
    }
    Ok(())
}
