use std::fs;
use std::process::Command;

use error::{Kind, Result, hex};
use proptest::prelude::*;
use sparse::{Piece, SliceSource, SparseRead};

use super::{
    Algorithm, Certificate, Checking, Digests, Hashed, LONGEST, Manifest, Verdict, Verified,
};
use crate::test_util::unfold;

const ABC_SHA1: &str = "a9993e364706816aba3e25717850c26c9cd0d89d";
const ABC_SHA256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/// The message of the error that parsing ends with.
fn refusal(text: &str) -> (Kind, String) {
    let error = Manifest::parse(text).unwrap_err();
    (error.kind(), error.message().to_owned())
}

fn digests(content: &[u8], algorithms: &[Algorithm]) -> Digests {
    Hashed::new(SliceSource::new(content), algorithms)
        .finish()
        .unwrap()
}

fn all(content: &[u8]) -> Digests {
    digests(content, &Algorithm::ALL)
}

#[test]
fn lines_are_read_however_they_are_spaced() {
    let upper = ABC_SHA256.to_ascii_uppercase();
    for line in [
        format!("SHA256(a b(1)=.vmdk)= {ABC_SHA256}"),
        format!("SHA256(a b(1)=.vmdk)={upper}\r"),
        format!("SHA256 (a b(1)=.vmdk) = {ABC_SHA256}  "),
        format!("  sha2-256(./a b(1)=.vmdk)= {ABC_SHA256}"),
        format!("\u{feff}SHA-256(a b(1)=.vmdk)= {ABC_SHA256}"),
    ] {
        let text = format!("{line}\n\n \nSHA1(b)= {ABC_SHA1}");
        let manifest = Manifest::parse(&text).unwrap();
        let (algorithm, digest) = manifest.digest_of("a b(1)=.vmdk").unwrap();
        assert_eq!(
            (algorithm, hex(&digest)),
            (Algorithm::Sha256, ABC_SHA256.into())
        );
        let (algorithm, digest) = manifest.digest_of("./b").unwrap();
        assert_eq!(
            (algorithm, hex(&digest)),
            (Algorithm::Sha1, ABC_SHA1.into())
        );
        assert_eq!(manifest.digest_of("c"), None);
        assert_eq!(manifest.files().len(), 2);
    }
}

#[test]
fn each_broken_line_has_its_error() {
    let good = format!("SHA1(a)= {ABC_SHA1}");
    let other = ABC_SHA1.replace('a', "b");
    for (text, message) in [
        ("", "the manifest names no file".to_owned()),
        (" \n\n", "the manifest names no file".to_owned()),
        (
            &format!("{good}\nhello"),
            "line 2 of the manifest is not a digest: \"hello\"".into(),
        ),
        (
            &format!("SHA1()= {ABC_SHA1}"),
            format!("line 1 of the manifest is not a digest: \"SHA1()= {ABC_SHA1}\""),
        ),
        (
            &format!("SHA1 a = {ABC_SHA1}"),
            format!("line 1 of the manifest is not a digest: \"SHA1 a = {ABC_SHA1}\""),
        ),
        (
            "SHA1(a)= 123",
            "line 1 of the manifest has an invalid SHA-1 digest: \"123\"".into(),
        ),
        (
            &format!("SHA256(a)= {ABC_SHA1}"),
            format!("line 1 of the manifest has an invalid SHA-256 digest: \"{ABC_SHA1}\""),
        ),
        (
            &format!("{good}\nSHA1(a)= {}", ABC_SHA1.replace('a', "ä")),
            format!(
                "line 2 of the manifest has an invalid SHA-1 digest: \"{}\"",
                ABC_SHA1.replace('a', "ä")
            ),
        ),
        (
            &format!("{good}\n{good}\nSHA1(./a)= {other}"),
            "line 3 of the manifest has a second digest for \"./a\"".into(),
        ),
    ] {
        assert_eq!(refusal(text), (Kind::Corrupt, message), "{text}");
    }
    assert_eq!(
        refusal("MD5(a)= 900150983cd24fb0d6963f7d28e17f72"),
        (
            Kind::Unsupported,
            "line 1 of the manifest has a digest of the kind \"MD5\", which is not known here"
                .into()
        )
    );
    assert_eq!(
        refusal(&"\n".repeat(LONGEST + 1)),
        (
            Kind::Unsupported,
            "the manifest has 1048577 bytes, more than 1048576".into()
        )
    );
}

#[test]
fn known_digests() {
    let found = all(b"abc");
    let shown = |algorithm| found.get(algorithm).map(hex);
    assert_eq!(shown(Algorithm::Sha1).unwrap(), ABC_SHA1);
    assert_eq!(shown(Algorithm::Sha256).unwrap(), ABC_SHA256);
    assert_eq!(
        &shown(Algorithm::Sha512).unwrap()[..32],
        "ddaf35a193617abacc417349ae204131"
    );
    let one = digests(b"abc", &[Algorithm::Sha256]);
    assert_eq!(one.get(Algorithm::Sha1), None);
    assert_eq!(one.get(Algorithm::Sha256), found.get(Algorithm::Sha256));
}

/// Data, a hole and data.
struct Holey<'a> {
    front: SliceSource<'a>,
    hole: u64,
    back: SliceSource<'a>,
}

impl SparseRead for Holey<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        match self.front.peek()? {
            Piece::End if self.hole > 0 => Ok(Piece::Zeros(self.hole)),
            Piece::End => self.back.peek(),
            piece => Ok(piece),
        }
    }

    fn consume(&mut self, n: u64) {
        match self.front.peek() {
            Ok(Piece::End) if self.hole > 0 => self.hole -= n,
            Ok(Piece::End) => self.back.consume(n),
            _ => self.front.consume(n),
        }
    }
}

#[test]
fn a_long_hole_can_be_left_at_any_time() {
    let source = Holey {
        front: SliceSource::new(b"x"),
        hole: u64::MAX - 2,
        back: SliceSource::new(b"y"),
    };
    let mut hashed = Hashed::new(source, &[Algorithm::Sha1]);
    assert_eq!(hashed.peek(), Ok(Piece::Data(b"x")));
    hashed.consume(1);
    assert_eq!(hashed.peek(), Ok(Piece::Zeros(64 << 20)));
    hashed.consume(1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn holes_are_hashed_like_zeros(
        front in proptest::collection::vec(any::<u8>(), 0..5000),
        repeat in 1usize..100,
        hole in 0u64..700_000,
        step in 1usize..100_000,
        read: bool,
    ) {
        let front = front.repeat(repeat);
        let mut whole = front.clone();
        whole.resize(whole.len() + hole as usize, 0);
        whole.extend(b"tail");
        let source = Holey {
            front: SliceSource::in_steps(&front, step),
            hole,
            back: SliceSource::new(b"tail"),
        };
        let mut hashed = Hashed::new(source, &Algorithm::ALL);
        if read {
            prop_assert!(unfold(&mut hashed).unwrap() == whole);
        }
        prop_assert_eq!(hashed.finish().unwrap(), all(&whole));
    }
}

const FILES: [(&str, &[u8]); 2] = [("vm/a.ovf", b"<Envelope/>"), ("vm/a.vmdk", b"KDMV")];

/// The manifest of [`FILES`] with the digests that `by` says.
fn manifest(by: [Algorithm; 2]) -> String {
    let line = |((name, content), algorithm): ((&str, &[u8]), Algorithm)| {
        let digest = hex(all(content).get(algorithm).unwrap());
        let name = name.strip_prefix("vm/").unwrap();
        format!("{}({name})= {digest}\n", algorithm.name().replace('-', ""))
    };
    FILES.into_iter().zip(by).map(line).collect()
}

/// The verdict about `files`, the manifest coming before file number `place`.
fn verdict(files: &[(&str, &[u8])], text: &str, place: usize) -> Result<Verdict> {
    let mut checking = Checking::default();
    checking.hash_ahead();
    for i in 0..=files.len() {
        if i == place {
            checking.manifest("./vm/a.mf", text)?;
        }
        if let Some((name, content)) = files.get(i) {
            let by = checking.algorithms(name);
            checking.member(name, digests(content, &by));
        }
    }
    checking.verdict()
}

#[test]
fn the_manifest_may_come_at_any_time() {
    let files = [&FILES[..], &[("./vm/other.iso", b"iso"), ("b.vmdk", b"")]].concat();
    for place in 0..=4 {
        let text = manifest([Algorithm::Sha256, Algorithm::Sha512]);
        assert_eq!(
            verdict(&files, &text, place),
            Ok(Verdict::Verified(Verified {
                files: 2,
                algorithm: Algorithm::Sha256,
                unnamed: vec!["b.vmdk".into(), "vm/other.iso".into()],
                unnamed_count: 2,
            })),
            "{place}"
        );
    }
    assert_eq!(Checking::default().verdict(), Ok(Verdict::None));
}

#[test]
fn only_what_is_needed_is_hashed() {
    let mut checking = Checking::default();
    assert_eq!(checking.algorithms("vm/a.vmdk"), []);
    checking.hash_ahead();
    assert_eq!(checking.algorithms("vm/a.vmdk"), Algorithm::ALL);
    let text = manifest([Algorithm::Sha1, Algorithm::Sha512]);
    checking.manifest("vm/a.mf", &text).unwrap();
    assert_eq!(checking.algorithms("./vm/a.vmdk"), [Algorithm::Sha512]);
    assert_eq!(checking.algorithms("vm/other"), []);
    assert_eq!(checking.algorithms("a.vmdk"), []);
}

#[test]
fn each_disagreement_has_its_error() {
    let text = manifest([Algorithm::Sha1; 2]);
    let (right, wrong) = (all(b"KDMV"), all(b"KDMX"));
    let sum = |digests: &Digests| hex(digests.get(Algorithm::Sha1).unwrap());
    for place in 0..=1 {
        let message = |files: &[(&str, &[u8])]| {
            let error = verdict(files, &text, place).unwrap_err();
            assert_eq!(error.kind(), Kind::Corrupt);
            error.message().to_owned()
        };
        assert_eq!(
            message(&[FILES[0], ("vm/a.vmdk", b"KDMX")]),
            format!(
                "\"a.vmdk\" has the SHA-1 {}, the manifest says {}",
                sum(&wrong),
                sum(&right)
            )
        );
        assert_eq!(
            message(&[FILES[0], ("a.vmdk", b"KDMV")]),
            "the manifest names \"a.vmdk\", which is not there"
        );
        assert_eq!(
            message(&[FILES[0], FILES[1], FILES[1]]),
            "\"a.vmdk\" is there twice, the manifest means one"
        );
    }
    let mut checking = Checking::default();
    checking.manifest("a.mf", &text).unwrap();
    assert_eq!(
        checking.manifest("b.mf", &text).unwrap_err().message(),
        "there are two manifests, \"a.mf\" and \"b.mf\""
    );
}

#[test]
fn files_without_a_manifest_take_bounded_memory() {
    let mut checking = Checking::default();
    for i in 0..20_000 {
        checking.member(&format!("file {i}"), Digests::default());
    }
    assert_eq!(checking.algorithms("file"), []);
    let text = manifest([Algorithm::Sha1; 2]);
    assert_eq!(checking.manifest("a.mf", &text), Ok(true));
    let verdict = checking.verdict().unwrap();
    assert!(matches!(verdict, Verdict::Unhashed(_)), "{verdict:?}");
}

#[test]
fn what_came_before_the_manifest_is_compared_in_a_second_pass() {
    let text = manifest([Algorithm::Sha1; 2]);
    let mut first = Checking::default();
    for (name, _) in FILES {
        first.member(name, Digests::default());
    }
    first.manifest("vm/a.mf", &text).unwrap();
    let Ok(Verdict::Unhashed(found)) = first.verdict() else {
        panic!("nothing was hashed");
    };
    assert_eq!(found.name(), "vm/a.mf");
    for (content, agrees) in [(b"KDMV", true), (b"KDMX", false)] {
        let mut second = Checking::with(found.clone());
        for (name, content) in [FILES[0], ("vm/a.vmdk", content.as_slice())] {
            let by = second.algorithms(name);
            second.member(name, digests(content, &by));
        }
        assert_eq!(second.manifest("vm/a.mf", &text), Ok(true));
        assert!(second.manifest("vm/a.mf", &text).is_err(), "there are two");
        assert_eq!(second.verdict().is_ok(), agrees);
    }
}

#[test]
fn a_manifest_may_list_itself_and_may_belong_to_something_else() {
    let own = format!("SHA1(a.mf)= {}\n", "0".repeat(40));
    let text = manifest([Algorithm::Sha1; 2]) + &own;
    let itself = verdict(&FILES, &text, 0).unwrap();
    assert!(matches!(
        itself,
        Verdict::Verified(Verified { files: 2, .. })
    ));
    for text in [text.as_str(), &own] {
        let other = verdict(&[("vm/b.vmdk", b"KDMV")], text, 0).unwrap();
        assert!(matches!(other, Verdict::Foreign(_)), "{other:?}");
    }
}

#[test]
fn the_manifest_of_a_java_archive_is_none() {
    let java = "Manifest-Version: 1.0\r\nCreated-By: 17 (Debian)\r\n\r\n";
    let mut checking = Checking::default();
    assert_eq!(checking.manifest("META-INF/MANIFEST.MF", java), Ok(false));
    assert_eq!(checking.verdict(), Ok(Verdict::None));
    let mut described = Checking::default();
    assert_eq!(described.manifest("a.mf", java), Ok(false));
    described.member("a.ovf", Digests::default());
    let error = described.verdict().unwrap_err();
    assert_eq!(
        error.to_string(),
        "\"a.mf\": line 1 of the manifest is not a digest: \"Manifest-Version: 1.0\""
    );
}

#[test]
fn a_certificate_is_told() {
    let pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    for (text, expected) in [
        (
            format!("SHA256(a.mf)= 7f8c\n{pem}"),
            "present, SHA-256 signature not checked",
        ),
        (
            pem.to_owned(),
            "present, without a signature of the manifest",
        ),
        (
            "SHA1(a.mf)= 7f8c\n".into(),
            "a signature without a certificate, not checked",
        ),
        (String::new(), "neither a certificate nor a signature"),
    ] {
        let mut checking = Checking::default();
        checking.certificate("a.cert", &text);
        let found = checking.has_certificate().unwrap();
        assert_eq!(found, &Certificate::parse("a.cert", &text));
        assert_eq!(found.to_string(), expected);
    }
}

/// openssl writes manifests, too.
#[test]
fn other_tools_agree() {
    let room = tempfile::tempdir().unwrap();
    for (name, content) in FILES {
        fs::write(room.path().join(&name[3..]), content).unwrap();
    }
    for algorithm in ["sha1", "sha256", "sha512"] {
        let made = Command::new("openssl")
            .args(["dgst", &format!("-{algorithm}"), "a.ovf", "a.vmdk"])
            .current_dir(room.path())
            .output()
            .unwrap_or_else(|error| panic!("the test needs openssl: {error}"));
        let text = String::from_utf8(made.stdout).unwrap();
        let verdict = verdict(&FILES, &text, 0).unwrap();
        let agrees = |verified: &Verified| (verified.files, verified.unnamed_count) == (2, 0);
        assert!(
            matches!(&verdict, Verdict::Verified(verified) if agrees(verified)),
            "{text}{verdict:?}"
        );
    }
}
