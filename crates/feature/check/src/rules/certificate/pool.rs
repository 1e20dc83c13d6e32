//! The certificate by which the hosts of a XAPI pool know each other.

use std::path::Path;

use crate::facts::Used;
use crate::{Example, Facts, Findings, NotKnown, Place, Release, Rule, Severity, Versions};

/// Where it is.
const FILE: &str = "/etc/xensource/xapi-pool-tls.pem";

/// What is there on a host that checks the others' certificates.
const VERIFIES: &str = "/var/xapi/verify-certificates";

/// The first release of XCP-ng that checks them by default.
const FIRST: Release = Release::new(8, 3);

pub(crate) const RULE: Rule = Rule {
    id: "certificate-pool",
    title: "the host has a certificate for its pool",
    looks_at: "/etc/xensource/xapi-pool-tls.pem",
    versions: Versions::All,
    why: "The hosts of a pool check each other by this certificate from XCP-ng 8.3 and XenServer 8 on. Where the file is empty \
          (a full disk, a crash while it was written) or absent, XAPI does not start after the upgrade, or leaves the pool.",
    source: &["xcp-ng-org 417", "xcp-ng.org/blog, 2026-06-30"],
    check,
    examples: &[
        Example::bad(
            "-- etc/xensource/xapi-pool-tls.pem --\n",
            &["warning etc/xensource/xapi-pool-tls.pem: the pool's certificate is empty"],
        ),
        Example::bad(
            "-- var/xapi/verify-certificates --\n-- etc/xensource-inventory --\nPRODUCT_BRAND='XCP-ng'\nPRODUCT_VERSION='8.3.0'\n",
            &[
                "error etc/xensource/xapi-pool-tls.pem: the pool's certificate is not there, and this host checks others by theirs",
            ],
        ),
        Example::good(concat!(
            "-- etc/xensource/xapi-pool-tls.pem --\n",
            include_str!("good.pem")
        )),
        Example::good(
            "-- etc/xensource-inventory --\nPRODUCT_BRAND='XCP-ng'\nPRODUCT_VERSION='8.2.1'\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let certificates = facts.certificates()?;
    let is_it = |used: &&Used| used.file == Path::new(FILE);
    let content = certificates
        .used
        .iter()
        .find(is_it)
        .and_then(|used| used.content.as_ref());
    let verifies = facts.has(Path::new(VERIFIES))?;
    let message = match content {
        Some(content) if content.certificates.is_empty() && content.unreadable.is_empty() => {
            "the pool's certificate is empty"
        }
        None if verifies => {
            "the pool's certificate is not there, and this host checks others by theirs"
        }
        _ => return certificates.all_read(),
    };
    let is_target = facts.target("xcp-ng") >= Some(FIRST);
    let severity = if verifies || is_target {
        Severity::Error
    } else {
        Severity::Warning
    };
    let finding = found.add(severity, Place::file(FILE), message);
    finding.hint("remove the file if it is there, and start xapi again: it makes a new one");
    Ok(())
}
