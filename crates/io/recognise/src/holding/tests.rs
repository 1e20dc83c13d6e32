use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use testkit::machine::{noise, run};

use super::*;

const SIZE: u64 = 4 << 20;

fn find(file: &File) -> Option<Found> {
    let size = file.metadata().unwrap().len();
    find_in(size, |offset, buffer| file.read_exact_at(buffer, offset)).unwrap()
}

fn in_file(fill: impl FnOnce(&File, &Path)) -> Option<Found> {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(SIZE).unwrap();
    fill(file.as_file(), file.path());
    find(file.as_file())
}

#[test]
fn every_row_is_found_where_it_says() {
    for row in TABLE {
        let offset = row.at.offset(SIZE).unwrap();
        let found = in_file(|file, _| file.write_all_at(row.magic, offset).unwrap());
        let what = row.what;
        assert_eq!(found, Some(Found { what, offset }));
    }
    let found = in_file(|file, _| file.write_all_at(b"\x55\xaa", 510).unwrap());
    let (what, offset) = ("a partition table or boot sector", 510);
    assert_eq!(found, Some(Found { what, offset }));
}

#[test]
fn what_lies_behind_the_head_is_found_and_nothing_else() {
    let behind = |fill: &dyn Fn(&File)| {
        let file = tempfile::tempfile().unwrap();
        file.set_len(SIZE).unwrap();
        fill(&file);
        let read = |offset: u64, buffer: &mut [u8]| file.read_exact_at(buffer, offset);
        find_behind(70_000, SIZE, read)
            .unwrap()
            .map(|found| found.what)
    };
    assert_eq!(behind(&|_| ()), None);
    assert_eq!(
        behind(&|file| file.write_all_at(b"EFI PART", 512).unwrap()),
        None
    );
    let end = |file: &File| file.write_all_at(b"EFI PART", SIZE - 512).unwrap();
    assert_eq!(behind(&end), Some("a GPT backup partition table"));
    let vmfs = |file: &File| file.write_all_at(b"\x0d\xd0\x01\xc0", 1 << 20).unwrap();
    assert_eq!(behind(&vmfs), Some("a VMFS volume"));
}

#[test]
fn a_device_too_small_for_a_signature_has_none() {
    for size in [0, 1, 511, 512, 4096, 70_000] {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(&noise(1, size), 0).unwrap();
        assert_eq!(find(&file), None, "{size} bytes");
    }
}

#[test]
fn zfs_is_found_in_any_slot_of_a_first_or_last_label() {
    for offset in [
        ZFS_LABEL / 2,
        ZFS_LABEL / 2 + 37 * 1024,
        SIZE - 3 * ZFS_LABEL / 2,
    ] {
        let magic = ZFS_UBERBLOCK.to_le_bytes();
        let found = in_file(|file, _| file.write_all_at(&magic, offset).unwrap()).unwrap();
        assert_eq!((found.what, found.offset), ("a ZFS pool member", offset));
    }
}

#[test]
fn what_the_tools_make_is_recognised() {
    let cases: [(&str, &[&str], &str); 4] = [
        ("mkfs.ext4", &["-q"], "an ext2, ext3 or ext4 file system"),
        ("mkswap", &[], "swap space"),
        ("mkfs.vfat", &[], "a FAT file system"),
        ("mkfs.minix", &[], "a Minix file system"),
    ];
    for (program, arguments, what) in cases {
        let found = in_file(|file, path| {
            run(program, &[arguments, &[path.to_str().unwrap()]].concat());
            let mut head = vec![0; 70_000];
            file.read_exact_at(&mut head, 0).unwrap();
            assert_eq!(
                in_head(&head).map(|found| found.what),
                Some(what),
                "{program}"
            );
        });
        assert_eq!(found.map(|found| found.what), Some(what), "{program}");
    }
}

fn told(head: &[u8]) -> Option<&'static str> {
    in_head(head).map(|found| found.what)
}

#[test]
fn a_short_magic_number_needs_the_fields_around_it() {
    let mut head = vec![0; 4096];
    assert_eq!(told(&head), None);
    head[1080..1082].copy_from_slice(b"\x53\xef");
    assert_eq!(told(&head), None);
    for at in [1024, 1028, 1056, 1064] {
        head[at] = 8;
    }
    assert_eq!(told(&head), Some("an ext2, ext3 or ext4 file system"));
    assert_eq!(told(&head[..1081]), None);
    head[1048] = 7;
    assert_eq!(told(&head), None, "blocks of 128 KiB");
    assert_eq!(told(&[]), None);
}

#[test]
fn every_long_magic_number_is_enough_for_a_head() {
    for row in TABLE {
        let At::Start(offset) = row.at else { continue };
        let mut head = vec![0; 2 << 20];
        head[offset as usize..offset as usize + row.magic.len()].copy_from_slice(row.magic);
        let enough = (row.makes_sense)(&head);
        assert!(enough || row.magic.len() <= 8, "{}", row.what);
        assert_eq!(told(&head), enough.then_some(row.what));
    }
}

fn boot_sector(entries: &[[u8; 16]], code: &[u8]) -> Vec<u8> {
    let mut sector = vec![0; 512];
    sector[..code.len()].copy_from_slice(code);
    for (number, entry) in entries.iter().enumerate() {
        sector[446 + 16 * number..][..16].copy_from_slice(entry);
    }
    sector[510..].copy_from_slice(b"\x55\xaa");
    sector
}

#[test]
fn a_boot_sector_shows_a_table_or_code() {
    let entry = |status, kind, start, sectors| {
        let mut entry = [0; 16];
        (entry[0], entry[4], entry[8], entry[12]) = (status, kind, start, sectors);
        entry
    };
    for (entries, code, what) in [
        (
            vec![entry(0x80, 7, 1, 1)],
            &b""[..],
            Some("an MBR partition table"),
        ),
        // As isohybrid makes them, from sector 0 on.
        (
            vec![entry(0x80, 0x17, 0, 9)],
            b"\x33\xed",
            Some("an MBR partition table"),
        ),
        (
            vec![entry(0, 0xee, 1, 0xff)],
            b"",
            Some("an MBR partition table"),
        ),
        (
            vec![],
            b"",
            Some("an MBR partition table without partitions"),
        ),
        (
            vec![],
            b"\xfa",
            Some("an MBR partition table without partitions"),
        ),
        (vec![entry(1, 7, 1, 1)], b"", None),
        (vec![entry(0x80, 0, 1, 1)], b"", None),
        (vec![entry(1, 7, 1, 1)], b"\xeb\x3c\x90", Some("boot code")),
        (vec![entry(0, 7, 1, 0)], b"\xe9", Some("boot code")),
        (vec![entry(0, 7, 1, 0)], b"\x7a", None),
    ] {
        assert_eq!(told(&boot_sector(&entries, code)), what, "{entries:?}");
    }
    let mut unsigned = boot_sector(&[entry(0x80, 7, 1, 1)], b"");
    unsigned[511] = 0;
    assert_eq!(told(&unsigned), None);
}
