mod damaged;

use std::path::{Path, PathBuf};
use std::process::Command;

use sparse::fields::le32;

use super::geometry::Bits;
use super::*;
use crate::tree::Tree;

/// Bytes that differ from cluster to cluster.
fn content(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i / 7 + i / 512) as u8).collect()
}

/// The kernel's bytes: it fits a floppy disk.
const KERNEL: usize = 700_000;

fn run(program: &str, arguments: &[&str]) {
    let ran = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .env("MTOOLS_SKIP_CHECK", "1")
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&ran.stderr)
    );
}

/// An image of `size` KiB that mkfs.fat made with `arguments`, with a small tree of files.
fn image(size: &str, arguments: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("disk");
    let disk = path.to_str().unwrap();
    let name = ["-C", "-n", "GUEST EFI", "-i", "1234abcd"];
    run("mkfs.fat", &[&name, arguments, &[disk, size]].concat());
    fill(&directory.path().join("root"), disk);
    (directory, path)
}

/// Makes a tree of files and copies it to the image `disk`.
fn fill(root: &Path, disk: &str) {
    std::fs::create_dir_all(root.join("EFI/BOOT")).unwrap();
    std::fs::create_dir_all(root.join("many")).unwrap();
    std::fs::write(root.join("before"), content(20_000)).unwrap();
    std::fs::write(root.join("EFI/BOOT/BOOTX64.EFI"), content(100)).unwrap();
    std::fs::write(root.join("EFI/BOOT/grub.cfg"), "set timeout=5\n").unwrap();
    std::fs::write(root.join("EFI/BOOT/empty"), "").unwrap();
    std::fs::write(root.join("Größe von 日本.txt"), "long").unwrap();
    std::fs::write(root.join("ÄÖ.TXT"), "short").unwrap();
    std::fs::write(root.join(format!("{}ŀ", "x".repeat(200))), "longest").unwrap();
    for i in 0..300 {
        let name = format!("many/a-file-with-a-long-name-{i:04}");
        std::fs::write(root.join(name), "").unwrap();
    }
    let kernel = root.parent().unwrap().join("vmlinuz-6.1.0");
    std::fs::write(&kernel, content(KERNEL)).unwrap();
    let from = |name: &str| root.join(name).display().to_string();
    let files = ["before", "EFI", "many", "Größe von 日本.txt", "ÄÖ.TXT"].map(from);
    let longest = from(&format!("{}ŀ", "x".repeat(200)));
    let mut arguments = vec!["-s", "-Q", "-i", disk];
    arguments.extend(files.iter().map(String::as_str));
    arguments.extend([longest.as_str(), "::/"]);
    run("mcopy", &arguments);
    // The kernel's first clusters are where this file was.
    run("mdel", &["-i", disk, "::/before"]);
    run("mcopy", &["-i", disk, kernel.to_str().unwrap(), "::/"]);
}

fn open(path: &Path) -> Fat {
    let bytes = std::fs::read(path).unwrap();
    Fat::open(Arc::new(bytes)).unwrap().unwrap()
}

fn tree(bytes: Vec<u8>) -> Tree {
    Tree::new(Arc::new(Fat::open(Arc::new(bytes)).unwrap().unwrap()))
}

/// Everything in the tree that [`fill`] makes is read as it was written.
fn check(fat: Fat) {
    let tree = Tree::new(Arc::new(fat));
    let read = |path: &str| tree.read(path.as_bytes(), 1 << 23).unwrap();
    assert!(read("/vmlinuz-6.1.0").unwrap() == content(KERNEL));
    assert!(read("/VMLINUZ-6.1.0").unwrap() == content(KERNEL));
    assert_eq!(read("/efi/boot/bootx64.efi").unwrap(), content(100));
    assert_eq!(read("/EFI/BOOT/empty").unwrap(), b"");
    assert_eq!(read("/Größe von 日本.txt").unwrap(), b"long");
    assert_eq!(read("/äö.txt").unwrap(), b"short");
    assert_eq!(read("/before"), None);
    let longest = format!("{}ŀ", "x".repeat(200));
    assert_eq!(read(&longest).unwrap(), b"longest");
    let names = tree.list(b"/EFI/BOOT").unwrap().unwrap();
    let expected: [&[u8]; 3] = [b"BOOTX64.EFI", b"empty", b"grub.cfg"];
    assert_eq!(names, expected);
    let names = tree.list(b"/").unwrap().unwrap();
    let expected = [
        "EFI",
        "Größe von 日本.txt",
        "many",
        "vmlinuz-6.1.0",
        &longest,
        "ÄÖ.TXT",
    ];
    let expected: Vec<_> = expected.map(|name| name.as_bytes().to_vec()).into();
    assert_eq!(names, expected);
    let names = tree.list(b"/many").unwrap().unwrap();
    assert_eq!(names.len(), 300);
    assert_eq!(names[299], b"a-file-with-a-long-name-0299");
}

fn made_with(size: &str, arguments: &[&str], bits: Bits) -> Fat {
    let (_directory, path) = image(size, arguments);
    let fat = open(&path);
    assert_eq!(fat.geometry.bits, bits);
    assert_eq!(fat.about().kind, "vfat");
    assert_eq!(fat.about().label, "GUEST EFI");
    assert_eq!(fat.about().uuid, "1234-ABCD");
    assert_eq!(fat.about().notes, [""; 0]);
    check(open(&path));
    fat
}

#[test]
fn a_floppy_disk_has_fat12() {
    made_with("1440", &[], Bits::Twelve);
}

#[test]
fn fat12_may_have_larger_clusters() {
    made_with("16000", &["-F", "12"], Bits::Twelve);
}

#[test]
fn fat16_has_a_root_of_fixed_length() {
    let fat = made_with("16000", &["-F", "16", "-r", "1024"], Bits::Sixteen);
    assert!(matches!(fat.geometry.root, Root::Fixed { len: 32768, .. }));
}

#[test]
fn fat32_has_its_root_in_a_chain() {
    let fat = made_with("40000", &["-F", "32", "-s", "1"], Bits::ThirtyTwo);
    assert!(matches!(fat.geometry.root, Root::Chain(2)));
    assert!(fat.geometry.clusters > 65_525);
}

#[test]
fn fat32_may_have_fewer_clusters_than_the_specification_allows() {
    let (_directory, path) = image("40000", &["-F", "32", "-s", "1"]);
    let mut bytes = std::fs::read(&path).unwrap();
    // mtools makes none. So this becomes one, whose end was free.
    bytes[32..36].copy_from_slice(&40_000_u32.to_le_bytes());
    let fat = Fat::open(Arc::new(bytes)).unwrap().unwrap();
    assert!(fat.geometry.clusters < 65_525);
    assert_eq!(fat.geometry.bits, Bits::ThirtyTwo);
    check(fat);
}

#[test]
fn sectors_have_up_to_4096_bytes() {
    for sector in ["1024", "2048", "4096"] {
        made_with(
            "40000",
            &["-S", sector, "-F", "16", "-s", "1"],
            Bits::Sixteen,
        );
    }
    made_with(
        "300000",
        &["-S", "4096", "-F", "32", "-s", "1"],
        Bits::ThirtyTwo,
    );
}

#[test]
fn one_table_is_enough() {
    let arguments = ["-f", "1", "-R", "77", "-F", "16", "-a"];
    made_with("16000", &arguments, Bits::Sixteen);
}

#[test]
fn a_file_system_that_mtools_made_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("disk");
    let disk = path.to_str().unwrap();
    run(
        "mformat",
        &[
            "-C", "-i", disk, "-f", "1440", "-v", "floppy", "-N", "12345678",
        ],
    );
    fill(&directory.path().join("root"), disk);
    let fat = open(&path);
    assert_eq!(fat.about().label, "FLOPPY");
    assert_eq!(fat.about().uuid, "1234-5678");
    check(fat);
}

#[test]
fn a_file_may_be_in_pieces() {
    let fat = made_with("16000", &["-F", "16", "-s", "1"], Bits::Sixteen);
    let mut runs = 0;
    fat.each(fat.root(), &mut |_, bytes| {
        let entry = Entry::parse(bytes, Bits::Sixteen);
        if entry.size == KERNEL as u32 {
            runs = chain::of(entry.first, entry.size.into(), &fat.blocks, &fat.geometry)?.len();
        }
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    assert!(runs > 1, "{runs}");
}

#[test]
fn the_label_is_that_of_the_root_directory() {
    let (_directory, path) = image("1440", &[]);
    let disk = path.to_str().unwrap();
    run("mlabel", &["-i", disk, "::Other"]);
    assert_eq!(open(&path).about().label, "OTHER");
    // As blkid and GRUB have it: what the boot sector says is not the label.
    run("mlabel", &["-c", "-i", disk, "::"]);
    assert_eq!(open(&path).about().label, "");
}

#[test]
fn the_table_that_is_in_use_is_read() {
    let (_directory, path) = image("40000", &["-F", "32", "-s", "1"]);
    let fat = open(&path);
    let mut bytes = std::fs::read(&path).unwrap();
    let table = fat.geometry.table as usize;
    let len = le32(&bytes, 36) as usize * 512;
    bytes[table..table + len].fill(0);
    let error = tree(bytes.clone()).list(b"/").unwrap_err();
    assert!(error.message().contains("it is not in use"), "{error:?}");
    bytes[40] = 0x81;
    check(Fat::open(Arc::new(bytes.clone())).unwrap().unwrap());
    bytes[40] = 0x82;
    let error = Fat::open(Arc::new(bytes)).err().unwrap();
    assert_eq!(error.message(), "boot sector: table 2 is in use, of 2");
}

#[test]
fn a_file_system_that_was_not_unmounted_has_a_note() {
    for (size, arguments, state) in [("1440", ["-F", "12"], 37), ("40000", ["-F", "32"], 65)] {
        let (_directory, path) = image(size, &arguments);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[state] = 1;
        let fat = Fat::open(Arc::new(bytes)).unwrap().unwrap();
        assert_eq!(fat.about().notes, ["not unmounted; it may have errors"]);
    }
}

#[test]
fn what_is_no_boot_sector_is_no_file_system() {
    assert!(Fat::open(Arc::new(vec![0; 4096])).unwrap().is_none());
    assert!(Fat::open(Arc::new(vec![0; 10])).unwrap().is_none());
    let mut sector = vec![0; 512];
    sector[510..].copy_from_slice(&[0x55, 0xAA]);
    assert!(Fat::open(Arc::new(sector)).unwrap().is_none());
}
