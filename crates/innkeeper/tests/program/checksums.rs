//! Sources that are held against what their publishers say.

use crate::support::transcript::assert_snapshot;
use crate::support::{Room, disk};
use servers::http::{Reply, Server};

/// A room with `disk.img` in it, and the digest of it that `tool` makes.
fn with_disk(tool: &str) -> (Room, String) {
    let room = Room::new();
    room.write("disk.img", &disk(1 << 20));
    let sum = room.sh(&format!("{tool} < disk.img | cut -d' ' -f1"));
    let sum = String::from_utf8(sum).unwrap().trim().to_owned();
    (room, sum)
}

#[test]
fn a_list_is_held_against_the_source() {
    let mut told = Vec::new();
    let (room, sum) = with_disk("sha256sum");
    room.sh("sha256sum disk.img > SHA256SUMS; sha256sum --tag disk.img > BSDSUMS");
    for list in ["SHA256SUMS", "BSDSUMS"] {
        let line = format!("import disk.img --to {list}.img --checksums {list} --json");
        let json = room.run(&line).ok().json();
        assert_eq!(json["source"]["sha256"], *sum);
        assert_eq!(json["source"]["sha512"], serde_json::Value::Null);
    }
    let zeros = "0".repeat(64);
    told.push(
        room.run(&format!("import disk.img --to c.img --sha256 {zeros}"))
            .failed(3),
    );
    room.write("OTHERS", b"");
    told.push(
        room.run("import disk.img --to c.img --checksums OTHERS")
            .failed(3),
    );
    assert!(!room.exists("c.img"));
    assert_snapshot!(told);
}

#[test]
fn sha512_is_held_against_the_source() {
    let mut told = Vec::new();
    let (room, sum) = with_disk("sha512sum");
    room.sh("sha512sum disk.img > SHA512SUMS; sha512sum --tag disk.img > TAGGED; sha512sum < disk.img > stdin
         printf %s $(cut -d' ' -f1 SHA512SUMS | tr a-f A-F) > disk.sha512");
    for list in ["SHA512SUMS", "TAGGED", "stdin", "disk.sha512"] {
        let line = format!("import disk.img --to {list}.img --checksums {list} --json");
        let json = room.run(&line).ok().json();
        assert_eq!(json["source"]["sha512"], *sum, "{list}");
        assert_eq!(json["source"]["sha256"], serde_json::Value::Null);
    }
    room.run(&format!("import disk.img --to a.img --sha512 sha512:{sum}"))
        .ok();
    let zeros = "0".repeat(128);
    told.push(
        room.run(&format!("import disk.img --to c.img --sha512 {zeros}"))
            .failed(3),
    );
    // Of two digests for one file both have to be right.
    room.sh(&format!(
        "sha256sum disk.img > BOTH; echo '{zeros}  disk.img' >> BOTH"
    ));
    told.push(
        room.run("import disk.img --to c.img --checksums BOTH")
            .failed(3),
    );
    let sha256 = room.sh("sha256sum < disk.img | cut -c1-64");
    let sha256 = String::from_utf8(sha256).unwrap();
    let line = format!(
        "convert disk.img c.img --sha256 {} --sha512 {zeros}",
        sha256.trim()
    );
    told.push(room.run(&line).failed(3));
    assert!(!room.exists("c.img"));
    assert_snapshot!(told);
}

#[test]
fn weak_digests_are_refused_by_name() {
    let mut told = Vec::new();
    let (room, md5) = with_disk("md5sum");
    room.sh("md5sum disk.img > MD5SUMS; sha1sum disk.img > SHA1SUMS; md5sum < disk.img | cut -c1-32 > bare");
    for list in ["MD5SUMS", "SHA1SUMS", "bare"] {
        told.push(
            room.run(&format!("import disk.img --to c.img --checksums {list}"))
                .failed(3),
        );
    }
    let line = format!("import disk.img --to c.img --sha256 {md5}");
    told.push(room.run(&line).failed(2));
    // Beside a better one it is no matter.
    room.sh("{ md5sum --tag disk.img; sha256sum --tag disk.img; } > CHECKSUM");
    room.run("import disk.img --to c.img --checksums CHECKSUM")
        .ok();
    assert_snapshot!(told);
}

#[test]
fn a_signature_that_is_not_verified_is_a_warning() {
    let mut told = Vec::new();
    let (room, sum) = with_disk("sha256sum");
    let signed = format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# disk.img: 1048576 bytes\n\
         SHA256 (disk.img) = {sum}\n-----BEGIN PGP SIGNATURE-----\n\niQIz\n-----END PGP SIGNATURE-----\n"
    );
    room.write("CHECKSUM", signed.as_bytes());
    room.sh("sha256sum disk.img > SHA256SUMS; touch SHA256SUMS.gpg");
    for list in ["CHECKSUM", "SHA256SUMS"] {
        let line = format!("import disk.img --to {list}.img --checksums {list}");
        told.push(room.run(&line).ok());
        let strict = format!("import disk.img --to strict.img --checksums {list} --strict");
        told.push(room.run(&strict).failed(3));
        assert!(!room.exists("strict.img"));
    }
    room.sh("rm SHA256SUMS.gpg");
    room.run("import disk.img --to strict.img --checksums SHA256SUMS --strict")
        .ok();
    assert_snapshot!(told);
}

#[test]
fn a_list_finds_a_source_behind_a_redirect_or_a_query() {
    let (room, sum) = with_disk("sha256sum");
    let content = room.read("disk.img");
    room.write("SHA256SUMS", format!("{sum}  cloud%20v1.img\n").as_bytes());
    let server = Server::start(move |request| match request.target() {
        "/latest?arch=x" => Reply::redirect("/images/cloud%20v1.img?X-Amz-Signature=geheim"),
        "/elsewhere" => Reply::redirect("/images/cloud%20v2.img?X-Amz-Signature=geheim"),
        _ => Reply::file(request, &content, "\"v1\""),
    });
    for path in [
        "/latest?arch=x",
        "/images/cloud%20v1.img?sig=/x#y",
        "/a/cloud%20v1.img",
    ] {
        let url = server.url(path);
        room.run(&format!(
            "import {url} --to out.img --force --checksums SHA256SUMS"
        ))
        .ok();
    }
    let url = server.url("/elsewhere");
    assert_snapshot!(
        room.run(&format!(
            "import {url} --to other.img --checksums SHA256SUMS"
        ))
        .failed(3)
    );
    assert!(!room.exists("other.img"));
}
