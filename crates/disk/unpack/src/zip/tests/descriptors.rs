//! Data descriptors: ends that have to be found, and sizes that lost their upper bits.

use std::collections::VecDeque;

use error::Error;
use flate2::{Compress, Compression, FlushCompress};
use sparse::{Piece, SparseRead, drain};
use testkit::zip::{Member as Made, Sums, archive};

use super::{SIGNED, contents, zip};
use crate::Limits;
use crate::archive::Archive;
use crate::test_util::disk;
use crate::zip::Zip;

/// A stored member may hold a data descriptor that fits what comes before it, and the header of another member
/// that goes on to the end. Who reads the central directory first takes all of it for the content; so it is
/// nobody's.
#[test]
fn content_that_ends_in_two_ways_is_corrupt() {
    let rest = [7; 69];
    let other = Made {
        compressed: rest.len() as u64 + 16,
        ..Made::packed("x", b"", 98, rest.to_vec())
    };
    let first = Made::stored("a", b"alpha").with(SIGNED);
    let content = [b"alpha".to_vec(), first.descriptor(), other.local()];
    let bytes = archive(&[Made::stored("a", &content.concat()).with(SIGNED)]);
    for step in [1, usize::MAX] {
        let mut archive = zip(&bytes, step);
        assert_eq!(archive.next_member().unwrap().unwrap().name, "a");
        assert_eq!(drain(archive.content()), Ok(5));
        assert_eq!(archive.next_member().unwrap().unwrap().name, "x");
        assert_eq!(
            archive.next_member().unwrap_err().message(),
            "zip central directory entry 1 (\"a\"): the compressed size is 121, the member has 5"
        );
    }
}

/// Bytes and holes, as a file has them.
struct Holey(VecDeque<(Vec<u8>, u64)>, usize);

impl Holey {
    fn new(pieces: impl IntoIterator<Item = (Vec<u8>, u64)>) -> Self {
        Holey(pieces.into_iter().collect(), 0)
    }
}

impl SparseRead for Holey {
    fn peek(&mut self) -> Result<Piece<'_>, Error> {
        Ok(match self.0.front() {
            None => Piece::End,
            Some((data, _)) if self.1 < data.len() => Piece::Data(&data[self.1..]),
            Some((_, zeros)) => Piece::Zeros(*zeros),
        })
    }

    fn consume(&mut self, n: u64) {
        let Some((data, zeros)) = self.0.front_mut() else {
            return;
        };
        if self.1 < data.len() {
            self.1 += n as usize;
        } else {
            *zeros -= n;
        }
        if self.1 == data.len() && *zeros == 0 {
            self.0.pop_front();
            self.1 = 0;
        }
    }
}

/// The CRC-32 of so many zeros.
fn crc_of_zeros(n: u64) -> u32 {
    let mut crc = crate::crc::Crc32::new();
    crc.update_zeros(n);
    crc.finish()
}

/// What macOS makes of files beyond 4 GiB: every size and offset modulo 2^32, and no ZIP64 anywhere.
#[test]
fn sizes_and_offsets_may_have_lost_their_upper_bits() {
    const SIZE: u64 = (5 << 30) + 12_345;
    let small = Made::stored("a", b"alpha").with(SIGNED);
    let large = |name: &str, first: &[u8]| {
        let mut crc = crate::crc::Crc32::new();
        crc.update(first);
        crc.update_zeros(SIZE - first.len() as u64);
        Made {
            crc: crc.finish(),
            size: SIZE,
            compressed: SIZE,
            ..Made::stored(name, first).with(SIGNED)
        }
    };
    let members = [
        small.clone(),
        large("b", b"beta"),
        small.clone(),
        large("c", b""),
        // The offset of the first, but for the upper bits.
        Made::stored("z", b"omega"),
    ];
    let mut pieces: Vec<(Vec<u8>, u64)> = Vec::new();
    let (mut at, mut directory) = (0, Vec::new());
    for member in &members {
        directory.extend(member.central(at));
        let (local, descriptor) = (member.local(), member.descriptor());
        let zeros = member.size - member.data.len() as u64;
        let (before, after) = local.split_at(local.len() - descriptor.len());
        pieces.push((before.to_vec(), zeros));
        pieces.push((after.to_vec(), 0));
        at += local.len() as u64 + zeros;
    }
    let (len, entries) = (directory.len() as u32, members.len() as u16);
    directory.extend(testkit::zip::end(entries, len, at as u32, ""));
    pieces.push((directory, 0));
    let mut archive = Zip::new(Holey::new(pieces.clone()), &Limits::default());
    for member in &members {
        let found = archive.next_member().unwrap().unwrap();
        assert_eq!(found.name, member.name);
        assert_eq!(drain(archive.content()).unwrap(), member.size);
    }
    assert_eq!(archive.next_member(), Ok(None));
    // One byte less, and the descriptor is somewhere else.
    let large = pieces.iter_mut().find(|(_, zeros)| *zeros > 0).unwrap();
    large.1 -= 1;
    let mut archive = Zip::new(Holey::new(pieces), &Limits::default());
    let end = std::iter::from_fn(|| archive.next_member().transpose()).find_map(Result::err);
    assert_eq!(
        end.unwrap().message(),
        "zip member \"b\": its size is unknown before its end, and no data descriptor that fits comes before the archive's end"
    );
    assert_eq!(crc_of_zeros(4), crc32fast::hash(&[0; 4]));
}

/// Deflated, as macOS does it, with members behind it whose offset begins anew.
#[test]
fn deflated_members_beyond_4_gib_need_no_zip64() {
    // A stretch of zeros that ends with a whole byte, many times, and a last block.
    const STRETCH: u64 = 32 << 20;
    let mut compress = Compress::new(Compression::best(), false);
    let mut data = Vec::with_capacity(1 << 20);
    compress
        .compress_vec(&vec![0; STRETCH as usize], &mut data, FlushCompress::Full)
        .unwrap();
    let size = 130 * STRETCH;
    let data = [data.repeat(130), vec![3, 0]].concat();
    let deflated = Made {
        crc: crc_of_zeros(size),
        size,
        ..Made::packed("disk", b"", 8, data)
    };
    let members = [deflated.with(SIGNED), Made::deflated("z", b"omega")];
    let bytes = archive(&members);
    let mut archive = zip(&bytes, usize::MAX);
    assert_eq!(archive.next_member().unwrap().unwrap().size, None);
    assert_eq!(drain(archive.content()), Ok(size));
    assert_eq!(archive.next_member().unwrap().unwrap().name, "z");
    assert_eq!(archive.next_member(), Ok(None));
    // The same number modulo 2^32 is not enough: the data's checksum is another one.
    let mut wrong = members[0].clone();
    wrong.data = [vec![0, 4, 0, 0xfb, 0xff, 1, 2, 3, 4], wrong.data].concat();
    wrong.compressed += 9;
    wrong.size += 4;
    let error = read_all_sizes(&testkit::zip::archive(&[wrong])).unwrap_err();
    assert!(error.to_string().contains("CRC-32"), "{error}");
}

/// The sizes of all members, nothing of which is kept.
fn read_all_sizes(bytes: &[u8]) -> Result<Vec<u64>, Error> {
    let (mut archive, mut sizes) = (zip(bytes, usize::MAX), Vec::new());
    while archive.next_member()?.is_some() {
        sizes.push(drain(archive.content())?);
    }
    Ok(sizes)
}

/// Larger than what is looked at in search of a descriptor at once.
#[test]
fn stored_members_of_any_length_end_at_their_descriptor() {
    let noise = disk();
    for len in [
        65_500, 65_508, 65_509, 65_535, 65_536, 65_537, 131_072, 1_000_000,
    ] {
        let content = &noise[noise.len() - len..];
        for (signed, wide) in [(true, false), (false, true)] {
            let sums = Sums::After {
                signed,
                wide,
                field: false,
            };
            let stored = |name| Made::stored(name, content).with(sums);
            let bytes = archive(&[stored("a"), Made::stored("b", b"").with(sums), stored("c")]);
            for step in [4096, usize::MAX] {
                let members = contents(&mut zip(&bytes, step)).unwrap();
                let lengths = members.iter().map(|(_, content)| content.len());
                assert!(lengths.eq([len, 0, len]), "{len} {sums:?}");
            }
        }
    }
}
