use error::{Kind, Result};
use proptest::prelude::*;
use sparse::SliceSource;

use super::Zstd;
use crate::Limits;
use crate::test_util::{
    content, disk, error, flips_show, mangled_files_are_refused, run, threads, truncations_show,
    unfold, unfolds_to,
};

fn open(source: SliceSource<'_>, limits: &Limits) -> Result<Vec<u8>> {
    unfold(Zstd::new(source, limits)?)
}

fn pack(arguments: &[&str], content: &[u8]) -> Vec<u8> {
    run("zstd", &[&["-q", "-c"], arguments].concat(), content)
}

#[test]
fn reads_what_the_tool_makes() {
    let disk = disk();
    for arguments in [
        "-1",
        "-3",
        "-9",
        "-19",
        "--fast=5",
        "--long=24",
        "--no-check",
        "-T2 -B512K",
        "--ultra -22",
        "--stream-size=2000000",
        "--zstd=wlog=10",
    ] {
        let size = disk.len().to_string();
        let arguments: Vec<String> = arguments
            .split(' ')
            .map(|a| a.replace("2000000", &size))
            .collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let file = pack(&arguments, &disk);
        let memory = Limits {
            memory: 200 << 20,
            ..threads(2)
        };
        assert!(
            open(SliceSource::new(&file), &memory).unwrap() == disk,
            "{arguments:?}"
        );
        if !arguments.contains(&"-22") {
            unfolds_to(open, &file, &disk, &format!("zstd {arguments:?}"));
        }
    }
    unfolds_to(open, &pack(&[], b""), b"", "nothing");
}

#[test]
fn frames_and_skippable_frames_follow_one_another() {
    let disk = disk();
    let frames: Vec<Vec<u8>> = disk
        .chunks(100_001)
        .map(|part| pack(&["-1"], part))
        .collect();
    unfolds_to(open, &frames.concat(), &disk, "frames");
    let skippable = b"\x53\x2a\x4d\x18\x05\0\0\0hello".to_vec();
    let mixed = [
        skippable.clone(),
        pack(&[], b"abc"),
        skippable,
        pack(&[], b"def"),
    ]
    .concat();
    unfolds_to(open, &mixed, b"abcdef", "skippable frames");
    let pzstd = run("pzstd", &["-q", "-c", "-p", "3", "-1"], &disk);
    unfolds_to(open, &pzstd, &disk, "pzstd");
}

#[test]
fn a_window_of_zeros_is_enough() {
    // Data, far more zeros than the window, then data that refers to the zeros.
    let mut disk = b"begin".repeat(1000);
    for zeros in [1 << 20, (20 << 20) + 5, 131_072, (3 << 20) + 131_071] {
        disk.resize(disk.len() + zeros, 0);
        disk.extend(b"some text and zeros\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".repeat(500));
    }
    for arguments in [
        ["-1"].as_slice(),
        &["-19"],
        &["--no-check", "--zstd=wlog=12"],
    ] {
        let file = pack(arguments, &disk);
        unfolds_to(open, &file, &disk, "zeros");
    }
}

#[test]
fn damage_shows() {
    let content: Vec<u8> = disk()[299_900..300_100].to_vec();
    let file = pack(&[], &content);
    truncations_show(open, &file);
    flips_show(open, &file, &content);
    let zeros = vec![0; 1 << 20];
    let file = pack(&[], &zeros);
    truncations_show(open, &file);
    flips_show(open, &file, &zeros);
}

#[test]
fn mangled_files() {
    mangled_files_are_refused(
        open,
        &[
            pack(&["--no-check", "-1"], &disk()[200_000..500_000]),
            pack(&["--no-check", "-19"], &disk()[400_000..700_000]),
        ]
        .concat(),
    );
}

#[test]
fn each_error_says_what_is_wrong() {
    let file = pack(&["--stream-size=9"], b"some text");
    let with = |at: usize, byte: u8| {
        let mut file = file.clone();
        file[at] = byte;
        error(open, &file)
    };
    let last = file.len() - 1;
    assert!(with(last, !file[last]).starts_with("zstd frame 1: the checksum is 0x"));
    assert_eq!(
        with(4, file[4] | 8),
        "zstd frame 1: the header has a reserved bit set"
    );
    assert_eq!(
        with(5, 8),
        "zstd frame 1: has a block of 9 bytes, at most 8 are allowed"
    );
    assert_eq!(with(5, 10), "zstd frame 1: announces 10 bytes and holds 9");
    assert_eq!(
        with(6, 7 | 9 << 3),
        "zstd frame 1: has a block of the reserved kind"
    );
    assert_eq!(
        error(open, &[file.as_slice(), b"garbage"].concat()),
        format!(
            "zstd frame 2 cannot begin with 0x62726167 at byte {}",
            file.len()
        )
    );
    assert_eq!(
        with(0, 0x27),
        "zstd frame 1 is in the format of version 0.7"
    );
    assert_eq!(
        error(open, b""),
        "the zstd data ends at byte 0, in the middle of a frame's magic number"
    );
}

#[test]
fn limits_are_kept() {
    let file = pack(&["--long=27"], &disk());
    let error = open(SliceSource::new(&file), &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert_eq!(
        error.message(),
        "the window of zstd frame 1 needs 152043520 bytes of memory, the limit is 41943040"
    );
    assert_eq!(
        error.advice(),
        Some(&crate::Advice::AllowMemory { mib: 169 })
    );
    let bomb = pack(&[], &vec![0; 30 << 20]);
    let limits = Limits {
        output: 20 << 20,
        ..Limits::default()
    };
    let error = open(SliceSource::new(&bomb), &limits).unwrap_err();
    assert_eq!(
        error.message(),
        "the zstd data decompresses to more than 20971520 bytes"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_content_comes_back(contents in proptest::collection::vec(content(), 1..5), level in -3i32..10) {
        let frames = contents.iter().map(|content| zstd::encode_all(content.as_slice(), level).unwrap());
        let file = frames.collect::<Vec<_>>().concat();
        prop_assert!(open(SliceSource::in_steps(&file, 501), &threads(3)).unwrap() == contents.concat());
    }
}
