use proptest::prelude::*;

use super::*;
use crate::test_util::{advised, by_qemu, disks, patched, random, read, refusal};
use crate::{FileAccess, Format, Image};

/// A VDI of five blocks of which two and a piece are data: blocks 0, 3 and 4.
fn image() -> (Vec<u8>, Vec<u8>) {
    let mut disk = random(1, 1 << 20);
    disk.resize(3 << 20, 0);
    disk.extend(random(2, 1 << 20));
    disk.extend(random(3, 5 << 10));
    let image = by_qemu(&disk, "vdi", "", &[]);
    (disk, image)
}

fn opened(file: Vec<u8>) -> Image {
    Image::open(Format::Vdi, Arc::new(file), &OpenOptions::default()).unwrap()
}

fn le(bytes: &[u8], at: usize) -> usize {
    le32(bytes, at) as usize
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn what_qemu_writes_is_read(disk in disks(), fixed in any::<bool>()) {
        let options = if fixed { "static=on" } else { "" };
        let image = by_qemu(&disk, "vdi", options, &[]);
        prop_assert!(read(Format::Vdi, image).unwrap() == disk);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn numbers_by_chance_do_no_harm(
        numbers in prop::collection::vec((0usize..14, prop_oneof![any::<u32>(), 0u32..9, Just(u32::MAX)]), 1..4),
    ) {
        static IMAGE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| image().1);
        let map = le(&IMAGE, 340);
        let fields = [68, 72, 76, 340, 344, 368, 372, 376, 380, 384, 388, map, map + 4, map + 12];
        let mut file = IMAGE.clone();
        for (field, number) in numbers {
            file = patched(&file, fields[field], &number.to_le_bytes());
        }
        crate::test_util::walk(Image::open(Format::Vdi, Arc::new(file), &OpenOptions::default()));
    }
}

#[test]
fn it_says_what_it_is() {
    let (disk, image) = image();
    let dynamic = opened(image);
    assert_eq!(dynamic.about().variant, "dynamic");
    assert_eq!(dynamic.about().unit, Some(1 << 20));
    assert_eq!(dynamic.about().refers, []);
    let fixed = opened(by_qemu(&disk, "vdi", "static=on", &[]));
    assert_eq!(fixed.about().variant, "fixed");
}

#[test]
fn neighbours_are_one_stretch() {
    let (disk, image) = image();
    let mut map = opened(image.clone());
    let data = le(&image, 344) as u64;
    let plain = |offset| Location::Plain { file: 0, offset };
    let told = |map: &mut Image, at| {
        let stretch = map.lookup(at).unwrap();
        (stretch.len, stretch.location)
    };
    assert_eq!(told(&mut map, 5), ((1 << 20) - 5, plain(data + 5)));
    assert_eq!(told(&mut map, 1 << 20), (2 << 20, Location::Nowhere));
    let rest = disk.len() as u64 - (3 << 20);
    assert_eq!(told(&mut map, 3 << 20), (rest, plain(data + (1 << 20))));
}

#[test]
fn blocks_come_in_any_order() {
    let (disk, image) = image();
    let (map, data) = (le(&image, 340), le(&image, 344));
    let mut reversed = image.clone();
    for (block, number) in [(0, 2u32), (3, 1), (4, 0)] {
        reversed[map + block * 4..][..4].copy_from_slice(&number.to_le_bytes());
        let from = data + le(&image, map + block * 4) * (1 << 20);
        reversed[data + number as usize * (1 << 20)..][..1 << 20]
            .copy_from_slice(&image[from..from + (1 << 20)]);
    }
    assert!(read(Format::Vdi, reversed).unwrap() == disk);
}

#[test]
fn discarded_blocks_and_free_ones_are_zeros() {
    let (mut disk, image) = image();
    disk[..1 << 20].fill(0);
    for number in [u32::MAX, u32::MAX - 1] {
        let patched = patched(&image, le(&image, 340), &number.to_le_bytes());
        assert!(read(Format::Vdi, patched).unwrap() == disk);
    }
}

#[test]
fn the_file_may_end_with_the_disk() {
    let (disk, image) = image();
    let end = le(&image, 344) + (2 << 20) + (5 << 10);
    assert!(read(Format::Vdi, image[..end].to_vec()).unwrap() == disk);
    assert_eq!(
        refusal(Format::Vdi, image[..end - 1].to_vec()),
        format!(
            "block 4 at bytes {} to {end} is outside the file, which has {} bytes",
            end - (5 << 10),
            end - 1
        )
    );
}

#[test]
fn the_first_version_is_read() {
    let mut image = vec![0; 512];
    image[64..68].copy_from_slice(&0xbeda_107fu32.to_le_bytes());
    image[68..72].copy_from_slice(&2u32.to_le_bytes());
    image[72..76].copy_from_slice(&1u32.to_le_bytes());
    image[352..360].copy_from_slice(&1500u64.to_le_bytes());
    image[360..364].copy_from_slice(&512u32.to_le_bytes());
    image[364..368].copy_from_slice(&3u32.to_le_bytes());
    image[368..372].copy_from_slice(&2u32.to_le_bytes());
    for (block, number) in [(0, 1u32), (1, u32::MAX), (2, 0)] {
        image[420 + block * 4..][..4].copy_from_slice(&number.to_le_bytes());
    }
    image.truncate(432);
    let blocks = random(1, 1024);
    image.extend(&blocks);
    let mut disk = blocks[512..].to_vec();
    disk.extend([0; 512]);
    disk.extend(&blocks[..476]);
    assert!(read(Format::Vdi, image).unwrap() == disk);
}

#[test]
fn a_disk_may_be_empty() {
    let disk = read(Format::Vdi, by_qemu(&[], "vdi", "", &[])).unwrap();
    assert!(disk.is_empty());
}

#[test]
fn an_image_with_a_parent_is_refused() {
    let (_, image) = image();
    let uuid: Vec<u8> = (0..16).collect();
    for (kind, name) in [(3u32, "undo"), (4, "differencing")] {
        let file = patched(&patched(&image, 76, &kind.to_le_bytes()), 424, &uuid);
        let error = read(Format::Vdi, file.clone()).unwrap_err();
        assert_eq!(
            advised(&error),
            "error: needs its parent, which has the UUID 03020100-0504-0706-0809-0a0b0c0d0e0f\n\
             advice: AllowBacking"
        );
        assert_eq!(error.kind(), error::Kind::Refused);
        let how = OpenOptions {
            access: FileAccess::looking(),
            ..OpenOptions::default()
        };
        let looked = Image::open(Format::Vdi, Arc::new(file), &how).unwrap();
        assert_eq!(looked.about().variant, name);
        assert_eq!(looked.about().refers[0].what, "parent");
    }
}

/// Files of which each is known by its UUID.
struct Files(Vec<Vec<u8>>);

impl crate::Directory for Files {
    fn open(&self, name: &str) -> Result<Arc<dyn BlockRead>> {
        panic!("{name} is opened by its name");
    }

    fn open_by_id(&self, wanted: &str) -> Result<Option<Arc<dyn BlockRead>>> {
        let is_it = |file: &&Vec<u8>| id(*file).unwrap().as_deref() == Some(wanted);
        let found = self.0.iter().find(is_it).cloned();
        Ok(found.map(|file| Arc::new(file) as Arc<dyn BlockRead>))
    }
}

fn over(files: Vec<Vec<u8>>) -> OpenOptions {
    OpenOptions {
        access: FileAccess::none().with_images_below(Arc::new(Files(files))),
        ..OpenOptions::default()
    }
}

/// `image` with this UUID, as one that is on top of the one with the UUID `parent`.
fn child(image: &[u8], id: u8, parent: u8) -> Vec<u8> {
    let image = patched(image, 76, &4u32.to_le_bytes());
    patched(&patched(&image, 392, &[id; 16]), 424, &[parent; 16])
}

#[test]
fn an_image_is_read_over_its_parents() {
    let (disk, image) = image();
    let below = random(7, (3 << 20) + (300 << 10));
    let base = patched(&by_qemu(&below, "vdi", "", &[]), 392, &[1; 16]);
    let middle = child(&by_qemu(&[0; 3 << 20], "vdi", "", &[]), 2, 1);
    let map = le(&image, 340);
    // Block 1 reads as the images below, and block 2 as zeros.
    let top = child(&patched(&image, map + 8, &ZERO.to_le_bytes()), 3, 2);
    let mut expected = disk;
    expected[1 << 20..2 << 20].copy_from_slice(&below[1 << 20..2 << 20]);
    let how = over(vec![middle, base]);
    let mut image = Image::open(Format::Vdi, Arc::new(top.clone()), &how).unwrap();
    assert!(crate::test_util::content(&mut image).unwrap() == expected);
    let refused = |how: &OpenOptions| {
        let opened = Image::open(Format::Vdi, Arc::new(top.clone()), how);
        opened.unwrap_err().to_string()
    };
    assert_eq!(
        refused(&over(Vec::new())),
        "needs its parent, which has the UUID 02020202-0202-0202-0202-020202020202, and no file there has it"
    );
    let around = over(vec![child(&by_qemu(&[0; 512], "vdi", "", &[]), 2, 2)]);
    assert!(refused(&around).ends_with("is based on more than 16 other images"));
}

#[test]
fn broken_headers_are_told() {
    let (_, image) = image();
    let told = |at, patch: &[u8]| refusal(Format::Vdi, patched(&image, at, patch));
    let number = |at, number: u32| told(at, &number.to_le_bytes());
    let size = (4 << 20) + (5 << 10);
    let (map, data, len) = (le(&image, 340), le(&image, 344), image.len());
    assert_eq!(number(64, 0), "has no VDI signature at byte 64");
    assert_eq!(
        number(68, 0x20003),
        "is a vdi disk of version 2.3, 1.1 is known"
    );
    assert_eq!(
        number(72, 383),
        "has a header of 383 bytes, at least 384 belong to it"
    );
    assert_eq!(
        number(72, u32::MAX),
        format!(
            "has its block map at byte {map}, inside its header, which ends at byte 4294967367"
        )
    );
    assert_eq!(number(76, 5), "has the image type 5, 1 to 4 are known");
    assert_eq!(
        number(340, 455),
        "has its block map at byte 455, inside its header, which ends at byte 456"
    );
    assert_eq!(
        number(340, data as u32 - 16),
        format!(
            "has blocks from byte {data} on, inside its block map, which ends at byte {}",
            data + 4
        )
    );
    assert_eq!(
        number(344, u32::MAX),
        format!(
            "block 0 at bytes 4294967295 to 4296015871 is outside the file, which has {len} bytes"
        )
    );
    for bytes in [size + (1 << 20), 1 << 63, u64::MAX] {
        assert_eq!(
            told(368, &bytes.to_le_bytes()),
            format!("has 5 blocks of 1048576 bytes, too few for a disk of {bytes} bytes")
        );
    }
    for bytes in [0, 256, 3 << 20] {
        assert_eq!(
            number(376, bytes),
            format!("has blocks of {bytes} bytes, which is not a power of two from 512 on")
        );
    }
    assert_eq!(
        number(376, 512),
        format!("has 5 blocks of 512 bytes, too few for a disk of {size} bytes")
    );
    assert_eq!(
        number(380, 512),
        "has 512 bytes before each block, which are not known"
    );
    assert_eq!(
        number(384, 4),
        format!("has 4 blocks of 1048576 bytes, too few for a disk of {size} bytes")
    );
    assert_eq!(
        number(384, u32::MAX),
        format!(
            "has blocks from byte {data} on, inside its block map, which ends at byte {}",
            map as u64 + 4 * u64::from(u32::MAX)
        )
    );
    assert_eq!(number(388, 6), "has 6 of 5 blocks in the file");
}

#[test]
fn a_map_that_claims_the_earth_costs_nothing() {
    let (_, image) = image();
    let mut image = patched(&image, 368, &(1u64 << 51).to_le_bytes());
    image = patched(&image, 384, &(1u32 << 31).to_le_bytes());
    image = patched(&image, 344, &u32::MAX.to_le_bytes());
    assert_eq!(
        refusal(Format::Vdi, image),
        "has blocks from byte 4294967295 on, inside its block map, which ends at byte 8589935104"
    );
}

#[test]
fn broken_maps_are_told() {
    let (_, image) = image();
    let (map, data) = (le(&image, 340), le(&image, 344));
    let entry = |block: usize, number: u32| {
        let patched = patched(&image, map + block * 4, &number.to_le_bytes());
        refusal(Format::Vdi, patched)
    };
    let second = data + (1 << 20);
    assert_eq!(
        entry(2, 1),
        format!("blocks 2 and 3 are both at byte {second}")
    );
    let first = data as u64 + (0x7fff_ffff << 20);
    assert_eq!(
        entry(1, 0x7fff_ffff),
        format!(
            "block 1 at bytes {first} to {} is outside the file, which has {} bytes",
            first + (1 << 20),
            image.len()
        )
    );
    let short = image[..map + 10].to_vec();
    assert_eq!(
        refusal(Format::Vdi, short),
        format!(
            "block map at bytes {map} to {} is outside the file, which has {} bytes",
            map + 20,
            map + 10
        )
    );
    assert_eq!(
        refusal(Format::Vdi, image[..100].to_vec()),
        "ended at byte 100, inside its header"
    );
}
