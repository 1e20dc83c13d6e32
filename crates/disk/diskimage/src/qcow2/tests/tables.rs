//! L1 tables, refcount tables and snapshot tables that cannot be right.

use super::hostile::{CLUSTER, told32, told64};
use super::sample::{L1, disk, sample};
use super::*;
use crate::test_util::{patched, refusal};

#[test]
fn l1_tables() {
    assert_eq!(
        told32(36, 0),
        "the L1 table has 0 entries, a disk of 20480 bytes needs 1"
    );
    assert_eq!(
        told32(36, u32::MAX),
        "the L1 table has 34359738360 bytes, more than 33554432"
    );
    assert_eq!(
        told32(36, 4 << 20),
        format!(
            "the L1 table at byte 8192 is outside the file, which has {} bytes",
            sample(12, false).len()
        )
    );
    assert_eq!(
        told64(40, 0),
        "the L1 table at byte 0 overlaps the header or another table"
    );
    assert_eq!(
        told64(40, 8200),
        "the L1 table at byte 8200 does not begin at a multiple of 4096 bytes"
    );
    assert!(told64(40, 1 << 62).starts_with("the L1 table at byte 4611686018427387904 is outside"));
    assert!(told64(40, !0xfff).starts_with("the L1 table at byte 18446744073709547520 is outside"));
}

#[test]
fn refcount_tables() {
    assert_eq!(
        told64(48, 100),
        "the refcount table at byte 100 does not begin at a multiple of 4096 bytes"
    );
    assert_eq!(
        told64(48, 8192),
        "the refcount table at byte 8192 overlaps the header or another table"
    );
    assert_eq!(
        told32(56, 2049),
        "has a refcount table of 8392704 bytes, more than 8388608"
    );
    assert!(told64(48, 1 << 40).starts_with("the refcount table at byte 1099511627776 is outside"));
    assert_eq!(
        told32(96, 7),
        "has reference counts of 2^7 bits, more than 64"
    );
    assert_eq!(
        told32(96, u32::MAX),
        "has reference counts of 2^4294967295 bits, more than 64"
    );
}

#[test]
fn l1_entries() {
    let entry = L1 * CLUSTER;
    assert_eq!(
        told64(entry, 12288 | 1),
        "L1 entry 0 has reserved bits set: 0x1"
    );
    assert_eq!(
        told64(entry, 12288 | 1 << 62),
        "L1 entry 0 has reserved bits set: 0x4000000000000000"
    );
    assert_eq!(
        told64(entry, 1 << 63),
        "L2 table 0 is marked as in use, but has no offset"
    );
    assert_eq!(
        told64(entry, 12288 + 512),
        "L2 table 0 at byte 12800 does not begin at a multiple of 4096 bytes"
    );
    assert_eq!(
        told64(entry, 8192),
        "L2 table 0 at byte 8192 overlaps the header or another table"
    );
    assert!(told64(entry, 1 << 50).starts_with("L2 table 0 at byte 1125899906842624 is outside"));
    // A larger disk with a second entry.
    let image = patched(&sample(12, false), 24, &(3u64 << 20).to_be_bytes());
    let image = patched(&image, 36, &2u32.to_be_bytes());
    let image = patched(&image, entry + 8, &12288u64.to_be_bytes());
    assert_eq!(
        refusal(Format::Qcow, image),
        "L2 table 1 at byte 12288 overlaps the header or another table"
    );
}

#[test]
fn snapshot_tables() {
    let entry = |l1: u64, entries: u32, lengths: [u16; 2], extra: u32, size: u64| {
        let mut entry = l1.to_be_bytes().to_vec();
        entry.extend(entries.to_be_bytes());
        entry.extend(lengths.map(u16::to_be_bytes).concat());
        entry.resize(36, 0);
        entry.extend(extra.to_be_bytes());
        entry.extend([0; 8]);
        entry.extend(size.to_be_bytes());
        entry.extend(b"1name");
        entry
    };
    let with = |count: u32, offset: u64, table: &[u8], wanted: &str| {
        let mut image = sample(12, false);
        image.resize(7 * CLUSTER, 0);
        image.extend(table);
        let image = patched(&image, 60, &count.to_be_bytes());
        let image = patched(&image, 64, &offset.to_be_bytes());
        snapshot(image, wanted)
            .map(|image| image.size())
            .map_err(|error| error.to_string())
    };
    let place = 7 * CLUSTER as u64;
    let told = |count, offset, table: &[u8]| with(count, offset, table, "name").unwrap_err();
    let good = entry(4096, 1, [1, 4], 16, 4096);
    let padded = |mut entry: Vec<u8>| {
        entry.resize(64, 0);
        entry
    };
    assert_eq!(
        told(1, place, &good),
        "the snapshot's L1 table at byte 4096 overlaps the header or another table"
    );
    assert_eq!(with(1, place, &good, "1"), Err(told(1, place, &good)));
    assert_eq!(
        told(65537, place, &[]),
        "has 65537 snapshots, more than 65536"
    );
    assert_eq!(
        told(1, place + 8, &good),
        "the snapshot table at byte 28680 does not begin at a multiple of 4096 bytes"
    );
    assert_eq!(
        told(2, place, &good),
        "the snapshot table at byte 28672 is outside the file, which has 28733 bytes"
    );
    assert_eq!(
        told(1, place, &good[..60]),
        "ended at byte 28732, inside its snapshot table"
    );
    let large = |lengths, extra| told(1, place, &padded(entry(0, 1, lengths, extra, 4096)));
    let say =
        |what: &str| format!("snapshot at byte 0 of the snapshot table has {what}, more than 1024");
    assert_eq!(large([1025, 1], 16), say("an id of 1025 bytes"));
    assert_eq!(large([1, u16::MAX], 16), say("a name of 65535 bytes"));
    assert_eq!(
        large([1, 1], u32::MAX),
        say("extra data of 4294967295 bytes")
    );
    let chosen = |l1, entries, size| told(1, place, &padded(entry(l1, entries, [1, 4], 16, size)));
    assert_eq!(
        chosen(0x10_0000, 0, 4096),
        "the snapshot's L1 table has 0 entries, a disk of 4096 bytes needs 1"
    );
    assert_eq!(
        chosen(0x10_0000, 1, 1 << 63),
        "says that the disk has 9223372036854775808 bytes, 2^63 or more"
    );
    assert!(
        chosen(1 << 30, 1, 4096)
            .starts_with("the snapshot's L1 table at byte 1073741824 is outside")
    );
    // Only who wants it is told.
    let mut image = sample(12, false);
    image.resize(7 * CLUSTER, 0);
    image.extend(padded(entry(1 << 30, 1, [1, 4], 16, 4096)));
    let image = patched(&image, 60, &1u32.to_be_bytes());
    let image = patched(&image, 64, &place.to_be_bytes());
    assert!(read(Format::Qcow, image).unwrap() == disk(12));
}

#[test]
fn a_snapshot_table_is_not_without_end() {
    let mut image = sample(12, false);
    image.resize(7 * CLUSTER, 0);
    let mut entry = vec![0; 40 + 1024];
    entry[12..16].copy_from_slice(&[2, 0, 2, 0]);
    image.extend(entry.repeat(5000));
    let image = patched(&image, 60, &5000u32.to_be_bytes());
    let image = patched(&image, 64, &(7 * CLUSTER as u64).to_be_bytes());
    assert_eq!(
        refusal(Format::Qcow, image),
        "has a snapshot table of more than 4194304 bytes"
    );
}
