//! What Deflate64 has beyond DEFLATE: a window of 64 KiB, matches of up to 65538 bytes.

use testkit::deflate64::{Bits, Blocks, compress};

use super::*;

const WAYS: [Blocks; 4] = [Blocks::Zeros, Blocks::Even, Blocks::Stored, Blocks::Fixed];

fn wide(packed: &[u8], step: usize) -> Result<Outcome> {
    let mut source = SliceSource::in_steps(packed, step);
    let (bytes, in_holes) = read(Inflate64::new(&mut source))?;
    let rest = drain(&mut source)?;
    Ok(Outcome {
        bytes,
        in_holes,
        rest,
    })
}

fn message(packed: &[u8]) -> String {
    let error = wide(packed, usize::MAX).unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt);
    for step in [1, 3] {
        assert_eq!(wide(packed, step).unwrap_err(), error, "in steps of {step}");
    }
    error.message().into()
}

/// A block in the fixed code that begins with so many zeros as literals.
fn fixed(zeros: usize) -> Bits {
    let mut bits = Bits::default();
    bits.number(0b011, 3);
    for _ in 0..zeros {
        bits.codeword(0x30, 8);
    }
    bits
}

/// A longest length and its extra bits.
fn length(bits: &mut Bits, len: u64) -> &mut Bits {
    bits.codeword(0xc5, 8).number(len - 3, 16)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_was_packed_comes_back(
        content in content(),
        first in 0usize..4,
        count in 1usize..5,
        step in prop_oneof![Just(1usize), Just(13), Just(100), Just(4096), Just(usize::MAX)],
    ) {
        let ways: Vec<_> = WAYS.iter().copied().cycle().skip(first).take(count).collect();
        let mut packed = compress(&content, &ways);
        packed.extend_from_slice(b"behind");
        let outcome = wide(&packed, step).unwrap();
        prop_assert!(outcome.bytes == content);
        prop_assert_eq!(outcome.rest, 6);
    }
}

#[test]
fn matches_reach_back_64_kib_and_no_further() {
    let text: Vec<u8> = (0..70_000u32)
        .map(|i| (i.wrapping_mul(i) >> 7) as u8)
        .collect();
    let mut stream = Bits::default();
    stream.number(0b011, 3);
    for &byte in &text {
        match byte {
            0..144 => stream.codeword(0x30 + u32::from(byte), 8),
            _ => stream.codeword(0x190 + u32::from(byte) - 144, 9),
        };
    }
    // 65536 is the last distance there is: code 31 and all its extra bits.
    length(&mut stream, 60_000)
        .codeword(31, 5)
        .number(0x3fff, 14);
    stream.codeword(0, 7);
    let packed = stream.done();
    for step in [1, 100, usize::MAX] {
        let found = wide(&packed, step).unwrap();
        assert!(found.bytes[..70_000] == text);
        assert!(found.bytes[70_000..130_000] == text[4464..64_464]);
    }
}

#[test]
fn a_terabyte_of_zeros_takes_a_step_for_many_matches() {
    let mut stream = fixed(1);
    let matches = 100_000u64;
    for _ in 0..matches {
        length(&mut stream, 65_538).codeword(0, 5);
    }
    stream.codeword(0, 7);
    let packed = stream.done();
    let zeros = 1 + matches * 65_538;
    for step in [1 << 10, usize::MAX] {
        let mut inflate = Inflate64::new(SliceSource::in_steps(&packed, step));
        let (mut holes, mut data) = (0, 0);
        loop {
            let n = match inflate.peek().unwrap() {
                Piece::Data(bytes) => {
                    assert!(sparse::zero::is_zero(bytes));
                    data += bytes.len() as u64;
                    bytes.len() as u64
                }
                Piece::Zeros(n) => {
                    holes += n;
                    n
                }
                Piece::End => break,
            };
            inflate.consume(n);
        }
        assert_eq!(holes + data, zeros);
        assert!(data < 70_000, "{data} bytes were written out");
    }
}

#[test]
fn matches_see_the_wide_history_behind_a_hole() {
    for run in [5000usize, 65_536, 66_000, 500_000] {
        let mut content: Vec<u8> = (0..200_000u32)
            .map(|i| (i.wrapping_mul(i) >> 9) as u8)
            .collect();
        content.resize(content.len() + run, 0);
        content.extend_from_within(200_000 - 50_000..200_000);
        content.resize(content.len() + run, 0);
        content.extend_from_within(200_000 - 50_000..200_000);
        for way in [Blocks::Zeros, Blocks::Even, Blocks::Fixed] {
            let outcome = wide(&compress(&content, &[way]), usize::MAX).unwrap();
            assert!(outcome.bytes == content, "{run} {way:?}");
            // A hole begins behind the first block that its zeros fill.
            assert!(run < 400_000 || outcome.in_holes > 2 * run as u64 - 200_000);
        }
    }
}

#[test]
fn every_way_to_be_damaged_has_its_name() {
    assert_eq!(
        message(&compress(b"hello hello hello", &[Blocks::Fixed])[..4]),
        "the deflate data ends at byte 4, in the middle of the stream"
    );
    let mut far = fixed(10);
    length(&mut far, 3).codeword(31, 5).number(0x3fff, 14);
    assert_eq!(
        message(&far.done()),
        "deflate stream, byte 15: a match goes back 65536 bytes where there are 10"
    );
    let mut many = Bits::default();
    many.number(0b101, 3)
        .number(30, 5)
        .number(31, 5)
        .number(0, 4);
    assert_eq!(
        message(&many.done()),
        "deflate stream, byte 2: 287 literal/length and 32 distance code lengths, 286 and 32 are the most"
    );
    let mut undefined = fixed(10);
    undefined.codeword(0xc6, 8).number(0, 32);
    assert_eq!(
        message(&undefined.done()),
        "deflate stream, byte 11: an undefined literal/length symbol"
    );
}

/// The same bits are another stream to the two decoders: neither takes the other's.
#[test]
fn deflate_is_another_format() {
    let content = vec![7; 100_000];
    let packed = compress(&content, &[Blocks::Even]);
    assert!(wide(&packed, usize::MAX).is_ok_and(|found| found.bytes == content));
    assert!(ours(&packed, usize::MAX).is_err());
    let deflated = deflate(&content, 6);
    assert!(!wide(&deflated, usize::MAX).is_ok_and(|found| found.bytes == content));
}

#[test]
fn damage_ends_in_an_error_or_in_bytes() {
    let content = [
        vec![0; 200_000],
        vec![1; 70_000],
        b"text text text".repeat(99),
    ]
    .concat();
    let packed = compress(&content, &WAYS);
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for round in 0..600 {
        let mut stream = packed.clone();
        let at = random.below(stream.len() as u64) as usize;
        stream[at] ^= 1 << random.below(8);
        let whole = wide(&stream, usize::MAX).map_err(|error| error.to_string());
        let cut = wide(&stream, 7).map_err(|error| error.to_string());
        match (whole, cut) {
            (Ok(whole), Ok(cut)) => assert!(whole.bytes == cut.bytes, "round {round}"),
            (whole, cut) => assert_eq!(whole.err(), cut.err(), "round {round}"),
        }
    }
}
