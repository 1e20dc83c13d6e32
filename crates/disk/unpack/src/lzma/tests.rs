use error::{Kind, Result};
use liblzma::stream::{Action, LzmaOptions, Status, Stream};
use proptest::prelude::*;
use sparse::SliceSource;
use testkit::lzma::{lzip, sized};

use super::{Lzma, looks_like};
use crate::Limits;
use crate::test_util::{
    content, disk, error, flips_show, mangled_files_are_refused, run, threads, truncations_show,
    unfold, unfolds_to,
};

fn alone(source: SliceSource<'_>, limits: &Limits) -> Result<Vec<u8>> {
    unfold(Lzma::alone(source, limits)?)
}

fn lz(source: SliceSource<'_>, limits: &Limits) -> Result<Vec<u8>> {
    unfold(Lzma::lzip(source, limits)?)
}

fn pack(arguments: &[&str], content: &[u8]) -> Vec<u8> {
    run(
        "xz",
        &[&["-q", "-c", "--format=lzma"], arguments].concat(),
        content,
    )
}

/// The same with the content's size in the header, an end marker all the same.
fn with_size(mut file: Vec<u8>, size: usize) -> Vec<u8> {
    file[5..13].copy_from_slice(&(size as u64).to_le_bytes());
    file
}

/// An .lz member, its dictionary of 64 KiB.
fn member(content: &[u8]) -> Vec<u8> {
    let mut options = LzmaOptions::new_preset(0).unwrap();
    options.dict_size(1 << 16);
    let mut stream = Stream::new_lzma_encoder(&options).unwrap();
    let mut body = Vec::with_capacity(content.len() * 2 + 1000);
    let status = stream.process_vec(content, &mut body, Action::Finish);
    assert_eq!(status.unwrap(), Status::StreamEnd);
    lzip(&body[13..], content, 16)
}

#[test]
fn reads_what_the_tool_makes() {
    let disk = disk();
    for arguments in [
        "-0",
        "-6",
        "-9e",
        "--lzma1=dict=4KiB,lc=0,lp=4,pb=0",
        "--lzma1=dict=1536KiB,lc=4,lp=0,pb=4",
        "--lzma1=dict=64KiB,lc=1,lp=2,pb=1,nice=273",
    ] {
        let file = pack(&arguments.split(' ').collect::<Vec<_>>(), &disk);
        assert!(looks_like(&file), "{arguments}");
        unfolds_to(alone, &file, &disk, arguments);
        let file = with_size(file, disk.len());
        assert!(looks_like(&file), "{arguments}");
        unfolds_to(alone, &file, &disk, arguments);
    }
    unfolds_to(alone, &pack(&[], b""), b"", "nothing");
    unfolds_to(alone, &pack(&[], b"a"), b"a", "one byte");
    unfolds_to(alone, &sized(&disk), &disk, "no end marker");
    assert!(looks_like(&sized(b"no end marker")));
}

#[test]
fn lzip_members_follow_one_another() {
    let disk = disk();
    let file = [member(&disk), member(b""), member(b"abc")].concat();
    unfolds_to(lz, &file, &[&disk[..], b"abc"].concat(), "three members");
}

#[test]
fn truncation_anywhere_shows() {
    let text = b"some text, some more text".repeat(20);
    truncations_show(alone, &pack(&[], &text));
    truncations_show(alone, &sized(&text));
    truncations_show(lz, &member(&text));
    let two = [member(&text), member(&text)].concat();
    let first = two.len() / 2;
    for len in first + 1..two.len() {
        assert!(
            lz(SliceSource::new(&two[..len]), &threads(1)).is_err(),
            "{len}"
        );
    }
}

#[test]
fn damage_shows_where_there_is_a_checksum() {
    let text = b"some text, some more text".repeat(5);
    flips_show(lz, &member(&text), &text);
    let file = [member(&text), member(&vec![0; 100_000])].concat();
    mangled_files_are_refused(lz, &file);
    mangled_files_are_refused(alone, &pack(&[], &disk()[..400_000]));
}

#[test]
fn what_is_wrong_is_said() {
    let text = b"some text, some more text".repeat(5);
    let file = pack(&[], &text);
    let cut = |len: usize| error(alone, &file[..len]);
    assert_eq!(
        cut(12),
        "the lzma data ends at byte 12, in the middle of the header"
    );
    assert_eq!(
        cut(20),
        "the lzma data ends at byte 20, in the middle of the stream"
    );
    let mut broken = file.clone();
    broken[13] = 1;
    assert_eq!(
        error(alone, &broken),
        "lzma: the compressed data is damaged"
    );
    broken[0] = 225;
    assert_eq!(error(alone, &broken), "lzma: the header is damaged");
    let short = with_size(file.clone(), text.len() + 1);
    assert_eq!(error(alone, &short), "lzma: the compressed data is damaged");
    let mut two = [member(&text), member(&text)].concat();
    let second = two.len() / 2;
    two[second] = b'X';
    assert_eq!(
        error(lz, &two),
        format!("lzip member 2: trailing garbage at byte {second}")
    );
    two[second - 20] ^= 1;
    assert_eq!(
        error(lz, &two),
        "lzip member 1: the compressed data is damaged, or its CRC-32 or sizes are wrong"
    );
    two[5] = 11;
    assert_eq!(error(lz, &two), "lzip member 1: the header is damaged");
}

#[test]
fn large_dictionaries_and_bombs_are_refused() {
    let mut file = pack(&[], b"text");
    file[1..5].copy_from_slice(&(1u32 << 30).to_le_bytes());
    let refused = alone(SliceSource::new(&file), &threads(1)).unwrap_err();
    assert_eq!(
        (refused.kind(), refused.message()),
        (
            Kind::Unsupported,
            "the lzma dictionary needs 1074790400 bytes of memory, the limit is 167772160"
        )
    );
    assert_eq!(
        refused.advice(),
        Some(&crate::Advice::AllowMemory { mib: 1049 })
    );
    // It takes no more than the content has.
    unfolds_to(alone, &with_size(file, 4), b"text", "a known size");
    let limits = Limits {
        output: 1000,
        ..Limits::default()
    };
    let bomb = pack(&[], &[0; 1001]);
    let refused = alone(SliceSource::new(&bomb), &limits).unwrap_err();
    assert_eq!(
        refused.message(),
        "the lzma data decompresses to more than 1000 bytes"
    );
}

/// Nothing marks the format, and a raw disk must not be taken for it.
#[test]
fn little_looks_like_a_header() {
    let file = pack(&[], &disk());
    assert!(looks_like(&file[..512]));
    assert!(looks_like(&file[..100]));
    assert!(!looks_like(&file[..17]));
    let with = |at: usize, bytes: &[u8]| {
        let mut file = file[..512].to_vec();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        looks_like(&file)
    };
    for (at, bytes, is_one) in [
        (0, &[225][..], false),
        // lc + lp = 5
        (0, &[93 + 9 * 2], false),
        (1, &[0, 0, 0, 0], false),
        (1, &[0, 0, 0, 1], true),
        (1, &[0, 0, 0x80, 1], true),
        (1, &[0, 0, 0xc0, 1], false),
        (1, &[0xff, 0xff, 0xff, 0xff], true),
        (1, &[1, 0, 0x80, 0], false),
        (5, &[0, 0, 0, 0, 0x3f, 0, 0, 0], true),
        (5, &[0, 0, 0, 0, 0x40, 0, 0, 0], false),
        (5, &[0; 8], false),
        (13, &[1], false),
        // The first symbol would be a match, with nothing before it.
        (14, &[0xff], false),
        // In front of nothing, a header proves nothing.
        (13, &[0; 499], false),
    ] {
        assert_eq!(with(at, bytes), is_one, "{bytes:?} at {at}");
    }
}

#[test]
fn hardly_any_noise_behind_a_header_is_taken() {
    let mut noise = crate::test_util::noise();
    let taken = (0..2000).filter(|_| {
        let mut head = b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0".to_vec();
        head.extend((0..498).map(|_| noise() as u8));
        looks_like(&head)
    });
    assert_eq!(taken.count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_content_comes_back(content in content(), step in 1usize..5000) {
        for (open, file) in [
            (alone as crate::test_util::Open, sized(&content)),
            (lz, member(&content)),
        ] {
            let found = open(SliceSource::in_steps(&file, step), &threads(1)).unwrap();
            prop_assert!(found == content);
        }
    }
}
