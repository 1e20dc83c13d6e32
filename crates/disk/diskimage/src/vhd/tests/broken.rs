//! One thing broken at a time.

use super::*;
use crate::test_util::refusal;
use crate::{Coding, Unpacker};

fn told(image: Vec<u8>) -> String {
    refusal(Format::Vhd, image)
}

#[test]
fn broken_footers_are_told() {
    let (_, image) = image();
    let end = image.len() - 512;
    let footer = |at, patch: &[u8]| told(with_footer(&image, at, patch));
    assert_eq!(
        footer(12, &[0, 2, 0, 7]),
        "is a vhd disk of version 2.7, 1.0 is known"
    );
    assert_eq!(
        footer(60, &[0, 0, 0, 5]),
        "has the disk type 5, 2 to 4 are known"
    );
    assert_eq!(
        footer(48, &1000u64.to_be_bytes()),
        "has a disk of 1000 bytes, which are not whole sectors"
    );
    for size in [7u64 << 20, 1 << 63, u64::MAX - 511] {
        assert_eq!(
            footer(48, &size.to_be_bytes()),
            format!("has 3 blocks of 2097152 bytes, too few for a disk of {size} bytes")
        );
    }
    let len = image.len();
    for at in [len as u64, u64::MAX] {
        let ends = format!("ended at byte {len}, inside its header");
        let outside = format!("header at byte {at} is outside the file, which has {len} bytes");
        let expected = if at == u64::MAX { outside } else { ends };
        assert_eq!(footer(16, &at.to_be_bytes()), expected);
    }
    assert_eq!(footer(16, &0u64.to_be_bytes()), "has no header at byte 0");
    let both = patched(&patched(&image, end + 100, &[1]), 100, &[1]);
    assert_eq!(
        told(both),
        "has a footer with a wrong checksum, at its end as at byte 0"
    );
    assert_eq!(told(vec![0; 2000]), "has no footer with the right checksum");
    assert_eq!(told(vec![0; 20]), "has no footer with the right checksum");
    assert_eq!(told(Vec::new()), "has no footer with the right checksum");
}

#[test]
fn two_disks_in_one_file_are_told() {
    let (disk, image) = image();
    let expected = "has a footer and a copy of it at byte 0 that do not say the same";
    // A dynamic disk as the content of a fixed one.
    let fixed = by_qemu(&image, "vpc", "subformat=fixed,force_size", &[]);
    assert_eq!(told(fixed), expected);
    let other = sealed(patched(&image, 48, &512u64.to_be_bytes()), 0, 512, 64);
    assert_eq!(told(other), expected);
    let fixed = by_qemu(&disk, "vpc", "subformat=fixed,force_size", &[]);
    let footer = &fixed[disk.len()..];
    assert_eq!(told([footer, &disk].concat()), "has no footer at its end");
}

#[test]
fn broken_fixed_disks_are_told() {
    let disk = random(1, 1 << 20);
    let image = by_qemu(&disk, "vpc", "subformat=fixed,force_size", &[]);
    for size in [(1u64 << 20) + 512, 1 << 63] {
        assert_eq!(
            told(with_footer(&image, 48, &size.to_be_bytes())),
            format!("has a disk of {size} bytes, 1048576 are before its footer")
        );
    }
    assert_eq!(
        told(image[512..].to_vec()),
        "has a disk of 1048576 bytes, 1048064 are before its footer"
    );
    assert_eq!(told(disk.clone()), "has no footer with the right checksum");
}

#[test]
fn broken_headers_are_told() {
    let (_, image) = image();
    let header = |at, patch: &[u8]| told(with_header(&image, at, patch));
    let len = image.len();
    let size = (4 << 20) + (300 << 10);
    assert_eq!(header(0, b"d"), "has no header at byte 512");
    assert_eq!(
        told(patched(&image, 512 + 900, &[1])),
        "has a header with a wrong checksum at byte 512"
    );
    assert_eq!(
        header(24, &[0, 3, 0, 1]),
        "has a header of version 3.1, 1.0 is known"
    );
    for block in [0u32, 512, 3 << 20, u32::MAX] {
        assert_eq!(
            header(32, &block.to_be_bytes()),
            format!("has blocks of {block} bytes, which is not a power of two from 4096 on")
        );
    }
    assert_eq!(
        header(32, &(32u32 << 20).to_be_bytes()),
        "has blocks of 33554432 bytes, at most 16777216 are read"
    );
    for entries in [0u32, 2] {
        assert_eq!(
            header(28, &entries.to_be_bytes()),
            format!("has {entries} blocks of 2097152 bytes, too few for a disk of {size} bytes")
        );
    }
    assert_eq!(
        header(16, &(1u64 << 63).to_be_bytes()),
        format!(
            "block table at bytes 9223372036854775808 to 9223372036854775820 is outside the file, which has {len} bytes"
        )
    );
    for (at, other) in [(508u64, "footer's copy"), (1000, "header")] {
        assert_eq!(
            header(16, &at.to_be_bytes()),
            format!("block table at byte {at} overlaps its {other}")
        );
    }
}

#[test]
fn a_table_that_claims_the_earth_costs_nothing() {
    let (_, image) = image();
    let image = with_header(&image, 28, &u32::MAX.to_be_bytes());
    let size = u64::from(u32::MAX) << 21;
    let image = with_footer(&image, 48, &size.to_be_bytes());
    assert_eq!(
        told(image.clone()),
        format!(
            "block table at bytes 1536 to 17179870716 is outside the file, which has {} bytes",
            image.len()
        )
    );
}

#[test]
fn broken_tables_are_told() {
    let (_, image) = image();
    let entry =
        |index: usize, sector: u32| told(patched(&image, 1536 + index * 4, &sector.to_be_bytes()));
    let (first, last) = (place(&image, 0), place(&image, 2));
    assert_eq!(
        entry(1, first as u32 / 512),
        format!("block 0 at byte {first} and block 1 at byte {first} share bytes")
    );
    assert_eq!(
        entry(1, last as u32 / 512 - 1),
        format!(
            "block 0 at byte {first} and block 1 at byte {} share bytes",
            last - 512
        )
    );
    assert_eq!(
        entry(1, 0x7fff_ffff),
        format!(
            "block 1 at bytes 1099511627264 to 1099513724928 is outside the file, which has {} bytes",
            image.len()
        )
    );
    for (sector, other) in [(0u32, "footer's copy"), (1, "header"), (3, "block table")] {
        assert_eq!(
            entry(0, sector),
            format!("block 0 at byte {} overlaps its {other}", sector * 512)
        );
    }
    let at = image.len() - 512 - STEP + 512;
    assert_eq!(
        entry(1, at as u32 / 512),
        format!("block 1 at byte {at} overlaps its footer")
    );
}

#[test]
fn truncated_files_are_told() {
    let (disk, image) = image();
    let last = place(&image, 2);
    let end = last + 512 + (300 << 10);
    let cut = |len: usize| image[..len].to_vec();
    assert!(read(Format::Vhd, cut(end)).unwrap() == disk);
    assert_eq!(
        told(cut(end - 1)),
        format!(
            "block 2 at bytes {last} to {end} is outside the file, which has {} bytes",
            end - 1
        )
    );
    assert_eq!(
        told(cut(1540)),
        "block table at bytes 1536 to 1548 is outside the file, which has 1540 bytes"
    );
    assert_eq!(told(cut(600)), "ended at byte 600, inside its header");
    assert_eq!(told(cut(100)), "has no footer with the right checksum");
    // Out of a pipe only reading tells.
    let mut unpacker = Unpacker::new().unwrap();
    let mut unpack = |stored| {
        unpacker.unpack(
            Coding::Sectors { bitmap: 512 },
            stored,
            &mut vec![0; 2 << 20],
        )
    };
    let short = unpack(&image[last..end - 1]);
    assert_eq!(
        short.unwrap_err().to_string(),
        format!("ended {} bytes into a block", end - 1 - last)
    );
    let shorter = unpack(&image[last..last + 511]);
    assert_eq!(
        shorter.unwrap_err().to_string(),
        "ended 511 bytes into a block"
    );
}
