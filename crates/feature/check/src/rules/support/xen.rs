//! Releases of Xen without support.

use crate::support::{Judged, judge};
use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "support-xen",
    title: "this release of Xen gets security updates",
    looks_at: "the release of Xen that runs or is installed, and the target's",
    versions: Versions::All,
    why: "The Xen project mends a release for three years after it came out, and from Xen 4.17 on for five. What a guest \
          can do to the host is published all the same. Distributions may mend a release for longer.",
    source: &[
        "SUPPORT.md of each release of Xen",
        "xen-announce, 2026-02-16",
    ],
    check,
    examples: &[
        Example::bad(
            "",
            &["warning: Xen 4.14 has had no security updates since 2023-07-24"],
        )
        .from_xen("4.14")
        .to_xen("4.14"),
        Example::bad(
            "",
            &["info: Xen 4.14, which is upgraded, has had no security updates since 2023-07-24"],
        )
        .from_xen("4.14")
        .to_xen("4.20"),
        Example::good("").from_xen("4.19").to_xen("4.20"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let target = facts.target("xen");
    let mut judged = |release, name: &str, is_left| {
        let judged = Judged {
            of: "xen",
            release,
            name,
            is_left,
        };
        judge(facts, &judged, None, found);
    };
    if let Some(target) = target {
        judged(target, &format!("Xen {target}"), false);
    }
    match facts.xen_before() {
        Ok(before) if target.is_none() => judged(before, &format!("Xen {before}"), false),
        Ok(before) if target != Some(before) => {
            judged(before, &format!("Xen {before}, which is upgraded,"), true);
        }
        Err(reason) if target.is_none() && facts.has_xen()? => return Err(reason),
        _ => {}
    }
    Ok(())
}
