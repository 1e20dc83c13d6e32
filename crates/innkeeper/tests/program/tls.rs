//! https sources whose servers no authority vouches for.

use servers::https::{Encrypted, Identity, pem};

use crate::support::transcript::assert_snapshot;
use crate::support::{Room, disk};
use servers::http::{Reply, Request, Server};

/// A storage box with a disk, and a list of its checksum.
fn storage(room: &Room, identity: &Identity) -> Encrypted {
    let disk = disk(1 << 20);
    room.write("disk.img", &disk);
    let sums = room.sh("sha256sum disk.img; rm disk.img");
    identity.serve(move |request: &Request| match request.target() {
        "/SHA256SUMS" => Reply::ok(&sums),
        _ => Reply::file(request, &disk, "\"v1\""),
    })
}

#[test]
fn the_fingerprint_that_the_error_prints_can_be_given() {
    let room = Room::new();
    let identity = Identity::appliance(&["localhost"]);
    let server = storage(&room, &identity);
    let url = server.url("localhost", "/disk.img");
    let print = identity.fingerprint();
    room.run(&format!("import {url} --to out.img")).refused(
        1,
        &format!(
            "error: {url}: the certificate of localhost:{} cannot be trusted: it is self-signed\
             \nhint: compare the certificate's fingerprint with the one that the server itself shows; if it is \
             the same, give --fingerprint {print}, or the certificate in a file with --ca",
            server.port
        ),
    );
    assert_eq!(server.connections(), 1, "asked once");
    let list = server.url("localhost", "/SHA256SUMS");
    room.run(&format!(
        "import {url} --to out.img --checksums {list} --fingerprint {print}"
    ))
    .ok();
    assert!(room.read("out.img") == disk(1 << 20));
    // As OpenSSL shows it, and for the other commands.
    let digits = print.trim_start_matches("sha256:").to_uppercase();
    let pairs: Vec<_> = digits.as_bytes().chunks(2).collect();
    let pairs = pairs.iter().map(|pair| String::from_utf8_lossy(pair));
    let colons = pairs.collect::<Vec<_>>().join(":");
    for command in ["inspect", "digest"] {
        for print in [&print, &colons, &format!("SHA256:{digits}")] {
            room.run(&format!("{command} {url} --fingerprint {print}"))
                .ok();
        }
    }
}

#[test]
fn a_wrong_fingerprint_is_refused() {
    let room = Room::new();
    let identity = Identity::appliance(&["localhost"]);
    room.write("ca.pem", identity.pem().as_bytes());
    let server = storage(&room, &identity);
    let url = server.url("localhost", "/disk.img");
    let other = format!("sha256:{}", "0a".repeat(32));
    let line = format!("import {url} --to out.img --ca ca.pem --fingerprint {other}");
    room.run(&line).refused(
        1,
        &format!(
            "error: {url}: the certificate of localhost:{} has the fingerprint {}, not {other}\
             \nhint: the server has a new certificate, or this is another server: ask who runs it",
            server.port,
            identity.fingerprint()
        ),
    );
    for (print, said) in [
        (
            "sha256:00",
            "it has 2 digits, a SHA-256 has 64 hexadecimal ones",
        ),
        (
            &format!("sha256:{}", "0g".repeat(32)),
            "a SHA-256 has hexadecimal digits only",
        ),
        (&"0A:".repeat(20), "that is SHA-1, which is too weak"),
        ("SHA1 Fingerprint=AA", "that is SHA-1, which is too weak"),
        ("md5:aa", "that is MD5, which is too weak"),
        ("sha512:aa", "only SHA-256 is known"),
        (
            "sha256//AAAA=",
            "that is a public key's (a pin of curl), not a certificate's",
        ),
    ] {
        let args = ["import", &url, "--to", "out.img", "--fingerprint", print];
        let ran = crate::support::Ran::of(room.innkeeper(args).output());
        assert_eq!(ran.status, 2, "{}", ran.story());
        let said = format!("invalid fingerprint '{print}': {said}");
        assert!(ran.stderr.contains(&said), "{}", ran.story());
    }
    assert_eq!(room.names(), ["ca.pem"]);
}

#[test]
fn a_fingerprint_needs_an_https_source() {
    let room = Room::new();
    let mut told = Vec::new();
    room.write("disk.img", &disk(1 << 20));
    let print = format!("sha256:{}", "0a".repeat(32));
    for command in [
        "import disk.img --to out.img",
        "inspect disk.img",
        "digest -",
    ] {
        told.push(
            room.run(&format!("{command} --fingerprint {print}"))
                .failed(2),
        );
    }
    let server = Server::start(|_| Reply::ok(b""));
    let url = server.url("/x?secret");
    told.push(
        room.run(&format!("import {url} --to out.img --fingerprint {print}"))
            .failed(2),
    );
    assert_eq!(server.requests().len(), 0);
    assert_snapshot!(told);
}

#[test]
fn a_file_of_certificates_is_trusted_beside_the_system_s() {
    let room = Room::new();
    let authority = Identity::authority("Our own CA");
    let signed = Identity::signed_by(&authority, "Our own CA", |params| {
        params.subject_alt_names = vec![rcgen::SanType::DnsName("localhost".try_into().unwrap())];
    });
    let server = storage(&room, &signed);
    let url = server.url("localhost", "/disk.img");
    let lone = Identity::appliance(&["127.0.0.1"]);
    let mirror = storage(&room, &lone);
    let list = mirror.url("127.0.0.1", "/SHA256SUMS");
    let utf16: Vec<u8> = format!("\u{feff}{}", authority.pem())
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    room.write("lone.pem", lone.pem().as_bytes());
    for (name, content) in [
        ("ca.pem", authority.pem().into_bytes()),
        ("ca.der", authority.certificate.to_vec()),
        (
            "crlf.pem",
            authority.pem().replace('\n', "\r\n").into_bytes(),
        ),
        ("utf16.pem", utf16),
        (
            "old.pem",
            pem("X509 CERTIFICATE", &authority.certificate).into_bytes(),
        ),
        (
            "key_first.pem",
            [authority.key.serialize_pem(), authority.pem()]
                .concat()
                .into_bytes(),
        ),
        (
            "bundle.pem",
            [lone.pem(), authority.pem()].concat().into_bytes(),
        ),
    ] {
        room.write(name, &content);
        room.run(&format!("inspect {url} --ca {name}")).ok();
    }
    // The list of checksums is on another server, which is trusted by the other file.
    room.run(&format!(
        "import {url} --to out.img --ca ca.pem --ca lone.pem --checksums {list}"
    ))
    .ok();
    let ran = room.run(&format!(
        "import {url} --to no.img --ca ca.pem --checksums {list}"
    ));
    assert_eq!(ran.status, 1, "{}", ran.story());
    assert!(ran.stderr.contains("it is self-signed"), "{}", ran.story());
    assert!(!room.exists("no.img"));
}

#[test]
fn files_without_certificates_are_refused() {
    let room = Room::new();
    let mut told = Vec::new();
    let identity = Identity::authority("CA");
    let broken = identity.pem().replace("MII", "?II");
    for (name, content) in [
        ("empty.pem", &b""[..]),
        ("key.pem", identity.key.serialize_pem().as_bytes()),
        ("text.pem", b"hello\n"),
        ("broken.pem", broken.as_bytes()),
        ("bad.pem", pem("CERTIFICATE", b"\x30\x00").as_bytes()),
        ("key.der", identity.key.serialized_der()),
        (
            "two.der",
            &[&identity.certificate[..], &identity.certificate[..]].concat(),
        ),
    ] {
        room.write(name, content);
        told.push(
            room.run(&format!("inspect https://127.0.0.1:1/x --ca {name}"))
                .failed(2),
        );
    }
    let ran = room.run("inspect https://127.0.0.1:1/x --ca missing.pem");
    told.push(ran.failed(1));
    assert_snapshot!(told);
}

#[test]
fn the_wrong_scheme_is_told_at_once() {
    let room = Room::new();
    let mut told = Vec::new();
    let plain = Server::start(|_| Reply::ok(b""));
    let place = plain.place();
    told.push(
        room.run(&format!("import https://{place}/x --to out.img"))
            .failed(1),
    );
    let server = storage(&room, &Identity::appliance(&["localhost"]));
    let place = format!("localhost:{}", server.port);
    told.push(
        room.run(&format!("import http://{place}/x --to out.img"))
            .failed(1),
    );
    assert_eq!(server.connections(), 1);
    assert_eq!(room.names(), [] as [&str; 0]);
    assert_snapshot!(told);
}
