//! Files of certificates that are not there, or hold none.

use crate::facts::{Purpose, Used};
use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "certificate-file",
    title: "the files of certificates that services name hold certificates",
    looks_at: "the files of certificates that services use",
    versions: Versions::All,
    why: "A service that does not find its certificate, or the authority that it trusts, does not start, or takes no \
          encrypted connections. Links lead into directories of agents, which an upgrade or a new enrolment empties.",
    source: &["cloudstack 9718, 9653", "libvirt, tlscerts"],
    check,
    examples: &[
        Example::bad(
            concat!(
                "-- etc/libvirt/libvirtd.conf --\nca_file = \"/srv/ca.pem\"\n-- etc/pki/libvirt/servercert.pem --\n",
                include_str!("good.pem")
            ),
            &[
                "error etc/libvirt/libvirtd.conf:1:1: /srv/ca.pem, which libvirt uses to check others, is not there",
            ],
        ),
        Example::bad(
            concat!(
                "-- etc/pki/libvirt-vnc/ca-cert.pem -> /etc/agent/ca.pem --\n-- etc/pki/libvirt-vnc/server-cert.pem --\n",
                include_str!("good.pem")
            ),
            &[
                "error etc/pki/libvirt-vnc/ca-cert.pem: /etc/pki/libvirt-vnc/ca-cert.pem, which QEMU uses to check others, is not there",
            ],
        ),
        Example::bad(
            "-- etc/xensource/xapi-ssl.pem --\n-----BEGIN CERTIFICATE-----\nQUI=\n-----END CERTIFICATE-----\n",
            &["error etc/xensource/xapi-ssl.pem:1:1: this is not a certificate that can be read"],
        ),
        Example::good(concat!(
            "-- etc/libvirt/libvirtd.conf --\n#ca_file = \"/srv/ca.pem\"\n",
            "-- etc/xensource/xapi-ssl.pem --\n-----BEGIN PRIVATE KEY-----\nleft out\n-----END PRIVATE KEY-----\n",
            include_str!("good.pem"),
        )),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let certificates = facts.certificates()?;
    for used in &certificates.used {
        let Some(content) = &used.content else {
            if starts(used.service, facts)? {
                missing(used, found);
            }
            continue;
        };
        for place in &content.unreadable {
            found.error(place.clone(), "this is not a certificate that can be read");
        }
    }
    certificates.all_read()
}

/// Whether the service starts with the host, where it is one that many hosts have without using it: its configuration may
/// name what is made at its first start.
fn starts(service: &str, facts: &Facts) -> Result<bool, NotKnown> {
    let names: &[&str] = match service {
        "Apache" => &["apache2", "httpd"],
        "nginx" => &["nginx"],
        "stunnel" => &["stunnel", "stunnel4"],
        _ => return Ok(true),
    };
    Ok(facts.services()?.starts(names))
}

fn missing(used: &Used, found: &mut Findings) {
    let place = used
        .named
        .clone()
        .unwrap_or_else(|| Place::file(&used.file));
    let (file, service) = (used.file.display(), used.service);
    let message = match used.purpose {
        Purpose::Own => format!("{file}, the certificate of {service}, is not there"),
        Purpose::Authorities => {
            format!("{file}, which {service} uses to check others, is not there")
        }
    };
    // A directory that QEMU's configuration names is used for some guests only.
    if used.service == "QEMU" && used.named.is_some() {
        found.warning(place, message);
    } else {
        found.error(place, message);
    }
}
