use error::Result;
use proptest::prelude::*;
use sparse::SliceSource;

use super::Bzip2;
use crate::Limits;
use crate::test_util;
use crate::test_util::{
    content, disk, error, flips_show, mangled_files_are_refused, noise, run, threads,
    truncations_show, unfold, unfolds_to,
};

fn open(source: SliceSource<'_>, limits: &Limits) -> Result<Vec<u8>> {
    unfold(Bzip2::new(source, limits)?)
}

fn pack(level: &str, content: &[u8]) -> Vec<u8> {
    run("bzip2", &["-c", level], content)
}

#[test]
fn reads_what_the_tools_make() {
    let disk = disk();
    for level in ["-1", "-5", "-9"] {
        unfolds_to(open, &pack(level, &disk), &disk, level);
    }
    unfolds_to(open, &run("lbzip2", &["-c", "-1"], &disk), &disk, "lbzip2");
    unfolds_to(open, &pack("-9", b""), b"", "nothing");
    unfolds_to(open, &pack("-9", b"a"), b"a", "one byte");
}

#[test]
fn streams_follow_one_another() {
    let disk = disk();
    let streams: Vec<Vec<u8>> = disk.chunks(200_001).map(|part| pack("-2", part)).collect();
    unfolds_to(open, &streams.concat(), &disk, "streams");
    let with_empty = [
        pack("-9", b""),
        pack("-1", b"abc"),
        pack("-9", b""),
        pack("-3", b"def"),
    ]
    .concat();
    unfolds_to(open, &with_empty, b"abcdef", "empty streams");
    let empty = pack("-9", b"").repeat(50_000);
    assert_eq!(open(SliceSource::new(&empty), &threads(2)).unwrap(), b"");
}

#[test]
fn runs_of_every_length() {
    let mut content = Vec::new();
    for len in (0..300).chain([1000, 5000, 16_383, 16_384, 16_387, 70_000]) {
        for byte in [0, b'a'] {
            content.extend(std::iter::repeat_n(byte, len));
            content.push(b'-');
        }
    }
    unfolds_to(open, &pack("-1", &content), &content, "runs");
}

#[test]
fn damage_shows() {
    let content: Vec<u8> = disk()[299_980..300_060].to_vec();
    let file = pack("-9", &content);
    truncations_show(open, &file);
    flips_show(open, &file, &content);
}

#[test]
fn mangled_files() {
    mangled_files_are_refused(open, &pack("-1", &disk()[250_000..700_000]));
}

#[test]
fn each_error_says_what_is_wrong() {
    let file = pack("-9", b"some text");
    let with = |at: usize, byte: u8| {
        let mut file = file.clone();
        file[at] = byte;
        error(open, &file)
    };
    assert_eq!(with(3, b'0'), "bzip2 stream 1 has no header at byte 0");
    assert!(with(10, !file[10]).starts_with("bzip2 stream 1, block 1: the CRC-32 is 0x"));
    assert_eq!(
        with(5, 0),
        "bzip2 stream 1, block 0: neither a block nor the end follows"
    );
    let last = file.len() - 2;
    assert!(with(last, !file[last]).starts_with("bzip2 stream 1: the combined CRC is 0x"));
    assert_eq!(
        with(14, file[14] | 0x80),
        "bzip2 stream 1 has randomised blocks, which bzip2 stopped making with 0.9.5"
    );
    assert_eq!(
        error(open, &[file.as_slice(), b"garbage"].concat()),
        format!("bzip2 stream 2 has no header at byte {}", file.len())
    );
}

#[test]
fn blocks_larger_than_the_stream_allows() {
    let mut noise = noise();
    let content: Vec<u8> = (0..150_000).map(|_| noise() as u8).collect();
    let mut file = pack("-9", &content);
    file[3] = b'1';
    assert_eq!(
        error(open, &file),
        "bzip2 stream 1, block 1: has 150000 bytes, the stream allows 100000"
    );
}

#[test]
fn a_false_number_inside_a_block() {
    let disk = disk();
    let file = pack("-1", &disk);
    for block in [true, false] {
        let mut stream = Bzip2::new(SliceSource::in_steps(&file, 4099), &threads(2)).unwrap();
        // As if the number had been seen at these bits, inside the first blocks.
        stream.scanner.planted = [3000, 3001, 3100, 100_003]
            .map(|start| super::Mark { start, block })
            .to_vec();
        assert!(unfold(stream).unwrap() == disk);
    }
}

/// Each of these blocks has a few bytes and decompresses to 300 KB: no more of them may be decoded ahead
/// than there is memory for.
#[test]
fn small_blocks_of_large_content_wait_their_turn() {
    let content = vec![b'a'; 300_000];
    let file = pack("-9", &content).repeat(300);
    assert!(file.len() < 64 << 10);
    let mut stream = Bzip2::new(SliceSource::new(&file), &threads(2)).unwrap();
    let mut len = 0;
    loop {
        let step = sparse::SparseRead::peek(&mut stream).unwrap().len();
        if step == 0 {
            break;
        }
        assert!(stream.workers.in_flight() <= 3);
        sparse::SparseRead::consume(&mut stream, step);
        len += step;
    }
    assert_eq!(len, 300 * 300_000);
}

/// A block that is hard to compress is decoded again and again, from more of the input each time.
#[test]
fn a_false_number_in_a_large_block() {
    let mut noise = noise();
    let content: Vec<u8> = (0..850_000).map(|_| noise() as u8).collect();
    let file = [pack("-9", &content), pack("-9", b"the end")].concat();
    let mut stream = Bzip2::new(SliceSource::new(&file), &threads(2)).unwrap();
    let block = true;
    let planted = [300, 5_000_000].map(|start| super::Mark { start, block });
    stream.scanner.planted = planted.to_vec();
    assert!(unfold(stream).unwrap() == [&content[..], b"the end"].concat());
    let cut = &file[..file.len() / 2];
    let mut stream = Bzip2::new(SliceSource::new(cut), &threads(2)).unwrap();
    stream.scanner.planted = planted.to_vec();
    let error = unfold(stream).unwrap_err();
    assert!(
        error.message().starts_with("the bzip2 data ends at byte "),
        "{error}"
    );
}

#[test]
fn garbage_between_blocks() {
    let file = [pack("-1", b"abc"), b"BZh9xx".to_vec(), pack("-1", b"def")].concat();
    assert_eq!(
        error(open, &file),
        "bzip2 stream 2, block 0: neither a block nor the end follows"
    );
}

#[test]
fn limits_are_kept() {
    let bomb = pack("-9", &vec![0; 30 << 20]);
    let limits = Limits {
        output: 20 << 20,
        ..Limits::default()
    };
    let error = open(SliceSource::new(&bomb), &limits).unwrap_err();
    assert_eq!(
        error.message(),
        "the bzip2 data decompresses to more than 20971520 bytes"
    );
    let endless = [b"BZh9".to_vec(), vec![0x31; 5 << 20]].concat();
    assert_eq!(
        test_util::error(open, &endless),
        "bzip2 stream 1, block 0: no block is longer than 4194304 bytes"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn any_content_comes_back(content in content(), level in 1u32..10) {
        let mut file = Vec::new();
        let mut encoder = bzip2::read::BzEncoder::new(content.as_slice(), bzip2::Compression::new(level));
        std::io::Read::read_to_end(&mut encoder, &mut file).unwrap();
        prop_assert!(open(SliceSource::new(&file), &threads(2)).unwrap() == content);
    }

    /// Damage anywhere in a block's bits: both decoders refuse it, or neither does.
    #[test]
    fn libbz2_agrees_about_damage(content in content(), place in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut file = Vec::new();
        let mut encoder = bzip2::read::BzEncoder::new(content.as_slice(), bzip2::Compression::new(1));
        std::io::Read::read_to_end(&mut encoder, &mut file).unwrap();
        let place = place.index(file.len());
        file[place] ^= 1 << bit;
        let mut theirs = Vec::new();
        let their_end = std::io::Read::read_to_end(&mut bzip2::read::BzDecoder::new(file.as_slice()), &mut theirs);
        match open(SliceSource::new(&file), &threads(1)) {
            Ok(found) => prop_assert!(their_end.is_ok() && found == theirs),
            Err(_) => prop_assert!(their_end.is_err()),
        }
    }
}
