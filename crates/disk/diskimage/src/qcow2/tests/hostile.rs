//! Images that contradict themselves: each case breaks one field and expects one message.

use super::sample::{L1, L2, disk, sample};
use super::*;
use crate::test_util::{patched, read_by_qemu, refusal};

/// Bytes in a cluster of the sample.
pub(super) const CLUSTER: usize = 4096;

/// The place of an entry in the L2 table of the sample.
pub(super) const fn l2(index: usize) -> usize {
    L2 * CLUSTER + index * 8
}

fn told(offset: usize, patch: &[u8]) -> String {
    refusal(Format::Qcow, patched(&sample(12, false), offset, patch))
}

/// What is said when the number at `offset` becomes `value`.
pub(super) fn told32(offset: usize, value: u32) -> String {
    told(offset, &value.to_be_bytes())
}

pub(super) fn told64(offset: usize, value: u64) -> String {
    told(offset, &value.to_be_bytes())
}

#[test]
fn the_sample_itself_is_sound() {
    for (bits, extended) in [(9, false), (12, false), (14, true), (21, true)] {
        let image = sample(bits, extended);
        assert!(read(Format::Qcow, image.clone()).unwrap() == disk(bits));
        let room = Room::new();
        std::fs::write(room.path("image"), image).unwrap();
        let path = room.path("image");
        assert!(
            read_by_qemu(Path::new(&path), "qcow2") == disk(bits),
            "{bits}"
        );
    }
}

#[test]
fn versions() {
    assert_eq!(
        told32(4, 1),
        "is a qcow disk of version 1, which is not read here"
    );
    for version in [0, 4, u32::MAX] {
        assert_eq!(
            told32(4, version),
            format!("is a qcow2 disk of version {version}; versions 2 and 3 are read")
        );
    }
    // Version 2 knows no flag for zeros.
    assert_eq!(
        told32(4, 2),
        "cluster at byte 8192 of the disk has reserved bits set: 0x1"
    );
}

#[test]
fn cluster_sizes() {
    assert_eq!(told32(20, 8), "has clusters of 2^8 bytes, fewer than 512");
    assert_eq!(told32(20, 0), "has clusters of 2^0 bytes, fewer than 512");
    for bits in [22, 63, 64, u32::MAX] {
        assert_eq!(
            told32(20, bits),
            format!("has clusters of 2^{bits} bytes, more than 2 MiB")
        );
    }
}

#[test]
fn disk_sizes() {
    for size in [1 << 63, u64::MAX] {
        assert_eq!(
            told64(24, size),
            format!("says that the disk has {size} bytes, 2^63 or more")
        );
    }
    assert_eq!(
        told64(24, i64::MAX as u64),
        "the L1 table has 1 entries, a disk of 9223372036854775807 bytes needs 4398046511104"
    );
    assert_eq!(
        told64(24, (2 << 20) + 1),
        "the L1 table has 1 entries, a disk of 2097153 bytes needs 2"
    );
}

#[test]
fn header_lengths() {
    for length in [0, 72, 103, 105, 110] {
        assert_eq!(
            told32(100, length),
            format!("has a header of {length} bytes; a multiple of 8 from 104 on is right")
        );
    }
    assert_eq!(
        told32(100, 4104),
        "has a header of 4104 bytes, more than a cluster of 4096"
    );
    assert_eq!(
        told32(100, 0xffff_fff8),
        "has a header of 4294967288 bytes, more than a cluster of 4096"
    );
}

#[test]
fn features() {
    assert_eq!(
        told64(72, 2),
        "is marked as corrupt: QEMU found its tables damaged"
    );
    assert_eq!(
        told64(72, 4),
        "keeps its data in another file, which it does not name"
    );
    assert_eq!(
        told64(72, 8),
        "has the feature bit of another compression type and compression type 0"
    );
    assert_eq!(
        told64(72, 16),
        "has extended L2 entries with clusters of 4096 bytes, fewer than 16384"
    );
    assert_eq!(
        told64(72, 1 << 63 | 1 << 5),
        "has incompatible features that are not known here: 5, 63"
    );
    let mut image = patched(&sample(12, false), 72, &u64::to_be_bytes(1 << 63 | 1 << 5));
    let mut table = [0; 16 + 96];
    table[..8].copy_from_slice(&[0x68, 3, 0xf8, 0x57, 0, 0, 0, 96]);
    table[8..15].copy_from_slice(b"\x01\x3fwrong");
    table[56..69].copy_from_slice(b"\0\x3fbad \"news\"!");
    image[104..216].copy_from_slice(&table);
    assert_eq!(
        refusal(Format::Qcow, image),
        r#"has incompatible features that are not known here: 5, 63 ("bad \"news\"!")"#
    );
}

#[test]
fn compression_types() {
    let typed = |bit: u64, kind: u8| {
        let image = patched(&sample(12, false), 72, &bit.to_be_bytes());
        let image = patched(&image, 100, &[0, 0, 0, 112, kind]);
        refusal(Format::Qcow, image)
    };
    assert_eq!(
        typed(0, 1),
        "has compression type 1 without the feature bit that belongs to it"
    );
    assert_eq!(
        typed(8, 2),
        "is compressed with type 2; types 0 (zlib) and 1 (zstd) are read"
    );
    assert_eq!(
        typed(8, 1),
        "unit at byte 24676: its zstd data cannot be unpacked: Unknown frame descriptor"
    );
}

#[test]
fn encryption() {
    assert_eq!(told32(32, 1), "is encrypted with AES");
    assert_eq!(told32(32, 2), "is encrypted with LUKS");
    assert_eq!(
        told32(32, 3),
        "is encrypted with method 3, which is not known here"
    );
    let image = patched(&sample(12, false), 32, &[0, 0, 0, 2]);
    let mut image = look(image).unwrap();
    assert_eq!(image.about().notes, [("encryption", "LUKS".into())]);
    assert_eq!(
        image.lookup(0).unwrap_err().message(),
        "is encrypted with LUKS"
    );
}

#[test]
fn backing_file_names() {
    let named = |offset: u64, len: u32| {
        let mut place = offset.to_be_bytes().to_vec();
        place.extend(len.to_be_bytes());
        told(8, &place)
    };
    assert_eq!(
        named(2048, 1024),
        "has a backing file name of 1024 bytes, more than 1023"
    );
    for (offset, len) in [(8, 10), (103, 1), (4090, 7), (1 << 40, 5)] {
        assert_eq!(
            named(offset, len),
            format!(
                "has the backing file's name at bytes {offset} to {}, not between the header's 104 bytes and the end of the first cluster at byte 4096",
                offset + u64::from(len)
            )
        );
    }
    assert_eq!(named(4089, 7), r#"needs its backing file """#);
}

#[test]
fn header_extensions() {
    assert_eq!(
        told(104, b"some\0\0\x0f\x91"),
        "header extension 0x736f6d65 at byte 104 has 3985 bytes, only 3984 are left for it"
    );
    assert_eq!(
        told(104, b"some\xff\xff\xff\xff"),
        "header extension 0x736f6d65 at byte 104 has 4294967295 bytes, only 3984 are left for it"
    );
    assert_eq!(
        told(104, b"DATA\0\0\0\x01a\0\0\0\0\0\0\0DATA\0\0\0\x01b"),
        "has header extension 0x44415441 twice"
    );
    let image = patched(&sample(12, false), 104, b"some\0\0\x0f\x90");
    assert!(read(Format::Qcow, image).unwrap() == disk(12));
}

#[test]
fn cut_off() {
    let image = sample(12, false);
    for len in (0..image.len())
        .step_by(37)
        .chain([71, 72, 103, 104, 105, image.len() - 1])
    {
        let message = refusal(Format::Qcow, image[..len].to_vec());
        if len < 104 {
            assert_eq!(message, format!("ended at byte {len}, inside its header"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever an image says, it is answered: no panic, no end of stretches that is never reached.
    #[test]
    fn no_byte_can_do_harm(
        extended in any::<bool>(),
        patches in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0usize..3), 1..6),
    ) {
        let bits = if extended { 14 } else { 9 };
        let mut image = sample(bits, extended);
        let cluster = 1 << bits;
        for (index, byte, place) in patches {
            let (start, len) = [(0, 112), (L1 * cluster, 8), (L2 * cluster, 80)][place];
            image[start + index.index(len)] = byte;
        }
        if let Ok(mut image) = look(image) {
            let mut at = 0;
            for _ in 0..100 {
                match (at < image.size()).then(|| image.lookup(at)) {
                    Some(Ok(stretch)) => {
                        prop_assert!(stretch.len > 0 && stretch.len <= image.size() - at);
                        at += stretch.len;
                    }
                    _ => break,
                }
            }
        }
    }
}
