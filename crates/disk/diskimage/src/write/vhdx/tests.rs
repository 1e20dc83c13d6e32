use std::sync::Arc;

use sparse::BlockWrite;

use super::super::tests::{options, size_in_qemu, sparse, sparse_as, stored, told, written};
use super::super::{check, granularity, writer};
use crate::fields::{guid, le16, le32, le64};
use crate::test_util::{Memory, random, read, read_by_qemu};
use crate::{Format, Image, OpenOptions};

/// The CRC-32C of `part` with zeros at its bytes 4 to 8.
fn crc(part: &[u8]) -> u32 {
    let signature: &[u8; 4] = part[..4].try_into().unwrap();
    le32(&crate::vhdx::signed(part.to_vec(), signature), 4)
}

#[test]
fn the_front_is_laid_out_as_the_specification_says() {
    let file = sparse(Format::Vhdx, 5 << 20, &[(2 << 20, &[7; 4096])]);
    assert_eq!(&file[..8], b"vhdxfile");
    assert_eq!(&file[8..26], b"I\0n\0n\0k\0e\0e\0p\0e\0r\0");
    for (at, number) in [(64 << 10, 1), (128 << 10, 2)] {
        let header = &file[at..at + 4096];
        assert_eq!((&header[..4], le32(header, 4)), (&b"head"[..], crc(header)));
        assert_eq!(le64(header, 8), number);
        assert_eq!(header[16..32], header[32..48]);
        assert_eq!(header[48..64], [0; 16], "no log");
        assert_eq!((le16(header, 64), le16(header, 66)), (0, 1), "versions");
        assert_eq!((le32(header, 68), le64(header, 72)), (1 << 20, 1 << 20));
    }
    for at in [192 << 10, 256 << 10] {
        let table = &file[at..at + (64 << 10)];
        assert_eq!((&table[..4], le32(table, 4)), (&b"regi"[..], crc(table)));
        assert_eq!(le32(table, 8), 2);
        let region = |at: usize| {
            let name = guid(table[at..at + 16].try_into().unwrap());
            (
                name,
                le64(table, at + 16),
                le32(table, at + 24),
                le32(table, at + 28),
            )
        };
        let blocks = "2dc27766-f623-4200-9d64-115e9bfd4a08".to_owned();
        assert_eq!(region(16), (blocks, 3 << 20, 1 << 20, 1));
        let metadata = "8b7ca206-4790-4b9a-b8fe-575f050f886e".to_owned();
        assert_eq!(region(48), (metadata, 2 << 20, 1 << 20, 1));
    }
    assert!(
        file[1 << 20..2 << 20].iter().all(|&byte| byte == 0),
        "an empty log"
    );
    let entries = [0, 1, 2, 3, 4, 5].map(|number| le64(&file, (3 << 20) + number * 8));
    assert_eq!(entries, [2, 2, 4 << 20 | 6, 2, 2, 0]);
    assert_eq!(file.len(), 5 << 20);
    assert_eq!(file[4 << 20..][..4096], [7; 4096]);
}

#[test]
fn the_metadata_is_what_the_specification_wants() {
    let options = options(&[("block_size", "32M"), ("logical_sector_size", "4K")]);
    let file = sparse_as(Format::Vhdx, &options, 10_000, &[]);
    let metadata = &file[2 << 20..3 << 20];
    assert_eq!((&metadata[..8], le16(metadata, 10)), (&b"metadata"[..], 5));
    let items = [32, 64, 96, 128, 160].map(|at| {
        let (place, len) = (le32(metadata, at + 16), le32(metadata, at + 20));
        let item = metadata[place as usize..][..len as usize].to_vec();
        assert!(place >= 64 << 10);
        (
            guid(metadata[at..at + 16].try_into().unwrap()),
            item,
            le32(metadata, at + 24),
        )
    });
    let number = |number: u64, len: usize| number.to_le_bytes()[..len].to_vec();
    let expected = [
        (
            "caa16737-fa36-4d43-b3b6-33f0aa44e76b",
            number(32 << 20, 8),
            4,
        ),
        ("2fa54224-cd1b-4876-b211-5dbed83bf4b8", number(12288, 8), 6),
        (
            "beca12ab-b2e6-4523-93ef-c309e000c746",
            items[2].1.clone(),
            6,
        ),
        ("8141bf1d-a96f-4709-ba47-f233a8faab5f", number(4096, 4), 6),
        ("cda348c7-445d-4471-9cc9-e9885251c556", number(4096, 4), 6),
    ];
    let expected = expected.map(|(name, item, flags)| (name.to_owned(), item, flags));
    assert_eq!(items, expected);
    assert_eq!(items[2].1.len(), 16);
}

#[test]
fn sectors_of_4096_bytes_are_read_back() {
    let options = options(&[("logical_sector_size", "4096")]);
    let mut disk = random(1, (3 << 20) + 512);
    disk[1 << 20..2 << 20].fill(0);
    let file = written(Format::Vhdx, &options, &disk);
    let image = Image::open(
        Format::Vhdx,
        Arc::new(file.clone()),
        &OpenOptions::default(),
    )
    .unwrap();
    assert_eq!(image.about().notes[1], ("sector size", "4096".to_owned()));
    disk.resize((3 << 20) + 4096, 0);
    assert!(read(Format::Vhdx, file).unwrap() == disk);
    assert_eq!(granularity(Format::Vhdx, &options).unwrap(), 4096);
}

#[test]
fn bitmaps_have_their_entries_among_those_of_blocks() {
    // With blocks of 256 MiB, every 16 blocks (4 GiB) are followed by the entry of a bitmap.
    let options = options(&[("block_size", "256M")]);
    let data = random(1, 4096);
    let size = 9 << 30;
    let ranges: [(u64, &[u8]); 3] = [
        ((4 << 30) - 4096, &data),
        (4 << 30, &data),
        (size - 4096, &data),
    ];
    let memory = Memory::default();
    let mut writer = writer(
        Format::Vhdx,
        &options,
        size,
        Box::new(Shallow(memory.clone())),
    )
    .unwrap();
    for (offset, data) in ranges {
        writer.write_at(offset, data).unwrap();
    }
    writer.finish(size).unwrap();
    let file = memory.state.lock().unwrap().bytes.clone();
    let entry = |number: usize| le64(&file, (3 << 20) + number * 8);
    assert_eq!(
        [0, 15, 16, 17, 18].map(entry),
        [2, 4 << 20 | 6, 0, 260 << 20 | 6, 2]
    );
    assert_eq!([33, 34, 37, 38].map(entry), [0, 2, 516 << 20 | 6, 0]);
}

/// Takes what is in the first 4 MiB, which is all but the blocks.
struct Shallow(Memory);

impl BlockWrite for Shallow {
    fn name(&self) -> &str {
        "shallow"
    }
    fn path(&self) -> Option<&std::path::Path> {
        None
    }
    fn any_order(&self) -> bool {
        true
    }
    fn write_at(&mut self, offset: u64, data: &[u8]) -> error::Result<()> {
        if offset < 4 << 20 {
            self.0.write_at(offset, data)
        } else {
            Ok(())
        }
    }
    fn zero_at(&mut self, offset: u64, len: u64) -> error::Result<()> {
        if offset < 4 << 20 {
            self.0.zero_at(offset, len)
        } else {
            Ok(())
        }
    }
    fn finish(&mut self, size: u64) -> error::Result<()> {
        self.0.finish(size)
    }
    fn abort(&mut self) -> error::Result<()> {
        self.0.abort()
    }
}

#[test]
fn qemu_reads_what_lies_behind_a_bitmap() {
    let data = random(1, 4096);
    let options = options(&[("block_size", "1M")]);
    let size = (4 << 30) + (3 << 20);
    let ranges: [(u64, &[u8]); 3] = [
        ((4 << 30) - 4096, &data),
        ((4 << 30) + 8192, &data),
        (size - 512, &data[..512]),
    ];
    let file = stored(&sparse_as(Format::Vhdx, &options, size, &ranges));
    assert_eq!(size_in_qemu(file.path(), "vhdx"), size);
    for (offset, data) in ranges {
        let read = std::process::Command::new("qemu-img")
            .args(["dd", "-f", "vhdx", "-O", "raw", "bs=512"])
            .arg(format!("skip={}", offset / 512))
            .arg(format!("count={}", offset / 512 + data.len() as u64 / 512))
            .arg(format!("if={}", file.path().display()))
            .arg(format!("of={}.part", file.path().display()))
            .output()
            .expect("qemu-img is needed (Debian package qemu-utils)");
        assert!(read.status.success(), "{read:?}");
        let part = format!("{}.part", file.path().display());
        assert!(std::fs::read(&part).unwrap() == data, "{offset}");
        std::fs::remove_file(part).unwrap();
    }
}

#[test]
fn blocks_are_larger_where_the_table_would_be_long() {
    for (size, block) in [
        (1 << 20, 1),
        (1 << 40, 1),
        ((1 << 40) + 512, 2),
        (64 << 40, 64),
    ] {
        let file = sparse(Format::Vhdx, size, &[]);
        let image = Image::open(Format::Vhdx, Arc::new(file), &OpenOptions::default()).unwrap();
        assert_eq!(
            (image.size(), image.about().unit),
            (size, Some(block << 20))
        );
    }
}

#[test]
fn another_disk_has_another_id() {
    let ids = |disk: &[u8]| {
        let file = written(Format::Vhdx, &options(&[]), disk);
        [
            file[(64 << 10) + 32..][..16].to_vec(),
            file[(128 << 10) + 16..][..16].to_vec(),
        ]
    };
    let mut disk = random(1, 5 << 20);
    let before = ids(&disk);
    disk[3_000_000] ^= 1;
    assert!(before.iter().all(|id| !ids(&disk).contains(id)));
}

#[test]
fn qemu_can_write_to_it() {
    let disk = random(1, 3 << 20);
    let file = stored(&sparse(Format::Vhdx, 9 << 20, &[(0, &disk)]));
    let write = ["-f", "vhdx", "-c", "write -P 7 6M 1M"];
    let run = std::process::Command::new("qemu-io")
        .args(write)
        .arg(file.path())
        .output();
    let run = run.expect("qemu-io is needed (Debian package qemu-utils)");
    assert!(run.status.success(), "{run:?}");
    let mut expected = disk;
    expected.resize(6 << 20, 0);
    expected.resize(7 << 20, 7);
    expected.resize(9 << 20, 0);
    assert!(read_by_qemu(file.path(), "vhdx") == expected);
}

#[test]
fn options_that_make_no_sense_are_wrong_usage() {
    let text = |key, value| told(check(Format::Vhdx, &options(&[(key, value)])));
    let block = "error: invalid block_size 3M: must be a power of two from 1M to 256M";
    assert_eq!(text("block_size", "3M"), block);
    let block = "error: invalid block_size 512K: must be a power of two from 1M to 256M";
    assert_eq!(text("block_size", "512K"), block);
    let sector = "error: invalid logical_sector_size '1024'\nhint: one of: 512, 4096";
    assert_eq!(text("logical_sector_size", "1024"), sector);
    let subformat = "error: vhdx has no subformat 'fixed' here\nhint: dynamic is what is written";
    assert_eq!(text("subformat", "fixed"), subformat);
}
