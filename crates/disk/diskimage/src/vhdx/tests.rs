mod broken;
mod build;
mod log;
mod parents;

use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;

use super::*;
use crate::test_util::{by_qemu, content, disks, patched, random, read, read_by_qemu};
use crate::{Format, Image, Location};
use build::{Built, PRESENT, at_mib, told};

fn opened(file: Vec<u8>) -> Image {
    Image::open(Format::Vhdx, Arc::new(file), &OpenOptions::default()).unwrap()
}

/// What qemu-img reads from `image`.
fn qemu_reads(image: &[u8]) -> Vec<u8> {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("image");
    std::fs::write(&path, image).unwrap();
    read_by_qemu(&path, "vhdx")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn what_qemu_writes_is_read(
        disk in disks(),
        fixed in any::<bool>(),
        block in prop::sample::select(&["1M", "2M", "8M"][..]),
        log in prop::sample::select(&["1M", "3M"][..]),
        zero in prop::sample::select(&["on", "off"][..]),
    ) {
        let kind = if fixed { "fixed" } else { "dynamic" };
        let options = format!("subformat={kind},block_size={block},log_size={log},block_state_zero={zero}");
        let image = by_qemu(&disk, "vhdx", &options, &[]);
        prop_assert!(read(Format::Vhdx, image).unwrap() == disk);
    }
}

#[test]
fn it_says_what_it_is() {
    let disk = random(1, 3 << 20);
    let image = by_qemu(&disk, "vhdx", "subformat=dynamic,block_size=1M", &[]);
    let image = opened(image);
    assert_eq!(image.about().variant, "dynamic");
    assert_eq!(image.about().unit, Some(1 << 20));
    let notes = &image.about().notes;
    assert!(notes[0].0 == "creator" && notes[0].1.starts_with("QEMU"));
    assert_eq!(notes[1], ("sector size", "512".to_owned()));
    let mut fixed = Built::new(512, 1 << 20, 1 << 20);
    fixed.flags = 1;
    assert_eq!(opened(fixed.file()).about().variant, "fixed");
}

#[test]
fn what_is_built_here_is_what_qemu_knows() {
    let (disk, image) = three_blocks(512);
    assert!(read(Format::Vhdx, image.file()).unwrap() == disk);
    assert!(qemu_reads(&image.file()) == disk);
}

/// A disk of five blocks of 1 MiB and 8 KiB, of which the first, the third and the last are there, in
/// another order.
fn three_blocks(sector: u32) -> (Vec<u8>, Built) {
    let len = (5 << 20) + 8192;
    let mut image = Built::new(sector, 1 << 20, len);
    let mut disk = vec![0; len as usize];
    for (block, mib, state) in [(0, 6, PRESENT), (2, 4, PRESENT), (5, 5, PRESENT)] {
        image.table[block] = at_mib(mib, state);
    }
    // Not there, zero, unmapped: all the same.
    image.table[1] = 2;
    image.table[3] = at_mib(9, 3);
    image.table[4] = 1;
    image.data = random(7, 3 << 20);
    disk[..1 << 20].copy_from_slice(&image.data[2 << 20..]);
    disk[2 << 20..3 << 20].copy_from_slice(&image.data[..1 << 20]);
    disk[5 << 20..].copy_from_slice(&image.data[1 << 20..][..8192]);
    (disk, image)
}

#[test]
fn sectors_of_4096_bytes_are_read() {
    let (disk, image) = three_blocks(4096);
    let mut image = opened(image.file());
    assert!(content(&mut image).unwrap() == disk);
    let size = ("sector size", "4096".to_owned());
    assert!(image.about().notes.contains(&size));
}

#[test]
fn bitmaps_stand_between_the_entries_of_blocks() {
    for (sector, ratio) in [(512u32, 4096u64), (4096, 32_768)] {
        let blocks = 2 * ratio + 7;
        let mut image = Built::new(sector, 1 << 20, blocks << 20);
        image.table = vec![0; (blocks + 2) as usize];
        // The last block before a bitmap's entry, and the first two behind the second one.
        image.table[ratio as usize - 1] = at_mib(9, PRESENT);
        image.table[2 * ratio as usize + 2] = at_mib(10, PRESENT);
        image.table[2 * ratio as usize + 3] = at_mib(11, PRESENT);
        image.data = vec![1; 8 << 20];
        let mut image = opened(image.file());
        let mut told = |block: u64| {
            let stretch = image.lookup((block << 20) + 5).unwrap();
            let location = match stretch.location {
                Location::Plain { offset, .. } => Some((offset - 5) >> 20),
                _ => None,
            };
            ((stretch.len + 5) >> 20, location)
        };
        assert_eq!(told(0), (ratio - 1, None));
        assert_eq!(told(ratio - 1), (1, Some(9)));
        assert_eq!(told(ratio), (ratio, None));
        assert_eq!(told(2 * ratio), (2, Some(10)));
        assert_eq!(told(2 * ratio + 2), (5, None));
    }
}

#[test]
fn neighbours_are_one_stretch() {
    let mut image = Built::new(512, 2 << 20, 6 << 20);
    image.data = random(1, 6 << 20);
    for block in 0..3 {
        image.table[block] = at_mib(4 + 2 * block as u64, PRESENT);
    }
    let data = image.data.clone();
    let mut image = opened(image.file());
    let stretch = image.lookup(1).unwrap();
    let location = Location::Plain {
        file: 0,
        offset: (4 << 20) + 1,
    };
    assert_eq!((stretch.len, stretch.location), ((6 << 20) - 1, location));
    assert!(content(&mut image).unwrap() == data);
}

#[test]
fn a_disk_may_be_empty_and_a_file_may_end_with_it() {
    let empty = Built::new(512, 1 << 20, 0).file();
    assert!(read(Format::Vhdx, empty).unwrap().is_empty());
    let (disk, image) = three_blocks(512);
    let mut image = image;
    image.table.swap(0, 5);
    let mut expected = disk.clone();
    expected[5 << 20..].copy_from_slice(&disk[..8192]);
    expected[..8192].copy_from_slice(&disk[5 << 20..]);
    expected[8192..1 << 20].copy_from_slice(&image.data[(1 << 20) + 8192..2 << 20]);
    let end = (6 << 20) + 8192;
    let file = image.file();
    assert!(read(Format::Vhdx, file[..end].to_vec()).unwrap() == expected);
    assert_eq!(
        told(file[..end - 1].to_vec()),
        format!(
            "block 5 at bytes 6291456 to {end} is outside the file, which has {} bytes",
            end - 1
        )
    );
}

#[test]
fn the_newer_header_counts_and_either_will_do() {
    let (disk, image) = three_blocks(512);
    let file = image.file();
    for at in [64 << 10, 128 << 10, 192 << 10, 256 << 10] {
        let damaged = patched(&file, at + 100, &[9]);
        assert!(read(Format::Vhdx, damaged).unwrap() == disk);
    }
    // The older header has a version that is not known.
    let old = build::sealed(patched(&file, (64 << 10) + 66, &[2]), 64 << 10, 4096);
    assert!(read(Format::Vhdx, old).unwrap() == disk);
}

/// A file that knows where it was last read.
struct Reads(Vec<u8>, AtomicU64);

impl BlockRead for Reads {
    fn name(&self) -> &str {
        "reads"
    }
    fn size(&self) -> Option<u64> {
        None
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.1
            .fetch_max(offset + buffer.len() as u64, Ordering::Relaxed);
        self.0.read_at(offset, buffer)
    }
}

#[test]
fn lookups_read_no_data() {
    let (disk, image) = three_blocks(512);
    let file = Arc::new(Reads(image.file(), AtomicU64::new(0)));
    let how = OpenOptions {
        in_file_order: true,
        ..OpenOptions::default()
    };
    let mut image = Image::open(Format::Vhdx, Arc::clone(&file) as _, &how).unwrap();
    for at in 0..disk.len() as u64 >> 12 {
        image.lookup(at << 12).unwrap();
    }
    assert!(file.1.load(Ordering::Relaxed) <= 4 << 20);
    assert!(content(&mut image).unwrap() == disk);
}
