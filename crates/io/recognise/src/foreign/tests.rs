//! The table, walked, and what real programs make.

use std::collections::BTreeMap;
use std::path::Path;

use testkit::machine::{noise, run};

use super::*;
use crate::judge::{HEAD, Verdict, judge};

/// What rows with a check need besides their magic number.
fn completion(what: &str, magic: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let whole = |bytes: &[u8]| vec![(0, bytes.to_vec())];
    match what {
        "a Ghost image" => vec![(3, vec![2])],
        "a compressed ISO (CSO)" => vec![(16, vec![0, 8])],
        "a JFFS2 image" if magic.starts_with(b"\x85") => whole(b"\x85\x19\x01\xe0\x2c\0\0\0"),
        "a JFFS2 image" => whole(b"\x19\x85\xe0\x02\0\0\0\x2c"),
        "a PCI option ROM" => vec![(2, vec![0x40]), (24, vec![0x1c]), (28, b"PCIR".to_vec())],
        "a cpio archive" if magic == b"\xc7\x71" => vec![(20, vec![2, 0]), (26, b"a\0".to_vec())],
        "a cpio archive" if magic == b"\x71\xc7" => vec![(20, vec![0, 2]), (26, b"a\0".to_vec())],
        "an ARJ archive" => vec![(2, vec![0x2b, 0, 0x1e])],
        "an LHA archive" => vec![(5, b"5-".to_vec()), (20, vec![2])],
        "an ARC archive" => whole(b"\x1a\x08FILE.TXT\0"),
        "a ZPAQ archive" if magic == b"zPQ" => vec![(3, vec![1])],
        "a file from compress (.Z)" => vec![(2, vec![0x90])],
        "a dar archive" => vec![(14, b"TT".to_vec())],
        "a file encrypted by AES Crypt" => vec![(3, vec![2])],
        "an OpenPGP message" => {
            whole(b"\x8c\x0d\x04\x09\x03\x02\x01\x02\x03\x04\x05\x06\x07\x08\x60\xd2\x40\x01")
        }
        "a file encrypted by eCryptfs" => vec![(8, b"\x11\x22\x33\x44\x2d\xa3\x84\xb1".to_vec())],
        "a CMS (PKCS #7) message" => {
            whole(b"\x30\x82\x01\x02\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03")
        }
        "a Windows program" => vec![(60, vec![0x80]), (128, b"PE\0\0".to_vec())],
        "a JPEG picture" => vec![(3, vec![0xe0])],
        "a BMP picture" => vec![(14, vec![40])],
        "an MP3 file" if magic == b"ID3" => vec![(3, vec![3])],
        // 128 kbit/s at 44.1 kHz: frames of 417 bytes.
        "an MP3 file" => vec![
            (0, b"\xff\xfb\x90".to_vec()),
            (417, b"\xff\xfb\x90".to_vec()),
        ],
        "a TrueType font" => vec![(4, vec![0, 12]), (12, b"OS/2".to_vec())],
        _ => vec![],
    }
}

/// A small file of the known format.
fn sample(known: &Known) -> Vec<u8> {
    let mut head = vec![0; 4096];
    let magic = known.magic.iter().map(|(at, bytes)| (*at, bytes.to_vec()));
    let first = known.magic.first().map_or(&[][..], |(_, magic)| magic);
    for (at, bytes) in magic.chain(completion(known.what, first)) {
        head[at..at + bytes.len()].copy_from_slice(&bytes);
    }
    head
}

#[test]
fn every_format_in_the_table_is_told_by_name() {
    for known in all() {
        let sample = sample(known);
        match judge(&sample, Some(1 << 30)) {
            Verdict::Foreign(found) => assert_eq!(found.what, known.what),
            other => panic!("{}: {other:?}", known.what),
        }
        // A size that is no whole sectors changes nothing.
        assert!(
            matches!(judge(&sample, Some(12345)), Verdict::Foreign(_)),
            "{}",
            known.what
        );
    }
}

#[test]
fn a_magic_number_with_a_check_is_nothing_without_it() {
    for known in all().filter(|known| known.makes_sense.is_some() && known.telling() < 4) {
        let mut head = vec![0xaa; 4096];
        for (at, magic) in known.magic {
            head[*at..at + magic.len()].copy_from_slice(magic);
        }
        let found = in_head(&head).map(|found| found.what);
        assert_ne!(found, Some(known.what));
    }
}

#[test]
fn every_format_has_a_name_and_advice_that_fits() {
    for known in all().chain(AT_END.iter().map(|(known, _)| known)) {
        assert!(known.name().len() > 3, "{}", known.what);
        if let Advice::Say(text) | Advice::Pipe(text) = known.advice {
            assert!(!text.ends_with('.') && text.len() > 5, "{text}");
        }
        if let Advice::Pipe(_) = known.advice {
            assert!(known.kind.may_hold_a_disk(), "{}", known.what);
        }
    }
}

#[test]
fn kinds_have_names_of_their_own() {
    let kinds: BTreeMap<_, _> = all().map(|known| (known.kind.name(), known.kind)).collect();
    assert_eq!(kinds.len(), 12, "{kinds:?}");
}

#[test]
fn what_shows_only_at_the_end_is_seen_there() {
    for (known, before) in AT_END {
        let mut tail = vec![7; TAIL];
        let at = TAIL - before;
        tail[at..at + known.magic[0].1.len()].copy_from_slice(known.magic[0].1);
        assert_eq!(in_tail(&tail).map(|found| found.what), Some(known.what));
        assert_eq!(in_head(&tail).map(|found| found.what), None);
        tail.rotate_left(1);
        assert!(in_tail(&tail).is_none(), "{}", known.what);
    }
    assert!(in_tail(&[]).is_none());
}

#[test]
fn random_bytes_are_nothing_that_is_known() {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    for round in 0..2000 {
        let head: Vec<u8> = (0..1024).map(|_| random()).collect();
        let found = in_head(&head);
        // Two bytes alone are met once in 65,536 times.
        assert!(found.is_none(), "{round}: {found:?}");
    }
}

/// Runs `script` by the shell in `dir`.
fn sh(dir: &Path, script: &str) {
    let script = format!("cd {} && {script}", dir.display());
    run("bash", &["-euo", "pipefail", "-c", &script]);
}

#[test]
fn what_programs_make_is_told_by_name() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("disk.img"), noise(1, 100_000)).unwrap();
    for (script, what) in [
        (
            "echo disk.img | cpio -o -H newc --quiet >made",
            "a cpio archive",
        ),
        (
            "echo disk.img | cpio -o -H crc --quiet >made",
            "a cpio archive",
        ),
        (
            "echo disk.img | cpio -o -H odc --quiet >made",
            "a cpio archive",
        ),
        (
            "echo disk.img | cpio -o -H bin --quiet >made",
            "a cpio archive",
        ),
        ("rm -f made; ar rc made disk.img", "an ar archive"),
        ("cp $(command -v bash) made", "an ELF program"),
        (
            "gpg --batch --homedir . --yes --passphrase x -o made -c disk.img 2>/dev/null",
            "an OpenPGP message",
        ),
        (
            "gpg --batch --homedir . --yes --passphrase x -a -o made -c disk.img 2>/dev/null",
            "an OpenPGP encrypted message",
        ),
        (
            "openssl enc -aes-256-cbc -pbkdf2 -k x -in disk.img -out made",
            "a file encrypted by openssl enc",
        ),
    ] {
        sh(dir.path(), script);
        let mut head = std::fs::read(dir.path().join("made")).unwrap();
        let size = head.len() as u64;
        head.truncate(HEAD);
        match judge(&head, Some(size)) {
            Verdict::Foreign(found) => assert_eq!(found.what, what),
            other => panic!("{script}: {other:?}"),
        }
    }
}
