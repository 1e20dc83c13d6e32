//! Differencing disks. No program at hand writes them, so they are made here.

use std::collections::HashMap;

use super::build::CONTENT;
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

/// A parent locator with these pairs.
fn locator(pairs: &[(&str, &str)]) -> Vec<u8> {
    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let mut item = build::id("b04aefb7-d19e-4a81-b789-25b8e9445913").to_vec();
    item.extend([0, 0, pairs.len() as u8, 0]);
    let mut texts = Vec::new();
    let start = 20 + pairs.len() * 12;
    for (key, value) in pairs {
        let (key, value) = (wide(key), wide(value));
        let at = (start + texts.len()) as u32;
        item.extend(at.to_le_bytes());
        item.extend((at + key.len() as u32).to_le_bytes());
        item.extend((key.len() as u16).to_le_bytes());
        item.extend((value.len() as u16).to_le_bytes());
        texts.extend(key);
        texts.extend(value);
    }
    item.extend(texts);
    item
}

fn linkage() -> String {
    format!("{{{}}}", guid_of(CONTENT).to_uppercase())
}

fn guid_of(id: [u8; 16]) -> String {
    crate::fields::guid(id)
}

/// A child of five blocks: not there, partly there, there, zero, not there.
fn child(sector: u32, below: &[u8]) -> (Vec<u8>, Built) {
    let mut image = Built::new(sector, 1 << 20, 5 << 20);
    image.flags = 2;
    image.locator = Some(locator(&[
        ("parent_linkage", &linkage()),
        ("absolute_win32_path", r"C:\vms\base.vhdx"),
        ("relative_path", r".\base.vhdx"),
    ]));
    let ratio = (1 << 23) * sector as usize / (1 << 20);
    image.table = vec![0; ratio + 1];
    image.table[1] = at_mib(4, 7);
    image.table[2] = at_mib(5, PRESENT);
    image.table[3] = 2;
    // Behind the disk's end, where there is nothing to say.
    image.table[5] = at_mib(900, PRESENT);
    image.table[ratio] = at_mib(6, PRESENT);
    image.data = random(3, 2 << 20);
    let mut bitmap = vec![0; 1 << 20];
    let mut disk = below.to_vec();
    // The second block's bits follow those of the first.
    let sectors = (1 << 20) / sector as usize;
    for bit in 0..sectors {
        if bit % 7 < 3 {
            bitmap[(sectors + bit) / 8] |= 1 << (bit % 8);
            let (at, len) = (bit * sector as usize, sector as usize);
            disk[(1 << 20) + at..][..len].copy_from_slice(&image.data[at..at + len]);
        }
    }
    disk[2 << 20..3 << 20].copy_from_slice(&image.data[1 << 20..]);
    disk[3 << 20..4 << 20].fill(0);
    image.data.extend(bitmap);
    (disk, image)
}

fn base() -> (Vec<u8>, Vec<u8>) {
    let mut image = Built::new(512, 1 << 20, 5 << 20);
    image.data = random(4, 5 << 20);
    image.table = (4..9).map(|mib| at_mib(mib, PRESENT)).collect();
    (image.data.clone(), image.file())
}

fn refused(file: Vec<u8>, how: &OpenOptions) -> String {
    let image = Image::open(Format::Vhdx, Arc::new(file), how);
    image.unwrap_err().to_string()
}

#[test]
fn what_is_not_here_is_read_below() {
    let (below, parent) = base();
    for sector in [512, 4096] {
        let (disk, child) = child(sector, &below);
        let how = access([("base.vhdx", parent.clone())]);
        let mut image = Image::open(Format::Vhdx, Arc::new(child.file()), &how).unwrap();
        assert!(content(&mut image).unwrap() == disk);
        assert_eq!(image.about().variant, "differencing");
        assert_eq!(image.about().refers[0].name, r".\base.vhdx");
    }
}

#[test]
fn of_the_parents_names_the_one_counts_that_is_there() {
    let (below, parent) = base();
    let (disk, mut image) = child(512, &below);
    let volume = r"\\?\Volume{26a21bda-a627-11d7-9931-806e6f6e6963}\VMs\base.vhdx";
    for (key, path) in [
        ("relative_path", r"..\VMs\base.vhdx"),
        ("absolute_win32_path", r"\\?\C:\VMs\base.vhdx"),
        ("volume_path", volume),
    ] {
        image.locator = Some(locator(&[
            ("parent_linkage", &linkage()),
            (key, path),
            ("relative_path", "moved.vhdx"),
        ]));
        let how = access([("base.vhdx", parent.clone())]);
        let mut image = Image::open(Format::Vhdx, Arc::new(image.file()), &how).unwrap();
        assert!(content(&mut image).unwrap() == disk, "{key}");
    }
}

#[test]
fn a_parent_is_read_only_on_request_and_only_if_it_is_the_one() {
    let (below, parent) = base();
    let child = child(512, &below).1.file();
    assert_eq!(
        refused(child.clone(), &OpenOptions::default()),
        r#"needs its parent ".\\base.vhdx""#
    );
    assert_eq!(
        refused(child.clone(), &access([])),
        "base.vhdx: cannot be opened"
    );
    let mut stranger = parent.clone();
    for at in [64 << 10, 128 << 10] {
        stranger = build::sealed(patched(&stranger, at + 32, &[7; 16]), at, 4096);
    }
    let name = r".\base.vhdx";
    assert_eq!(
        refused(child.clone(), &access([("base.vhdx", stranger)])),
        format!(
            "{name}: has content with the id {{{}}} and is not the parent, which has {}",
            guid_of([7; 16]),
            linkage().to_lowercase()
        )
    );
    assert_eq!(
        refused(child.clone(), &access([("base.vhdx", below)])),
        format!("{name}: is a raw disk and cannot be the parent of a vhdx disk")
    );
    let how = OpenOptions {
        in_file_order: true,
        ..access([("base.vhdx", parent)])
    };
    assert_eq!(
        refused(child.clone(), &how),
        "is a differencing vhdx disk, whose bitmaps are among the data: it cannot be read in one pass"
    );
    let how = OpenOptions {
        access: FileAccess::looking(),
        ..OpenOptions::default()
    };
    let looked = Image::open(Format::Vhdx, Arc::new(child), &how).unwrap();
    assert_eq!(looked.about().refers[0].what, "parent");
}

#[test]
fn a_disk_is_not_its_own_ancestor() {
    let round = child(512, &[0; 5 << 20]).1.file();
    let how = access([("base.vhdx", round.clone())]);
    assert_eq!(
        refused(round, &how),
        r".\base.vhdx: is based on more than 16 other images"
    );
}

#[test]
fn broken_locators_are_told() {
    let told = |item: Vec<u8>| {
        let mut image = child(512, &[0; 5 << 20]).1;
        image.locator = Some(item);
        refused(image.file(), &OpenOptions::default())
    };
    let good = locator(&[("relative_path", "base.vhdx")]);
    assert_eq!(told(good.clone()), r#"needs its parent "base.vhdx""#);
    assert_eq!(
        told(patched(&good, 0, &[0])),
        "has a parent locator of the type b04aef00-d19e-4a81-b789-25b8e9445913, which is not known"
    );
    assert_eq!(
        told(good[..31].to_vec()),
        "has a parent locator that ends in its pair 0"
    );
    assert_eq!(
        told(patched(&good, 20, &u32::MAX.to_le_bytes())),
        format!(
            "has text at bytes 4294967295 to 4294967321 of a parent locator of {} bytes",
            good.len()
        )
    );
    let nameless = locator(&[("parent_linkage", "{}")]);
    assert_eq!(told(nameless), r#"needs its parent """#);
}

#[test]
fn broken_bitmaps_are_told() {
    let (below, parent) = base();
    let told = |change: &dyn Fn(&mut Built)| {
        let mut image = child(512, &below).1;
        change(&mut image);
        let how = access([("base.vhdx", parent.clone())]);
        let image = Image::open(Format::Vhdx, Arc::new(image.file()), &how);
        let read = image.and_then(|mut image| content(&mut image));
        read.unwrap_err().to_string()
    };
    assert_eq!(
        told(&|image| image.table[4096] = 0),
        "block 1 is partly there and has no sector bitmap"
    );
    assert_eq!(
        told(&|image| image.table[4096] = at_mib(6, 7)),
        "sector bitmap 0 is in the state 7, which is not possible"
    );
    assert_eq!(
        told(&|image| image.table[4096] = at_mib(5, PRESENT)),
        "block 2 at byte 5242880 and sector bitmap 0 at byte 5242880 share bytes"
    );
    assert_eq!(
        told(&|image| image.table[4096] = at_mib(7, PRESENT)),
        "sector bitmap 0 at bytes 7340032 to 8388608 is outside the file, which has 7340032 bytes"
    );
}
