//! Streams that are cut off, and one field broken at a time.

use super::writer::Writer;
use super::{GRAIN, refusal, streamed};
use crate::Format;
use crate::fields::le32;
use crate::test_util::{by_qemu, patched, random, read};
use crate::vmdk::stream::is_stream;

/// Two grains of 3 sectors or so, a table, a directory, a footer, an end.
fn small() -> Vec<u8> {
    let mut disk = vec![0; 2 * GRAIN];
    disk[..1000].copy_from_slice(&random(1, 1000));
    disk[GRAIN..GRAIN + 1000].copy_from_slice(&random(2, 1000));
    Writer::stream(&disk, |_| {})
}

#[test]
fn a_cut_stream_is_no_disk() {
    let file = small();
    assert!(streamed(&file, 4096).is_ok());
    for len in (0..file.len()).step_by(512).chain([file.len() - 1, 70_001]) {
        assert!(streamed(&file[..len], 4096).is_err(), "{len} bytes");
    }
    let cut = |len: usize| refusal(&file[..len]);
    assert_eq!(cut(100), "ends at byte 100, in the middle of the header");
    assert_eq!(
        cut(5000),
        "ends at byte 5000, in the middle of the descriptor"
    );
    assert_eq!(
        cut(GRAIN - 1),
        "ends at byte 65535, in the middle of the space before the grains"
    );
    assert_eq!(cut(GRAIN), "ends at byte 65536, in the middle of a marker");
    assert_eq!(
        cut(GRAIN + 600),
        "ends at byte 66136, in the middle of a grain"
    );
    let by_qemu = by_qemu(
        &random(1, 2 * GRAIN),
        "vmdk",
        "subformat=streamOptimized",
        &[],
    );
    for len in (0..by_qemu.len()).step_by(512) {
        assert!(
            streamed(&by_qemu[..len], 4096).is_err(),
            "{len} of {} bytes",
            by_qemu.len()
        );
    }
}

#[test]
fn padding_behind_the_end_is_zeros() {
    let mut file = small();
    let end = file.len();
    file.resize(end + 9000, 0);
    let disk = streamed(&file, 4096).unwrap();
    assert!(read(Format::Vmdk, file.clone()).unwrap() == disk);
    file[end + 77] = 1;
    assert_eq!(
        refusal(&file),
        format!(
            "goes on at byte {}, behind its end-of-stream marker",
            end + 77
        )
    );
}

#[test]
fn every_marker_is_checked() {
    let file = small();
    let (first, end) = (GRAIN, file.len());
    let told = |at: usize, patch: &[u8]| refusal(&patched(&file, at, patch));
    let (eos, footer, directory, table) =
        (end - 512, end - 1024, end - 2048, end - 2048 - 512 - 2048);
    let second = le32(&file, table + 4) as usize * 512;
    let no_grain = |sector: u64| {
        format!(
            "has a grain at byte 65536 whose marker says sector {sector}, where no grain of a disk of 256 sectors begins"
        )
    };
    assert_eq!(told(first, &[1]), no_grain(1));
    assert_eq!(told(first, &[0, 1]), no_grain(256));
    assert_eq!(told(first, &[0xff; 8]), no_grain(u64::MAX));
    assert_eq!(
        told(first + 8, &[0xff; 4]),
        "has a grain at byte 65536 whose marker claims 4294967295 bytes, more than 81920"
    );
    assert_eq!(
        told(first + 30, &[file[first + 30] ^ 4]),
        "grain at byte 65536: its zlib data is damaged"
    );
    assert_eq!(
        told(second, &[0]),
        format!("has a grain at byte {second} for sector 0, which has passed before")
    );
    let marker = table - 512;
    assert_eq!(
        told(marker, &[5]),
        format!(
            "has a marker at byte {marker} that claims 5 sectors for its grain table, and not 4"
        )
    );
    assert_eq!(
        told(marker + 12, &[9]),
        format!("has a marker of the unknown type 9 at byte {marker}")
    );
    assert_eq!(
        told(table, &[129]),
        format!(
            "has a grain table 0, at byte {table}, that does not name the grains that are there"
        )
    );
    assert_eq!(
        told(table + 8, &[129]),
        format!(
            "has a grain table 0, at byte {table}, that does not name the grains that are there"
        )
    );
    assert_eq!(
        told(directory - 512 + 12, &[1]),
        format!(
            "has a marker at byte {} that claims 1 sectors for its grain table, and not 4",
            directory - 512
        )
    );
    assert_eq!(
        told(directory, &[0]),
        "has no grain table 0, and grains that it should name"
    );
    assert_eq!(
        told(directory, &[200]),
        "has a grain directory that names a grain table at byte 102400, where none is"
    );
    assert_eq!(
        told(footer - 512, &[2]),
        format!(
            "has a marker at byte {} that claims 2 sectors for its footer, and not 1",
            footer - 512
        )
    );
    assert_eq!(
        told(footer - 512 + 12, &[0]),
        format!(
            "has a marker at byte {} that claims 1 sectors for its end of the stream, and not 0",
            footer - 512
        )
    );
    assert_eq!(
        told(footer, b"X"),
        format!("footer at byte {footer}: has no header of a sparse extent")
    );
    assert_eq!(
        told(footer + 12, &[8]),
        format!("has a footer at byte {footer} that disagrees with its header")
    );
    assert_eq!(
        told(footer + 56, &[1]),
        format!(
            "has a footer that says the grain directory is at byte 512, and it is at byte {directory}"
        )
    );
    assert_eq!(
        told(footer + 56, &[0xff; 8]),
        format!("has a footer at byte {footer} that disagrees with its header")
    );
    assert_eq!(
        told(eos, &[1]),
        format!(
            "has a marker at byte {eos} that claims 1 sectors for its end of the stream, and not 0"
        )
    );
    assert_eq!(
        told(eos + 12, &[3]),
        format!("has a marker at byte {eos} that claims 0 sectors for its footer, and not 1")
    );
    assert_eq!(
        told(eos + 8, &[3]),
        format!("has a grain at byte {eos} behind the footer")
    );
    let mut cut = file[..directory - 512].to_vec();
    cut.extend([0; 512]);
    assert_eq!(
        refusal(&cut),
        "has an end-of-stream marker, and no footer before it"
    );
    cut.truncate(directory - 512);
    cut.extend(&file[footer - 512..]);
    assert_eq!(refusal(&cut), "has a footer and no grain directory");
}

#[test]
fn the_map_checks_the_footer_as_well() {
    let file = small();
    let end = file.len();
    let told = |at: usize, patch: &[u8]| {
        crate::test_util::refusal(Format::Vmdk, patched(&file, at, patch))
    };
    let missing =
        "does not end with a footer and an end-of-stream marker: it is cut off or damaged";
    assert_eq!(told(end - 512, &[1]), missing);
    assert_eq!(told(end - 1536 + 12, &[2]), missing);
    assert_eq!(
        told(end - 1024 + 20, &[64]),
        format!(
            "has a footer at byte {} that disagrees with its header",
            end - 1024
        )
    );
    assert_eq!(
        crate::test_util::refusal(Format::Vmdk, file[..end - 512].to_vec()),
        missing
    );
}

#[test]
fn the_header_of_a_stream_is_checked() {
    let file = by_qemu(
        &random(1, 2 * GRAIN),
        "vmdk",
        "subformat=streamOptimized",
        &[],
    );
    let told = |at: usize, patch: &[u8]| refusal(&patched(&file, at, patch));
    assert_eq!(
        told(64, &[3]),
        "has its first grain at byte 1536, in the header or the descriptor, which end at byte 10752"
    );
    assert_eq!(
        told(64, &[0xff; 8]),
        format!(
            "ends at byte {}, in the middle of the space before the grains",
            file.len()
        )
    );
    assert_eq!(
        told(56, &[1]),
        "has a grain directory at byte 512, and there is room for it from byte 10752 to byte 65536"
    );
    assert_eq!(
        told(56, &[0x80]),
        "has a grain directory at byte 65536, and there is room for it from byte 10752 to byte 65536"
    );
    assert_eq!(
        told(26 * 512, &[26]),
        "has a grain table at byte 13312, and there is room for it from byte 13316 to byte 65536"
    );
    assert_eq!(
        told(27 * 512, &[0; 4]),
        "has a grain table 0, at byte 13824, that does not name the grains that are there"
    );
    assert_eq!(
        told(12, &[0, 0, 0, 0, 0, 8]),
        "has 68719476736 grains, more than one pass keeps account of"
    );
    let plain = by_qemu(&random(1, GRAIN), "vmdk", "", &[]);
    assert!(!is_stream(&plain[..512]) && !is_stream(b"KDMV"));
    assert_eq!(
        refusal(&plain),
        "is a vmdk disk that is not streamOptimized, and so cannot be read in one pass"
    );
}

#[test]
fn no_bit_makes_it_panic() {
    let file = small();
    let disk = streamed(&file, 4096).unwrap();
    let bits = (0..100 * 8).chain(GRAIN * 8..file.len() * 8).step_by(23);
    for bit in bits {
        let mut bad = file.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        if let Ok(read) = streamed(&bad, 4096) {
            assert!(read == disk, "bit {bit} makes another disk");
        }
    }
}

#[test]
fn a_grain_unfolds_to_a_grain() {
    let file = small();
    let with = |len: usize| {
        let mut data = random(1, 1000);
        data.resize(len, 0);
        let mut writer = Writer::default();
        writer.grain(0, &data);
        let file = patched(&file, GRAIN, &writer.out);
        let map = crate::test_util::refusal(Format::Vmdk, file.clone());
        assert_eq!(map.replace("unit", "grain"), refusal(&file));
        refusal(&file)
    };
    let more = "grain at byte 65536: its zlib data decompresses to more than 65536 bytes";
    assert_eq!(with(GRAIN + 1), more);
    assert_eq!(with(4 * GRAIN), more);
    assert_eq!(
        with(GRAIN - 1),
        "grain at byte 65536: its zlib data decompresses to 65535 bytes instead of 65536"
    );
}
