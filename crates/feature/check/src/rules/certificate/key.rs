//! Certificates whose keys are too short.

use crate::{Example, Facts, Findings, NotKnown, Release, Rule, Severity, Versions};

/// The release of XCP-ng whose installer refuses short keys, and the Xen in it.
const REFUSING: (Release, Release) = (Release::new(8, 3), Release::new(4, 17));

pub(crate) const RULE: Rule = Rule {
    id: "certificate-key",
    title: "the keys of certificates are long enough",
    looks_at: "RSA keys in the files of certificates that services use",
    versions: Versions::All,
    why: "Today's TLS libraries refuse RSA keys of less than 2048 bits. The installer of XCP-ng 8.3 stops at the upgrade of a \
          host whose certificate has one; hosts installed as XenServer 6 or 7 do.",
    source: &["xcp-ng-org 308", "NIST SP 800-131A"],
    check,
    examples: &[
        Example::bad(
            concat!("-- etc/xensource/xapi-ssl.pem --\n", include_str!("short.pem")),
            &["error etc/xensource/xapi-ssl.pem:1:1: XAPI's certificate for xcp1.example.net has an RSA key of 1024 bits, and XCP-ng 8.3 needs 2048"],
        )
        .to_xen("4.17"),
        Example::bad(
            concat!("-- etc/nginx/nginx.conf --\n\tssl_certificate /srv/own.pem;\n-- srv/own.pem --\n", include_str!("short.pem")),
            &["warning srv/own.pem:1:1: nginx's certificate for xcp1.example.net has an RSA key of 1024 bits; at least 2048 are needed today"],
        ),
        Example::good(concat!("-- etc/xensource/xapi-ssl.pem --\n", include_str!("good.pem"))).to_xen("4.17"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let certificates = facts.certificates()?;
    let refuses = refuses(facts)?;
    for (used, place, certificate) in certificates.own() {
        let Some(bits) = certificate.short_rsa() else {
            continue;
        };
        let has = format!(
            "{}'s certificate for {} has an RSA key of {bits} bits",
            used.service, certificate.name
        );
        let (severity, message) = if used.service == "XAPI" && refuses {
            (
                Severity::Error,
                format!("{has}, and XCP-ng {} needs 2048", REFUSING.0),
            )
        } else {
            (
                Severity::Warning,
                format!("{has}; at least 2048 are needed today"),
            )
        };
        let finding = found.add(severity, place.clone(), message);
        if used.service == "XAPI" {
            finding.hint("run xe host-emergency-reset-server-certificate, or install a certificate with a longer key");
        } else {
            finding.hint("make a new certificate with a longer key");
        }
    }
    certificates.all_read()
}

/// Whether the host is, or becomes, a release that takes no short keys.
fn refuses(facts: &Facts) -> Result<bool, NotKnown> {
    let distribution = facts.distribution()?;
    let version = distribution
        .as_ref()
        .as_ref()
        .and_then(|known| known.version.as_deref());
    let is_one = version.and_then(crate::release_of) >= Some(REFUSING.0);
    let becomes = |of, first| facts.target(of) >= Some(first);
    Ok(is_one || becomes("xcp-ng", REFUSING.0) || becomes("xen", REFUSING.1))
}
