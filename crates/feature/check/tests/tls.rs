//! What is found about the certificates that servers show.

#![allow(
    clippy::unwrap_used,
    reason = "only tests are here, and panicking is how they fail"
)]

use std::net::TcpListener;
use std::time::Duration;

use check::{Facts, Outcome, Question, Report};
use host::Host;
use servers::http::Reply;
use servers::https::{Encrypted, Identity, rsa_key};
use testkit::machine::FakeHost;

/// 2026-11-30.
const NOW: u64 = 1_796_000_000;

/// What is found about the server at `port`, called `host`, without its name and port.
fn found(host: &str, port: u16) -> Outcome {
    let fake = FakeHost::new();
    let question = Question {
        from: None,
        targets: Vec::new(),
        guests: Vec::new(),
        tls: vec![format!("{host}:{port}").parse().unwrap()],
        now: NOW,
        limit: Duration::from_secs(60),
    };
    let facts = Facts::new(Host::at(fake.root()).unwrap(), question);
    let report = Report::new(&facts);
    let is_it = |rule: &&(&check::Rule, Outcome)| rule.0.id == "certificate-tls";
    let index = report.rules.iter().position(|rule| is_it(&rule)).unwrap();
    report.rules.into_iter().nth(index).unwrap().1
}

fn shown(host: &str, server: &Encrypted) -> Vec<String> {
    let outcome = found(host, server.port);
    assert!(matches!(outcome, Outcome::Checked(_)), "{outcome:?}");
    let place = format!("{host}:{}: ", server.port);
    let text = |finding: &check::Finding| {
        let message = finding.message.strip_prefix(&place).unwrap();
        format!("{}: {message}", finding.severity.name())
    };
    outcome.findings().iter().map(text).collect()
}

fn serve(identity: &Identity) -> Encrypted {
    identity.serve(|_| Reply::ok(b""))
}

#[test]
fn a_certificate_of_an_authority_for_the_server_is_right() {
    let authority = Identity::authority("Example CA");
    let signed = Identity::signed_by(&authority, "Example CA", |params| {
        let names = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap();
        params.subject_alt_names = names.subject_alt_names;
    });
    assert_eq!(shown("localhost", &serve(&signed)), Vec::<String>::new());
}

#[test]
fn what_has_expired_or_soon_will_is_found() {
    let until = |year, month, day| {
        Identity::alone(&["localhost"], |params| {
            params.not_after = rcgen::date_time_ymd(year, month, day);
        })
    };
    let own = "info: the certificate for localhost is signed by itself";
    assert_eq!(
        shown("localhost", &serve(&until(2025, 6, 30))),
        [
            "error: the certificate for localhost expired on 2025-06-30",
            own
        ]
    );
    assert_eq!(
        shown("localhost", &serve(&until(2026, 12, 10))),
        [
            "warning: the certificate for localhost expires on 2026-12-10, in 9 days",
            own
        ]
    );
}

#[test]
fn a_certificate_for_other_servers_is_found() {
    let other = Identity::alone(&["a.example", "b.example"], |_| {});
    let found = shown("127.0.0.1", &serve(&other));
    let message = "warning: the certificate is for a.example, b.example, not for 127.0.0.1";
    assert!(found.iter().any(|found| found == message), "{found:?}");
}

#[test]
fn a_short_key_is_found() {
    let short = Identity::version_1(Some(&rsa_key(1024)));
    let found = shown("localhost", &serve(&short));
    let message = "warning: the certificate for localhost has an RSA key of 1024 bits; at least 2048 are needed today";
    assert!(found.iter().any(|found| found == message), "{found:?}");
}

#[test]
fn a_server_that_cannot_be_reached_is_not_known() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let outcome = found("127.0.0.1", port);
    let Outcome::NotKnown(reason, _) = outcome else {
        unreachable!("{outcome:?}");
    };
    let start = format!("127.0.0.1:{port}: no encrypted connection: ");
    assert!(reason.reason.starts_with(&start), "{reason}");
}
