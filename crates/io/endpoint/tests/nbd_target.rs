//! Writing to the servers that people use.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use endpoint::target::{Candidate, TargetOptions, check};
use endpoint::{Advice, Place};
use error::{Error, Kind, Result};
use host::Host;
use proptest::prelude::*;
use servers::nbd::{Server, fake};
use sparse::BlockWrite;
use tempfile::TempDir;
use testkit::machine::{noise, run};

const MIB: usize = 1 << 20;

/// A file of `size` bytes that holds old data everywhere.
fn stale(size: usize) -> (TempDir, PathBuf) {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("disk.img");
    fs::write(&path, noise(77, size)).unwrap();
    (room, path)
}

fn candidate(uri: &str, options: &TargetOptions) -> Result<Box<dyn Candidate>> {
    check(&Place::parse(uri).unwrap(), options, &Host::live())
}

fn refusal(uri: &str, options: &TargetOptions) -> Error {
    candidate(uri, options).err().unwrap()
}

fn forced() -> TargetOptions {
    TargetOptions {
        force: true,
        ..TargetOptions::default()
    }
}

fn open(uri: &str, options: &TargetOptions) -> Result<Box<dyn BlockWrite>> {
    candidate(uri, options)?.open(None)
}

/// A disk of `size` bytes with data in its head, in its middle and at its end.
fn guest(size: usize) -> Vec<u8> {
    let mut disk = vec![0; size];
    disk[..5000].copy_from_slice(&noise(1, 5000));
    disk[size / 2..][..9001].copy_from_slice(&noise(2, 9001));
    disk[size - 600..].copy_from_slice(&noise(3, 600));
    disk
}

/// Writes `disk` as an engine would, from back to front: neighbouring blocks of zeros by one
/// `zero_at`, the others by `write_at`.
fn write(target: &mut dyn BlockWrite, disk: &[u8], block: usize) -> Result<()> {
    let blocks: Vec<(usize, &[u8])> = disk.chunks(block).enumerate().collect();
    let is_zero = |data: &[u8]| sparse::zero::is_zero(data);
    for run in blocks.chunk_by(|a, b| is_zero(a.1) && is_zero(b.1)).rev() {
        let offset = (run[0].0 * block) as u64;
        if is_zero(run[0].1) {
            let len: usize = run.iter().map(|(_, data)| data.len()).sum();
            target.zero_at(offset, len as u64)?;
        } else {
            target.write_at(offset, run[0].1)?
        }
    }
    Ok(())
}

/// Imports `disk` and compares what is then in the file with what should be.
#[track_caller]
fn assert_takes(uri: &str, path: &Path, options: &TargetOptions, disk: &[u8], block: usize) {
    let before = fs::read(path).unwrap();
    let mut target = open(uri, options).unwrap();
    assert!(target.any_order() && target.is_lasting() && target.path().is_none());
    write(&mut *target, disk, block).unwrap();
    target.finish(disk.len() as u64).unwrap();
    let back = target.read_back().unwrap().unwrap();
    let mut bytes = vec![0xee; disk.len()];
    assert_eq!(back.read_at(0, &mut bytes).unwrap(), disk.len());
    assert!(bytes == disk, "what is read back");
    drop((target, back));
    let after = fs::read(path).unwrap();
    assert_eq!(after.len(), before.len());
    assert!(after[..disk.len()] == *disk, "the disk");
    let tail = (after.len().saturating_sub(MIB)).max(disk.len());
    // The head is zeroed whole.
    let behind = disk.len().max(MIB).min(tail);
    assert!(
        after[behind..tail] == before[behind..tail],
        "what lies behind the disk"
    );
    assert!(sparse::zero::is_zero(&after[tail..]), "the end");
}

#[test]
fn servers_of_all_abilities_take_the_disk() {
    let sizes = |minimum: &'static str, maximum: &'static str| {
        [
            minimum,
            "blocksize-preferred=65536",
            maximum,
            "blocksize-error-policy=error",
        ]
    };
    let small = sizes("blocksize-minimum=1", "blocksize-maximum=65536");
    let large = sizes("blocksize-minimum=4096", "blocksize-maximum=131072");
    let cases: [(&[&str], &[&str]); 9] = [
        (&[], &[]),
        (&["--filter=nozero"], &["zeromode=none"]),
        (&["--filter=nozero"], &["zeromode=emulate"]),
        (
            &["--filter=nozero", "--filter=noextents"],
            &["zeromode=none"],
        ),
        (&["--no-sr"], &[]),
        (&["--mask-handshake=0"], &[]),
        (&["--filter=noparallel"], &["serialize=all-requests"]),
        (&["--filter=blocksize-policy"], &small),
        (&["--filter=blocksize-policy"], &large),
    ];
    let disk = guest(5 * MIB + 512);
    for (filters, settings) in cases {
        println!("{filters:?} {settings:?}");
        let (_room, path) = stale(8 * MIB);
        let plugin = ["file", path.to_str().unwrap()];
        let server = Server::nbdkit(&[filters, &plugin, settings].concat());
        assert_takes(&server.uri, &path, &forced(), &disk, 128 << 10);
    }
}

#[test]
fn a_disk_goes_to_qemu_and_over_tcp() {
    let disk = guest(8 * MIB);
    let (_room, path) = stale(8 * MIB);
    // One connection only, and the server ends after it.
    let mut server = Server::qemu(&["-f", "raw", path.to_str().unwrap()]);
    assert_takes(&server.uri, &path, &forced(), &disk, 256 << 10);
    assert!(server.wait());
    let (_room, path) = stale(8 * MIB + 3 * 512);
    let server = Server::nbdkit_tcp(&["file", path.to_str().unwrap()]);
    assert_takes(&server.uri, &path, &forced(), &disk, 256 << 10);
}

#[test]
fn holes_stay_holes_in_a_qcow2_image() {
    let room = tempfile::tempdir().unwrap();
    let (raw, qcow2) = (room.path().join("raw"), room.path().join("qcow2"));
    let disk = guest(64 * MIB);
    fs::write(&raw, &disk).unwrap();
    let (raw, qcow2) = (raw.to_str().unwrap(), qcow2.to_str().unwrap());
    run("qemu-img", &["create", "-q", "-f", "qcow2", qcow2, "64M"]);
    let mut server = Server::qemu(&["-f", "qcow2", qcow2]);
    let mut target = open(&server.uri, &TargetOptions::default()).unwrap();
    write(&mut *target, &disk, 64 << 10).unwrap();
    target.finish(disk.len() as u64).unwrap();
    drop(target);
    assert!(server.wait());
    run(
        "qemu-img",
        &["compare", "-f", "raw", "-F", "qcow2", raw, qcow2],
    );
    let taken = fs::metadata(qcow2).unwrap().blocks() * 512;
    assert!(taken < 2 << 20, "{taken} bytes are taken");
}

#[test]
fn zeros_give_their_space_back() {
    let (_room, path) = stale(16 * MIB);
    let server = Server::nbdkit(&["file", path.to_str().unwrap()]);
    assert_takes(&server.uri, &path, &forced(), &guest(16 * MIB), MIB);
    let taken = fs::metadata(&path).unwrap().blocks() * 512;
    assert!(taken < 5 << 20, "{taken} bytes are taken");
}

#[test]
fn holes_are_not_written_where_the_server_says_that_they_are_there() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("disk.img");
    servers::nbd::sparse_file(&path, 1 << 40, &[(3 << 30, &noise(1, 70_000))]);
    let path = path.to_str().unwrap();
    let server = Server::nbdkit(&["--filter=nozero", "file", path, "zeromode=none"]);
    let mut target = open(&server.uri, &TargetOptions::default()).unwrap();
    target.zero_at(0, 1 << 40).unwrap();
    target.finish(1 << 40).unwrap();
    let back = target.read_back().unwrap().unwrap();
    let mut bytes = vec![0xee; 128 << 10];
    back.read_at(3 << 30, &mut bytes).unwrap();
    assert!(sparse::zero::is_zero(&bytes));
    let taken = fs::metadata(path).unwrap().blocks() * 512;
    // The head is written in any case.
    assert!(taken < 2 << 20, "{taken} bytes are taken");
}

#[test]
fn until_it_is_complete_the_head_is_zeros() {
    for zeros in ["zeromode=emulate", "zeromode=none"] {
        let (_room, path) = stale(4 * MIB);
        let name = path.to_str().unwrap();
        let server = Server::nbdkit(&["--filter=nozero", "file", name, zeros]);
        let uri = &server.uri;
        let head_is_zero = || sparse::zero::is_zero(&fs::read(&path).unwrap()[..MIB]);
        let disk = guest(4 * MIB);
        let mut target = open(uri, &forced()).unwrap();
        assert!(head_is_zero());
        write(&mut *target, &disk, 64 << 10).unwrap();
        assert!(head_is_zero());
        let left = target.abort().unwrap_err();
        assert_eq!(
            left.to_string(),
            format!("{uri} is partly overwritten and its first MiB is zeros")
        );
        assert_eq!(left.advice(), Some(&Advice::OverwriteAgain));
        drop(target);
        assert!(head_is_zero());

        let mut target = open(uri, &forced()).unwrap();
        write(&mut *target, &disk, 64 << 10).unwrap();
        target.finish(disk.len() as u64).unwrap();
        assert!(!head_is_zero());
        // It did not read back as it should have.
        assert_eq!(target.abort().unwrap_err(), left);
        assert!(head_is_zero());
    }
}

#[test]
fn what_is_known_to_be_zero_is_left_alone_where_the_disk_is() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("disk.img");
    let marker = noise(5, MIB);
    servers::nbd::sparse_file(&path, 8 << 20, &[(3 << 20, &marker)]); // a lie
    let server = Server::nbdkit(&["file", path.to_str().unwrap()]);
    let options = TargetOptions {
        target_is_zero: true,
        ..TargetOptions::default()
    };
    let mut target = open(&server.uri, &options).unwrap();
    target.abort().unwrap();
    let mut disk = guest(8 * MIB);
    write(&mut *target, &disk, 64 << 10).unwrap();
    target.finish(disk.len() as u64).unwrap();
    disk[3 * MIB..4 * MIB].copy_from_slice(&marker);
    assert!(fs::read(&path).unwrap() == disk);
}

#[track_caller]
fn assert_target(error: &Error, message: &str, hint: Option<&str>) {
    assert_eq!(error.to_string(), message);
    assert_eq!(error.kind(), Kind::Target);
    assert_eq!(error.hint_text(), hint);
}

/// As [`assert_target`], with advice instead of a hint.
#[track_caller]
fn assert_advised(error: &Error, message: &str, advice: &Advice) {
    assert_target(error, message, None);
    assert_eq!(error.advice(), Some(advice));
}

#[test]
fn what_is_too_large_is_refused_with_both_numbers() {
    let (_room, path) = stale(4 * MIB);
    let before = fs::read(&path).unwrap();
    let server = Server::nbdkit(&["file", path.to_str().unwrap()]);
    let uri = &server.uri;
    let found = candidate(uri, &forced()).unwrap();
    assert_eq!((found.name(), found.capacity()), (&**uri, Some(4 << 20)));
    assert_eq!(
        found.plan(Some(2 << 20)),
        format!("overwrites {uri} (4.0 MiB) with 2.0 MiB")
    );
    found.fits(4 << 20).unwrap();
    let message = format!("{uri} holds 4194304 bytes, the disk needs 4194305 bytes");
    let hint = Some("give a larger target");
    assert_target(&found.fits((4 << 20) + 1).unwrap_err(), &message, hint);
    assert_target(
        &found.open(Some((4 << 20) + 1)).err().unwrap(),
        &message,
        hint,
    );
    let options = TargetOptions {
        size: Some(8 << 20),
        ..forced()
    };
    assert_advised(
        &refusal(uri, &options),
        &format!("{uri} holds 4.0 MiB, the size asked for is 8.0 MiB"),
        &Advice::LowerSize,
    );
    assert!(fs::read(&path).unwrap() == before);
    let mut target = open(uri, &forced()).unwrap();
    assert_target(&target.write_at(4 << 20, &[1]).unwrap_err(), &message, hint);
    assert_eq!(
        target.zero_at(u64::MAX, 2).unwrap_err().kind(),
        Kind::Target
    );
}

#[test]
fn what_holds_data_or_takes_none_is_refused() {
    let (_room, path) = stale(4 * MIB);
    run("mkfs.ext4", &["-q", "-F", path.to_str().unwrap()]);
    let before = fs::read(&path).unwrap();
    let server = Server::nbdkit(&["file", path.to_str().unwrap()]);
    let uri = &server.uri;
    assert_advised(
        &refusal(uri, &TargetOptions::default()),
        &format!("{uri} holds an ext2, ext3 or ext4 file system (found at byte 1080)"),
        &Advice::Overwrite,
    );
    let server = Server::nbdkit(&["-r", "file", path.to_str().unwrap()]);
    assert_target(
        &refusal(&server.uri, &forced()),
        &format!("{} is read-only: its server takes no writes", server.uri),
        Some("serve it writable or give another target"),
    );
    assert!(fs::read(&path).unwrap() == before);

    // A backup GPT at the end of a larger one.
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("disk.img");
    let size = 100u64 << 20;
    servers::nbd::sparse_file(&path, size, &[(size - 512, b"EFI PART")]);
    let server = Server::nbdkit(&["file", path.to_str().unwrap()]);
    assert_eq!(
        refusal(&server.uri, &TargetOptions::default()).message(),
        format!(
            "{} holds a GPT backup partition table (found at byte {})",
            server.uri,
            size - 512
        )
    );
}

#[test]
fn errors_of_the_server_are_told_and_leave_no_head() {
    let cases = [
        ("pwrite", "cannot be written: 262144 bytes at byte 1048576"),
        ("zero", "cannot be written: 1048576 bytes at byte 3145728"),
    ];
    for (operation, message) in cases {
        let (_room, path) = stale(4 * MIB);
        let switch = tempfile::tempdir().unwrap();
        let file = switch.path().join("fail");
        let settings = [
            format!("error-{operation}=ENOSPC"),
            format!("error-{operation}-rate=100%"),
            format!("error-{operation}-file={}", file.display()),
        ];
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let plugin = ["--filter=error", "file", path.to_str().unwrap()];
        let server = Server::nbdkit(&[&plugin[..], &settings].concat());
        let mut target = open(&server.uri, &forced()).unwrap();
        fs::write(&file, "").unwrap();
        let result = (target.write_at(0, &noise(1, 2 * MIB)))
            .and_then(|()| target.zero_at(3 << 20, 1 << 20))
            .and_then(|()| target.finish(4 << 20));
        let error = result.unwrap_err();
        assert_eq!(
            error.to_text(),
            format!(
                "error: {} {message}\n  because: the server says ENOSPC",
                server.uri
            )
        );
        target.abort().unwrap_err();
        drop(target);
        assert!(sparse::zero::is_zero(&fs::read(&path).unwrap()[..MIB]));
    }
}

#[test]
fn a_server_that_dies_leaves_no_head() {
    let (_room, path) = stale(4 * MIB);
    let mut server = Server::nbdkit(&["file", path.to_str().unwrap()]);
    let mut target = open(&server.uri, &forced()).unwrap();
    write(&mut *target, &guest(4 * MIB), 1 << 18).unwrap();
    server.kill();
    let error = target.finish(4 << 20).unwrap_err();
    assert_eq!(error.causes(), ["the server closed the connection"]);
    let left = target.abort().unwrap_err();
    assert_eq!(left.advice(), Some(&Advice::OverwriteAgain));
    assert!(sparse::zero::is_zero(&fs::read(&path).unwrap()[..MIB]));
}

/// A server in memory that refuses to zero more than 1 MiB at once, or at all.
fn picky(size: usize, most: u32) -> (TempDir, String) {
    fake(move |peer| {
        peer.serve(size as u64, 1 << 2 | 1 << 6, false);
        let mut disk = noise(7, size);
        while let Some(request) = peer.request() {
            let range = request.offset as usize..request.offset as usize + request.len as usize;
            match request.command {
                0 => peer.reply(request.cookie, 0, &disk[range]),
                1 => {
                    disk[range].copy_from_slice(&request.payload);
                    peer.reply(request.cookie, 0, &[]);
                }
                6 if request.len > most => peer.reply(request.cookie, 22, &[]),
                6 => {
                    disk[range].fill(0);
                    peer.reply(request.cookie, 0, &[]);
                }
                _ => peer.reply(request.cookie, 0, &[]),
            }
        }
    })
}

#[test]
fn zeros_that_are_refused_are_made_in_another_way() {
    for most in [0, 32 << 20] {
        let size = 96 * MIB;
        let (_room, uri) = picky(size, most);
        let mut target = open(&uri, &forced()).unwrap();
        target.zero_at(0, size as u64).unwrap();
        target.finish(size as u64).unwrap();
        let back = target.read_back().unwrap().unwrap();
        let mut bytes = vec![0xee; size];
        back.read_at(0, &mut bytes).unwrap();
        assert!(sparse::zero::is_zero(&bytes), "at most {most}");
    }
}

#[test]
fn an_address_without_a_server_is_named() {
    let room = tempfile::tempdir().unwrap();
    let uri = format!("nbd+unix:///x?socket={}/none", room.path().display());
    let error = refusal(&uri, &forced());
    assert_eq!(error.kind(), Kind::Io);
    assert_eq!(error.to_string(), format!("{uri}: cannot be connected to"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn any_disk_arrives_as_it_is(
        blocks in prop::collection::vec(any::<bool>(), 1..40),
        block in 10_000usize..100_000,
        minimum in prop::sample::select(vec![1u32, 512, 4096]),
        zeros in prop::sample::select(vec!["none", "emulate", "notrim"]),
    ) {
        let mut disk: Vec<u8> = blocks
            .iter()
            .flat_map(|&data| if data { noise(3, block) } else { vec![0; block] })
            .collect();
        disk.truncate(4 * MIB - 123);
        let (_room, path) = stale(4 * MIB);
        let server = Server::nbdkit(&[
            "--filter=blocksize-policy",
            "--filter=nozero",
            "file",
            path.to_str().unwrap(),
            &format!("blocksize-minimum={minimum}"),
            "blocksize-preferred=65536",
            "blocksize-maximum=1M",
            "blocksize-error-policy=error",
            &format!("zeromode={zeros}"),
        ]);
        assert_takes(&server.uri, &path, &forced(), &disk, block);
    }
}
