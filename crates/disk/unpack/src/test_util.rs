//! What the tests of all decoders share: the tools they are compared with, inputs, and ways to
//! break a file.

use std::io::Write;
use std::process::{Command, Stdio};

use error::{Kind, Result};
use proptest::prelude::*;
use sparse::{Piece, SliceSource, SparseRead};

use crate::Limits;

/// A decoder under trial.
pub(crate) type Open = fn(SliceSource<'_>, &Limits) -> Result<Vec<u8>>;

/// What `program` makes of `input` on its standard input.
pub(crate) fn run(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("the test needs {program}: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{program} {arguments:?} failed");
    output.stdout
}

/// Two megabytes like a disk: text, noise, and holes of many sizes.
pub(crate) fn disk() -> Vec<u8> {
    let mut disk = vec![0; 300_000];
    let mut noise = noise();
    for i in 0..24usize {
        let len = (noise() as usize % 8 + 1) * 4096 + i;
        match i % 3 {
            0 => disk.extend((0..len).map(|_| noise() as u8)),
            1 => (0..len / 24)
                .for_each(|n| disk.extend(format!("line {n:7} of {i}, text\n").bytes())),
            _ => disk.extend(std::iter::repeat_n(0, len * 4)),
        }
    }
    disk.extend(std::iter::repeat_n(0, 700_000));
    disk.push(7);
    disk.extend(std::iter::repeat_n(0xff, 9000));
    disk
}

/// A source of bad random numbers, always the same.
pub(crate) fn noise() -> impl FnMut() -> u64 {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 11
    }
}

/// Limits with so many threads.
pub(crate) fn threads(threads: usize) -> Limits {
    Limits {
        threads,
        ..Limits::default()
    }
}

/// Everything in `stream`, holes written out; consumed in odd steps.
pub(crate) fn unfold(mut stream: impl SparseRead) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let n = match stream.peek()? {
            Piece::Data(data) => {
                let n = data.len().min(100_003);
                all.extend_from_slice(&data[..n]);
                n as u64
            }
            Piece::Zeros(len) => {
                let n = len.min(1_000_003);
                all.resize(all.len() + n as usize, 0);
                n
            }
            Piece::End => return Ok(all),
        };
        stream.consume(n);
    }
}

/// Asserts that `file` decompresses to `content`, however it comes in and with however many threads.
pub(crate) fn unfolds_to(open: Open, file: &[u8], content: &[u8], what: &str) {
    for (step, workers) in [(usize::MAX, 1), (4099, 2), (977, 3)] {
        let found = open(SliceSource::in_steps(file, step), &threads(workers));
        let found = found.unwrap_or_else(|error| panic!("{what}: {}", error.to_text()));
        assert!(
            found == content,
            "{what}, steps of {step}, {workers} threads"
        );
    }
}

/// Asserts that no beginning of `file` passes for a whole.
pub(crate) fn truncations_show(open: Open, file: &[u8]) {
    for len in 0..file.len() {
        let error = open(SliceSource::in_steps(&file[..len], 7), &threads(2))
            .expect_err(&format!("{len} of {} bytes pass", file.len()));
        assert_eq!(error.kind(), Kind::Corrupt, "{len} bytes: {error}");
        let (what, _) = error
            .message()
            .split_once(" data ends at byte ")
            .unwrap_or_default();
        assert!(!what.is_empty(), "{len} of {} bytes: {error}", file.len());
    }
}

/// Asserts that a single wrong bit is an error, or changes nothing.
pub(crate) fn flips_show(open: Open, file: &[u8], content: &[u8]) {
    for bit in 0..8 * file.len() {
        let mut broken = file.to_vec();
        broken[bit / 8] ^= 1 << (bit % 8);
        if let Ok(found) = open(SliceSource::new(&broken), &threads(2)) {
            assert!(
                found == content,
                "bit {} of byte {} changes the content",
                bit % 8,
                bit / 8
            );
        }
    }
}

/// The message of the error that reading `file` ends with.
pub(crate) fn error(open: Open, file: &[u8]) -> String {
    open(SliceSource::new(file), &threads(2))
        .unwrap_err()
        .message()
        .to_owned()
}

/// Stretches of zeros, repeats and noise.
pub(crate) fn content() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        (0usize..40_000).prop_map(|len| vec![0; len]),
        (any::<Vec<u8>>(), 1usize..50).prop_map(|(bytes, times)| bytes.repeat(times)),
        (any::<u8>(), 0usize..2000).prop_map(|(byte, len)| vec![byte; len]),
        proptest::collection::vec(any::<u8>(), 0..3000),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Asserts that `file` with several bytes overwritten, moved or left out ends in the content or an
/// error about the file, never in a dead worker.
pub(crate) fn mangled_files_are_refused(open: Open, file: &[u8]) {
    let mut noise = noise();
    let mut below = move |n: usize| noise() as usize % n.max(1);
    for round in 0..400 {
        let mut broken = file.to_vec();
        for _ in 0..=below(4) {
            let (at, len) = (below(broken.len()), below(16));
            let end = (at + len).min(broken.len());
            match below(4) {
                0 => broken[at..end].fill([0, 0xff, 1, 0x80][below(4)]),
                1 => broken[at..end]
                    .iter_mut()
                    .for_each(|byte| *byte = below(256) as u8),
                2 => drop(broken.drain(at..end)),
                _ => broken.extend_from_within(at..end),
            }
        }
        let limits = Limits {
            output: 8 << 20,
            ..threads(round % 3 + 1)
        };
        if let Err(error) = open(SliceSource::new(&broken), &limits) {
            let about_the_file = !matches!(error.kind(), Kind::Io | Kind::Interrupted);
            assert!(about_the_file, "round {round}: {}", error.to_text());
        }
    }
}
