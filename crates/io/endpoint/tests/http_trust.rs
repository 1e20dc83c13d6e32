//! Servers that the system's authorities do not vouch for: their certificates by themselves, by a
//! user's authority, by their fingerprint; and what is said of those that are not trusted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;

use endpoint::source::http::{Authorities, Fingerprint, Http, HttpOptions, Pin};
use endpoint::{Advice, Trust};
use rcgen::{CertificateParams, date_time_ymd};
use servers::http::{Reply, Request};
use servers::https::{Encrypted, Identity, rsa_key};
use sparse::ByteSource;
use support::client::{failure_of, quick, read};

const LEN: usize = 100_000;

fn file(request: &Request) -> Reply {
    Reply::file(request, &[1; LEN], "\"a\"")
}

/// No pause, no second attempt: what cannot be trusted is not asked again.
fn strict() -> HttpOptions {
    HttpOptions {
        pause: Arc::new(|_, _| panic!("no wait")),
        ..quick()
    }
}

fn with_ca(pem: &str) -> HttpOptions {
    HttpOptions {
        authorities: Authorities::parse(pem.as_bytes()).unwrap(),
        ..strict()
    }
}

fn pinned(url: &str, fingerprint: &str) -> HttpOptions {
    let fingerprint = Fingerprint::parse(fingerprint).unwrap();
    HttpOptions {
        pin: Some(Pin::new(url, fingerprint).unwrap()),
        ..strict()
    }
}

/// What is said of a certificate that is not trusted, without the port: reason and advice.
fn said(server: &Encrypted, host: &str, options: &HttpOptions) -> (String, Option<Advice>) {
    let url = server.url(host, "/x");
    let error = read(&url, options).unwrap_err();
    let message = error.message().replace(&format!(":{}", server.port), "");
    let before = format!("the certificate of {host} cannot be trusted: ");
    let reason = message.strip_prefix(&before);
    let reason = reason.unwrap_or_else(|| panic!("{message}"));
    (reason.to_owned(), error.advice().cloned())
}

/// The advice to trust the certificate with the fingerprint `found`.
fn trust(found: &str, by: Trust) -> Option<Advice> {
    let found = found.to_owned();
    Some(Advice::TrustCertificate { found, by })
}

#[test]
fn an_appliance_s_own_certificate_is_trusted_when_it_is_given() {
    let box_ = Identity::appliance(&["localhost", "127.0.0.1"]);
    let server = box_.serve(file);
    let print = box_.fingerprint();
    assert_eq!(
        said(&server, "localhost", &strict()),
        (
            "it is self-signed".into(),
            trust(&print, Trust::FingerprintOrCertificate)
        )
    );
    assert_eq!(server.connections(), 1);
    for host in ["localhost", "127.0.0.1"] {
        let url = server.url(host, "/x");
        assert_eq!(read(&url, &with_ca(&box_.pem())).unwrap(), [1; LEN]);
        let binary = HttpOptions {
            authorities: Authorities::parse(&box_.certificate).unwrap(),
            ..strict()
        };
        assert_eq!(read(&url, &binary).unwrap(), [1; LEN]);
        assert_eq!(read(&url, &pinned(&url, &print)).unwrap(), [1; LEN]);
    }
}

#[test]
fn an_authority_that_is_given_vouches_for_its_servers() {
    let authority = Identity::authority("Our own CA");
    let server = Identity::signed_by(&authority, "Our own CA", |params| {
        params.subject_alt_names = vec![rcgen::SanType::DnsName("localhost".try_into().unwrap())];
    });
    let bundle = format!(
        "Some words first\n{}\r\n{}",
        Identity::authority("another").pem(),
        authority.pem()
    );
    let (print, pem) = (server.fingerprint(), server.pem());
    let server = server.serve(file);
    let url = server.url("localhost", "/");
    assert_eq!(
        said(&server, "localhost", &strict()).0,
        "it is from an authority that this machine does not trust (Our own CA)"
    );
    assert_eq!(read(&url, &with_ca(&bundle)).unwrap(), [1; LEN]);
    assert_eq!(read(&url, &with_ca(&pem)).unwrap(), [1; LEN]);
    assert_eq!(
        said(&server, "127.0.0.1", &with_ca(&bundle)),
        (
            "it is for localhost, not for 127.0.0.1".into(),
            trust(&print, Trust::Fingerprint)
        )
    );
}

#[test]
fn a_fingerprint_is_compared_and_nothing_else() {
    let day = |year| date_time_ymd(year, 3, 4);
    type Change = fn(&mut CertificateParams);
    let change: [(&[&str], Change, &str); 4] = [
        (
            &["localhost"],
            |params| params.not_after = date_time_ymd(2020, 3, 4),
            "it expired on 2020-03-04",
        ),
        (
            &["esxi.local", "10.0.0.1", "fe80::1"],
            |_| {},
            "it is for esxi.local, 10.0.0.1, fe80::1, not for 127.0.0.1",
        ),
        (
            &["a", "b", "c", "d", "e", "f", "g"],
            |_| {},
            "it is for a, b, c, d, e and 2 more, not for 127.0.0.1",
        ),
        (
            &[],
            |_| {},
            "it has no names of servers (only a common name, localhost), so none is 127.0.0.1",
        ),
    ];
    for (names, change, why) in change {
        let identity = Identity::alone(names, change);
        let server = identity.serve(file);
        let host = if names == ["localhost"] {
            "localhost"
        } else {
            "127.0.0.1"
        };
        let print = identity.fingerprint();
        // Nor does it help to give the certificate.
        for (options, before) in [
            (strict(), "it is self-signed, "),
            (with_ca(&identity.pem()), ""),
        ] {
            assert_eq!(
                said(&server, host, &options),
                (format!("{before}{why}"), trust(&print, Trust::Fingerprint))
            );
        }
        let url = server.url(host, "/");
        assert_eq!(read(&url, &pinned(&url, &print)).unwrap(), [1; LEN]);
    }
    let early = Identity::alone(&["localhost"], |params| params.not_before = day(3000));
    let server = early.serve(file);
    let (why, _) = said(&server, "localhost", &with_ca(&early.pem()));
    let expected = "it is not valid before 3000-03-04 (this machine's clock says 2";
    assert!(why.starts_with(expected), "{why}");
    let url = server.url("localhost", "/");
    assert_eq!(
        read(&url, &pinned(&url, &early.fingerprint())).unwrap(),
        [1; LEN]
    );
}

#[test]
fn a_common_name_is_enough_for_a_certificate_that_is_given() {
    let old = Identity::appliance(&[]);
    let server = old.serve(file);
    let url = server.url("localhost", "/");
    let (why, advice) = said(&server, "localhost", &strict());
    assert_eq!(
        why,
        "it is self-signed, it has no names of servers (only a common name, localhost), so none is localhost"
    );
    assert_eq!(
        advice,
        trust(&old.fingerprint(), Trust::FingerprintOrCertificate)
    );
    assert_eq!(read(&url, &with_ca(&old.pem())).unwrap(), [1; LEN]);
    // An authority's word for it is not.
    let authority = Identity::authority("CA");
    let server = Identity::signed_by(&authority, "CA", |_| {}).serve(file);
    assert_eq!(
        said(&server, "localhost", &with_ca(&authority.pem())).0,
        "it has no names of servers (only a common name, localhost), so none is localhost"
    );
}

#[test]
fn certificates_of_version_1_are_trusted_by_themselves() {
    let old = Identity::version_1(None);
    for version in rustls::ALL_VERSIONS {
        let server = old.serve_in(&[version], file);
        let url = server.url("localhost", "/");
        let (why, _) = said(&server, "localhost", &strict());
        assert!(why.starts_with("it is self-signed"), "{why}");
        let print = old.fingerprint();
        assert_eq!(read(&url, &pinned(&url, &print)).unwrap(), [1; LEN]);
        assert_eq!(read(&url, &with_ca(&old.pem())).unwrap(), [1; LEN]);
    }
}

#[test]
fn what_an_authority_cannot_vouch_for_is_trusted_by_itself() {
    let authority = Identity::authority("CA");
    let box_ = Identity::signed_by(&authority, "CA", |params| {
        *params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    });
    let purpose = Identity::signed_by(&authority, "CA", |params| {
        *params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    });
    let another = Identity::authority("CA");
    for (identity, authority, why) in [
        (
            box_,
            &authority,
            "it is an authority's own (CA:TRUE), not a server's",
        ),
        (
            purpose,
            &authority,
            "it is not meant for servers (extended key usage)",
        ),
        (
            Identity::with_sha1("CA"),
            &authority,
            "it is signed with SHA-1, which is too weak",
        ),
        (
            Identity::signed_by(&another, "CA", |params| {
                params.subject_alt_names =
                    vec![rcgen::SanType::DnsName("localhost".try_into().unwrap())];
            }),
            &authority,
            "the signature on it, or on one above it, is wrong",
        ),
    ] {
        let server = identity.serve(file);
        let print = identity.fingerprint();
        assert_eq!(
            said(&server, "localhost", &with_ca(&authority.pem())),
            (why.into(), trust(&print, Trust::FingerprintOrCertificate))
        );
        let url = server.url("localhost", "/");
        assert_eq!(read(&url, &pinned(&url, &print)).unwrap(), [1; LEN]);
        assert_eq!(read(&url, &with_ca(&identity.pem())).unwrap(), [1; LEN]);
    }
}

#[test]
fn a_key_that_is_too_short_is_named() {
    let weak = Identity::version_1(Some(&rsa_key(1024)));
    let server = weak.serve(file);
    let url = server.url("localhost", "/");
    for options in [
        strict(),
        pinned(&url, &weak.fingerprint()),
        with_ca(&weak.pem()),
    ] {
        assert_eq!(
            failure_of(&url, &options),
            format!(
                "error: {url}: the certificate of localhost:{} cannot be trusted: \
                 its RSA key has 1024 bits, only 2048 to 8192 are supported\
                 \n  because: its fingerprint is {}\
                 \nhint: fetch the file with another program, or give the server a new certificate",
                server.port,
                weak.fingerprint()
            )
        );
    }
}

#[test]
fn what_is_no_certificate_is_not_trusted() {
    let mut broken = Identity::appliance(&["localhost"]);
    broken.certificate = b"\x30\x03\x02\x01\x01".to_vec().into();
    let server = broken.serve(file);
    let url = server.url("localhost", "/");
    for options in [strict(), pinned(&url, &broken.fingerprint())] {
        let (why, _) = said(&server, "localhost", &options);
        assert_eq!(why, "it is not a proper X.509 certificate");
    }
}

#[test]
fn a_server_without_the_certificate_s_key_is_not_trusted() {
    // Whoever has seen the certificate can send it.
    let true_one = Identity::appliance(&["localhost"]);
    let mut false_one = Identity::appliance(&["localhost"]);
    false_one.certificate = true_one.certificate.clone();
    for version in rustls::ALL_VERSIONS {
        let server = false_one.serve_in(&[version], file);
        let url = server.url("localhost", "/x");
        for options in [
            pinned(&url, &true_one.fingerprint()),
            with_ca(&true_one.pem()),
        ] {
            assert_eq!(
                failure_of(&url, &options),
                format!(
                    "error: {url}: localhost:{} does not show that it has the key to its certificate",
                    server.port
                )
            );
        }
    }
}

#[test]
fn another_fingerprint_is_refused_whoever_vouches() {
    let box_ = Identity::appliance(&["localhost"]);
    let server = box_.serve(file);
    let url = server.url("localhost", "/x");
    let other = format!("sha256:{}", "0f".repeat(32));
    let options = HttpOptions {
        authorities: with_ca(&box_.pem()).authorities,
        ..pinned(&url, &other)
    };
    assert_eq!(
        failure_of(&url, &options),
        format!(
            "error: {url}: the certificate of localhost:{} has the fingerprint {}, not {other}\
             \nhint: the server has a new certificate, or this is another server: ask who runs it",
            server.port,
            box_.fingerprint()
        )
    );
}

#[test]
fn a_fingerprint_is_for_its_host_alone() {
    let other = Identity::appliance(&["127.0.0.1"]);
    let mirror = other.serve(file);
    let elsewhere = mirror.url("127.0.0.1", "/there");
    let box_ = Identity::appliance(&["localhost"]);
    let to = elsewhere.clone();
    let server = box_.serve(move |_| Reply::redirect(&to));
    let url = server.url("localhost", "/x");
    let only_pinned = pinned(&url, &box_.fingerprint());
    assert_eq!(
        failure_of(&url, &only_pinned),
        format!(
            "error: {url}: {elsewhere}: the certificate of 127.0.0.1:{} cannot be trusted: it is self-signed\
             \nadvice: TrustCertificate {{ found: {:?}, by: Certificate }}",
            mirror.port,
            other.fingerprint()
        )
    );
    let both = HttpOptions {
        authorities: with_ca(&other.pem()).authorities,
        ..only_pinned
    };
    assert_eq!(read(&url, &both).unwrap(), [1; LEN]);
    // It is for all ports of its host.
    let moved = box_.serve(file);
    let to = moved.url("LOCALHOST", "/there");
    let server = box_.serve(move |_| Reply::redirect(&to));
    let url = server.url("localhost", "/x");
    assert_eq!(
        read(&url, &pinned(&url, &box_.fingerprint())).unwrap(),
        [1; LEN]
    );
}

#[test]
fn every_request_for_a_file_is_checked_in_the_same_way() {
    let box_ = Identity::appliance(&["localhost"]);
    let server = box_.serve(|request| match request.number {
        0 => file(request).cut(30_000),
        _ => file(request),
    });
    let url = server.url("localhost", "/");
    let options = HttpOptions {
        pause: Arc::new(|_, _| Ok(())),
        ..pinned(&url, &box_.fingerprint())
    };
    let mut source = Http::open(&url, &options).unwrap();
    assert_eq!(support::client::read_on(&mut source).unwrap(), [1; LEN]);
    let parts = source.at_any_offset().unwrap()().unwrap().unwrap();
    let mut buffer = [0; 100];
    assert_eq!(parts.read_at(5000, &mut buffer).unwrap(), 100);
    assert_eq!(buffer, [1; 100]);
}
