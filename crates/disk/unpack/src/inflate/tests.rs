use std::io::Read;

use error::Kind;
use flate2::bufread::DeflateDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};
use proptest::prelude::*;
use sparse::{SliceSource, drain};

use self::writer::Writer;
use super::*;

mod deflate64;
mod hostile;
mod writer;

/// What came out of a stream: all bytes, how many of them in holes, and what the input still holds.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    bytes: Vec<u8>,
    in_holes: u64,
    rest: u64,
}

fn read(mut stream: impl SparseRead) -> Result<(Vec<u8>, u64)> {
    let (mut bytes, mut in_holes) = (Vec::new(), 0);
    loop {
        let n = match stream.peek()? {
            Piece::Data(data) => {
                bytes.extend_from_slice(data);
                data.len() as u64
            }
            Piece::Zeros(n) => {
                bytes.resize(bytes.len() + n as usize, 0);
                in_holes += n;
                n
            }
            Piece::End => break,
        };
        stream.consume(n);
    }
    Ok((bytes, in_holes))
}

fn ours(deflated: &[u8], step: usize) -> Result<Outcome> {
    let mut source = SliceSource::in_steps(deflated, step);
    let (bytes, in_holes) = read(Inflate::new(&mut source))?;
    let rest = drain(&mut source)?;
    Ok(Outcome {
        bytes,
        in_holes,
        rest,
    })
}

/// What zlib-rs makes of it.
fn oracle(deflated: &[u8]) -> Result<Outcome> {
    let mut decoder = DeflateDecoder::new(deflated);
    let mut bytes = Vec::new();
    decoder
        .read_to_end(&mut bytes)
        .map_err(|cause| Error::corrupt(cause.to_string()))?;
    Ok(Outcome {
        bytes,
        in_holes: 0,
        rest: decoder.into_inner().len() as u64,
    })
}

fn message(deflated: &[u8]) -> String {
    let error = ours(deflated, usize::MAX).unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt);
    for step in [1, 3] {
        assert_eq!(
            ours(deflated, step).unwrap_err(),
            error,
            "in steps of {step}"
        );
    }
    oracle(deflated).expect_err("zlib takes it");
    error.message().into()
}

fn deflate(data: &[u8], level: u32) -> Vec<u8> {
    let mut compress = Compress::new(Compression::new(level), false);
    let mut out = Vec::with_capacity(data.len() + data.len() / 8 + 1024);
    let status = compress.compress_vec(data, &mut out, FlushCompress::Finish);
    assert_eq!(status.unwrap(), Status::StreamEnd);
    out
}

/// A pseudo-random sequence, the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 11) % n
    }
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    let part = (0..6u8, 1..60_000usize, any::<u64>()).prop_map(|(kind, len, seed)| {
        let mut random = Random(seed | 1);
        match kind {
            0 => vec![0; len],
            1 => vec![0; len * 8],
            2 => (0..len).map(|_| random.next() as u8).collect(),
            3 => (0..len)
                .map(|_| b"etaoin shrdlu\n\0"[random.below(15) as usize])
                .collect(),
            4 => {
                let word: Vec<u8> = (0..1 + random.below(40))
                    .map(|_| random.next() as u8)
                    .collect();
                word.iter().copied().cycle().take(len).collect()
            }
            _ => (0..len)
                .map(|_| if random.below(300) == 0 { 1 } else { 0 })
                .collect(),
        }
    });
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_zlib_deflates_comes_back(
        content in content(),
        level in 0..=9u32,
        step in prop_oneof![Just(13usize), Just(100), Just(4096), Just(usize::MAX)],
    ) {
        let mut deflated = deflate(&content, level);
        deflated.extend_from_slice(b"behind");
        let outcome = ours(&deflated, step).unwrap();
        prop_assert!(outcome.bytes == content);
        prop_assert_eq!(outcome.rest, 6);
    }
}

/// Damaged streams reach every corner of the header and the symbols; zlib says which of them are
/// valid.
#[test]
fn damaged_streams_are_judged_as_zlib_does() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut seeds = Vec::new();
    for level in [0, 1, 6, 9] {
        let text: Vec<u8> = (0..3000)
            .map(|_| b"a disk is mostly nothing\0\0\0\0"[random.below(28) as usize])
            .collect();
        seeds.push(deflate(&text, level));
        seeds.push(deflate(
            &[text, vec![0; 20_000], b"end".to_vec()].concat(),
            level,
        ));
    }
    let (mut good, mut bad) = (0, 0);
    for round in 0..6000 {
        let mut stream = seeds[round % seeds.len()].clone();
        for _ in 0..=random.below(2) {
            // Half of the damage goes into the first block's header.
            let span = if random.below(2) == 0 {
                100
            } else {
                stream.len()
            };
            let at = random.below(span.min(stream.len()) as u64) as usize;
            stream[at] ^= 1 << random.below(8);
        }
        let step = [1, 50, usize::MAX][round % 3];
        match (ours(&stream, step), oracle(&stream)) {
            (Ok(ours), Ok(oracle)) => {
                assert!(ours.bytes == oracle.bytes, "round {round}");
                assert_eq!(ours.rest, oracle.rest, "round {round}");
                good += 1;
            }
            (Err(_), Err(_)) => bad += 1,
            (ours, oracle) => panic!("round {round}: {:?} {:?}", ours.err(), oracle.err()),
        }
    }
    assert!(good > 100 && bad > 100, "{good} {bad}");
}

#[test]
fn random_bytes_are_judged_as_zlib_does() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..20_000 {
        let mut stream: Vec<u8> = (0..200).map(|_| random.next() as u8).collect();
        // Mostly dynamic blocks with few codes: others fail at once.
        stream[0] = stream[0] & !7 | [5, 5, 5, 3][round % 4];
        match (ours(&stream, usize::MAX), oracle(&stream)) {
            (Ok(ours), Ok(oracle)) => assert!(ours.bytes == oracle.bytes, "round {round}"),
            (Err(_), Err(_)) => {}
            (ours, oracle) => panic!("round {round}: {:?} {:?}", ours.err(), oracle.err()),
        }
    }
}

#[test]
fn a_long_run_is_a_hole_across_blocks_and_their_kinds() {
    let mut w = Writer::default();
    w.number(0b010, 3).fixed(b'x'.into()).fixed(0);
    w.longest(1_200_000);
    w.fixed(256);
    // A stored block in between.
    w.number(0b000, 3);
    let pad = (8 - w.count) % 8;
    w.number(0, pad).number(1000, 16).number(!1000 & 0xffff, 16);
    for _ in 0..1000 {
        w.number(0, 8);
    }
    // Other lengths and distances: 4 bytes from 20000 and 10 from 3 bytes back.
    w.number(0b011, 3)
        .fixed(258)
        .codeword(28, 5)
        .number(20_000 - 16_385, 13);
    w.fixed(264)
        .codeword(2, 5)
        .fixed(0)
        .fixed(b'y'.into())
        .fixed(256);
    let stream = w.done();
    let zeros = 1 + 1_200_000 * 258 + 1000 + 4 + 10 + 1;
    for step in [1 << 10, usize::MAX] {
        let mut inflate = Inflate::new(SliceSource::in_steps(&stream, step));
        let mut pieces = Vec::new();
        loop {
            let n = match inflate.peek().unwrap() {
                Piece::Data(data) => {
                    pieces.push((data.to_vec(), 0));
                    data.len() as u64
                }
                Piece::Zeros(n) => {
                    pieces.push((Vec::new(), n));
                    n
                }
                Piece::End => break,
            };
            inflate.consume(n);
        }
        let holes: u64 = pieces.iter().map(|piece| piece.1).sum();
        assert!(
            holes <= zeros && holes + 2 * 1024 * 20 > zeros,
            "{holes} of {zeros}"
        );
        let data: Vec<u8> = pieces.into_iter().flat_map(|piece| piece.0).collect();
        assert_eq!(data.len() as u64 + holes, zeros + 2);
        assert_eq!((data.first(), data.last()), (Some(&b'x'), Some(&b'y')));
        assert_eq!(inflate.get_mut().peek(), Ok(Piece::End));
    }
}

#[test]
fn matches_see_the_history_behind_a_hole() {
    for run in [5000usize, 32_768, 33_000, 500_000] {
        let mut content: Vec<u8> = (0..200_000u32)
            .map(|i| (i.wrapping_mul(i) >> 9) as u8)
            .collect();
        content.resize(content.len() + run, 0);
        content.extend_from_within(200_000 - 20_000..200_000);
        content.resize(content.len() + run, 0);
        content.extend_from_within(200_000 - 20_000..200_000);
        for level in [1, 6, 9] {
            let outcome = ours(&deflate(&content, level), usize::MAX).unwrap();
            assert!(outcome.bytes == content, "{run} {level}");
            assert!(
                outcome.in_holes + 2000 > 2 * run as u64,
                "{}",
                outcome.in_holes
            );
        }
    }
}

#[test]
fn a_match_beyond_the_zeros_ends_the_run() {
    let mut w = Writer::default();
    w.number(0b011, 3).fixed(b'a'.into()).fixed(0);
    w.longest(100);
    // 25802 bytes back is the letter, one less is not.
    w.fixed(257).codeword(29, 5).number(25_801 - 24_577, 13);
    w.fixed(257)
        .codeword(29, 5)
        .number(25_805 - 24_577, 13)
        .fixed(256);
    let bytes = ours(&w.done(), usize::MAX).unwrap().bytes;
    assert_eq!(bytes.len(), 25_808);
    assert!(bytes[1..25_805].iter().all(|&byte| byte == 0));
    assert_eq!(bytes[25_805..], [b'a', 0, 0]);
}

#[test]
fn restarting_forgets_the_history() {
    let stream = [deflate(b"abcabcabc", 6), vec![0x03, 0x02, 0x00]].concat();
    let mut inflate = Inflate::new(SliceSource::new(&stream));
    assert_eq!(drain(&mut inflate).unwrap(), 9);
    inflate.restart();
    assert_eq!(
        inflate.peek().unwrap_err().message(),
        "deflate stream, byte 1: a match goes back 1 bytes where there are 0"
    );
}

#[test]
fn a_hole_in_the_input_is_zeros() {
    struct Holey(u64);
    impl SparseRead for Holey {
        fn peek(&mut self) -> Result<Piece<'_>> {
            Ok(match self.0 {
                0 => Piece::Data(&[1, 0x10, 0x27, 0xef, 0xd8]),
                n => Piece::Zeros(10_001 - n),
            })
        }
        fn consume(&mut self, n: u64) {
            self.0 += if self.0 == 0 { 1 } else { n };
        }
    }
    let mut inflate = Inflate::new(Holey(0));
    assert_eq!(drain(&mut inflate).unwrap(), 10_000);
    assert_eq!(inflate.get_mut().0, 10_001);
}
