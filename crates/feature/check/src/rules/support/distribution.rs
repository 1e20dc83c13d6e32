//! Releases of distributions without support.

use host::Distribution;

use crate::support::{Judged, judge};
use crate::{Example, Facts, Findings, NotKnown, Rule, Versions, release_of};

/// Where os-release(5) is.
const FILES: [&str; 3] = [
    "/etc/os-release",
    "/usr/lib/os-release",
    "/etc/xensource-inventory",
];

pub(crate) const RULE: Rule = Rule {
    id: "support-distribution",
    title: "this release of the distribution gets security updates",
    looks_at: "VERSION_ID in /etc/os-release, and the target",
    versions: Versions::All,
    why: "dom0's kernel, libraries and services are the distribution's. Extended support that has to be bought, or that is \
          others' work (LTS, ESM, LTSS), does not count here: it covers fewer packages, and Xen is seldom one of them.",
    source: &[
        "the distributions' own pages, as src/support.txt names them",
        "os-release(5)",
    ],
    check,
    examples: &[
        Example::bad(
            "-- etc/os-release --\nID=debian\nVERSION_ID=\"11\"\nPRETTY_NAME=\"Debian GNU/Linux 11 (bullseye)\"\n",
            &[
                "warning etc/os-release:2:1: Debian GNU/Linux 11 (bullseye) has had no security updates since 2024-08-14",
            ],
        ),
        Example::bad(
            "-- etc/os-release --\nID=fedora\nVERSION_ID=43\nPRETTY_NAME=\"Fedora Linux 43\"\n",
            &[
                "info etc/os-release:2:1: security updates of Fedora Linux 43 end on 2026-12-09, in 9 days",
            ],
        ),
        Example::good("-- etc/os-release --\nID=debian\nVERSION_ID=\"13\"\n"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let known = facts.distribution()?;
    let Some(distribution) = known.as_ref() else {
        return Ok(());
    };
    let mut is_left = false;
    for target in facts
        .question()
        .targets
        .iter()
        .filter(|target| target.of != "xen")
    {
        is_left = true;
        let (of, release) = (target.of.as_str(), target.release);
        let name = format!("the target {of} {release}");
        judge(
            facts,
            &Judged {
                of,
                release,
                name: &name,
                is_left: false,
            },
            None,
            found,
        );
    }
    let version = distribution.version.as_deref();
    let Some(release) = version.and_then(release_of) else {
        return Ok(());
    };
    let (of, name) = (distribution.id.as_str(), name(distribution));
    let place = facts.line_with(&FILES, &["VERSION_ID=", "PRODUCT_VERSION="])?;
    judge(
        facts,
        &Judged {
            of,
            release,
            name: &name,
            is_left,
        },
        place,
        found,
    );
    Ok(())
}

/// What it calls itself, with its version.
fn name(distribution: &Distribution) -> String {
    let (name, version) = (
        &distribution.name,
        distribution.version.as_deref().unwrap_or_default(),
    );
    if name.contains(version) {
        name.clone()
    } else {
        format!("{name} {version}")
    }
}
