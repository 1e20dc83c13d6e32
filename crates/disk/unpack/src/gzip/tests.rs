use error::Kind;
use flate2::{Compress, Compression, FlushCompress};
use proptest::prelude::*;
use sparse::{SliceSource, read_full};

use super::*;

mod parallel;

fn serial() -> Limits {
    Limits {
        threads: 1,
        ..Limits::default()
    }
}

fn threads(n: usize) -> Limits {
    Limits {
        threads: n,
        ..Limits::default()
    }
}

/// Optional header fields, ready to be inserted: flags and bytes.
#[derive(Clone, Copy, Default)]
struct Fields<'a>(u8, &'a [u8]);

fn member_with(fields: Fields<'_>, content: &[u8], level: u32) -> Vec<u8> {
    let mut member = vec![0x1f, 0x8b, 8, fields.0, 1, 2, 3, 4, 0, 3];
    member.extend_from_slice(fields.1);
    let mut compress = Compress::new(Compression::new(level), false);
    let mut deflated = Vec::with_capacity(content.len() + content.len() / 8 + 1024);
    compress
        .compress_vec(content, &mut deflated, FlushCompress::Finish)
        .unwrap();
    member.extend(deflated);
    member.extend(crc32fast::hash(content).to_le_bytes());
    member.extend((content.len() as u32).to_le_bytes());
    member
}

fn member(content: &[u8]) -> Vec<u8> {
    member_with(Fields::default(), content, 6)
}

/// Blocks of at most 60000 bytes as bgzip makes them, with the empty one at the end.
fn bgzip(content: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    for block in content.chunks(60_000).chain([&[][..]]) {
        let mut member = member_with(Fields(4, b"\x06\0BC\x02\0\0\0"), block, 6);
        let size = (member.len() - 1) as u16;
        member[16..18].copy_from_slice(&size.to_le_bytes());
        file.extend(member);
    }
    file
}

fn read_by(mut gzip: Gzip<SliceSource<'_>>) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let n = match gzip.peek()? {
            Piece::Data(data) => {
                content.extend_from_slice(data);
                data.len() as u64
            }
            Piece::Zeros(n) => {
                content.resize(content.len() + n as usize, 0);
                n
            }
            Piece::End => return Ok(content),
        };
        gzip.consume(n);
    }
}

fn read(file: &[u8], limits: &Limits) -> Result<Vec<u8>> {
    read_by(Gzip::new(SliceSource::new(file), limits))
}

/// The error, which must be the same whatever the input's pieces.
fn error(file: &[u8]) -> Error {
    let error = read(file, &serial()).unwrap_err();
    let stepped = Gzip::new(SliceSource::in_steps(file, 1), &serial());
    assert_eq!(read_by(stepped).unwrap_err(), error);
    error
}

/// Text that compresses to about a third, different for each seed.
fn text(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed << 1 | 1;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    (0..len)
        .map(|_| b"etaoin shrdlu \n"[next() % 15 * (next() % 3) / 2])
        .collect()
}

#[test]
fn all_header_fields_are_passed() {
    let mut fields = b"\x05\0XY\x01\0zname\0comment\0".to_vec();
    let flags = 0x1e;
    let head = [&[0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3][..], &fields].concat();
    fields.extend((crc32fast::hash(&head) as u16).to_le_bytes());
    let mut file = member_with(Fields(flags, &fields), b"content", 6);
    assert_eq!(read(&file, &serial()).unwrap(), b"content");
    file[5] ^= 1;
    let damaged = error(&file);
    assert_eq!(damaged.kind(), Kind::Corrupt);
    assert!(
        damaged
            .to_string()
            .starts_with("gzip member 1: the header's CRC is 0x"),
        "{damaged}"
    );
}

#[test]
fn members_and_padding_are_taken_and_garbage_is_not() {
    let zeros = vec![0; 1 << 20];
    let file = [
        member(b"one, "),
        member(b""),
        member(&zeros),
        member(b"two"),
    ]
    .concat();
    let content = [b"one, ", &zeros[..], b"two"].concat();
    for step in [1, 5, usize::MAX] {
        let source = SliceSource::in_steps(&file, step);
        assert!(read_by(Gzip::new(source, &serial())).unwrap() == content);
    }
    let padded = [&file[..], &[0; 1000]].concat();
    assert!(read(&padded, &serial()).unwrap() == content);
    for garbage in [&b"x"[..], b"\0\0x", b"\0\x1f\x8b\x08"] {
        assert_eq!(
            error(&[&file[..], garbage].concat()).to_string(),
            "gzip member 4: trailing garbage after the member"
        );
    }
    assert_eq!(
        error(&[&file[..], b"\x1f\x9d"].concat()).to_string(),
        "gzip member 5: the gzip data ends in the middle of the header"
    );
    let begins = [&file[..], b"\x1f\x9d", &[0; 20]].concat();
    assert_eq!(
        error(&begins).to_string(),
        "gzip member 5: begins with 1f 9d instead of 1f 8b"
    );
}

#[test]
fn every_way_to_be_damaged_has_its_name() {
    let good = member(b"content");
    let with = |at: usize, byte: u8| {
        let mut file = good.clone();
        file[at] = byte;
        error(&file)
    };
    assert_eq!(
        with(2, 7).to_string(),
        "gzip member 1: uses compression method 7, only 8 (deflate) is known"
    );
    assert_eq!(with(2, 7).kind(), Kind::Unsupported);
    assert_eq!(
        with(3, 0x20).to_string(),
        "gzip member 1: reserved flags are set (0x20)"
    );
    let crc = crc32fast::hash(b"content");
    let damaged = crc ^ 0xff00_0000;
    assert_eq!(
        with(good.len() - 5, (damaged >> 24) as u8).to_string(),
        format!("gzip member 1: CRC-32 is {damaged:#010x}, the data has {crc:#010x}")
    );
    assert_eq!(
        with(good.len() - 4, 8).to_string(),
        "gzip member 1: size is 8 modulo 2^32, the data has 7 bytes"
    );
    let endless = [&[0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3][..], &[b'x'; 70_000]].concat();
    assert_eq!(
        error(&endless).to_string(),
        "gzip member 1: the file name has more than 65536 bytes"
    );
    let endless = [&[0x1f, 0x8b, 8, 16, 0, 0, 0, 0, 0, 3][..], &[b'x'; 70_000]].concat();
    assert_eq!(
        error(&endless).to_string(),
        "gzip member 1: the comment has more than 65536 bytes"
    );
}

#[test]
fn a_file_cut_anywhere_is_corrupt() {
    let file = [member(b"one"), member(&text(500, 1))].concat();
    let first = member(b"one").len();
    for len in (0..file.len()).filter(|&len| len != first) {
        let error = error(&file[..len]);
        assert_eq!(error.kind(), Kind::Corrupt, "{len} bytes");
    }
}

#[test]
fn output_is_limited() {
    let zeros = vec![0; 1 << 20];
    for (file, threads) in [(member(&zeros), 1), (bgzip(&text(1 << 20, 5)), 3)] {
        let limits = Limits {
            output: (1 << 20) - 1,
            threads,
            ..Limits::default()
        };
        let error = read(&file, &limits).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the gzip data decompresses to more than 1048575 bytes"
        );
        assert_eq!(error.kind(), Kind::Refused);
        assert_eq!(error.advice(), Some(&crate::Advice::RaiseMaxSize));
        let enough = Limits {
            output: 1 << 20,
            ..limits
        };
        assert_eq!(read(&file, &enough).unwrap().len(), 1 << 20);
    }
}

/// 64 GiB of zeros in one member, checksum and size included.
#[test]
fn an_endless_run_of_zeros_is_soon_counted() {
    let block = {
        let mut compress = Compress::new(Compression::best(), false);
        let mut out = Vec::with_capacity(1 << 20);
        compress
            .compress_vec(&vec![0; 1 << 26], &mut out, FlushCompress::Sync)
            .unwrap();
        // A stream that flushes at a byte border can be repeated.
        out
    };
    let mut crc = crate::crc::Crc32::new();
    crc.update_zeros(1 << 36);
    struct Repeated<'a> {
        parts: Vec<(&'a [u8], u32)>,
        at: usize,
    }
    impl SparseRead for Repeated<'_> {
        fn peek(&mut self) -> Result<Piece<'_>> {
            while self
                .parts
                .last()
                .is_some_and(|(part, _)| self.at == part.len())
            {
                self.at = 0;
                if let Some((_, times)) = self.parts.last_mut() {
                    *times -= 1;
                }
                self.parts.pop_if(|(_, times)| *times == 0);
            }
            Ok(match self.parts.last() {
                Some((part, _)) => Piece::Data(&part[self.at..]),
                None => Piece::End,
            })
        }
        fn consume(&mut self, n: u64) {
            self.at += n as usize;
        }
    }
    let tail = [&[3, 0][..], &crc.finish().to_le_bytes(), &[0; 4]].concat();
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let parts = vec![(&tail[..], 1), (&block[..], 1 << 10), (&head[..], 1)];
    let mut gzip = Gzip::new(Repeated { parts, at: 0 }, &serial());
    let mut data = 0;
    let mut total = 0;
    loop {
        let piece = gzip.peek().unwrap();
        let n = piece.len();
        match piece {
            Piece::Data(_) => data += n,
            Piece::Zeros(_) => {}
            Piece::End => break,
        }
        total += n;
        gzip.consume(n);
    }
    assert_eq!(total, 1 << 36);
    assert!(data < 1 << 20, "{data}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn peeking_again_shows_the_same(
        sizes in prop::collection::vec(0..300_000usize, 1..8),
        steps in prop::collection::vec(1..100_000u64, 1..20),
        n in 1..4usize,
    ) {
        let content: Vec<Vec<u8>> = sizes
            .iter()
            .enumerate()
            .map(|(i, &len)| if i % 2 == 0 { text(len, i as u64) } else { vec![0; len] })
            .collect();
        let file: Vec<u8> = content.iter().flat_map(|part| member(part)).collect();
        let mut gzip = Gzip::new(SliceSource::new(&file), &threads(n));
        let mut out = Vec::new();
        for step in steps.iter().cycle() {
            let shown = gzip.peek().unwrap().len();
            let n = shown.min(*step);
            match gzip.peek().unwrap() {
                Piece::Data(data) => out.extend_from_slice(&data[..n as usize]),
                Piece::Zeros(_) => out.resize(out.len() + n as usize, 0),
                Piece::End => break,
            }
            gzip.consume(n);
        }
        prop_assert!(out == content.concat());
    }
}
