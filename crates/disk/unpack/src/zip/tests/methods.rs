//! Methods beside stored and deflate, read and passed by.

use sparse::{Piece, drain};
use testkit::zip::{Member as Made, archive};

use super::{SIGNED, contents, read, zip};
use crate::archive::Archive;
use crate::test_util::{disk, run};

/// What 7-Zip, WinZip and others make, its sizes before it and behind.
#[test]
fn other_methods_are_read() {
    let disk = disk();
    let lzma = |options: &[&str]| {
        let file = run("xz", &[&["--format=lzma"], options].concat(), &disk);
        [b"\x09\x14\x05\0", &file[..5], &file[13..]].concat()
    };
    let marked = |flags, data| Made {
        flags,
        ..Made::packed("disk", &disk, 14, data)
    };
    let packed = |method, tool: &str, options: &[&str]| {
        Made::packed("disk", &disk, method, run(tool, options, &disk))
    };
    let mut all = vec![
        packed(12, "bzip2", &["-1"]),
        packed(20, "zstd", &["-q"]),
        packed(93, "zstd", &["-q", "--no-check"]),
        packed(95, "xz", &["-0", "-T1"]),
        packed(95, "xz", &["-0", "-T2", "--block-size=300KiB"]),
        marked(2, lzma(&["-0"])),
        marked(2, lzma(&["--lzma1=dict=64KiB,lc=1,lp=2,pb=1"])),
    ];
    let sums = SIGNED;
    all.extend(all.clone().into_iter().map(|member| member.with(sums)));
    let literals = testkit::lzma::literals(&disk);
    let unmarked = [b"\x09\x14\x05\0\0\0\x10\0\0", &literals[..]].concat();
    all.push(marked(0, unmarked));
    for member in all {
        let (method, sums) = (member.method, member.sums);
        let bytes = archive(&[
            Made::stored("a", b"alpha"),
            member,
            Made::deflated("z", b"z"),
        ]);
        for step in [1000, usize::MAX] {
            let members = contents(&mut zip(&bytes, step))
                .unwrap_or_else(|error| panic!("{method} {sums:?}: {}", error.to_text()));
            assert!(members[1].1 == disk, "{method} {sums:?}");
            assert_eq!(members[2].1, b"z", "{method} {sums:?}");
        }
        // Not read by the caller, and damaged.
        let mut archive = zip(&bytes, 1000);
        let names = std::iter::from_fn(|| archive.next_member().unwrap());
        assert_eq!(names.count(), 3);
        let mut broken = bytes.clone();
        broken[bytes.len() / 2] ^= 1;
        assert_eq!(
            read(&broken).unwrap_err().kind(),
            error::Kind::Corrupt,
            "{method} {sums:?}"
        );
    }
}

#[test]
fn what_goes_on_behind_its_end_is_corrupt() {
    let lzma = [
        b"\x09\x14\x05\0\0\0\x10\0\0",
        &testkit::lzma::literals(b"alpha")[..],
        b"more",
    ];
    let member = Made::packed("a", b"alpha", 14, lzma.concat());
    assert_eq!(
        read(&archive(&[member])).unwrap_err().message(),
        "zip member \"a\": the compressed data goes on behind its end"
    );
    let member = Made::packed("a", b"alpha", 14, b"\x09\x14\x06\0\0\0\x10\0\0".to_vec());
    assert_eq!(
        read(&archive(&[member])).unwrap_err().to_string(),
        "zip member \"a\": the LZMA properties are damaged"
    );
}

/// A member that cannot be read is told, and the others are read all the same.
#[test]
fn what_cannot_be_read_is_passed_by() {
    let sums = SIGNED;
    let secret = Made {
        flags: 1,
        ..Made::packed("secret", b"alpha", 8, vec![7; 100])
    };
    let ppmd = Made::packed("ppmd", b"alpha", 98, b"PK\x03\x04 and more".to_vec());
    for (secret, ppmd) in [
        (secret.clone(), ppmd.clone()),
        (secret.with(sums), ppmd.with(sums)),
    ] {
        let bytes = archive(&[secret, ppmd, Made::deflated("disk", b"disk")]);
        for step in [1, usize::MAX] {
            let mut archive = zip(&bytes, step);
            let member = archive.next_member().unwrap().unwrap();
            let refusal = member.refusal.unwrap();
            assert_eq!(refusal.message(), "zip member \"secret\" is encrypted");
            assert_eq!(archive.content().peek(), Ok(Piece::End));
            let member = archive.next_member().unwrap().unwrap();
            let refusal = member.refusal.unwrap();
            assert_eq!(
                refusal.message(),
                "zip member \"ppmd\" is compressed with PPMd"
            );
            assert_eq!(archive.next_member().unwrap().unwrap().refusal, None);
            assert_eq!(drain(archive.content()), Ok(4));
            assert_eq!(archive.next_member(), Ok(None));
        }
    }
}
