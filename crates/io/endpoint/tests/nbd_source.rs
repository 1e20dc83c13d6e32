//! Reading from the servers that people use.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::PathBuf;

use error::Kind;
use proptest::prelude::*;
use servers::nbd::{Server, sparse_file};
use sparse::Run;
use support::nbd::{open, read_on};
use tempfile::TempDir;
use testkit::machine::{noise, run};

const MIB: usize = 1 << 20;

/// A sparse file of 9 MiB and a bit with data at its start, in its middle and at its end.
fn image() -> (TempDir, PathBuf, Vec<u8>) {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("disk.img");
    let size = 9 * MIB + 512;
    let data = [
        (0, noise(1, 300_000)),
        (4 * MIB as u64 + 512, noise(2, MIB + 5)),
        (size as u64 - 4096, noise(3, 4096)),
    ];
    let data: Vec<(u64, &[u8])> = data.iter().map(|(at, bytes)| (*at, &bytes[..])).collect();
    sparse_file(&path, size as u64, &data);
    let bytes = fs::read(&path).unwrap();
    (room, path, bytes)
}

#[track_caller]
fn assert_reads(uri: &str, expected: &[u8], holes: bool) {
    for buffer in [256 << 10, 1 << 20, 10_007] {
        let mut source = open(uri).unwrap();
        assert_eq!(source.size(), Some(expected.len() as u64));
        assert_eq!(source.name(), uri);
        let (bytes, in_holes) = read_on(&mut *source, buffer).unwrap();
        assert!(bytes == expected, "with a buffer of {buffer}");
        assert_eq!(in_holes > 5 << 20, holes, "{in_holes} bytes of holes");
    }
}

#[test]
fn a_file_comes_with_its_holes() {
    let (_room, path, bytes) = image();
    let server = Server::nbdkit(&["file", path.to_str().unwrap()]);
    assert_reads(&server.uri, &bytes, true);
}

#[test]
fn servers_of_all_abilities_are_read() {
    let (_room, path, bytes) = image();
    let path = path.to_str().unwrap();
    let cases: [(&[&str], bool); 7] = [
        (&["--filter=noextents", "file", path], false),
        (&["--no-sr", "file", path], false),
        (&["--mask-handshake=0", "file", path], false),
        (&["--filter=noparallel", "file", path], true),
        (&["--filter=cow", "file", path], true),
        (&["--filter=delay", "file", path, "delay-read=5ms"], true),
        (
            &[
                "--filter=blocksize-policy",
                "file",
                path,
                "blocksize-minimum=512",
                "blocksize-maximum=65536",
                "blocksize-error-policy=error",
            ],
            true,
        ),
    ];
    for (arguments, holes) in cases {
        println!("{arguments:?}");
        let server = Server::nbdkit(arguments);
        assert_reads(&server.uri, &bytes, holes);
    }
}

#[test]
fn tcp_is_far_and_a_socket_is_near() {
    let (_room, path, bytes) = image();
    let path = path.to_str().unwrap();
    let server = Server::nbdkit_tcp(&["file", path]);
    assert_reads(&server.uri, &bytes, true);
    let far = |uri| {
        open(uri).unwrap().at_any_offset().unwrap()()
            .unwrap()
            .unwrap()
            .is_far()
    };
    assert!(far(&server.uri));
    assert!(!far(&Server::nbdkit(&["file", path]).uri));
    let server = Server::qemu_tcp("a%20disk", &["-t", "-f", "raw", path]);
    // What qemu-nbd takes as a name is not encoded.
    assert_reads(&server.uri.replace("a%20disk", "a%2520disk"), &bytes, true);
}

#[test]
fn a_qcow2_image_is_read_through_qemu() {
    let (room, path, mut bytes) = image();
    let qcow2 = room.path().join("disk.qcow2");
    let (path, qcow2) = (path.to_str().unwrap(), qcow2.to_str().unwrap());
    run(
        "qemu-img",
        &["convert", "-f", "raw", "-O", "qcow2", path, qcow2],
    );
    run(
        "qemu-io",
        &["-f", "qcow2", "-c", "write -P 7 2M 64k", qcow2],
    );
    bytes[2 * MIB..][..64 << 10].fill(7);
    let server = Server::qemu(&["-t", "-f", "qcow2", qcow2]);
    assert_reads(&server.uri, &bytes, true);
}

/// The smallest export there is, and one of no size at all.
#[test]
fn tiny_exports_are_read() {
    let server = Server::nbdkit(&["data", "1 2 3"]);
    let (bytes, _) = read_on(&mut *open(&server.uri).unwrap(), 4096).unwrap();
    assert_eq!(bytes, [1, 2, 3]);
    let server = Server::nbdkit(&["memory", "0"]);
    let (bytes, _) = read_on(&mut *open(&server.uri).unwrap(), 4096).unwrap();
    assert!(bytes.is_empty());
}

#[test]
fn emptiness_costs_nothing() {
    let server = Server::nbdkit(&["memory", "1T"]);
    let mut source = open(&server.uri).unwrap();
    let mut buffer = vec![0; 1 << 16];
    let (mut holes, mut steps) = (0, 0);
    while let sparse::Fill::Hole(n) = source.fill(&mut buffer).unwrap() {
        holes += n;
        steps += 1;
    }
    assert_eq!(holes, 1 << 40);
    assert!(steps <= 300, "{steps} steps");
}

#[test]
fn any_range_is_read_by_many_at_once() {
    let (_room, path, bytes) = image();
    let server = Server::nbdkit(&[
        "--filter=delay",
        "file",
        path.to_str().unwrap(),
        "rdelay=1ms",
    ]);
    let mut source = open(&server.uri).unwrap();
    let disk = source.at_any_offset().unwrap()().unwrap().unwrap();
    assert_eq!(disk.size(), Some(bytes.len() as u64));
    std::thread::scope(|scope| {
        for thread in 0..4usize {
            let (disk, bytes) = (&disk, &bytes);
            scope.spawn(move || {
                for step in 0..12usize {
                    let offset = (thread * 1_234_567 + step * 777_777) % bytes.len();
                    let mut buffer = vec![0xee; [10, 4096, 70_000, 900_000][(thread + step) % 4]];
                    let n = disk.read_at(offset as u64, &mut buffer).unwrap();
                    assert_eq!(n, buffer.len().min(bytes.len() - offset));
                    assert!(buffer[..n] == bytes[offset..offset + n]);
                }
            });
        }
        // The source itself goes on meanwhile, over the same connection.
        assert!(read_on(&mut *source, 256 << 10).unwrap().0 == bytes);
    });
    assert_eq!(disk.read_at(u64::MAX, &mut [0; 10]).unwrap(), 0);
    assert_eq!(disk.run_at(bytes.len() as u64).unwrap(), Run::End);
}

#[test]
fn a_source_that_is_given_up_leaves_the_connection_in_order() {
    let (_room, path, bytes) = image();
    let server = Server::nbdkit(&["file", path.to_str().unwrap()]);
    let mut source = open(&server.uri).unwrap();
    let disk = source.at_any_offset().unwrap()().unwrap().unwrap();
    source.fill(&mut [0; 1000]).unwrap();
    drop(source);
    let mut buffer = vec![0; 2 * MIB];
    disk.read_at(4 * MIB as u64, &mut buffer).unwrap();
    assert!(buffer == bytes[4 * MIB..6 * MIB]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn any_range_is_read_in_whole_blocks(
        ranges in prop::collection::vec((0usize..10 << 20, 0usize..300_000), 1..12),
        block in prop::sample::select(vec![1u32, 512, 4096, 65536]),
    ) {
        let room = tempfile::tempdir().unwrap();
        let path = room.path().join("disk.img");
        // qemu and nbdkit serve whole blocks only.
        let bytes = noise(9, 4 * MIB);
        fs::write(&path, &bytes).unwrap();
        let server = Server::nbdkit(&[
            "--filter=blocksize-policy",
            "file",
            path.to_str().unwrap(),
            &format!("blocksize-minimum={block}"),
            "blocksize-preferred=65536",
            "blocksize-maximum=131072",
            "blocksize-error-policy=error",
        ]);
        let disk = open(&server.uri).unwrap().at_any_offset().unwrap()().unwrap().unwrap();
        for (offset, len) in ranges {
            let mut buffer = vec![0xee; len];
            let n = disk.read_at(offset as u64, &mut buffer).unwrap();
            let start = offset.min(bytes.len());
            let end = (start + len).min(bytes.len());
            prop_assert!(buffer[..n] == bytes[start..end]);
        }
    }
}

#[test]
fn errors_of_the_server_are_told_with_their_range() {
    let (_room, path, _) = image();
    let path = path.to_str().unwrap();
    let server = Server::nbdkit(&[
        "--filter=error",
        "file",
        path,
        "error-pread=EIO",
        "error-pread-rate=100%",
    ]);
    let error = read_on(&mut *open(&server.uri).unwrap(), 1 << 18).unwrap_err();
    assert_eq!(
        error.to_text(),
        "error: 262144 bytes at byte 0 cannot be read\n  because: the server says EIO"
    );
    assert_eq!(error.kind(), Kind::Io);
    let server = Server::nbdkit(&[
        "--filter=error",
        "file",
        path,
        "error-extents=EIO",
        "error-extents-rate=100%",
    ]);
    let error = read_on(&mut *open(&server.uri).unwrap(), 1 << 18).unwrap_err();
    assert_eq!(
        error.to_text(),
        "error: where byte 0 has data cannot be found out\n  because: the server says EIO"
    );
}

#[test]
fn an_error_that_comes_and_goes_leaves_the_connection_in_order() {
    let (_room, path, bytes) = image();
    let switch = tempfile::NamedTempFile::new().unwrap();
    let file = format!("error-pread-file={}", switch.path().display());
    let arguments = [
        "--filter=error",
        "file",
        path.to_str().unwrap(),
        "error-pread-rate=100%",
    ];
    let server = Server::nbdkit(&[&arguments[..], &[&file]].concat());
    let disk = open(&server.uri).unwrap().at_any_offset().unwrap()()
        .unwrap()
        .unwrap();
    let mut buffer = vec![0; MIB];
    disk.read_at(0, &mut buffer).unwrap_err();
    switch.close().unwrap();
    disk.read_at(0, &mut buffer).unwrap();
    assert!(buffer == bytes[..MIB]);
}

#[test]
fn a_server_that_dies_is_an_error() {
    let (_room, path, _) = image();
    let mut server = Server::nbdkit(&["file", path.to_str().unwrap()]);
    let mut source = open(&server.uri).unwrap();
    let disk = source.at_any_offset().unwrap()().unwrap().unwrap();
    server.kill();
    let error = disk.read_at(8192, &mut [0; 4096]).unwrap_err();
    assert_eq!(
        error.to_text(),
        "error: 4096 bytes at byte 8192 cannot be read\n  because: the server closed the connection"
    );
    let error = read_on(&mut *source, 1 << 18).unwrap_err();
    assert_eq!(error.causes(), ["the server closed the connection"]);
    let uri = &server.uri;
    let error = source.again().unwrap()().err().unwrap();
    assert_eq!(error.to_string(), "cannot be connected to");
    let error = open(uri).err().unwrap();
    assert_eq!(error.to_string(), format!("{uri}: cannot be connected to"));
}

#[test]
fn a_source_is_read_again() {
    let (_room, path, bytes) = image();
    // Takes one connection, and ends after it.
    let mut server = Server::qemu(&["-r", "-f", "raw", path.to_str().unwrap()]);
    let mut source = open(&server.uri).unwrap();
    source.fill(&mut [0; 4096]).unwrap();
    let mut again = source.again().unwrap()().unwrap();
    assert!(read_on(&mut *again, 1 << 18).unwrap().0 == bytes);
    drop((source, again));
    assert!(server.wait());
}

#[test]
fn exports_that_are_not_there_are_named() {
    let (_room, path, _) = image();
    let server = Server::qemu_tcp("disk", &["-t", "-f", "raw", path.to_str().unwrap()]);
    let uri = server.uri.replace("/disk", "/desk");
    let error = open(&uri).err().unwrap();
    assert_eq!(
        error.to_text(),
        format!(
            "error: {uri}: the server has no export \"desk\"\n  \
             because: the server says: export 'desk' not present\n\
             hint: nbdinfo --list shows what a server has"
        )
    );
}

#[test]
fn what_is_not_spoken_is_unsupported() {
    let server = Server::nbdkit(&["--oldstyle", "memory", "1M"]);
    let error = open(&server.uri).err().unwrap();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert_eq!(
        error.message(),
        "the server speaks the oldstyle protocol only, which knows no exports"
    );

    let keys = tempfile::NamedTempFile::new().unwrap();
    fs::write(keys.path(), "me:0123456789abcdef0123456789abcdef\n").unwrap();
    let psk = format!("--tls-psk={}", keys.path().display());
    let server = Server::nbdkit(&["--tls=require", &psk, "memory", "1M"]);
    let error = open(&server.uri).err().unwrap();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert_eq!(
        error.message(),
        "the server insists on TLS, which is not spoken here"
    );
}
