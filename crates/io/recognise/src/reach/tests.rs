use std::fs::File;
use std::os::unix::fs::FileExt;

use testkit::machine::run;

use super::*;

const MIB: u64 = 1 << 20;

/// A disk's head with an MBR: type, first sector and sectors of each partition.
fn mbr(partitions: &[(u8, u32, u32)]) -> Vec<u8> {
    let mut head = vec![0; HEAD];
    for (number, (kind, start, sectors)) in partitions.iter().enumerate() {
        let entry = &mut head[446 + 16 * number..][..16];
        entry[4] = *kind;
        entry[8..12].copy_from_slice(&start.to_le_bytes());
        entry[12..16].copy_from_slice(&sectors.to_le_bytes());
    }
    head[510..512].copy_from_slice(b"\x55\xaa");
    head
}

/// The head of a disk of `blocks` blocks of `sector` bytes with a GPT: first and last block of each
/// partition.
fn gpt(sector: usize, blocks: u64, partitions: &[(u64, u64)]) -> Vec<u8> {
    let mut head = mbr(&[(0xee, 1, u32::MAX)]);
    let array = 16384 / sector as u64;
    for (number, (first, last)) in partitions.iter().enumerate() {
        let entry = &mut head[2 * sector + 128 * number..][..128];
        entry[..16].fill(1);
        entry[32..40].copy_from_slice(&first.to_le_bytes());
        entry[40..48].copy_from_slice(&last.to_le_bytes());
    }
    let header = &mut head[sector..][..92];
    header[..16].copy_from_slice(b"EFI PART\0\0\x01\0\x5c\0\0\0");
    header[24] = 1;
    header[32..40].copy_from_slice(&(blocks - 1).to_le_bytes());
    header[40..48].copy_from_slice(&(2 + array).to_le_bytes());
    header[48..56].copy_from_slice(&(blocks - 2 - array).to_le_bytes());
    header[72] = 2;
    header[80] = 128;
    header[84] = 128;
    let crc = crc32fast::hash(header);
    header[16..20].copy_from_slice(&crc.to_le_bytes());
    head
}

#[track_caller]
fn says(head: &[u8], by: &str, end: u64) -> Reach {
    let reach = of(head).unwrap();
    assert_eq!((reach.by.to_string().as_str(), reach.end), (by, end));
    reach
}

#[test]
fn an_mbr_reaches_as_far_as_its_last_partition() {
    let head = mbr(&[(0x83, 2048, 2048), (5, 6144, 2048), (0x82, 4096, 2048)]);
    let reach = says(&head, "partition 2 of its MBR", 4 * MIB);
    assert_eq!(reach.fit(4 * MIB), Fit::Whole);
    assert_eq!(reach.fit(4 * MIB - 1), Fit::Cut);
    assert_eq!(of(&mbr(&[])), None);
    assert_eq!(of(&mbr(&[(0xee, 1, u32::MAX)])), None, "the GPT is damaged");
    let far = mbr(&[(0x83, u32::MAX, u32::MAX)]);
    says(
        &far,
        "partition 1 of its MBR",
        2 * u64::from(u32::MAX) * 512,
    );
}

#[test]
fn an_end_at_a_cylinder_was_perhaps_rounded_up() {
    let cylinder = 255 * 63 * 512;
    let head = mbr(&[(0x83, 63, 255 * 63 * 10 - 63)]);
    let reach = says(&head, "partition 1 of its MBR", 10 * cylinder);
    assert_eq!(reach.fit(10 * cylinder), Fit::Whole);
    assert_eq!(reach.fit(9 * cylinder + 512), Fit::Nearly);
    assert_eq!(reach.fit(9 * cylinder), Fit::Cut);
}

#[test]
fn a_gpt_reaches_to_its_partitions_and_its_backup_may_be_missing() {
    for sector in [512, 4096] {
        let blocks = 64 * MIB / sector as u64;
        let array = 16384 / sector as u64;
        let last = blocks - 2 - array;
        let head = gpt(sector, blocks, &[(256, 1000), (1001, last), (1, 0)]);
        let end = (last + 1) * sector as u64;
        let reach = says(&head, "partition 2 of its GPT", end);
        assert_eq!(reach.fit(64 * MIB), Fit::Whole);
        assert_eq!(reach.fit(64 * MIB - 1), Fit::Nearly);
        assert_eq!(reach.fit(end), Fit::Nearly);
        assert_eq!(reach.fit(end - 1), Fit::Cut);
        assert_eq!(super::sector(&head), Some(sector as u32));
        // Its entries are behind what is seen.
        let reach = of(&head[..sector + 512]).unwrap();
        assert_eq!((reach.by, reach.end), (By::Usable, end));
    }
}

#[test]
fn a_gpt_without_partitions_reaches_to_its_backup() {
    let mut head = gpt(512, 131_072, &[]);
    says(&head, "the usable area of its GPT", 64 * MIB - 33 * 512);
    // The backup is far behind what is usable.
    head[512 + 48..512 + 56].copy_from_slice(&1000u64.to_le_bytes());
    head[512 + 16..512 + 20].fill(0);
    let crc = crc32fast::hash(&head[512..512 + 92]);
    head[512 + 16..512 + 20].copy_from_slice(&crc.to_le_bytes());
    let reach = says(&head, "the backup of its GPT", 64 * MIB);
    assert_eq!(reach.fit(63 * MIB), Fit::Nearly);
    assert_eq!(reach.fit(63 * MIB - 1), Fit::Cut);
}

#[test]
fn a_gpt_whose_checksum_is_wrong_says_nothing() {
    let mut head = gpt(512, 131_072, &[(256, 1000)]);
    head[512 + 48] ^= 1;
    assert_eq!(of(&head), None);
    assert_eq!(super::sector(&head), None);
    head[512 + 12..512 + 16].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(of(&head), None);
}

#[test]
fn a_disc_counts_by_its_volume_and_not_by_the_tables_around_it() {
    let mut head = mbr(&[(0x17, 0, 1 << 20)]);
    head[0x8000..0x8007].copy_from_slice(b"\x01CD001\x01");
    head[0x8000 + 80..0x8000 + 84].copy_from_slice(&1000u32.to_le_bytes());
    head[0x8000 + 128..0x8000 + 130].copy_from_slice(&2048u16.to_le_bytes());
    let reach = says(&head, "its ISO 9660 file system", 2_048_000);
    assert_eq!(reach.fit(2_048_000), Fit::Whole);
    assert_eq!(reach.fit(2_048_000 - 150 * 2048), Fit::Nearly);
    assert_eq!(reach.fit(2_048_000 - 151 * 2048), Fit::Cut);
}

#[test]
fn an_apple_partition_map_counts_in_blocks_of_its_own() {
    for block in [512usize, 2048] {
        let mut head = vec![0; HEAD];
        head[..2].copy_from_slice(b"ER");
        head[2..4].copy_from_slice(&(block as u16).to_be_bytes());
        for (number, (start, count)) in [(1u32, 2u32), (3, 1000)].into_iter().enumerate() {
            let entry = &mut head[block * (number + 1)..][..16];
            entry[..8].copy_from_slice(b"PM\0\0\0\0\0\x02");
            entry[8..12].copy_from_slice(&start.to_be_bytes());
            entry[12..16].copy_from_slice(&count.to_be_bytes());
        }
        says(
            &head,
            "partition 2 of its Apple partition map",
            1003 * block as u64,
        );
    }
}

/// A file of `size` bytes that `program` has made a file system in.
fn made(program: &str, arguments: &[&str], size: u64) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(size).unwrap();
    run(
        program,
        &[arguments, &[file.path().to_str().unwrap()]].concat(),
    );
    let mut head = vec![0; HEAD];
    File::open(file.path())
        .unwrap()
        .read_exact_at(&mut head, 0)
        .unwrap();
    head
}

#[test]
fn file_systems_reach_as_far_as_the_tools_made_them() {
    let size = 8 * MIB;
    for (program, arguments, by) in [
        (
            "mkfs.ext4",
            &["-q"][..],
            "its ext2, ext3 or ext4 file system",
        ),
        (
            "mkfs.ext4",
            &["-q", "-b", "4096", "-O", "64bit"],
            "its ext2, ext3 or ext4 file system",
        ),
        (
            "mkfs.ext2",
            &["-q", "-b", "1024"],
            "its ext2, ext3 or ext4 file system",
        ),
        ("mkswap", &["-q"], "its swap space"),
        ("mkfs.vfat", &[], "its FAT file system"),
        ("mkfs.vfat", &["-F", "32"], "its FAT file system"),
    ] {
        says(&made(program, arguments, size), by, size);
    }
}

#[test]
fn a_partition_table_counts_before_an_old_file_system() {
    let mut head = made("mkfs.ext4", &["-q"], 8 * MIB);
    head[..512].copy_from_slice(&mbr(&[(0x83, 2048, 2048)])[..512]);
    says(&head, "partition 1 of its MBR", 2 * MIB);
}

/// Writes little-endian numbers into a head that begins otherwise as one of zeros.
fn head(parts: &[(usize, &[u8])]) -> Vec<u8> {
    let mut head = vec![0; HEAD];
    for (at, bytes) in parts {
        head[*at..at + bytes.len()].copy_from_slice(bytes);
    }
    head
}

/// Bytes and where they stand.
type Fields<'a> = &'a [(usize, &'a [u8])];

#[test]
fn other_superblocks_are_read_as_they_are_documented() {
    let le = |number: u64| number.to_le_bytes();
    let cases: &[(&str, Fields<'_>)] = &[
        (
            "its XFS file system",
            &[
                (0, b"XFSB\0\0\x10\0"),
                (8, &2048u64.to_be_bytes()),
                (102, &[2, 0]),
            ],
        ),
        (
            "its btrfs file system",
            &[(0x1_0040, b"_BHRfS_M"), (0x1_00d1, &le(8 << 20))],
        ),
        (
            "its NTFS file system",
            &[(3, b"NTFS    \0\x02"), (40, &le(16384))],
        ),
        (
            "its exFAT file system",
            &[(3, b"EXFAT   "), (72, &le(16384)), (108, &[9])],
        ),
        (
            "its F2FS file system",
            &[
                (1024, b"\x10\x20\xf5\xf2"),
                (1032, &[9]),
                (1040, &[12]),
                (1060, &le(2048)),
            ],
        ),
        (
            "its EROFS file system",
            &[(1024, b"\xe2\xe1\xf5\xe0"), (1036, &[12]), (1060, &[0, 8])],
        ),
        (
            "its NILFS2 file system",
            &[(1024, &[2]), (1030, b"\x34\x34\x80"), (1056, &le(8 << 20))],
        ),
        (
            "its squashfs file system",
            &[(0, b"hsqs"), (28, &[4]), (40, &le(8 << 20))],
        ),
        (
            "its HFS+ file system",
            &[
                (1024, b"H+\0\x04"),
                (1064, &[0, 0, 0x10, 0]),
                (1068, &[0, 0, 8, 0]),
            ],
        ),
        (
            "its APFS container",
            &[(32, b"NXSB\0\x10\0\0"), (40, &le(2048))],
        ),
        (
            "its LVM physical volume",
            &[
                (512, b"LABELONE"),
                (532, b"\x20\0\0\0LVM2 001"),
                (576, &le(8 << 20)),
            ],
        ),
        (
            "its md RAID member",
            &[
                (4096, b"\xfc\x4e\x2b\xa9\x01"),
                (4224, &le(2048)),
                (4232, &le(14336)),
            ],
        ),
    ];
    for (by, parts) in cases {
        says(&head(parts), by, 8 * MIB);
    }
}

proptest::proptest! {
    #[test]
    fn whatever_a_head_says_is_no_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..1200), at in 0usize..8) {
        let places = [0, 446, 512, 1024, 4096, 0x8000, 0x1_0000, 60];
        let mut head = gpt(512, 131_072, &[(256, 1000)]);
        let end = (places[at] + bytes.len()).min(head.len());
        head[places[at]..end].copy_from_slice(&bytes[..end - places[at]]);
        if let Some(reach) = of(&head) {
            assert!(reach.least <= reach.most);
        }
    }
}
