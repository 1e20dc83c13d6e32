use std::fs;
use std::process::Command;

use error::Result;
use proptest::prelude::*;
use sparse::{DiskRead, Piece, SliceSource, SparseRead};
use testkit::xva::{self, Sum};

use super::{Disk, reference};
use crate::Limits;
use crate::archive::{Archive, Member};
use crate::gzip::Gzip;
use crate::tar::Tar;
use crate::test_util::{noise, run, unfold};

/// The disks of `archive` one after another, given their sizes, and what follows the last one.
fn disks(archive: &mut dyn Archive, sizes: &[u64]) -> Result<(Vec<Vec<u8>>, Option<Member>)> {
    let mut next = archive.next_member()?;
    while next
        .as_ref()
        .is_some_and(|member| reference(&member.name).is_none())
    {
        next = archive.next_member()?;
    }
    let mut found = Vec::new();
    for size in sizes {
        let mut disk = Disk::start(archive, next.take().unwrap(), *size)?;
        assert_eq!((disk.size(), disk.is_in_order()), (Some(*size), true));
        let content = unfold(&mut disk)?;
        assert_eq!((disk.offset()?, disk.peek()?), (*size, Piece::End));
        found.push(content);
        next = disk.next()?;
    }
    Ok((found, next))
}

fn read(bytes: &[u8], step: usize, sizes: &[u64]) -> Result<(Vec<Vec<u8>>, Option<Member>)> {
    let source = SliceSource::in_steps(bytes, step);
    disks(&mut Tar::new(source, &Limits::default()), sizes)
}

/// Bytes of noise, with `holes` of the size of a chunk.
fn content(len: usize, unit: usize, holes: &[usize]) -> Vec<u8> {
    let mut noise = noise();
    let mut content: Vec<u8> = (0..len).map(|_| noise() as u8 | 1).collect();
    for hole in holes {
        let end = len.min((hole + 1) * unit);
        content[end.min(hole * unit)..end].fill(0);
    }
    content
}

fn disk(name: &str, content: Vec<u8>, unit: usize, sum: Sum) -> xva::Disk {
    let disk = xva::Disk::new(name, content);
    xva::Disk { unit, sum, ..disk }
}

#[test]
fn names_tell_disk_and_number() {
    assert_eq!(reference("Ref:12/00000003"), Some(("Ref:12", 3)));
    assert_eq!(
        reference("Ref:1/18446744073709551615"),
        Some(("Ref:1", u64::MAX))
    );
    for other in [
        "ova.xml",
        "Ref:/00000001",
        "Ref:1/",
        "Ref:1/00000001.checksum",
        "Ref:1/+1",
        "Ref:1/18446744073709551616",
        "Ref:1/a/00000001",
        "Ref:\n/00000001",
        "/Ref:1/00000001",
    ] {
        assert_eq!(reference(other), None, "{other}");
    }
}

#[test]
fn disks_come_out_as_they_went_in() {
    for sum in [Sum::Sha1, Sum::Xxh64, Sum::None] {
        let contents = [
            content(4500, 1000, &[1, 2]),
            content(1, 1000, &[]),
            content(3000, 1000, &[0, 1, 2]),
            content(700_000, 100_000, &[2, 4, 5]),
        ];
        let sizes = contents.each_ref().map(|content| content.len() as u64);
        let mut parts: Vec<_> = (contents.iter().zip(0..))
            .map(|(content, i)| {
                let unit = if i == 3 { 100_000 } else { 1000 };
                disk(&format!("Ref:{i}"), content.clone(), unit, sum).members()
            })
            .collect();
        parts.push(testkit::tar::file("tail", b"x"));
        let bytes = testkit::tar::archive(&parts);
        for step in [977, usize::MAX] {
            let (found, next) = read(&bytes, step, &sizes).unwrap();
            assert!(found == contents, "{sum:?}, steps of {step}");
            assert_eq!(next.unwrap().name, "tail");
        }
    }
}

#[test]
fn holes_stay_holes() {
    let mut bytes = testkit::xva::chunk("Ref:1/00000000", &[7; 1000], Sum::Xxh64);
    bytes.extend(testkit::xva::chunk(
        "Ref:1/1000000000000",
        &[7; 1000],
        Sum::Xxh64,
    ));
    let bytes = testkit::tar::archive(&[bytes]);
    let mut tar = Tar::new(SliceSource::new(&bytes), &Limits::default());
    let first = tar.next_member().unwrap().unwrap();
    let mut disk = Disk::start(&mut tar, first, u64::MAX).unwrap();
    let mut pieces = Vec::new();
    loop {
        let (at, piece) = (disk.offset().unwrap(), disk.peek().unwrap());
        let (len, zeros) = (piece.len(), matches!(piece, Piece::Zeros(_)));
        if len == 0 {
            break;
        }
        pieces.push((at, len, zeros));
        disk.consume(len);
    }
    let last = 1_000_000_000_000_000;
    assert_eq!(
        pieces,
        [
            (0, 1000, false),
            (1000, last - 1000, true),
            (last, 1000, false),
            (last + 1000, u64::MAX - last - 1000, true),
        ]
    );
    assert_eq!(disk.checksum(), Some("XXH64"));
    assert_eq!(disk.next(), Ok(None));
}

#[test]
fn chunks_without_bytes_stand_for_nothing() {
    let content = content(5500, 1000, &[1, 2]);
    for sum in [Sum::Sha1, Sum::Xxh64] {
        let disk = xva::Disk {
            keep_alives: vec![1, 4, 5],
            ..disk("Ref:1", content.clone(), 1000, sum)
        };
        let (found, _) = read(&xva::export(&[disk]), 100, &[5500]).unwrap();
        assert!(found[0] == content, "{sum:?}");
    }
}

#[test]
fn a_last_chunk_may_be_padded() {
    let content = content(4321, 1000, &[2]);
    let disk = xva::Disk {
        padded: true,
        ..disk("Ref:1", content.clone(), 1000, Sum::Xxh64)
    };
    let (found, next) = read(&xva::export(&[disk]), 100, &[4321]).unwrap();
    assert!(found[0] == content);
    assert_eq!(next, None);
}

#[test]
fn zeros_from_a_decoder_are_checked_too() {
    let content = content(9 << 20, 1 << 20, &[0, 3, 4, 5]);
    for sum in [Sum::Sha1, Sum::Xxh64] {
        // Stored as they are, as exports of VHDs do.
        let chunks = content.chunks(1 << 20).zip(0..);
        let chunks = chunks.map(|(data, i)| xva::chunk(&format!("Ref:1/{i:08}"), data, sum));
        let bytes = testkit::tar::archive(&chunks.collect::<Vec<_>>());
        let packed = run("gzip", &["-1"], &bytes);
        let gzip = Gzip::new(SliceSource::new(&packed), &Limits::default());
        let mut tar = Tar::new(gzip, &Limits::default());
        let (found, _) = disks(&mut tar, &[9 << 20]).unwrap();
        assert!(found[0] == content, "{sum:?}");
    }
}

#[test]
fn each_broken_thing_has_its_error() {
    for bad in xva::hostile() {
        let error = read(&bad.bytes, 100, &[xva::SIZE]).expect_err(bad.what);
        assert_eq!(
            (error.kind().name(), error.message()),
            (bad.kind, bad.message),
            "{}",
            bad.what
        );
    }
}

#[test]
fn a_wrong_byte_anywhere_is_found() {
    let bytes = xva::export(&[disk(
        "Ref:1",
        content(3_000_000, 1 << 20, &[]),
        1 << 20,
        Sum::Sha1,
    )]);
    let first = bytes
        .windows(14)
        .position(|name| name == b"Ref:1/00000000")
        .unwrap()
        + 512;
    for at in [first, first + 700_000, bytes.len() - 3 * 1024 - 512] {
        let mut broken = bytes.clone();
        broken[at] ^= 1;
        let message = read(&broken, usize::MAX, &[3_000_000])
            .unwrap_err()
            .to_string();
        assert!(message.contains(" has the SHA-1 "), "byte {at}: {message}");
    }
}

#[test]
fn something_else_begins_no_disk() {
    let bytes = testkit::tar::archive(&[testkit::tar::file("disk.img", b"x")]);
    let mut tar = Tar::new(SliceSource::new(&bytes), &Limits::default());
    let first = tar.next_member().unwrap().unwrap();
    let error = Disk::start(&mut tar, first, 1).err().unwrap();
    assert_eq!(error.message(), "\"disk.img\" is not a piece of a disk");
}

/// split, sha1sum and GNU tar make an XVA, too.
#[test]
fn other_tools_agree() {
    let room = tempfile::tempdir().unwrap();
    let content = content(3_500_000, 1 << 20, &[1]);
    fs::write(room.path().join("disk.img"), &content).unwrap();
    let script = "mkdir Ref:7 && cd Ref:7 && split -b 1M -a 8 -d ../disk.img '' && rm 00000001 &&
        for f in *; do sha1sum $f | cut -c 1-40 >$f.checksum; done && cd .. && echo x >ova.xml &&
        tar --force-local --sort=name -cf guest.xva ova.xml Ref:7/0*";
    let made = Command::new("bash")
        .args(["-ec", script])
        .current_dir(room.path())
        .status();
    assert!(
        made.unwrap().success(),
        "the test needs split, sha1sum and GNU tar"
    );
    let bytes = fs::read(room.path().join("guest.xva")).unwrap();
    let (found, next) = read(&bytes, 10_000, &[3_500_000]).unwrap();
    assert!(found[0] == content);
    assert_eq!(next, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_disk_comes_out_as_it_went_in(
        len in 1usize..60_000,
        unit in 1usize..9000,
        holes in proptest::collection::vec(0usize..40, 0..12),
        keep_alives in proptest::collection::vec(1u64..40, 0..4),
        sum in prop_oneof![Just(Sum::Sha1), Just(Sum::Xxh64), Just(Sum::None)],
        padded: bool,
        step in 1usize..3000,
    ) {
        // Shorter last chunks end the disk; a single one is as long as it is.
        let unit = unit.min(len);
        let content = content(len, unit, &holes);
        let disk = xva::Disk { keep_alives, padded, ..disk("Ref:1", content.clone(), unit, sum) };
        let (found, next) = read(&xva::export(&[disk]), step, &[len as u64]).unwrap();
        prop_assert!(found[0] == content);
        prop_assert_eq!(next, None);
    }
}
