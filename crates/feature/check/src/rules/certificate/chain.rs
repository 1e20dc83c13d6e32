//! Certificates without those that lead to an authority.

use crate::certificate::Certificate;
use crate::facts::{Certificates, Content, Purpose};
use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "certificate-chain",
    title: "the certificates of services come with those that lead to an authority",
    looks_at: "the files of certificates that services use, and the authorities that the host knows",
    versions: Versions::All,
    why: "A service sends what is in its file. Where the certificate of its issuer is not in it, only those can check the \
          certificate that have that already: browsers often do, other hosts and tools do not. A certificate that is its own \
          issuer has no chain, and an authority that this host trusts need not be sent. The certificate that Cockpit makes by itself \
          is signed by an authority of its own, and is not looked at.",
    source: &["xcp-ng/xcp 410", "RFC 8446, 4.4.2", "cockpit-tls(8)"],
    check,
    examples: &[
        Example::bad(
            concat!(
                "-- etc/xensource/xapi-ssl.pem --\n",
                include_str!("signed.pem")
            ),
            &[
                "warning etc/xensource/xapi-ssl.pem:1:1: the certificate of CN=Example CA, which signed XAPI's for xcp1.example.net, is not in the file",
            ],
        ),
        Example::bad(
            concat!(
                "-- etc/cockpit/ws-certs.d/10-own.cert --\n",
                include_str!("signed.pem")
            ),
            &[
                "warning etc/cockpit/ws-certs.d/10-own.cert:1:1: the certificate of CN=Example CA, which signed Cockpit's for xcp1.example.net, is not in the file",
            ],
        ),
        Example::good(concat!(
            "-- etc/xensource/xapi-ssl.pem --\n",
            include_str!("signed.pem"),
            include_str!("authority.pem")
        )),
        Example::good(concat!(
            "-- etc/cockpit/ws-certs.d/0-self-signed.cert --\n",
            include_str!("signed.pem")
        )),
        Example::good(concat!(
            "-- etc/pki/libvirt/servercert.pem --\n",
            include_str!("signed.pem"),
            "-- etc/pki/CA/cacert.pem --\n",
            include_str!("authority.pem"),
        )),
        Example::good(concat!(
            "-- etc/xensource/xapi-ssl.pem --\n",
            include_str!("signed.pem"),
            "-- etc/ssl/certs/ca-certificates.crt --\n",
            include_str!("authority.pem"),
        )),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let certificates = facts.certificates()?;
    for used in certificates
        .used
        .iter()
        .filter(|used| used.purpose == Purpose::Own && !used.is_made_by_service())
    {
        let Some(content) = &used.content else {
            continue;
        };
        let Some((place, own)) = content.certificates.first() else {
            continue;
        };
        let last = last(own, content);
        if last.is_self_signed() || is_known(&last.issuer, &certificates, facts)? {
            continue;
        }
        let message = format!(
            "the certificate of {}, which signed {}'s for {}, is not in the file",
            last.issuer, used.service, last.name
        );
        let finding = found.warning(place.clone(), message);
        finding.hint(
            "add the issuer's certificate behind the service's own, as the authority sent it",
        );
    }
    certificates.all_read()
}

/// The certificate at the end of the chain that begins with `own`.
fn last<'c>(own: &'c Certificate, content: &'c Content) -> &'c Certificate {
    let mut last = own;
    // Each certificate once: two may have signed each other.
    for _ in &content.certificates {
        let mut others = content
            .certificates
            .iter()
            .map(|(_, certificate)| certificate);
        match others.find(|other| other.subject == last.issuer) {
            Some(issuer) if !last.is_self_signed() => last = issuer,
            _ => break,
        }
    }
    last
}

/// Whether the host knows the authority: a service's configuration names it, or the distribution trusts it.
fn is_known(issuer: &str, certificates: &Certificates, facts: &Facts) -> Result<bool, NotKnown> {
    let authorities = certificates
        .used
        .iter()
        .filter(|used| used.purpose == Purpose::Authorities);
    let mut named = authorities
        .flat_map(|used| &used.content)
        .flat_map(|content| &content.certificates);
    Ok(named.any(|(_, authority)| authority.subject == issuer) || facts.is_trusted(issuer)?)
}
