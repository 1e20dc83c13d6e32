//! Each stream breaks one thing, or only seems to.

use super::writer::Writer;
use super::*;

#[test]
fn every_way_to_be_damaged_has_its_name() {
    let w = Writer::default;
    assert_eq!(
        message(&[]),
        "the deflate data ends at byte 0, in the middle of the stream"
    );
    assert_eq!(
        message(&deflate(b"hello", 6)[..4]),
        "the deflate data ends at byte 4, in the middle of the stream"
    );
    assert_eq!(
        message(&[0x07]),
        "deflate stream, byte 0: reserved block type 3"
    );
    assert_eq!(
        message(&[0x01, 0x05, 0x00, 0xfb, 0xff]),
        "deflate stream, byte 5: a stored block of 5 bytes has the check 0xfffb instead of 0xfffa"
    );
    assert_eq!(
        message(&w().number(0b101, 3).number(30, 5).number(0, 9).done()),
        "deflate stream, byte 2: 287 literal/length and 1 distance code lengths, 286 and 30 are the most"
    );
    assert_eq!(
        message(
            &w().number(0b101, 3)
                .number(0, 5)
                .number(31, 5)
                .number(0, 4)
                .done()
        ),
        "deflate stream, byte 2: 257 literal/length and 32 distance code lengths, 286 and 30 are the most"
    );
    let code_length = |lengths: [u64; 4]| {
        let mut w = w();
        w.number(0b101, 3).number(0, 14);
        for length in lengths {
            w.number(length, 3);
        }
        w.number(0, 32).done()
    };
    assert_eq!(
        message(&code_length([1, 1, 1, 0])),
        "deflate stream, byte 3: the code length code is over-subscribed"
    );
    assert_eq!(
        message(&code_length([1, 0, 0, 0])),
        "deflate stream, byte 3: the code length code is incomplete"
    );
    assert_eq!(
        message(&code_length([1, 1, 0, 0])),
        "deflate stream, byte 3: a code length repeat without a length or past the last"
    );
    assert_eq!(
        message(
            &w().number(0b101, 3)
                .number(0, 14)
                .number(0o1100, 12)
                .number(u64::MAX >> 16, 48)
                .done()
        ),
        "deflate stream, byte 5: a code length repeat without a length or past the last"
    );
    let dynamic = || {
        let mut w = Writer::default();
        w.dynamic(257, 2);
        w
    };
    assert_eq!(
        message(&dynamic().lengths(2, 1).lengths(255, 0).lengths(2, 0).done()),
        "deflate stream, byte 138: the literal/length code has no end of block"
    );
    assert_eq!(
        message(
            &dynamic()
                .lengths(3, 1)
                .lengths(253, 0)
                .length(1)
                .lengths(2, 0)
                .done()
        ),
        "deflate stream, byte 138: the literal/length code is over-subscribed"
    );
    assert_eq!(
        message(
            &dynamic()
                .length(2)
                .lengths(255, 0)
                .length(1)
                .lengths(2, 0)
                .done()
        ),
        "deflate stream, byte 138: the literal/length code is incomplete"
    );
    assert_eq!(
        message(
            &dynamic()
                .length(1)
                .lengths(255, 0)
                .length(1)
                .lengths(2, 2)
                .done()
        ),
        "deflate stream, byte 138: the distance code is incomplete"
    );
    assert_eq!(
        message(
            &dynamic()
                .lengths(256, 0)
                .length(1)
                .lengths(2, 0)
                .number(1, 60)
                .done()
        ),
        "deflate stream, byte 138: an undefined literal/length symbol"
    );
    assert_eq!(
        message(&w().number(0b011, 3).fixed(287).number(0, 60).done()),
        "deflate stream, byte 1: an undefined literal/length symbol"
    );
    assert_eq!(
        message(
            &w().number(0b011, 3)
                .fixed(0)
                .fixed(257)
                .codeword(30, 5)
                .number(0, 60)
                .done()
        ),
        "deflate stream, byte 2: an undefined distance symbol"
    );
    assert_eq!(
        message(
            &w().number(0b011, 3)
                .fixed(0)
                .fixed(257)
                .codeword(1, 5)
                .number(0, 60)
                .done()
        ),
        "deflate stream, byte 2: a match goes back 2 bytes where there are 1"
    );
}

/// The codes that RFC 1951 leaves incomplete on purpose.
#[test]
fn lone_and_missing_distance_codes_are_fine() {
    // Literals only, no distance code; the literal and the end of block have one bit each.
    let mut w = Writer::default();
    w.dynamic(257, 1)
        .lengths(97, 0)
        .length(1)
        .lengths(158, 0)
        .length(1)
        .length(0);
    assert_eq!(ours(&w.codeword(0b001, 3).done(), 1).unwrap().bytes, b"aa");
    // A distance code of one codeword with one bit; length 3 is symbol 257.
    let mut w = Writer::default();
    w.dynamic(258, 1)
        .lengths(97, 0)
        .length(1)
        .lengths(158, 0)
        .lengths(2, 2)
        .length(1);
    assert_eq!(
        ours(&w.codeword(0b01_1010, 6).done(), 1).unwrap().bytes,
        b"aaaa"
    );
}

/// A stored block, and a block of type 3 behind it.
#[test]
fn what_comes_before_a_fault_is_shown_however_the_input_is_cut() {
    let stream = [0, 3, 0, 0xfc, 0xff, b'a', b'b', b'c', 0x07];
    for step in [1, 2, 5, usize::MAX] {
        let mut inflate = Inflate::new(SliceSource::in_steps(&stream, step));
        let mut shown = [0; 3];
        assert!(sparse::read_exact(&mut inflate, &mut shown).unwrap());
        assert_eq!(&shown, b"abc");
        let error = inflate.peek().unwrap_err();
        assert_eq!(
            error.message(),
            "deflate stream, byte 8: reserved block type 3"
        );
    }
}
