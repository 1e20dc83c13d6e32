//! One thing broken at a time.

use super::build::{LOG, METADATA, TABLE, sealed};
use super::*;

/// Byte `at` of both headers is `patch`.
fn headers(at: usize, patch: &[u8]) -> String {
    let mut file = three_blocks(512).1.file();
    for header in [64 << 10, 128 << 10] {
        file = sealed(patched(&file, header + at, patch), header, 4096);
    }
    told(file)
}

/// Byte `at` of both region tables is `patch`. The block table's entry is at byte 16, that of the
/// metadata at byte 48.
fn regions(at: usize, patch: &[u8]) -> String {
    let mut file = three_blocks(512).1.file();
    for table in [192 << 10, 256 << 10] {
        file = sealed(patched(&file, table + at, patch), table, 64 << 10);
    }
    told(file)
}

/// Byte `at` of the metadata is `patch`.
fn metadata(at: usize, patch: &[u8]) -> String {
    told(patched(&three_blocks(512).1.file(), METADATA + at, patch))
}

/// The entry at `index` of the block table is `entry`.
fn entry(index: usize, entry: u64) -> String {
    let file = three_blocks(512).1.file();
    told(patched(&file, TABLE + index * 8, &entry.to_le_bytes()))
}

/// Bytes in the file that is broken.
const LEN: usize = 7 << 20;

#[test]
fn broken_headers_are_told() {
    let file = three_blocks(512).1.file();
    assert_eq!(
        told(patched(&file, 0, b"w")),
        "does not begin with vhdxfile"
    );
    let both = patched(
        &patched(&file, (64 << 10) + 99, &[1]),
        (128 << 10) + 99,
        &[1],
    );
    assert_eq!(told(both), "has no header with the right checksum");
    let same = sealed(patched(&file, (64 << 10) + 8, &[2, 1]), 64 << 10, 4096);
    let same = sealed(patched(&same, (128 << 10) + 8, &[2, 1]), 128 << 10, 4096);
    assert_eq!(opened(same.clone()).about().variant, "dynamic");
    let same = sealed(patched(&same, (128 << 10) + 32, &[1]), 128 << 10, 4096);
    assert_eq!(
        told(same),
        "has two headers with the number 258 that do not say the same"
    );
    assert_eq!(headers(66, &[2]), "is a vhdx disk of version 2, 1 is known");
    assert_eq!(headers(64, &[1]), "has a log of version 1, 0 is known");
    assert_eq!(
        headers(68, &[1]),
        "has a log at bytes 1048576 to 2097153, which are not multiples of 1 MiB"
    );
    assert_eq!(
        headers(72, &(u64::MAX - 1_048_575).to_le_bytes()),
        "has a log at bytes 18446744073708503040 to 18446744073709551615, which are not multiples of 1 MiB"
    );
    assert_eq!(
        headers(72, &(1u64 << 40).to_le_bytes()),
        format!(
            "log at bytes 1099511627776 to 1099512676352 is outside the file, which has {LEN} bytes"
        )
    );
    assert_eq!(headers(72, &[0; 8]), "log at byte 0 overlaps its headers");
}

#[test]
fn broken_regions_are_told() {
    let file = three_blocks(512).1.file();
    let both = patched(
        &patched(&file, (192 << 10) + 99, &[1]),
        (256 << 10) + 99,
        &[1],
    );
    assert_eq!(told(both), "has no region table with the right checksum");
    assert_eq!(
        regions(8, &2048u32.to_le_bytes()),
        "has 2048 regions, at most 2047 are possible"
    );
    assert_eq!(regions(8, &[0]), "has no block table");
    assert_eq!(regions(8, &[1]), "has no metadata");
    let unknown = "needs the region 2dc277ff-f623-4200-9d64-115e9bfd4a08, which is not known";
    assert_eq!(regions(16, &[0xff]), unknown);
    assert_eq!(
        regions(48, &build::id("2dc27766-f623-4200-9d64-115e9bfd4a08")),
        "has its block table twice"
    );
    assert_eq!(
        regions(32, &[1]),
        "has its block table in 1048576 bytes at byte 3145729, which is not a multiple of 1 MiB"
    );
    assert_eq!(
        regions(40, &[0; 4]),
        "has its block table in 0 bytes at byte 3145728, which is not a multiple of 1 MiB"
    );
    assert_eq!(
        regions(32, &(LOG as u64).to_le_bytes()),
        "block table at byte 1048576 overlaps its log"
    );
    assert_eq!(
        regions(64, &(TABLE as u64).to_le_bytes()),
        "metadata at byte 3145728 overlaps its block table"
    );
    assert_eq!(
        regions(64, &(1u64 << 63).to_le_bytes()),
        format!(
            "metadata at bytes 9223372036854775808 to 9223372036855824384 is outside the file, which has {LEN} bytes"
        )
    );
}

#[test]
fn a_region_that_is_not_needed_may_be_unknown() {
    let (disk, image) = three_blocks(512);
    let mut file = image.file();
    for table in [192 << 10, 256 << 10] {
        file = sealed(patched(&file, table + 8, &[3]), table, 64 << 10);
    }
    assert!(read(Format::Vhdx, file).unwrap() == disk);
}

#[test]
fn broken_metadata_is_told() {
    assert_eq!(metadata(0, b"M"), "has no metadata at byte 2097152");
    assert_eq!(
        metadata(10, &2048u16.to_le_bytes()),
        "has 2048 metadata items, at most 2047 are possible"
    );
    assert_eq!(
        metadata(32, &[0xff]),
        "needs the metadata item caa167ff-fa36-4d43-b3b6-33f0aa44e76b, which is not known"
    );
    for (index, what) in [(0, "file parameters"), (1, "disk size"), (2, "sector size")] {
        let entry = 32 + index * 32;
        // Not needed, and not known either.
        let mut gone = [0; 32];
        gone[0] = 1;
        assert_eq!(
            metadata(entry, &gone),
            format!("has no {what} in its metadata")
        );
        let len = if index == 2 { 4 } else { 8 };
        assert_eq!(
            metadata(entry + 20, &[3]),
            format!("has {what} of 3 bytes, not of {len}")
        );
    }
    assert_eq!(
        metadata(64, &build::id("caa16737-fa36-4d43-b3b6-33f0aa44e76b")),
        "has the metadata item caa16737-fa36-4d43-b3b6-33f0aa44e76b twice"
    );
    for (offset, end) in [
        (0u32, 8u64),
        (65_535, 65_543),
        (1 << 20, 1_048_584),
        (u32::MAX, 4_294_967_303),
    ] {
        assert_eq!(
            metadata(32 + 16, &offset.to_le_bytes()),
            format!(
                "has the metadata item caa16737-fa36-4d43-b3b6-33f0aa44e76b at bytes {offset} to {end} of its metadata"
            )
        );
    }
    assert_eq!(
        metadata((64 << 10) + 4, &[2]),
        "has no parent locator in its metadata"
    );
}

#[test]
fn impossible_sizes_are_told() {
    let told = |sector, block, size| {
        let mut built = Built::new(512, 1 << 20, 0);
        (built.sector, built.block, built.size) = (sector, block, size);
        told(built.file())
    };
    for block in [0, 1 << 19, 3 << 20, 1 << 29] {
        assert_eq!(
            told(512, block, 0),
            format!(
                "has blocks of {block} bytes, which is not a power of two from 1 MiB to 256 MiB"
            )
        );
    }
    for sector in [0, 511, 1024, 1 << 31] {
        assert_eq!(
            told(sector, 1 << 20, 0),
            format!("has sectors of {sector} bytes, which is neither 512 nor 4096")
        );
    }
    assert_eq!(
        told(4096, 1 << 20, 512),
        "has a disk of 512 bytes, which are not whole sectors of 4096 bytes"
    );
    for size in [(64 << 40) + 512, 1u64 << 63, u64::MAX - 511] {
        assert_eq!(
            told(512, 1 << 20, size),
            format!("has a disk of {size} bytes, at most 70368744177664 are possible")
        );
    }
    assert_eq!(
        told(512, 1 << 20, 64 << 40),
        "has a block table of 131072 entries, a disk of 70368744177664 bytes needs 67125247"
    );
}

#[test]
fn broken_block_tables_are_told() {
    for state in [4, 7] {
        assert_eq!(
            entry(1, at_mib(9, state)),
            format!("block 1 is in the state {state}, which is not possible")
        );
    }
    assert_eq!(
        entry(1, at_mib(4, PRESENT)),
        "block 1 at byte 4194304 and block 2 at byte 4194304 share bytes"
    );
    for (mib, other) in [
        (0, "headers"),
        (1, "log"),
        (2, "metadata"),
        (3, "block table"),
    ] {
        assert_eq!(
            entry(0, at_mib(mib, PRESENT)),
            format!("block 0 at byte {} overlaps its {other}", mib << 20)
        );
    }
    assert_eq!(
        entry(1, at_mib(7, PRESENT)),
        format!("block 1 at bytes 7340032 to 8388608 is outside the file, which has {LEN} bytes")
    );
    assert_eq!(
        entry(1, at_mib((1 << 44) - 1, PRESENT)),
        format!(
            "block 1 at bytes 18446744073708503040 to 18446744073709551615 is outside the file, which has {LEN} bytes"
        )
    );
    let mut wide = Built::new(512, 2 << 20, 4 << 20);
    wide.table = vec![at_mib(4, PRESENT), at_mib(5, PRESENT)];
    wide.data = vec![1; 4 << 20];
    assert_eq!(
        told(wide.file()),
        "block 0 at byte 4194304 and block 1 at byte 5242880 share bytes"
    );
}

#[test]
fn a_block_that_is_too_far_is_told_of_a_stream() {
    let mut image = three_blocks(512).1;
    image.table[0] = at_mib(1 << 29, PRESENT);
    let file = Arc::new(Reads(image.file(), AtomicU64::new(0)));
    let opened = Image::open(Format::Vhdx, file, &OpenOptions::default());
    assert_eq!(
        opened.unwrap_err().to_string(),
        "block 0 starts 536870912 MiB into the file, which is too far"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn numbers_by_chance_do_no_harm(
        numbers in prop::collection::vec((0usize..18, prop_oneof![any::<u32>(), 0u32..9, Just(u32::MAX)]), 1..4),
    ) {
        static IMAGE: std::sync::LazyLock<Vec<u8>> =
            std::sync::LazyLock::new(|| three_blocks(512).1.file());
        const HEADER: usize = 128 << 10;
        const REGIONS: usize = 192 << 10;
        const ITEMS: usize = METADATA + (64 << 10);
        let fields = [
            HEADER + 48, HEADER + 68, HEADER + 72, HEADER + 76,
            REGIONS + 8, REGIONS + 32, REGIONS + 36, REGIONS + 40, REGIONS + 64,
            METADATA + 10, METADATA + 48, METADATA + 52,
            ITEMS, ITEMS + 4, ITEMS + 8, ITEMS + 12, TABLE, TABLE + 4,
        ];
        let mut file = IMAGE.clone();
        for (field, number) in numbers {
            file = patched(&file, fields[field], &number.to_le_bytes());
        }
        file = sealed(sealed(file, HEADER, 4096), REGIONS, 64 << 10);
        crate::test_util::walk(Image::open(Format::Vhdx, Arc::new(file), &OpenOptions::default()));
    }
}

#[test]
fn truncated_files_are_told() {
    let file = three_blocks(512).1.file();
    let cut = |len: usize| told(file[..len].to_vec());
    assert_eq!(cut(0), "ended at byte 0, inside its file identifier");
    assert_eq!(cut(100), "ended at byte 100, inside its file identifier");
    assert_eq!(
        cut(5000),
        "header at byte 65536 is outside the file, which has 5000 bytes"
    );
    assert_eq!(cut(66_000), "ended at byte 66000, inside its header");
    assert_eq!(
        cut(200_000),
        "headers at bytes 0 to 1048576 is outside the file, which has 200000 bytes"
    );
    assert_eq!(
        cut(LOG + 5),
        "log at bytes 1048576 to 2097152 is outside the file, which has 1048581 bytes"
    );
    assert_eq!(
        cut(TABLE + 5),
        "block table at bytes 3145728 to 4194304 is outside the file, which has 3145733 bytes"
    );
}
