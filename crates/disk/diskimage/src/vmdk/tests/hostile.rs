//! One field broken at a time.

use std::sync::Arc;

use crate::fields::le32;
use crate::test_util::{by_qemu, patched, random, read, refusal};
use crate::{Format, Image, OpenOptions};

#[test]
fn every_field_of_the_header_is_checked() {
    let disk = random(5, 200_192);
    let file = by_qemu(&disk, "vmdk", "", &[]);
    assert_eq!(file.len(), 327_680);
    let told = |offset: usize, patch: &[u8]| refusal(Format::Vmdk, patched(&file, offset, patch));
    let cases: &[(usize, &[u8], &str)] = &[
        (
            0,
            b"COWD",
            "is a copy-on-write extent of ESX (COWD), which is not read here",
        ),
        (0, b"XXXX", "has no header of a sparse extent"),
        (4, &[4], "is of version 4, and only 1 to 3 are read here"),
        (4, &[0], "is of version 0, and only 1 to 3 are read here"),
        (
            10,
            &[4],
            "has incompatible flags that are not known here: 0x40000",
        ),
        (
            10,
            &[1],
            "has flags 0x10003 and compression algorithm 0, which contradict each other",
        ),
        (
            10,
            &[2],
            "has compressed grains without markers or markers without compressed grains",
        ),
        (
            12,
            &[0xff; 8],
            "claims 18446744073709551615 sectors, more than 2^63 bytes",
        ),
        (
            20,
            &[0x81],
            "has grains of 129 sectors, which is not a power of two from 8 on",
        ),
        (
            20,
            &[4],
            "has grains of 4 sectors, which is not a power of two from 8 on",
        ),
        (
            20,
            &[0],
            "has grains of 0 sectors, which is not a power of two from 8 on",
        ),
        (
            20,
            &[0, 0x10],
            "has grains of 4096 sectors, and at most 2048 are read here",
        ),
        (
            0,
            &[0xbe, 0xba, 0xfe, 0xca, 0, 0, 0, 0],
            "is a space-efficient extent of ESXi (SESPARSE), which is not read here",
        ),
        (
            28,
            &[0xff; 8],
            "has its descriptor at sector 18446744073709551615, which no file reaches",
        ),
        (
            28,
            &[0, 0, 0, 1],
            "descriptor at byte 8589934592 is outside the file, which has 327680 bytes",
        ),
        (
            36,
            &[0xff; 8],
            "has a descriptor of 18446744073709551615 sectors, and at most 2048 are read here",
        ),
        (
            44,
            &[3, 0],
            "has grain tables of 3 entries, which are not read here",
        ),
        (
            44,
            &[0, 0],
            "has grain tables of 0 entries, which are not read here",
        ),
        (
            56,
            &[1],
            "has its grain directory at byte 512, in the header or the descriptor, which end at byte 10752",
        ),
        (
            56,
            &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            "grain directory at byte 18446744073709551615 is outside the file, which has 327680 bytes",
        ),
        (
            56,
            &[0xff; 8],
            "does not end with a footer and an end-of-stream marker: it is cut off or damaged",
        ),
        (
            73,
            b"\r",
            "was damaged by a transfer that converts line ends",
        ),
        (
            77,
            &[1],
            "has flags 0x3 and compression algorithm 1, which contradict each other",
        ),
        (
            77,
            &[7],
            "is compressed by algorithm 7, which is not known here",
        ),
    ];
    for (offset, patch, expected) in cases {
        assert_eq!(told(*offset, patch), *expected);
    }
}

#[test]
fn a_header_may_round_up_to_whole_grains() {
    let disk = random(5, 200_192);
    let file = by_qemu(&disk, "vmdk", "", &[]);
    // VirtualBox does; the descriptor says how long the disk is.
    for sectors in [391u64, 392, 512] {
        let file = patched(&file, 12, &sectors.to_le_bytes());
        assert!(read(Format::Vmdk, file).unwrap() == disk);
    }
    for sectors in [390u64, 519] {
        assert_eq!(
            refusal(Format::Vmdk, patched(&file, 12, &sectors.to_le_bytes())),
            format!("has a header of {sectors} sectors, and the descriptor says 391")
        );
    }
}

#[test]
fn tables_and_grains_lie_inside_the_file() {
    let file = by_qemu(&random(5, 200_192), "vmdk", "", &[]);
    let told = |offset: usize, patch: &[u8]| refusal(Format::Vmdk, patched(&file, offset, patch));
    // The directory is at sector 26, its only table at sector 27.
    assert_eq!(
        told(26 * 512, &[0xff; 4]),
        "grain table 0 at byte 2199023255040 is outside the file, which has 327680 bytes"
    );
    assert_eq!(
        told(27 * 512, &[0, 0, 1]),
        "grain 0 at byte 33554432 is outside the file, which has 327680 bytes"
    );
    assert_eq!(
        told(27 * 512, &[1, 0]),
        "grain 0 at byte 512 is in the header and the descriptor, which end at byte 10752"
    );
    assert_eq!(
        refusal(Format::Vmdk, file[..327_680 - 65536].to_vec()),
        "grain 3 at byte 262144 is outside the file, which has 262144 bytes"
    );
    let huge = patched(&file, 12, &[0, 0, 0, 0, 0, 0, 1]);
    let text = String::from_utf8_lossy(&huge[512..1024]).replace("RW 391 ", "RW 281474976710656 ");
    let huge = patched(
        &huge,
        512,
        text.as_bytes()[..512].try_into().unwrap_or(&[0; 512]),
    );
    assert_eq!(
        refusal(Format::Vmdk, huge),
        "has a grain directory of 4294967296 entries, and together they may take 8388608 bytes here"
    );
}

#[test]
fn grain_tables_are_not_shared() {
    // Three grain tables; the header says at byte 56 in which sector their directory is.
    let file = by_qemu(&vec![1; 65 << 20], "vmdk", "subformat=streamOptimized", &[]);
    let directory = le32(&file, 56) as usize * 512;
    let second = le32(&file, directory + 4);
    for sector in [second, second + 1] {
        let shared = patched(&file, directory + 8, &sector.to_le_bytes());
        assert_eq!(
            refusal(Format::Vmdk, shared),
            format!(
                "grain tables 1 and 2 share the byte {}",
                u64::from(sector) * 512
            )
        );
    }
}

#[test]
fn a_grain_is_what_its_marker_says() {
    let disk = random(6, 200_192);
    let file = by_qemu(&disk, "vmdk", "subformat=streamOptimized", &[]);
    let at = 128 * 512;
    let told = |offset: usize, patch: &[u8]| refusal(Format::Vmdk, patched(&file, offset, patch));
    assert_eq!(
        told(at, &[128]),
        "unit at byte 65536: its marker is that of sector 128 and not of sector 0"
    );
    assert_eq!(
        told(at + 8, &[0; 4]),
        "unit at byte 65536: has a marker of type 23160, not a grain"
            .replace("23160", &type_at(&file, at))
    );
    assert_eq!(
        told(at + 8, &[0xff; 4]),
        "unit at byte 65536: its marker claims 4294967295 bytes, and there is room for 81920"
    );
    assert_eq!(
        told(at + 8, &[1, 0, 0, 0]),
        "unit at byte 65536: its zlib data is damaged"
    );
    assert_eq!(
        told(at + 512, &[file[at + 512] ^ 1]),
        "unit at byte 65536: its zlib data is damaged"
    );
    let short = file[..at + 700].to_vec();
    let len = le32(&file, at + 8);
    assert_eq!(
        refusal(Format::Vmdk, short),
        format!("unit at byte 65536: its marker claims {len} bytes, and there is room for 688")
    );
    // A grain of zeros is small enough for another to hide in its place.
    let large = by_qemu(&vec![1; 200_192], "vmdk", "subformat=streamOptimized", &[]);
    let sector = |file: &[u8], i: usize| {
        let entry = (26 + 1) * 512 + i * 4;
        u32::from_le_bytes(file[entry..entry + 4].try_into().unwrap())
    };
    let cut = sector(&large, 3) as usize * 512;
    let swapped = patched(&large, cut, &0u64.to_le_bytes());
    let swapped = patched(&swapped, 27 * 512, &sector(&large, 3).to_le_bytes());
    assert_eq!(
        refusal(Format::Vmdk, swapped),
        format!("unit at byte {cut}: its zlib data decompresses to 3584 bytes instead of 65536")
    );
}

fn type_at(file: &[u8], at: usize) -> String {
    le32(file, at + 12).to_string()
}

#[test]
fn damage_never_panics() {
    let disk = random(8, 70_000 / 512 * 512);
    for options in ["", "subformat=streamOptimized"] {
        let file = by_qemu(&disk, "vmdk", options, &[]);
        for bit in (0..16 * 512 * 8)
            .step_by(7)
            .chain(26 * 512 * 8..28 * 512 * 8)
        {
            let mut bad = file.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            if let Ok(mut image) = Image::open(Format::Vmdk, Arc::new(bad), &OpenOptions::default())
            {
                for at in [0, image.size() / 2, image.size().saturating_sub(1)] {
                    if at < image.size() {
                        let _ = image.lookup(at);
                    }
                }
            }
        }
    }
}
