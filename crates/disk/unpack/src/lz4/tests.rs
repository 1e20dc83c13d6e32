use error::{Kind, Result};
use lz4_flex::frame::{BlockMode, FrameEncoder, FrameInfo};
use proptest::prelude::*;
use sparse::SliceSource;

use super::Lz4;
use crate::Limits;
use crate::test_util::{
    content, disk, error, flips_show, mangled_files_are_refused, run, truncations_show, unfold,
    unfolds_to,
};

fn open(source: SliceSource<'_>, limits: &Limits) -> Result<Vec<u8>> {
    unfold(Lz4::new(source, limits)?)
}

fn pack(arguments: &[&str], content: &[u8]) -> Vec<u8> {
    run("lz4", &[&["-q", "-c"], arguments].concat(), content)
}

#[test]
fn reads_what_the_tool_makes() {
    let disk = disk();
    for arguments in [
        "-1",
        "-9",
        "-B4",
        "-B5 -BD",
        "-B7 -BX",
        "-BD -9",
        "--no-frame-crc -B6",
        "-l",
        "--content-size -B4 -BD -BX",
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        unfolds_to(
            open,
            &pack(&arguments, &disk),
            &disk,
            &format!("lz4 {arguments:?}"),
        );
    }
    unfolds_to(open, &pack(&[], b""), b"", "nothing");
}

#[test]
fn frames_of_all_kinds_follow_one_another() {
    let disk = disk();
    let skippable = b"\x53\x2a\x4d\x18\x05\0\0\0hello".to_vec();
    let file = [
        skippable.clone(),
        pack(&["-l"], &disk),
        pack(&["-B4"], b"abc"),
        skippable,
        pack(&["-l"], b"def"),
        pack(&["-l"], b"ghi"),
    ]
    .concat();
    unfolds_to(
        open,
        &file,
        &[&disk, b"abcdefghi".as_slice()].concat(),
        "frames",
    );
    let layer = crate::layer::sniff(&file);
    assert_eq!(layer.map(crate::layer::Layer::name), Some("lz4"));
}

#[test]
fn whole_blocks_of_zeros_are_holes() {
    let file = pack(&["-B7"], &vec![0; 32 << 20]);
    let mut stream = Lz4::new(SliceSource::new(&file), &Limits::default()).unwrap();
    let first = sparse::SparseRead::peek(&mut stream).unwrap();
    assert_eq!(first, sparse::Piece::Zeros(4 << 20));
    assert_eq!(sparse::drain(&mut stream).unwrap(), 32 << 20);
}

/// Many blocks of a byte each, in a frame whose blocks may have 4 MiB.
#[test]
fn tiny_blocks_cost_little() {
    for linked in [0, 0x20] {
        let head = [0x40 | linked, 0x70];
        let mut hash = crate::xxhash::Xxh32::new();
        hash.update(&head);
        let mut file = [
            &[4, 0x22, 0x4d, 0x18],
            &head[..],
            &[(hash.finish() >> 8) as u8],
        ]
        .concat();
        let block = [2, 0, 0, 0, 0x10, b'x'];
        (0..200_000).for_each(|_| file.extend(block));
        file.extend([0; 4]);
        unfolds_to(open, &file, &[b'x'; 200_000], "tiny blocks");
    }
}

#[test]
fn damage_shows() {
    let content: Vec<u8> = disk()[299_990..300_100].to_vec();
    let file = pack(&["-BX", "--content-size"], &content);
    truncations_show(open, &file);
    flips_show(open, &file, &content);
}

#[test]
fn mangled_files() {
    mangled_files_are_refused(open, &pack(&["-B4", "-BD"], &disk()[200_000..700_000]));
}

#[test]
fn each_error_says_what_is_wrong() {
    let file = pack(&["-BX"], b"some text");
    let with = |at: usize, byte: u8| {
        let mut file = file.clone();
        file[at] = byte;
        error(open, &file)
    };
    let last = file.len() - 1;
    assert_eq!(
        with(0, 5),
        "lz4 frame 1 cannot begin with 0x184d2205 at byte 0"
    );
    assert_eq!(
        with(6, !file[6]),
        format!(
            "lz4 frame 1: the header's checksum is {:#04x}, the header has {:#04x}",
            !file[6], file[6]
        )
    );
    assert!(with(12, b'!').starts_with("lz4 frame 1: a block's checksum is 0x"));
    assert!(with(last, !file[last]).starts_with("lz4 frame 1: the content's checksum is 0x"));
    assert_eq!(
        with(10, 0xff),
        "lz4 frame 1: has a block of 2130706441 bytes, at most 65536 are allowed"
    );
    assert_eq!(
        error(open, &[file.as_slice(), b"garbage"].concat()),
        format!(
            "lz4 frame 2 cannot begin with 0x62726167 at byte {}",
            file.len()
        )
    );
    assert_eq!(
        error(open, b""),
        "the lz4 data ends at byte 0, in the middle of a frame's magic number"
    );
}

#[test]
fn dictionaries_are_not_supported() {
    let mut head = vec![0x61, 0x40, 9, 0, 0, 0];
    let mut hash = crate::xxhash::Xxh32::new();
    hash.update(&head);
    head.push((hash.finish() >> 8) as u8);
    let file = [&[4, 0x22, 0x4d, 0x18], head.as_slice()].concat();
    let error = open(SliceSource::new(&file), &Limits::default()).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (Kind::Unsupported, "lz4 frame 1 needs dictionary 9")
    );
}

#[test]
fn limits_are_kept() {
    let file = pack(&["-B7"], &vec![0; 9 << 20]);
    let limits = |memory, output| Limits {
        memory,
        output,
        ..Limits::default()
    };
    let bomb = open(SliceSource::new(&file), &limits(40 << 20, 9_000_000)).unwrap_err();
    assert_eq!(
        bomb.message(),
        "the lz4 data decompresses to more than 9000000 bytes"
    );
    let large = open(SliceSource::new(&file), &limits(1 << 20, 1 << 40)).unwrap_err();
    assert_eq!(large.kind(), Kind::Unsupported);
    assert_eq!(
        large.advice(),
        Some(&crate::Advice::AllowMemory { mib: 32 })
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_content_comes_back(content in content(), linked in any::<bool>()) {
        let mode = if linked { BlockMode::Linked } else { BlockMode::Independent };
        let info = FrameInfo::new().block_mode(mode).block_checksums(true).content_checksum(true);
        let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
        std::io::Write::write_all(&mut encoder, &content).unwrap();
        let file = encoder.finish().unwrap();
        prop_assert!(open(SliceSource::in_steps(&file, 501), &Limits::default()).unwrap() == content);
    }
}
