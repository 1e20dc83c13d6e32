use proptest::prelude::*;

use super::*;

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
const MD5: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const SHA1: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// What a list called `name` says about `source`: digests by their first letters, or the error.
fn of(name: &str, list: &[u8], source: &str) -> String {
    let list = List::parse(name, list);
    let names = if source.contains("://") {
        Names::of_url(source)
    } else {
        Names::of_path(source)
    };
    match list.find(&[names]) {
        Ok(sums) => {
            let sha256 = sums
                .sha256
                .map(|sum| format!("256:{}", error::hex(&sum[..1])));
            let sha512 = sums
                .sha512
                .map(|sum| format!("512:{}", error::hex(&sum[..1])));
            [sha256, sha512]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" ")
        }
        Err(error) => error.to_text(),
    }
}

fn found(list: &str, source: &str) -> String {
    of("SUMS", list.as_bytes(), source)
}

#[test]
fn every_common_form_is_read() {
    let (a512, b512) = (A.repeat(2), B.repeat(2));
    let list = format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# a comment\n{A}  ./images/a.img\n{B} *b.img\n\
         SHA256 (c (1).img) = {A}\n{A} freebsd.img\n{A}\ttab.img\nSHA512 (five.img) = {b512}\n\
         SHA2-256(openssl.img)= {A}\nSHA512(old openssl.img)= {a512}\n\
         # fedora.qcow2: 123456 bytes\nSHA256 (fedora.qcow2) = {B}\n- {A}  dashed.img\n\
         {b512}  debian.qcow2\n{A} *C:\\images\\win.vhdx\n\
         -----BEGIN PGP SIGNATURE-----\n\n{A}\n-----END PGP SIGNATURE-----\n"
    );
    for (name, sums) in [
        ("/tmp/a.img", "256:aa"),
        ("b.img", "256:bb"),
        ("c (1).img", "256:aa"),
        ("freebsd.img", "256:aa"),
        ("tab.img", "256:aa"),
        ("five.img", "512:bb"),
        ("openssl.img", "256:aa"),
        ("old openssl.img", "512:aa"),
        ("fedora.qcow2", "256:bb"),
        ("dashed.img", "256:aa"),
        ("debian.qcow2", "512:bb"),
        ("win.vhdx", "256:aa"),
        ("d.img", "error: gives no SHA-256 or SHA-512 for d.img"),
    ] {
        assert_eq!(found(&list, name), sums, "{name}");
        assert_eq!(
            found(&list.replace('\n', "\r\n"), name),
            sums,
            "{name}, CRLF"
        );
    }
}

#[test]
fn encodings_of_windows_are_read() {
    let list = format!("{A}  ä.img\r\n");
    let utf16 = |bytes: fn(u16) -> [u8; 2], mark: [u8; 2]| {
        let text = list.encode_utf16().flat_map(bytes);
        mark.into_iter().chain(text).collect::<Vec<u8>>()
    };
    for bytes in [
        utf16(u16::to_le_bytes, [0xff, 0xfe]),
        utf16(u16::to_be_bytes, [0xfe, 0xff]),
        [&b"\xef\xbb\xbf"[..], list.as_bytes()].concat(),
    ] {
        assert_eq!(of("SUMS", &bytes, "ä.img"), "256:aa");
    }
}

#[test]
fn names_with_backslashes_are_escaped() {
    let list = format!("\\{A}  a\\\\b\\nc.img\n\\SHA256 (d\\\\e.img) = {B}\n{B}  f\\g.img\n");
    assert_eq!(found(&list, "a\\b\nc.img"), "256:aa");
    assert_eq!(found(&list, "d\\e.img"), "256:bb");
    assert_eq!(found(&list, "f\\g.img"), "256:bb");
    assert_eq!(found(&list, "g.img"), "256:bb");
}

#[test]
fn names_match_encoded_or_not() {
    let encoded = format!("{A}  my%20disk%2B.img\n");
    let plain = format!("{A}  my disk+.img\n");
    for list in [&encoded, &plain] {
        for source in [
            "https://h/x/my%20disk%2B.img?sig=/a#b",
            "https://h/x/my%20disk+.img",
            "/data/my disk+.img",
        ] {
            assert_eq!(found(list, source), "256:aa", "{list} {source}");
        }
    }
    assert_eq!(found(&encoded, "my%20disk%2B.img"), "256:aa");
    // As it is goes before decoded.
    let both = format!("{A}  100%25.img\n{B}  100%.img\n");
    assert_eq!(found(&both, "100%25.img"), "256:aa");
    assert_eq!(found(&both, "100%.img"), "256:bb");
}

#[test]
fn all_algorithms_that_are_given_are_taken() {
    let list = format!(
        "MD5 (a) = {MD5}\nSHA1 (a) = {SHA1}\nSHA256 (a) = {A}\nSHA512 (./a) = {}\nSHA3-256 (a) = {B}\n",
        B.repeat(2)
    );
    assert_eq!(found(&list, "a"), "256:aa 512:bb");
    assert_eq!(found(&list, "./a"), "256:aa 512:bb");
}

#[test]
fn a_digest_alone_is_the_source_s() {
    for list in [
        A.to_owned(),
        format!("{A}\n"),
        format!("{A}\r\n"),
        format!("{A}  -\n"),
        format!("SHA256(stdin)= {A}\n"),
        format!("(stdin)= {A}\n"),
        format!("# of something\n{A}\n"),
    ] {
        assert_eq!(
            of("any.sha256", list.as_bytes(), "disk.img"),
            "256:aa",
            "{list}"
        );
    }
    assert_eq!(of("x", A.repeat(2).as_bytes(), "disk.img"), "512:aa");
    let gives = "error: gives no SHA-256 or SHA-512 for disk.img";
    let several = format!("{gives}\n  because: it holds several digests without names");
    assert_eq!(found(&format!("{A}\n{B}\n"), "disk.img"), several);
    let other = format!("{gives}\n  because: it is for other.img");
    assert_eq!(found(&format!("{A}\n{B}  other.img\n"), "disk.img"), other);
}

#[test]
fn a_list_named_after_the_source_is_the_source_s() {
    let list = format!("{A}  NoCloud-Build6.63.qcow2\n");
    for name in [
        "NoCloud.qcow2.sha256",
        "NoCloud.qcow2-SHA256SUM",
        "NoCloud.qcow2.digests",
    ] {
        assert_eq!(
            of(name, list.as_bytes(), "https://h/NoCloud.qcow2"),
            "256:aa"
        );
    }
    let refused = "error: gives no SHA-256 or SHA-512 for NoCloud.qcow2\n  because: it is for NoCloud-Build6.63.qcow2";
    for name in [
        "SHA256SUMS",
        "NoCloud.qcow2",
        "NoCloud.sha256",
        "NoCloud.qcow2.txt",
    ] {
        assert_eq!(
            of(name, list.as_bytes(), "NoCloud.qcow2"),
            refused,
            "{name}"
        );
    }
    let two = format!("{list}{B}  another.qcow2\n");
    let refused = format!("{refused}, another.qcow2");
    assert_eq!(
        of("NoCloud.qcow2.sha256", two.as_bytes(), "NoCloud.qcow2"),
        refused
    );
    // KIWI's old form: digest, blocks, size of a block.
    let kiwi = format!("{A} 2048 8192\n");
    assert_eq!(of("a.raw.sha256", kiwi.as_bytes(), "a.raw"), "256:aa");
}

#[test]
fn a_redirect_s_name_is_the_second_choice() {
    let list = List::parse(
        "SHA256SUMS",
        format!("{A}  v1.img\n{B}  latest\n").as_bytes(),
    );
    let names = |urls: &[&str]| {
        urls.iter()
            .map(|url| Names::of_url(url))
            .collect::<Vec<_>>()
    };
    let sha256 = |urls: &[&str]| list.find(&names(urls)).map(|sums| sums.sha256);
    assert_eq!(
        sha256(&["http://h/latest", "http://m/v1.img"]),
        Ok(Some([0xbb; 32]))
    );
    assert_eq!(
        sha256(&["http://h/get?id=1", "http://m/v1.img"]),
        Ok(Some([0xaa; 32]))
    );
    assert_eq!(
        sha256(&["http://h/get?id=1", "http://m/v2.img"])
            .unwrap_err()
            .to_text(),
        "error: gives no SHA-256 or SHA-512 for get, nor for v2.img\n  because: it is for v1.img, latest"
    );
}

#[test]
fn directories_tell_files_of_one_name_apart() {
    let list = format!("{A}  ./netboot/mini.iso\n{B}  ./netboot/gtk/mini.iso\n");
    assert_eq!(found(&list, "https://h/images/netboot/mini.iso"), "256:aa");
    assert_eq!(
        found(&list, "https://h/images/netboot/gtk/mini.iso"),
        "256:bb"
    );
    let two = "error: gives two different sums for mini.iso";
    assert_eq!(found(&list, "mini.iso"), two);
    assert_eq!(found(&format!("{A}  a\n{A}  x/a\n"), "a"), "256:aa");
}

#[test]
fn weak_and_unknown_algorithms_are_named() {
    let weak = "is too weak: another file can be made to have the same\nhint: look for a list of SHA-256 or SHA-512 sums";
    let unknown = "is not supported\nhint: look for a list of SHA-256 or SHA-512 sums";
    for (name, list, said) in [
        (
            "MD5SUMS",
            format!("{MD5}  a.img\n"),
            format!("an MD5 for a.img, which {weak}"),
        ),
        (
            "SHA1SUMS",
            format!("{SHA1}  a.img\n"),
            format!("a SHA-1 for a.img, which {weak}"),
        ),
        (
            "a.img.sha1",
            SHA1.to_owned(),
            format!("a SHA-1 for a.img, which {weak}"),
        ),
        (
            "x",
            format!("SHA1 (a.img) = {SHA1}"),
            format!("a SHA-1 for a.img, which {weak}"),
        ),
        (
            "x",
            format!("BLAKE2b (a.img) = {}", A.repeat(2)),
            format!("a BLAKE2b for a.img, which {unknown}"),
        ),
        (
            "B2SUMS",
            format!("{}  a.img", A.repeat(2)),
            format!("a BLAKE2 for a.img, which {unknown}"),
        ),
        (
            "a.img.b3",
            format!("{A}  a.img"),
            format!("a BLAKE3 for a.img, which {unknown}"),
        ),
        (
            "SHA384SUMS",
            format!("{A}{MD5}  a.img"),
            format!("a SHA-384 for a.img, which {unknown}"),
        ),
        (
            "SHA224SUMS",
            format!("{}  a.img", &A[..56]),
            format!("a SHA-224 for a.img, which {unknown}"),
        ),
    ] {
        let said = format!("error: gives only {said}");
        assert_eq!(of(name, list.as_bytes(), "a.img"), said);
    }
}

#[test]
fn what_is_no_list_is_named() {
    for (list, said) in [
        (
            "<!DOCTYPE html>\n<p>404",
            "is a web page, not a list of checksums",
        ),
        (
            "-----BEGIN PGP SIGNATURE-----\n\nxx\n",
            "is a signature alone",
        ),
        (
            "-----BEGIN PGP MESSAGE-----\n\nxx\n",
            "is an encoded PGP message",
        ),
        ("", "gives no SHA-256 or SHA-512 for a"),
        (
            "aaaa  a\nSHA256 (a) = zz\n",
            "gives no SHA-256 or SHA-512 for a",
        ),
    ] {
        assert_eq!(found(list, "a"), format!("error: {said}"));
    }
}

#[test]
fn signatures_are_noticed() {
    let list = format!("{A}  a\n");
    let signature = |text: &str| List::parse("x", text.as_bytes()).signature();
    assert_eq!(signature(&list), None);
    let pgp = format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{list}");
    assert_eq!(signature(&pgp), Some("PGP"));
    let signify =
        format!("untrusted comment: verify with openbsd-76-base.pub\nRWQ=\nSHA256 (a) = {A}\n");
    assert_eq!(signature(&signify), Some("signify"));
}

#[test]
fn digests_are_given_in_several_forms() {
    for text in [
        A,
        &A.to_uppercase(),
        &format!("sha256:{A}"),
        &format!(" SHA-256: {A}\n"),
    ] {
        assert_eq!(parse_sha256(text), Ok([0xaa; 32]), "{text}");
    }
    assert_eq!(
        parse_sha512(&format!("sha512:{}", B.repeat(2))),
        Ok([0xbb; 64])
    );
    let text = |error: Result<[u8; 32]>| error.unwrap_err().to_text();
    for text in [
        "",
        "aa",
        &A[1..],
        &format!("{}g", &A[1..]),
        &"ä".repeat(32),
        "md5:aa",
        &format!("+{}", &A[1..]),
    ] {
        assert_eq!(
            parse_sha256(text).unwrap_err().to_text(),
            format!("error: invalid SHA-256 '{text}'\nhint: expected 64 hexadecimal digits")
        );
    }
    let long = A.repeat(2);
    assert_eq!(
        text(parse_sha256(&long)),
        format!("error: '{long}' is a SHA-512, not a SHA-256\nhint: give it with --sha512")
    );
    assert_eq!(
        text(parse_sha256(&format!("sha512:{long}"))),
        format!("error: 'sha512:{long}' is a SHA-512, not a SHA-256\nhint: give it with --sha512")
    );
    assert_eq!(
        parse_sha512(A).unwrap_err().to_text(),
        format!("error: '{A}' is a SHA-256, not a SHA-512\nhint: give it with --sha256")
    );
    assert_eq!(
        text(parse_sha256(SHA1)),
        format!(
            "error: '{SHA1}' is a SHA-1, which is too weak: another file can be made to have the same\
             \nhint: give the file's SHA-256"
        )
    );
}

proptest! {
    #[test]
    fn any_text_is_a_list(
        bytes: Vec<u8>,
        lines in proptest::collection::vec("[\\\\-]?(SHA256 ?\\(|[a-f0-9]{64})[ *a-z/%\\\\)=]{0,8}(a{64})?", 0..4),
        name in "[a-z./]{0,8}",
    ) {
        for list in [bytes, lines.join("\n").into_bytes()] {
            let list = List::parse(&name, &list);
            if let Ok(sums) = list.find(&[Names::of_url(&name), Names::of_path("a")]) {
                prop_assert!(!sums.is_empty());
            }
        }
    }
}
