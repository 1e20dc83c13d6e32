use std::process::Command;

use super::*;
use crate::tree::Tree;

/// Bytes that differ from block to block.
fn content(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i / 7 + i / 4096) as u8).collect()
}

/// An image of `size` that mke2fs made with `arguments` from a small tree of files.
fn image(size: &str, arguments: &[&str]) -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    std::fs::create_dir_all(root.join("boot/grub")).unwrap();
    std::fs::write(root.join("boot/vmlinuz"), content(3_000_000)).unwrap();
    std::fs::write(root.join("boot/grub/grub.cfg"), "set timeout=5\n").unwrap();
    std::fs::write(root.join("boot/empty"), "").unwrap();
    std::fs::write(root.join("boot/medium"), content(150)).unwrap();
    let sparse = std::fs::File::create(root.join("sparse")).unwrap();
    sparse.set_len(5_000_000).unwrap();
    std::os::unix::fs::FileExt::write_at(&sparse, b"end", 4_999_997).unwrap();
    let many = root.join("many");
    std::fs::create_dir(&many).unwrap();
    for i in 0..600 {
        std::fs::write(many.join(format!("a-file-with-a-long-name-{i:04}")), "x").unwrap();
    }
    std::os::unix::fs::symlink("boot/vmlinuz", root.join("short")).unwrap();
    let long = format!("{}/boot/vmlinuz", "/.".repeat(100));
    std::os::unix::fs::symlink(long, root.join("long")).unwrap();
    let path = directory.path().join("disk");
    let made = Command::new("mke2fs")
        .args([
            "-q",
            "-F",
            "-L",
            "guest-root",
            "-U",
            "01234567-89ab-cdef-0123-456789abcdef",
        ])
        .args(arguments)
        .arg("-d")
        .args([&root, &path])
        .arg(size)
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    (directory, path)
}

fn open(path: &std::path::Path) -> Ext {
    let bytes = std::fs::read(path).unwrap();
    Ext::open(Arc::new(bytes)).unwrap().unwrap()
}

/// Everything in the tree that [`image`] makes is read as it was written.
fn check(ext: Ext) {
    let tree = Tree::new(Arc::new(ext));
    let read = |path: &str| tree.read(path.as_bytes(), 1 << 23).unwrap();
    let kernel = content(3_000_000);
    for path in ["/boot/vmlinuz", "/short", "/long"] {
        assert!(read(path) == Some(kernel.clone()), "{path}");
    }
    assert_eq!(read("/boot/grub/grub.cfg").unwrap(), b"set timeout=5\n");
    assert_eq!(read("/boot/empty").unwrap(), b"");
    assert_eq!(read("/boot/medium").unwrap(), content(150));
    let sparse = read("/sparse").unwrap();
    assert!(sparse.len() == 5_000_000 && sparse.ends_with(b"\0end"));
    assert!(sparse[..4_999_997].iter().all(|byte| *byte == 0));
    let names = tree.list(b"/many").unwrap().unwrap();
    assert_eq!(names.len(), 600);
    assert_eq!(names[599], b"a-file-with-a-long-name-0599");
    assert_eq!(read("/many/a-file-with-a-long-name-0321").unwrap(), b"x");
    let names = tree.list(b"/boot").unwrap().unwrap();
    let expected: [&[u8]; 4] = [b"empty", b"grub", b"medium", b"vmlinuz"];
    assert_eq!(names, expected);
}

fn made_with(size: &str, arguments: &[&str], kind: &str) {
    let (_directory, path) = image(size, arguments);
    let ext = open(&path);
    assert_eq!(ext.about().kind, kind);
    assert_eq!(ext.about().label, "guest-root");
    assert_eq!(ext.about().uuid, "01234567-89ab-cdef-0123-456789abcdef");
    check(ext);
}

#[test]
fn ext2_with_small_blocks() {
    made_with("24M", &["-t", "ext2", "-b", "1024"], "ext2");
}

#[test]
fn ext3_with_inodes_of_128_bytes() {
    made_with("32M", &["-t", "ext3", "-b", "2048", "-I", "128"], "ext3");
}

#[test]
fn ext4_as_it_is_made_today() {
    let features = "metadata_csum,metadata_csum_seed,64bit,orphan_file";
    made_with("40M", &["-t", "ext4", "-O", features], "ext4");
}

#[test]
fn ext4_without_64_bit_and_checksums() {
    made_with(
        "40M",
        &["-t", "ext4", "-O", "^64bit,^metadata_csum"],
        "ext4",
    );
}

#[test]
fn ext4_with_inline_data() {
    made_with(
        "40M",
        &["-t", "ext4", "-O", "inline_data", "-I", "512"],
        "ext4",
    );
}

#[test]
fn ext4_with_clusters() {
    made_with(
        "64M",
        &["-t", "ext4", "-O", "bigalloc", "-C", "65536"],
        "ext4",
    );
}

#[test]
fn ext4_with_meta_groups() {
    made_with(
        "40M",
        &["-t", "ext4", "-b", "1024", "-O", "meta_bg,^resize_inode"],
        "ext4",
    );
}

#[test]
fn ext4_with_two_copies_of_its_superblock() {
    made_with(
        "40M",
        &[
            "-t",
            "ext4",
            "-b",
            "1024",
            "-g",
            "1024",
            "-O",
            "sparse_super2,^resize_inode,meta_bg",
        ],
        "ext4",
    );
}

#[test]
fn names_have_no_case_in_a_directory_that_folds_it() {
    let (_directory, path) = image("40M", &["-t", "ext4", "-O", "casefold"]);
    let flag = Command::new("debugfs")
        .args(["-w", "-R", "set_inode_field /boot flags 0x40080000"])
        .arg(&path)
        .output()
        .unwrap();
    assert!(flag.status.success());
    let tree = Tree::new(Arc::new(open(&path)));
    assert!(tree.read(b"/boot/VMLINUZ", 1 << 23).unwrap().is_some());
    assert!(tree.read(b"/BOOT/vmlinuz", 1 << 23).unwrap().is_none());
}

#[test]
fn a_bad_checksum_is_corrupt() {
    let (_directory, path) = image("40M", &["-t", "ext4", "-O", "metadata_csum"]);
    let mut bytes = std::fs::read(&path).unwrap();
    let ext = open(&path);
    let root = ext.groups.inode(&ext.blocks, &ext.geometry, ROOT).unwrap() as usize;
    bytes[root + 8] ^= 1;
    let tree = Tree::new(Arc::new(Ext::open(Arc::new(bytes)).unwrap().unwrap()));
    let error = tree.list(b"/").unwrap_err();
    assert_eq!(error.kind(), error::Kind::Corrupt);
    assert!(
        error.message().contains("inode 2: its checksum is 0x"),
        "{error:?}"
    );
}

#[test]
fn what_is_no_superblock_is_no_file_system() {
    assert!(Ext::open(Arc::new(vec![0; 4096])).unwrap().is_none());
    assert!(Ext::open(Arc::new(vec![0; 10])).unwrap().is_none());
}

/// Runs commands of debugfs on the image at `path`, which it may change.
fn debugfs(path: &std::path::Path, commands: &str) -> String {
    let script = path.with_extension("commands");
    std::fs::write(&script, commands).unwrap();
    let ran = Command::new("debugfs")
        .args(["-w", "-f"])
        .args([&script, path])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

/// The first block of the kernel, as debugfs tells it.
fn first_block(path: &std::path::Path) -> u64 {
    let told = debugfs(path, "bmap /boot/vmlinuz 0\n");
    told.lines().last().unwrap().trim().parse().unwrap()
}

fn kernel(path: &std::path::Path) -> (Vec<u8>, Vec<String>) {
    let ext = open(path);
    let notes = ext.about().notes.clone();
    let tree = Tree::new(Arc::new(ext));
    let kernel = tree.read(b"/boot/vmlinuz", 1 << 23).unwrap().unwrap();
    (kernel, notes)
}

#[test]
fn a_journal_is_replayed_in_memory() {
    for features in ["metadata_csum,64bit", "^metadata_csum,^64bit"] {
        let (directory, path) = image("40M", &["-t", "ext4", "-b", "4096", "-O", features]);
        let block = first_block(&path);
        let new = directory.path().join("new");
        // The second block begins with the journal's signature, which is not stored as it is.
        let mut bytes = vec![b'n'; 8192];
        bytes[4096..4100].copy_from_slice(&[0xC0, 0x3B, 0x39, 0x98]);
        std::fs::write(&new, &bytes).unwrap();
        let (second, new) = (block + 1, new.display());
        debugfs(&path, &format!("jo\njw -b {block},{second} {new}\njc\n"));

        let before = std::fs::read(&path).unwrap();
        let (kernel, notes) = kernel(&path);
        assert_eq!(kernel[..8192], bytes);
        assert_eq!(kernel[8192..], content(3_000_000)[8192..]);
        let note = "not unmounted; 2 blocks of its journal were replayed in memory";
        assert_eq!(notes, [note]);
        assert!(before == std::fs::read(&path).unwrap());
    }
}

#[test]
fn revoked_and_unfinished_blocks_are_not_replayed() {
    let (directory, path) = image("40M", &["-t", "ext4", "-b", "4096"]);
    let block = first_block(&path);
    let new = directory.path().join("new");
    std::fs::write(&new, [b'n'; 8192]).unwrap();
    let (second, new) = (block + 1, new.display());
    let write =
        format!("jo\njw -b {block},{second} {new}\njw -r {block}\njw -b {second} {new} -c\njc\n");
    debugfs(&path, &write);
    let (kernel, _) = kernel(&path);
    let old = content(3_000_000);
    assert_eq!(kernel[..4096], old[..4096]);
    assert_eq!(kernel[4096..8192], [b'n'; 4096]);
    assert_eq!(kernel[8192..], old[8192..]);
}
