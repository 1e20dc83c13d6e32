use std::process::Command;

use super::*;
use error::Kind;

const SIZE: usize = 4 << 20;
const ID: [u8; 16] = *b"\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef";

fn put(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// A device with a file system's worth of bytes from byte `data` on, and a superblock at `at` that `write` writes.
fn device(data: usize, at: usize, len: usize, write: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut bytes = vec![0; SIZE];
    for (i, byte) in bytes[data..].iter_mut().enumerate() {
        *byte = (i / 512 + i % 7) as u8;
    }
    bytes[at..at + len].fill(0);
    write(&mut bytes[at..at + len]);
    bytes
}

/// Where superblocks of version 1 are, and a place for data.
const PLACES: [(&str, usize, usize); 3] = [
    ("1.0", SIZE - 8192, 0),
    ("1.1", 0, 1 << 20),
    ("1.2", 4096, 1 << 20),
];

/// A member of version 1 with its superblock at `at`, and `change` made to it.
fn member(at: usize, data: usize, change: impl Fn(&mut [u8])) -> Vec<u8> {
    device(data, at, 256 + 2 * 128, |sb| {
        for (at, value) in [
            (0, MAGIC),
            (4, 1),
            (72, 1),
            (80, 4096),
            (92, 2),
            (128, data as u32 / 512),
            (136, 5000),
            (144, at as u32 / 512),
            (160, 1),
            (200, 17),
            (220, 128),
        ] {
            put(sb, at, value);
        }
        sb[16..32].copy_from_slice(&ID);
        sb[32..42].copy_from_slice(b"guest:boot");
        sb[256..].fill(0xff);
        sb[256..260].copy_from_slice(&[0, 0, 1, 0]);
        change(sb);
        let sum = sum(sb, 216);
        put(sb, 216, sum);
    })
}

/// A member of version 0.90.
fn old_member(change: impl Fn(&mut [u8])) -> Vec<u8> {
    device(0, SIZE - (64 << 10), 4096, |sb| {
        for (at, value) in [
            (0, MAGIC),
            (8, 90),
            (20, 0x0123_4567),
            (28, 1),
            (32, 3000),
            (36, 2),
            (40, 2),
            (44, 127),
            (52, 0x89ab_cdef),
            (56, 0x0123_4567),
            (60, 0x89ab_cdef),
            (156, 5),
            // Device 1 is the second in the array, active and in sync.
            (512 + 128, 1),
            (512 + 128 + 12, 1),
            (512 + 128 + 16, 6),
            (3968, 1),
            (3980, 1),
            (3984, 6),
        ] {
            put(sb, at, value);
        }
        change(sb);
        let sum = sum(sb, 152);
        put(sb, 152, sum);
    })
}

fn open(bytes: Vec<u8>) -> MdMember {
    MdMember::open(Arc::new(bytes)).unwrap().unwrap()
}

/// What blkid prints of `bytes` for `tag`.
fn blkid(bytes: &[u8], tag: &str) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let output = Command::new("blkid")
        .args(["-p", "-o", "value", "-s", tag])
        .arg(file.path())
        .output()
        .unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}

#[test]
fn a_member_of_raid1_is_a_window() {
    for (version, at, data) in PLACES {
        let bytes = member(at, data, |_| {});
        let member = open(bytes.clone());
        assert_eq!(member.version, version);
        assert_eq!((member.level, member.devices, member.events), (1, 2, 17));
        let content = member.open_content().unwrap();
        assert_eq!(content.size(), Some(2 << 20));
        let whole = piece(content.as_ref(), 0, 3 << 20).unwrap();
        assert!(whole == bytes[data..data + (2 << 20)]);
    }
}

#[test]
fn names_and_uuids_are_those_of_blkid_and_grub() {
    for (version, at, data) in PLACES {
        let bytes = member(at, data, |_| {});
        let member = open(bytes.clone());
        assert_eq!(member.name, "guest:boot");
        assert_eq!(member.grub_name(), "md/boot");
        assert_eq!(member.uuid, "01234567-89ab-cdef-0123-456789abcdef");
        assert_eq!(member.grub_id(), "mduuid/0123456789abcdef0123456789abcdef");
        assert_eq!(blkid(&bytes, "VERSION"), version);
        assert_eq!(blkid(&bytes, "UUID"), member.uuid);
        assert_eq!(blkid(&bytes, "LABEL"), member.name);
    }
}

#[test]
fn the_old_superblock_is_read_too() {
    let bytes = old_member(|_| {});
    let member = open(bytes.clone());
    assert_eq!((member.version, &member.name[..]), ("0.90", "md127"));
    assert_eq!((member.level, member.devices, member.events), (1, 2, 5));
    assert_eq!(member.uuid, "01234567-89ab-cdef-0123-456789abcdef");
    assert_eq!(blkid(&bytes, "VERSION"), "0.90.0");
    assert_eq!(blkid(&bytes, "UUID"), member.uuid);
    assert_eq!(member.grub_name(), "md/md127");
    let content = member.open_content().unwrap();
    assert_eq!(content.size(), Some(3000 << 10));
    let whole = piece(content.as_ref(), 0, SIZE).unwrap();
    assert!(whole == bytes[..3000 << 10]);
}

#[test]
fn other_levels_are_named() {
    for (level, name) in [(0, "RAID0"), (5, "RAID5"), (10, "RAID10"), (-1, "linear")] {
        let member = open(member(4096, 1 << 20, |sb| put(sb, 72, level as u32)));
        assert_eq!(member.level, level);
        let error = member.open_content().err().unwrap();
        assert_eq!(error.kind(), Kind::Unsupported);
        let text = format!("error: memory: a member of the {name} array guest:boot");
        assert_eq!(error.to_text(), text);
    }
}

#[test]
fn a_member_without_all_of_the_data_is_not_read() {
    type Change = fn(&mut [u8]);
    let changes: [(Change, &str); 4] = [
        (|sb| sb[258..260].fill(0xff), "is a spare or has failed"),
        (|sb| put(sb, 160, 500), "is a spare or has failed"),
        (|sb| put(sb, 8, RECOVERY), "is not filled yet"),
        (|sb| put(sb, 8, RESHAPE), "is being reshaped"),
    ];
    for (change, why) in changes {
        let error = open(member(4096, 1 << 20, change))
            .open_content()
            .err()
            .unwrap();
        let text = format!("error: memory: the member of the RAID1 array guest:boot {why}");
        assert_eq!(error.to_text(), text);
    }
    let failed = open(old_member(|sb| put(sb, 512 + 128 + 16, 1)));
    assert_eq!(failed.open_content().err().unwrap().kind(), Kind::Corrupt);
}

#[test]
fn a_wrong_checksum_is_corrupt() {
    let mut bytes = member(4096, 1 << 20, |_| {});
    bytes[4096 + 100] ^= 1;
    let error = MdMember::open(Arc::new(bytes)).err().unwrap();
    assert_eq!(error.kind(), Kind::Corrupt);
    assert!(
        error
            .message()
            .starts_with("the md superblock at byte 4096: its checksum")
    );
    let mut bytes = old_member(|_| {});
    bytes[SIZE - (64 << 10) + 100] ^= 1;
    assert!(MdMember::open(Arc::new(bytes)).is_err());
}

#[test]
fn a_superblock_for_another_place_is_not_one_of_this_device() {
    // The last partition of a disk ends with the disk, and its superblock counts from its own beginning.
    let mut disk = vec![0; 1 << 20];
    disk.extend(member(SIZE - 8192, 0, |_| {}));
    assert!(MdMember::open(Arc::new(disk)).unwrap().is_none());
}

#[test]
fn a_device_without_a_superblock_is_no_member() {
    for size in [0, 100, 4096, 8192, 65536, 1 << 20] {
        assert!(MdMember::open(Arc::new(vec![0; size])).unwrap().is_none());
    }
}

#[test]
fn damage_ends_without_harm() {
    let mut random = 1u64;
    for round in 0..150 {
        let mut next = || {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (random >> 33) as usize
        };
        let (at, value, other) = (next(), next() as u8, next());
        let change = |sb: &mut [u8]| {
            // The magic number and the place stay, or nothing behind them would be tried.
            let n = sb.len();
            sb[8 + at % (n - 8)] = value;
            sb[72 + other % 72] ^= value;
        };
        let bytes = if round % 4 == 0 {
            old_member(change)
        } else {
            let (_, at, data) = PLACES[round % 3];
            member(at, data, change)
        };
        if let Ok(Some(member)) = MdMember::open(Arc::new(bytes)) {
            let content = member.open_content();
            let _ = content.map(|content| piece(content.as_ref(), 0, 4096));
        }
    }
}
