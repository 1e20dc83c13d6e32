//! The certificates that servers show.

use crate::certificate::{Certificate, Dates};
use crate::tls::Server;
use crate::{Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "certificate-tls",
    title: "the certificates that the named servers show are right",
    looks_at: "what servers show at the beginning of an encrypted connection, where some are named",
    versions: Versions::All,
    why: "Cards for management, storage boxes and other hosts keep their certificates where no file shows them. What is \
          asked is what the server shows: whether it holds today and for this name, and whether its key is long enough. \
          Who signed it is not checked, and nothing is sent.",
    source: &["RFC 5280", "RFC 9525"],
    check,
    // A server is not a file: tests/tls.rs has the examples.
    examples: &[],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let mut not_known = None;
    for shown in &facts.shown()?.0 {
        let server = &shown.server;
        match &shown.chain {
            Err(reason) => not_known = Some(NotKnown::new("what servers show", reason.clone())),
            Ok(chain) => {
                for certificate in chain {
                    dates(server, certificate, facts.question().now, found);
                }
                if let Some(own) = chain.first() {
                    own_certificate(server, own, found);
                }
            }
        }
    }
    not_known.map_or(Ok(()), Err)
}

fn dates(server: &Server, certificate: &Certificate, now: u64, found: &mut Findings) {
    let named = format!("{server}: the certificate for {}", certificate.name);
    match certificate.dates(now) {
        Dates::Valid => {}
        Dates::Expired(day) => {
            found.error(None, format!("{named} expired on {day}"));
        }
        Dates::NotYet(day) => {
            found.warning(None, format!("{named} does not hold before {day}"));
        }
        Dates::EndsSoon(day, left) => {
            found.warning(None, format!("{named} expires on {day}, in {left} days"));
        }
    }
}

/// What is asked of the server's own certificate alone.
fn own_certificate(server: &Server, own: &Certificate, found: &mut Findings) {
    let named = format!("{server}: the certificate for {}", own.name);
    if let Some(bits) = own.short_rsa() {
        let message =
            format!("{named} has an RSA key of {bits} bits; at least 2048 are needed today");
        found.warning(None, message);
    }
    if !own.is_for(&server.host) {
        let names = match own.servers.as_slice() {
            [] => own.name.clone(),
            servers => servers.join(", "),
        };
        let message = format!(
            "{server}: the certificate is for {names}, not for {}",
            server.host
        );
        found.warning(None, message);
    }
    if own.is_self_signed() {
        found.info(None, format!("{named} is signed by itself"));
    }
}
