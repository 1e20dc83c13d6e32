//! Certificates that do not hold today.

use crate::certificate::{Certificate, Dates};
use crate::facts::Purpose;
use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "certificate-expired",
    title: "the certificates of services have not expired",
    looks_at: "the files of certificates that XAPI, libvirt, QEMU, Proxmox VE, Cockpit, stunnel, nginx, Apache and OpenNebula use",
    versions: Versions::All,
    why: "Whatever connects to a service and checks its certificate does not do that any more: migration between hosts, a \
          pool, consoles, the management of many hosts. It breaks on the day after, or at the next start. Only files that a \
          service uses are looked at, never the distribution's collection of authorities.",
    source: &["cloudstack 9562, 12982", "RFC 5280, 4.1.2.5"],
    check,
    examples: &[
        Example::bad(
            concat!(
                "-- etc/xensource/xapi-ssl.pem --\n-----BEGIN RSA PRIVATE KEY-----\nleft out\n-----END RSA PRIVATE KEY-----\n",
                include_str!("expired.pem")
            ),
            &[
                "error etc/xensource/xapi-ssl.pem:4:1: XAPI's certificate for xcp1.example.net expired on 2025-06-30",
            ],
        ),
        Example::bad(
            concat!(
                "-- etc/libvirt/libvirtd.conf --\ncert_file = \"/srv/own.pem\"\n-- srv/own.pem --\n",
                include_str!("expired.pem")
            ),
            &[
                "error srv/own.pem:1:1: libvirt's certificate for xcp1.example.net expired on 2025-06-30",
            ],
        ),
        Example::good(concat!(
            "-- etc/xensource/xapi-ssl.pem --\n",
            include_str!("good.pem")
        )),
        Example::good(concat!(
            "-- etc/ssl/certs/Old_Root.pem --\n",
            include_str!("expired.pem")
        )),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let certificates = facts.certificates()?;
    let now = facts.question().now;
    for (used, place, certificate) in certificates.own() {
        judge(used.service, place, certificate, now, found);
    }
    // Of several authorities those that have expired do no harm.
    let authorities = certificates
        .used
        .iter()
        .filter(|used| used.purpose == Purpose::Authorities);
    for used in authorities {
        let all = used
            .content
            .iter()
            .flat_map(|content| &content.certificates);
        let all: Vec<_> = all.collect();
        if all
            .iter()
            .all(|(_, one)| matches!(one.dates(now), Dates::Expired(_)))
        {
            for (place, certificate) in all {
                judge(used.service, place, certificate, now, found);
            }
        }
    }
    certificates.all_read()
}

fn judge(service: &str, place: &Place, certificate: &Certificate, now: u64, found: &mut Findings) {
    let name = &certificate.name;
    match certificate.dates(now) {
        Dates::Expired(day) => {
            let message = format!("{service}'s certificate for {name} expired on {day}");
            let finding = found.error(place.clone(), message);
            finding.hint("make a new certificate, and start the service again");
        }
        Dates::NotYet(day) => {
            let message = format!("{service}'s certificate for {name} does not hold before {day}");
            let finding = found.warning(place.clone(), message);
            finding.hint("check the clock, then the certificate");
        }
        Dates::Valid | Dates::EndsSoon(..) => {}
    }
}
