//! Files made by other programs, each of which writes zeros in its own way.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use sparse::{Piece, SliceSource, SparseRead};
use unpack::Limits;
use unpack::gzip::Gzip;

/// What `program` makes of `input`. A program that is missing fails the test.
fn filter(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("this test needs the program {program}: {e}"));
    let mut stdin = child.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).unwrap());
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{program} {arguments:?} failed");
    output.stdout
}

/// A disk in small: text, noise and code-like bytes between holes of many lengths.
fn disk() -> Vec<u8> {
    let mut disk = Vec::new();
    let mut state = 88_172_645_463_325_252u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 8
    };
    for (i, hole) in [
        3_000_000, 1, 100, 4095, 4096, 9000, 32_768, 700_000, 5_000_000,
    ]
    .iter()
    .enumerate()
    {
        let len = 20_000 + i * 7000;
        match i % 3 {
            0 => disk.extend((0..len).map(|_| b"the quick brown fox\n"[next() as usize % 20])),
            1 => disk.extend((0..len).map(|_| next() as u8)),
            _ => disk.extend((0..len).map(|n| {
                if next() % 7 == 0 {
                    next() as u8
                } else {
                    (n % 16) as u8
                }
            })),
        }
        disk.resize(disk.len() + hole, 0);
        disk.extend_from_within(disk.len() / 50..disk.len() / 40);
    }
    disk
}

/// Decodes `file` and returns the bytes and how many of them came as holes.
fn unpacked(file: &[u8], threads: usize) -> (Vec<u8>, u64) {
    let limits = Limits {
        threads,
        ..Limits::default()
    };
    let mut gzip = Gzip::new(SliceSource::in_steps(file, 50_000), &limits);
    let (mut bytes, mut in_holes) = (Vec::new(), 0);
    loop {
        let piece = gzip.peek().unwrap();
        let n = piece.len();
        match piece {
            Piece::Data(data) => bytes.extend_from_slice(data),
            Piece::Zeros(zeros) => {
                bytes.resize(bytes.len() + zeros as usize, 0);
                in_holes += zeros;
            }
            Piece::End => return (bytes, in_holes),
        }
        gzip.consume(n);
    }
}

/// Checks that `file` decompresses to `disk`; `holey` says that nearly all of its long holes are seen.
fn check(what: &str, file: &[u8], disk: &[u8], holey: bool) {
    for threads in [1, 3] {
        let (bytes, in_holes) = unpacked(file, threads);
        assert!(bytes == disk, "{what} in {threads} threads");
        assert!(
            in_holes > 8_600_000 || !holey,
            "{what}: {in_holes} bytes in holes"
        );
    }
}

#[test]
fn gzip_and_pigz_files_come_back_with_their_holes() {
    let disk = disk();
    for level in ["-1", "-6", "-9"] {
        check("gzip", &filter("gzip", &["-c", level], &disk), &disk, true);
    }
    for arguments in [
        &["-p2"][..],
        &["-1"],
        &["-i"],
        &["-b", "32"],
        &["-R"],
        &["-0"],
    ] {
        check("pigz", &filter("pigz", arguments, &disk), &disk, true);
    }
    check(
        "pigz -11",
        &filter("pigz", &["-11"], &disk[..1_000_000]),
        &disk[..1_000_000],
        false,
    );
}

#[test]
fn igzip_files_come_back_with_their_holes() {
    let disk = disk();
    for level in ["-0", "-1", "-2", "-3"] {
        check(level, &filter("igzip", &["-c", level], &disk), &disk, true);
    }
}

#[test]
fn bgzip_and_joined_files_come_back_with_their_holes() {
    let disk = disk();
    let blocks = filter("bgzip", &["-c"], &disk);
    check("bgzip", &blocks, &disk, true);
    let joined: Vec<u8> = disk
        .chunks(900_000)
        .flat_map(|part| filter("gzip", &["-c"], part))
        .collect();
    check("joined", &joined, &disk, true);
    check(
        "both",
        &[&blocks[..], &joined].concat(),
        &[&disk[..], &disk].concat(),
        true,
    );
}

/// zlib's strategies: filtered, Huffman codes only, run lengths only, fixed codes.
#[test]
fn every_strategy_of_zlib_comes_back() {
    let disk = disk();
    let script = "import sys, zlib\n\
        c = zlib.compressobj(int(sys.argv[1]), 8, 31, int(sys.argv[2]), int(sys.argv[3]))\n\
        sys.stdout.buffer.write(c.compress(sys.stdin.buffer.read()) + c.flush())";
    for (level, memory, strategy) in [
        ("6", "8", "1"),
        ("6", "8", "2"),
        ("6", "1", "3"),
        ("6", "9", "4"),
        ("9", "1", "0"),
        ("0", "8", "0"),
    ] {
        let file = filter("python3", &["-c", script, level, memory, strategy], &disk);
        check(
            &format!("strategy {strategy}"),
            &file,
            &disk,
            strategy != "2",
        );
    }
}
