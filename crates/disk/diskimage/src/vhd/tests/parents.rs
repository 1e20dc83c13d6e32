//! Differencing disks. No program at hand writes them, so they are made here.

use std::collections::HashMap;

use error::Error;

use super::*;
use crate::{Directory, FileAccess};

struct Files(HashMap<&'static str, Vec<u8>>);

impl Directory for Files {
    fn open(&self, name: &str) -> Result<Arc<dyn BlockRead>> {
        match self.0.get(name) {
            Some(file) => Ok(Arc::new(file.clone())),
            None => Err(Error::io("cannot be opened", "it is not there").at(name)),
        }
    }
}

fn access(files: impl IntoIterator<Item = (&'static str, Vec<u8>)>) -> OpenOptions {
    let directory = Arc::new(Files(files.into_iter().collect()));
    OpenOptions {
        access: FileAccess::none().with_images_below(directory),
        ..OpenOptions::default()
    }
}

/// `image` as a child of the disk with the id `parent`, which it names in its header.
fn child(image: &[u8], id: [u8; 16], parent: [u8; 16], name: &str) -> Vec<u8> {
    let image = with_footer(image, 60, &[0, 0, 0, 4]);
    let image = with_footer(&image, 68, &id);
    let image = with_header(&image, 40, &parent);
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    with_header(&image, 64, &name)
}

/// A child of which the first block has every other run of eight sectors, and what it reads as over
/// `below`.
fn half_written(below: &[u8], parent: [u8; 16]) -> (Vec<u8>, Vec<u8>) {
    let (mut disk, mut image) = image();
    let at = place(&image, 0);
    for byte in (0..512).step_by(2) {
        image[at + byte] = 0;
        disk[byte * 4096..][..4096].copy_from_slice(&below[byte * 4096..][..4096]);
    }
    // The second block is not there, and the last is.
    disk[2 << 20..4 << 20].copy_from_slice(&below[2 << 20..4 << 20]);
    (disk, child(&image, [2; 16], parent, "base.vhd"))
}

fn base(options: &str) -> (Vec<u8>, Vec<u8>) {
    let disk = random(9, (4 << 20) + (300 << 10));
    let image = by_qemu(&disk, "vpc", options, &[]);
    (disk, with_footer(&image, 68, &[1; 16]))
}

fn told(file: Vec<u8>, how: &OpenOptions) -> String {
    let image = Image::open(Format::Vhd, Arc::new(file), how);
    image.unwrap_err().to_string()
}

#[test]
fn what_was_not_written_is_read_below() {
    for options in ["subformat=fixed,force_size", "subformat=dynamic,force_size"] {
        let (below, parent) = base(options);
        let (disk, child) = half_written(&below, [1; 16]);
        let how = access([("base.vhd", parent)]);
        let mut image = Image::open(Format::Vhd, Arc::new(child), &how).unwrap();
        assert!(content(&mut image).unwrap() == disk);
        assert_eq!(image.about().variant, "differencing");
        assert_eq!(image.about().refers[0].name, "base.vhd");
    }
}

#[test]
fn a_parent_may_have_a_parent() {
    let (below, parent) = base("subformat=fixed,force_size");
    let (disk, middle) = half_written(&below, [1; 16]);
    let (_, top) = image();
    let mut top = child(&top, [3; 16], [2; 16], "C:\\disks\\middle.vhd");
    top[1536..1548].fill(0xff);
    let how = access([("base.vhd", parent), ("middle.vhd", middle)]);
    let mut image = Image::open(Format::Vhd, Arc::new(top), &how).unwrap();
    assert!(content(&mut image).unwrap() == disk);
}

fn wide(name: &str) -> Vec<u8> {
    name.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Adds a name of the parent to `file`, which goes behind the footer, and the footer behind the name.
fn locate(file: &mut Vec<u8>, slot: usize, platform: &[u8], name: Vec<u8>) {
    let footer = file.split_off(file.len() - 512);
    let mut locator = [0; 24];
    locator[..4].copy_from_slice(platform);
    locator[8..12].copy_from_slice(&(name.len() as u32).to_be_bytes());
    locator[16..].copy_from_slice(&(file.len() as u64).to_be_bytes());
    file.extend(name);
    file.extend(footer);
    *file = with_header(file, 576 + slot * 24, &locator);
}

#[test]
fn locators_go_before_the_name_in_the_header() {
    let (_, image) = image();
    let mut file = child(&image, [2; 16], [1; 16], "header.vhd");
    let name = |file: &mut Vec<u8>, slot: usize, platform: &[u8], name: Vec<u8>| {
        locate(file, slot, platform, name);
        let how = OpenOptions {
            access: FileAccess::looking(),
            ..OpenOptions::default()
        };
        let image = Image::open(Format::Vhd, Arc::new(file.clone()), &how).unwrap();
        image.about().refers[0].name.clone()
    };
    let mac = b"file://./base.vhd\0\0".to_vec();
    assert_eq!(name(&mut file, 3, b"MacX", mac), "file://./base.vhd");
    let absolute = r"C:\vms\base.vhd";
    assert_eq!(name(&mut file, 1, b"W2ku", wide(absolute)), absolute);
    let relative = r".\base.vhd";
    assert_eq!(name(&mut file, 2, b"W2ru", wide(relative)), relative);
    let wrong = with_header(&file, 576 + 2 * 24 + 16, &u64::MAX.to_be_bytes());
    assert_eq!(
        told(wrong, &access([])),
        format!(
            "parent locator at byte 18446744073709551615 is outside the file, which has {} bytes",
            file.len()
        )
    );
}

#[test]
fn a_parent_is_found_however_windows_names_it() {
    let (below, parent) = base("subformat=fixed,force_size");
    let (disk, child) = half_written(&below, [1; 16]);
    let nameless = with_header(&child, 64, &[0; 512]);
    let big = |name: &str| -> Vec<u8> { name.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let paths = [
        r".\bäse disk.vhd",
        r"C:\VMs\bäse disk.vhd",
        r"\\host\share\bäse disk.vhd",
    ];
    let mut files = Vec::new();
    for platform in [b"W2ru", b"W2ku"] {
        for path in paths {
            files.push((platform.to_vec(), wide(path)));
            files.push((platform.to_vec(), big(path)));
            files.push((platform.to_vec(), wide(&format!("{path}\0\0rest"))));
        }
    }
    for platform in [b"Wi2r", b"Wi2k"] {
        files.push((platform.to_vec(), r"C:\VMs\bäse disk.vhd".into()));
    }
    files.push((
        b"MacX".to_vec(),
        b"file:///C:/VMs/b%C3%A4se%20disk.vhd".to_vec(),
    ));
    for (platform, name) in files {
        let mut file = nameless.clone();
        locate(&mut file, 0, &platform, name.clone());
        let how = access([("bäse disk.vhd", parent.clone())]);
        let mut image = Image::open(Format::Vhd, Arc::new(file), &how).unwrap();
        assert!(
            content(&mut image).unwrap() == disk,
            "{platform:?} {name:?}"
        );
    }
    for name in [wide("base.vhd"), big("base.vhd")] {
        let file = with_header(&nameless, 64, &name);
        let how = access([("base.vhd", parent.clone())]);
        let mut image = Image::open(Format::Vhd, Arc::new(file), &how).unwrap();
        assert!(content(&mut image).unwrap() == disk);
    }
    // The relative path is an old one, and another locator is broken.
    let mut file = child.clone();
    locate(&mut file, 0, b"W2ru", wide(r".\moved.vhd"));
    locate(&mut file, 1, b"W2ku", wide(r"C:\VMs\base.vhd"));
    let file = with_header(
        &file,
        576 + 2 * 24,
        b"MacX\0\0\0\0\0\0\0\x09\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff",
    );
    let how = access([("base.vhd", parent)]);
    let mut image = Image::open(Format::Vhd, Arc::new(file.clone()), &how).unwrap();
    assert!(content(&mut image).unwrap() == disk);
    assert_eq!(told(file, &access([])), "moved.vhd: cannot be opened");
}

#[test]
fn a_parent_is_read_only_on_request_and_only_if_it_is_the_one() {
    let (below, parent) = base("subformat=fixed,force_size");
    let (_, child) = half_written(&below, [1; 16]);
    assert_eq!(
        told(child.clone(), &OpenOptions::default()),
        r#"needs its parent "base.vhd""#
    );
    assert_eq!(
        told(child.clone(), &access([])),
        "base.vhd: cannot be opened"
    );
    let stranger = with_footer(&parent, 68, &[7; 16]);
    assert_eq!(
        told(child.clone(), &access([("base.vhd", stranger)])),
        format!(
            "base.vhd: has the id {} and is not the parent, which has {}",
            "07".repeat(16),
            "01".repeat(16)
        )
    );
    assert_eq!(
        told(child.clone(), &access([("base.vhd", below)])),
        "base.vhd: is a raw disk and cannot be the parent of a vhd disk"
    );
    let how = OpenOptions {
        in_file_order: true,
        ..access([("base.vhd", parent)])
    };
    assert_eq!(
        told(child, &how),
        "is a differencing vhd disk, whose bitmaps are among the data: it cannot be read in one pass"
    );
}

#[test]
fn a_disk_is_not_its_own_ancestor() {
    let (_, image) = image();
    let round = child(&image, [5; 16], [5; 16], "round.vhd");
    let how = access([("round.vhd", round.clone())]);
    assert_eq!(
        told(round, &how),
        "round.vhd: is based on more than 16 other images"
    );
}
