//! Sources that are held against what their publishers say.

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
    let (room, sum) = with_disk("sha256sum");
    room.sh("sha256sum disk.img > SHA256SUMS; sha256sum --tag disk.img > BSDSUMS");
    for list in ["SHA256SUMS", "BSDSUMS"] {
        let line = format!("import disk.img --to {list}.img --checksums {list} --json");
        let json = room.run(&line).ok().json();
        assert_eq!(json["source"]["sha256"], *sum);
        assert_eq!(json["source"]["sha512"], serde_json::Value::Null);
    }
    let zeros = "0".repeat(64);
    room.run(&format!("import disk.img --to c.img --sha256 {zeros}"))
        .refused(
            3,
            &format!("error: disk.img: SHA-256 is {sum}, it should be {zeros}"),
        );
    room.write("OTHERS", b"");
    room.run("import disk.img --to c.img --checksums OTHERS")
        .refused(3, "error: OTHERS: gives no SHA-256 or SHA-512 for disk.img");
    assert!(!room.exists("c.img"));
}

#[test]
fn sha512_is_held_against_the_source() {
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
    let wrong = format!("error: disk.img: SHA-512 is {sum}, it should be {zeros}");
    room.run(&format!("import disk.img --to c.img --sha512 {zeros}"))
        .refused(3, &wrong);
    // Of two digests for one file both have to be right.
    room.sh(&format!(
        "sha256sum disk.img > BOTH; echo '{zeros}  disk.img' >> BOTH"
    ));
    room.run("import disk.img --to c.img --checksums BOTH")
        .refused(3, &wrong);
    let sha256 = room.sh("sha256sum < disk.img | cut -c1-64");
    let sha256 = String::from_utf8(sha256).unwrap();
    let line = format!(
        "convert disk.img c.img --sha256 {} --sha512 {zeros}",
        sha256.trim()
    );
    room.run(&line).refused(3, &wrong);
    assert!(!room.exists("c.img"));
}

#[test]
fn weak_digests_are_refused_by_name() {
    let (room, md5) = with_disk("md5sum");
    room.sh("md5sum disk.img > MD5SUMS; sha1sum disk.img > SHA1SUMS; md5sum < disk.img | cut -c1-32 > bare");
    let why = "which is too weak: another file can be made to have the same\
               \nhint: look for a list of SHA-256 or SHA-512 sums";
    for (list, said) in [
        ("MD5SUMS", "gives only an MD5"),
        ("SHA1SUMS", "gives only a SHA-1"),
        ("bare", "gives only an MD5"),
    ] {
        room.run(&format!("import disk.img --to c.img --checksums {list}"))
            .refused(3, &format!("error: {list}: {said} for disk.img, {why}"));
    }
    let ran = room.run(&format!("import disk.img --to c.img --sha256 {md5}"));
    assert_eq!(ran.status, 2, "{}", ran.story());
    assert!(
        ran.stderr
            .contains(&format!("'{md5}' is an MD5, which is too weak")),
        "{}",
        ran.story()
    );
    // Beside a better one it is no matter.
    room.sh("{ md5sum --tag disk.img; sha256sum --tag disk.img; } > CHECKSUM");
    room.run("import disk.img --to c.img --checksums CHECKSUM")
        .ok();
}

#[test]
fn a_signature_that_is_not_verified_is_a_warning() {
    let (room, sum) = with_disk("sha256sum");
    let signed = format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# disk.img: 1048576 bytes\n\
         SHA256 (disk.img) = {sum}\n-----BEGIN PGP SIGNATURE-----\n\niQIz\n-----END PGP SIGNATURE-----\n"
    );
    room.write("CHECKSUM", signed.as_bytes());
    room.sh("sha256sum disk.img > SHA256SUMS; touch SHA256SUMS.gpg");
    for (list, said, hint) in [
        (
            "CHECKSUM",
            "its PGP signature was not verified",
            "gpg --verify does that",
        ),
        (
            "SHA256SUMS",
            "its signature in SHA256SUMS.gpg was not verified",
            "",
        ),
    ] {
        let line = format!("import disk.img --to {list}.img --checksums {list}");
        let json = room.run(&format!("{line} --json")).ok().json();
        let warning = &json["warnings"][0];
        assert_eq!(warning["place"], list);
        assert_eq!(warning["message"], said);
        let ran = room.run(&format!("{line} --force")).ok();
        let text = String::from_utf8(ran.stdout).unwrap();
        assert!(
            text.contains(&format!("warning  {list}: {said}\n")),
            "{text}"
        );
        let hint = match hint {
            "" => String::new(),
            hint => format!("\nhint: {hint}"),
        };
        let strict = format!("import disk.img --to strict.img --checksums {list} --strict");
        room.run(&strict)
            .refused(3, &format!("error: {list}: {said}{hint}"));
        assert!(!room.exists("strict.img"));
    }
    room.sh("rm SHA256SUMS.gpg");
    room.run("import disk.img --to strict.img --checksums SHA256SUMS --strict")
        .ok();
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
    room.run(&format!(
        "import {url} --to other.img --checksums SHA256SUMS"
    ))
    .refused(
        3,
        "error: SHA256SUMS: gives no SHA-256 or SHA-512 for elsewhere, nor for cloud v2.img\
             \n  because: it is for cloud%20v1.img",
    );
    assert!(!room.exists("other.img"));
}
