//! Certificates that expire soon.

use crate::certificate::Dates;
use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "certificate-expiring",
    title: "the certificates of services hold for another month",
    looks_at: "the files of certificates that services use",
    versions: Versions::All,
    why: "An expired certificate is noticed when nothing connects any more. A month is time enough to make a new one on a \
          quiet day.",
    source: &["cloudstack 12982", "RFC 5280, 4.1.2.5"],
    check,
    examples: &[
        Example::bad(
            concat!(
                "-- etc/xensource/xapi-ssl.pem --\n",
                include_str!("soon.pem")
            ),
            &[
                "warning etc/xensource/xapi-ssl.pem:1:1: XAPI's certificate for xcp1.example.net expires on 2026-12-10, in 9 days",
            ],
        ),
        Example::good(concat!(
            "-- etc/xensource/xapi-ssl.pem --\n",
            include_str!("good.pem")
        )),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let certificates = facts.certificates()?;
    for (used, place, certificate) in certificates.own() {
        if let Dates::EndsSoon(day, left) = certificate.dates(facts.question().now) {
            let (service, name) = (used.service, &certificate.name);
            let message =
                format!("{service}'s certificate for {name} expires on {day}, in {left} days");
            let finding = found.warning(place.clone(), message);
            finding.hint("make a new certificate before that");
        }
    }
    certificates.all_read()
}
