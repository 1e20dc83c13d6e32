mod broken;
mod parents;

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;
use crate::test_util::{by_qemu, content, disks, patched, random, read, read_by_qemu};
use crate::{Format, Image, Location};

/// Bytes in a block and its bitmap.
const STEP: usize = (2 << 20) + 512;

/// A disk of three blocks, of which the first and a part of the last are data, and its image.
fn image() -> (Vec<u8>, Vec<u8>) {
    let mut disk = random(1, 2 << 20);
    disk.resize(4 << 20, 0);
    disk.extend(random(2, 300 << 10));
    let image = by_qemu(&disk, "vpc", "subformat=dynamic,force_size", &[]);
    (disk, image)
}

/// `image` with the checksum at `checksum` of the `len` bytes from `start` on made right.
fn sealed(image: Vec<u8>, start: usize, len: usize, checksum: usize) -> Vec<u8> {
    let image = patched(&image, start + checksum, &[0; 4]);
    let sum: u32 = image[start..start + len]
        .iter()
        .map(|&b| u32::from(b))
        .sum();
    patched(&image, start + checksum, &(!sum).to_be_bytes())
}

/// `image` with `patch` at byte `at` of the footer and of its copy, if there is one.
fn with_footer(image: &[u8], at: usize, patch: &[u8]) -> Vec<u8> {
    let end = image.len() - 512;
    let image = sealed(patched(image, end + at, patch), end, 512, 64);
    if image.starts_with(b"conectix") {
        sealed(patched(&image, at, patch), 0, 512, 64)
    } else {
        image
    }
}

/// `image` with `patch` at byte `at` of the header.
fn with_header(image: &[u8], at: usize, patch: &[u8]) -> Vec<u8> {
    sealed(patched(image, 512 + at, patch), 512, 1024, 36)
}

fn opened(file: Vec<u8>, in_file_order: bool) -> Image {
    let how = OpenOptions {
        in_file_order,
        ..OpenOptions::default()
    };
    Image::open(Format::Vhd, Arc::new(file), &how).unwrap()
}

/// Where the block is that the table has at `index`.
fn place(image: &[u8], index: usize) -> usize {
    let entry = 1536 + index * 4;
    u32::from_be_bytes(image[entry..entry + 4].try_into().unwrap()) as usize * 512
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn what_qemu_writes_is_read(disk in disks(), fixed in any::<bool>(), exact in any::<bool>()) {
        let kind = if fixed { "fixed" } else { "dynamic" };
        let size = if exact { ",force_size" } else { "" };
        let image = by_qemu(&disk, "vpc", &format!("subformat={kind}{size}"), &[]);
        let room = tempfile::tempdir().unwrap();
        let path = room.path().join("image");
        std::fs::write(&path, &image).unwrap();
        let expected = read_by_qemu(&path, "vpc");
        prop_assert!(expected.starts_with(&disk) && (!exact || expected.len() == disk.len()));
        for in_file_order in [false, true] {
            let found = content(&mut opened(image.clone(), in_file_order)).unwrap();
            prop_assert!(found == expected);
        }
    }

    #[test]
    fn sectors_that_were_never_written_are_zeros(seed in any::<u64>(), ragged in any::<bool>()) {
        let (mut disk, mut image) = image();
        let at = place(&image, 0);
        let bits = random(seed, 512);
        for (i, bit) in bits.iter().enumerate() {
            image[at + i] = if ragged || i % 128 == 5 { *bit } else { 0xff };
        }
        for sector in 0..4096 {
            if image[at + sector / 8] & 0x80 >> (sector % 8) == 0 {
                disk[sector * 512..][..512].fill(0);
            }
        }
        for in_file_order in [false, true] {
            let found = content(&mut opened(image.clone(), in_file_order)).unwrap();
            prop_assert!(found == disk);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn numbers_by_chance_do_no_harm(
        numbers in prop::collection::vec((0usize..14, prop_oneof![any::<u32>(), 0u32..9, Just(u32::MAX)]), 1..4),
        in_file_order in any::<bool>(),
    ) {
        static IMAGE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| image().1);
        let fields = [12, 16, 20, 28, 48, 52, 56, 528, 532, 536, 540, 544, 1536, 1544];
        let mut file = IMAGE.clone();
        for (field, number) in numbers {
            let (at, number) = (fields[field], number.to_be_bytes());
            file = match at {
                ..512 => with_footer(&file, at, &number),
                512..1536 => with_header(&file, at - 512, &number),
                _ => patched(&file, at, &number),
            };
        }
        let how = OpenOptions { in_file_order, ..OpenOptions::default() };
        crate::test_util::walk(Image::open(Format::Vhd, Arc::new(file), &how));
    }
}

/// A file that counts how often it is read.
struct Counting(Vec<u8>, AtomicUsize);

impl BlockRead for Counting {
    fn name(&self) -> &str {
        "counting"
    }
    fn size(&self) -> Option<u64> {
        None
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.read_at(offset, buffer)
    }
}

#[test]
fn in_file_order_no_lookup_reads() {
    let (disk, image) = image();
    let file = Arc::new(Counting(image, AtomicUsize::new(0)));
    let how = OpenOptions {
        in_file_order: true,
        ..OpenOptions::default()
    };
    let mut image = Image::open(Format::Vhd, Arc::clone(&file) as _, &how).unwrap();
    let before = file.1.load(Ordering::Relaxed);
    let mut at = 0;
    while at < image.size() {
        at += image.lookup(at).unwrap().len;
    }
    assert_eq!(file.1.load(Ordering::Relaxed), before);
    assert!(content(&mut image).unwrap() == disk);
}

#[test]
fn a_block_is_one_stretch() {
    let (disk, file) = image();
    let (first, last) = (place(&file, 0), place(&file, 2));
    let mut image = opened(file.clone(), false);
    let plain = |offset: usize| Location::Plain {
        file: 0,
        offset: offset as u64,
    };
    let mut told = |at: u64| {
        let stretch = image.lookup(at).unwrap();
        (stretch.len, stretch.location)
    };
    assert_eq!(told(700), ((2 << 20) - 700, plain(first + 512 + 700)));
    assert_eq!(told(2 << 20), (2 << 20, Location::Nowhere));
    assert_eq!(told(4 << 20), (300 << 10, plain(last + 512)));
    assert_eq!(image.about().variant, "dynamic");
    assert_eq!(image.about().unit, Some(2 << 20));
    assert_eq!(image.about().notes, [("creator", "qem2".to_owned())]);
    let fixed = by_qemu(&disk, "vpc", "subformat=fixed", &[]);
    assert_eq!(opened(fixed, false).about().variant, "fixed");
}

#[test]
fn blocks_come_in_any_order() {
    let (disk, file) = image();
    let mut swapped = file.clone();
    let (first, last) = (place(&file, 0), place(&file, 2));
    swapped.copy_within(last..last + STEP, first);
    swapped[last..last + STEP].copy_from_slice(&file[first..first + STEP]);
    swapped[1536..1540].copy_from_slice(&file[1544..1548]);
    swapped[1544..1548].copy_from_slice(&file[1536..1540]);
    assert!(read(Format::Vhd, swapped).unwrap() == disk);
}

#[test]
fn the_file_may_end_with_the_disk() {
    let (disk, mut image) = image();
    image.truncate(place(&image, 2) + 512 + (300 << 10));
    for in_file_order in [false, true] {
        assert!(content(&mut opened(image.clone(), in_file_order)).unwrap() == disk);
    }
}

#[test]
fn the_size_loses_nothing() {
    let (_, image) = image();
    let size = |creator: &[u8], geometry: [u8; 4]| {
        let image = with_footer(&with_footer(&image, 28, creator), 56, &geometry);
        opened(image, false).size()
    };
    let current = (4 << 20) + (300 << 10);
    // 9000 sectors are more than the disk has, 8000 are less, 15000 are more than there is room for.
    assert_eq!(size(b"win ", [0, 90, 10, 10]), current);
    assert_eq!(size(b"vpc ", [0, 90, 10, 10]), 9000 * 512);
    assert_eq!(size(b"qemu", [0, 90, 10, 10]), 9000 * 512);
    assert_eq!(size(b"qemu", [0, 80, 10, 10]), current);
    assert_eq!(size(b"qemu", [0, 150, 10, 10]), current);
    assert_eq!(size(b"qemu", [255, 255, 16, 255]), current);
}

#[test]
fn a_fixed_disk_has_only_what_lies_before_its_footer() {
    let disk = random(1, 100 << 9);
    let image = by_qemu(&disk, "vpc", "subformat=fixed,force_size", &[]);
    let old = |geometry: [u8; 4]| {
        let image = with_footer(&with_footer(&image, 28, b"qemu"), 56, &geometry);
        opened(image, false).size()
    };
    assert_eq!(old([0, 10, 10, 2]), 100 << 9);
    assert_eq!(old([0, 1, 10, 2]), 100 << 9);
    // The footer of old has a byte less.
    let mut short = image;
    assert_eq!(short.pop(), Some(0));
    assert!(read(Format::Vhd, short).unwrap() == disk);
}

#[test]
fn a_disk_may_be_empty() {
    let dynamic = by_qemu(&[], "vpc", "subformat=dynamic,force_size", &[]);
    assert!(read(Format::Vhd, dynamic).unwrap().is_empty());
    let fixed = by_qemu(&[0; 512], "vpc", "subformat=fixed,force_size", &[]);
    let footer = with_footer(&fixed, 48, &[0; 8])[512..].to_vec();
    assert!(read(Format::Vhd, footer).unwrap().is_empty());
}

#[test]
fn either_footer_will_do() {
    let (disk, image) = image();
    let end = image.len() - 512;
    let note = |image: Vec<u8>| {
        let mut image = opened(image, false);
        assert!(content(&mut image).unwrap() == disk);
        let note = image.about().notes.iter().find(|note| note.0 == "footer");
        note.map(|note| note.1.clone()).unwrap_or_default()
    };
    assert_eq!(note(image.clone()), "");
    let damaged = "damaged, its copy at byte 0 is used";
    assert_eq!(note(patched(&image, end + 100, &[1])), damaged);
    assert_eq!(note(image[..end].to_vec()), damaged);
    assert_eq!(
        note(patched(&image, 0, &[0; 512])),
        "the copy at byte 0 is damaged"
    );
}
