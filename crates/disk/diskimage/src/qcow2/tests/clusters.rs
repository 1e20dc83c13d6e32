//! L2 entries that cannot be right, and compressed clusters that are not what they should be.

use super::hostile::{CLUSTER, l2, told64};
use super::sample::{DATA, L1, L2, PACKED, sample};
use super::*;
use crate::test_util::{patched, refusal};

#[test]
fn stored_clusters() {
    let at = |entry: u64| told64(l2(1), entry);
    let say = |what: &str| format!("cluster at byte 4096 of the disk {what}");
    assert_eq!(at(20480 | 2), say("has reserved bits set: 0x2"));
    assert_eq!(
        at(20480 | 1 << 61),
        say("has reserved bits set: 0x2000000000000000")
    );
    assert_eq!(at(1 << 63), say("is marked as in use, but has no offset"));
    assert_eq!(
        at(20480 + 512),
        say("is at byte 20992, which is not a multiple of 4096")
    );
    let stored = |offset: usize, on: &str| {
        format!("cluster at byte 4096 of the disk, stored at byte {offset}, overlaps {on}")
    };
    let table = "the header or another table";
    assert_eq!(at((L2 * CLUSTER) as u64), stored(12288, table));
    assert_eq!(at((L1 * CLUSTER) as u64), stored(8192, table));
    assert_eq!(at(4096), stored(4096, table));
    assert_eq!(
        at((DATA * CLUSTER) as u64),
        stored(16384, "a cluster of data")
    );
    let len = sample(12, false).len();
    assert_eq!(
        at(1 << 40),
        format!(
            "cluster at byte 4096 of the disk, stored at byte 1099511627776 is outside the file, which has {len} bytes"
        )
    );
    let last = (PACKED * CLUSTER) as u64;
    assert_eq!(
        at(last),
        format!(
            "cluster at byte 4096 of the disk, stored at byte {last} is outside the file, which has {len} bytes"
        )
    );
    // A cluster of zeros may have a place, and that is nobody else's.
    assert_eq!(
        told64(l2(2), 1 | (DATA * CLUSTER) as u64),
        "cluster at byte 8192 of the disk, stored at byte 16384, overlaps a cluster of data"
    );
}

#[test]
fn compressed_clusters() {
    let offset = (PACKED * CLUSTER + 100) as u64;
    let entry = |sectors: u64, offset: u64| told64(l2(4), 1 << 62 | (sectors - 1) << 58 | offset);
    let say = |what: &str| format!("cluster at byte 16384 of the disk{what}");
    let image = sample(12, false);
    let len = image.len();
    let sectors = ((len - PACKED * CLUSTER) as u64).div_ceil(512);
    let outside = |offset: u64| {
        say(&format!(
            ", stored at byte {offset} is outside the file, which has {len} bytes"
        ))
    };
    assert_eq!(entry(sectors + 1, offset), outside(offset));
    assert_eq!(entry(1, 1 << 55), outside(1 << 55));
    assert_eq!(
        entry(1, 1 << 56 | offset),
        say(" is compressed and has reserved bits set: 0x100000000000000")
    );
    assert_eq!(
        told64(l2(4), 3 << 62 | offset),
        say(" is compressed and has reserved bits set: 0x8000000000000000")
    );
    assert_eq!(
        entry(sectors - 1, offset),
        format!("unit at byte {offset}: its deflate data is damaged")
    );
    assert_eq!(
        entry(1, (L2 * CLUSTER) as u64),
        say(", stored at byte 12288, overlaps the header or another table")
    );
    assert_eq!(
        entry(1, (DATA * CLUSTER) as u64 + 7),
        say(", stored at byte 16391, overlaps a cluster of data")
    );
    let packed = image[l2(4)..l2(5)].to_vec();
    let plain = (PACKED * CLUSTER) as u64;
    let mut swapped = patched(
        &patched(&image, l2(0), &packed),
        l2(4),
        &plain.to_be_bytes(),
    );
    swapped.resize((PACKED + 1) * CLUSTER, 0);
    assert_eq!(
        refusal(Format::Qcow, swapped),
        say(", stored at byte 24576, overlaps compressed clusters")
    );
    let mut short = image.clone();
    short.truncate(len - len % 512);
    assert_eq!(
        refusal(Format::Qcow, short.clone()),
        outside(offset).replace(&len.to_string(), &short.len().to_string())
    );
}

/// What is said when the compressed cluster holds `packed`, which is of this compression type.
fn unfolded(kind: u8, packed: &[u8]) -> String {
    let offset = PACKED * CLUSTER + 100;
    let mut image = sample(12, false);
    image.resize(image.len().max(offset + packed.len()), 0);
    image[offset..offset + packed.len()].copy_from_slice(packed);
    image[79] = if kind == 0 { 0 } else { 8 };
    image[100..105].copy_from_slice(&[0, 0, 0, 112, kind]);
    let message = refusal(Format::Qcow, image);
    let (place, what) = message.split_once(": ").unwrap();
    assert_eq!(place, format!("unit at byte {offset}"));
    what.into()
}

#[test]
fn clusters_that_unfold_to_another_size() {
    let deflated = |size: usize| {
        let mut compressor = libdeflater::Compressor::new(Default::default());
        let mut packed = vec![0; 1 << 16];
        let len = compressor.deflate_compress(&vec![1; size], &mut packed);
        packed.truncate(len.unwrap());
        unfolded(0, &packed)
    };
    assert_eq!(
        deflated(4095),
        "its deflate data decompresses to 4095 bytes instead of 4096"
    );
    let more = "its deflate data decompresses to more than 4096 bytes";
    assert_eq!(deflated(4097), more);
    assert_eq!(deflated(1 << 20), more);

    let frame = |size: usize| unfolded(1, &zstd::bulk::compress(&vec![1; size], 3).unwrap());
    assert_eq!(
        frame(4095),
        "its zstd data decompresses to 4095 bytes instead of 4096"
    );
    let more = "its zstd data cannot be unpacked: Destination buffer is too small";
    assert_eq!(frame(4097), more);
    assert_eq!(frame(1 << 20), more);
}

#[test]
fn extended_entries() {
    let cluster = 1 << 14;
    let image = sample(14, true);
    let at = |index: usize, entry: u64, bitmap: u64| {
        let place = L2 * cluster + index * 16;
        let image = patched(&image, place, &entry.to_be_bytes());
        refusal(
            Format::Qcow,
            patched(&image, place + 8, &bitmap.to_be_bytes()),
        )
    };
    let data = (DATA * cluster) as u64;
    assert_eq!(
        at(0, data, 5 << 32 | 7),
        "cluster at byte 0 of the disk has parts that are stored and zeros at once: 0x5"
    );
    assert_eq!(
        at(0, 0, 6),
        "cluster at byte 0 of the disk has stored parts, but no offset: 0x6"
    );
    assert_eq!(
        at(0, data | 1, 0),
        "cluster at byte 0 of the disk has reserved bits set: 0x1"
    );
    let packed = 1 << 62 | (PACKED * cluster + 100) as u64;
    assert_eq!(
        at(4, packed, 1),
        "cluster at byte 65536 of the disk is compressed and has a bitmap of parts: 0x1"
    );
}
