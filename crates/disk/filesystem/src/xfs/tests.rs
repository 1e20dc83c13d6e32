mod damaged;

use std::fmt::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;
use crate::tree::Tree;

/// An image in a file, which may have large holes.
struct Image(std::fs::File, u64);

impl BlockRead for Image {
    fn name(&self) -> &str {
        "image"
    }

    fn size(&self) -> Option<u64> {
        Some(self.1)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let n = self.1.saturating_sub(offset).min(buffer.len() as u64) as usize;
        self.0.read_exact_at(&mut buffer[..n], offset).unwrap();
        Ok(n)
    }
}

/// Bytes that differ from block to block.
fn content(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i / 7 + i / 4096) as u8).collect()
}

/// The target of a link that does not fit any inode: it leads to the kernel.
fn long_target() -> String {
    format!("{}/boot/vmlinuz", "/.".repeat(440))
}

/// Names with their number, of 30 bytes each.
fn name(i: usize) -> String {
    format!("a-file-with-a-long-name-{i:06}")
}

/// A tree of files as mkfs.xfs takes it; one of its directories has `many` names.
fn prototype(directory: &Path, many: usize) -> String {
    let file = |name: &str, bytes: &[u8]| {
        let path = directory.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let kernel = file("kernel", &content(3_000_000));
    let (config, empty) = (file("config", b"set timeout=5\n"), file("empty", b""));
    let mut text = format!(
        "/none\n0 0\nd--755 0 0\n\
         boot d--755 0 0\nvmlinuz ---644 0 0 {kernel}\nempty ---644 0 0 {empty}\n\
         grub d--755 0 0\ngrub.cfg ---644 0 0 {config}\n$\n$\n\
         short l--777 0 0 boot/vmlinuz\nlong l--777 0 0 {}\n\
         日本 d--755 0 0\nzürich ---644 0 0 {config}\n$\n{} ---644 0 0 {config}\n",
        long_target(),
        "x".repeat(255),
    );
    for (directory, count) in [("few", 20), ("some", 150), ("many", many)] {
        writeln!(text, "{directory} d--755 0 0").unwrap();
        for i in 0..count {
            writeln!(text, "{} ---644 0 0 {empty}", name(i)).unwrap();
        }
        text += "$\n";
    }
    text + "fifo p--644 0 0\n$\n"
}

/// An image of `size` that mkfs.xfs made with `arguments`.
fn image(size: &str, arguments: &[&str], many: usize) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let prototype = prototype(directory.path(), many);
    let (text, path) = (
        directory.path().join("prototype"),
        directory.path().join("disk"),
    );
    std::fs::write(&text, prototype).unwrap();
    let made = Command::new("mkfs.xfs")
        // With these it makes small ones, as for its own tests.
        .envs([("TEST_DIR", "1"), ("TEST_DEV", "1"), ("QA_CHECK_FS", "1")])
        .args(["-q", "-L", "guest-root"])
        .args(["-m", "uuid=01234567-89ab-cdef-0123-456789abcdef"])
        .args(arguments)
        .arg("-p")
        .arg(&text)
        .args(["-d", &format!("file,name={},size={size}", path.display())])
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    repair_link(&path);
    (directory, path)
}

/// Runs commands of xfs_db on the image at `path`, which it may change.
fn xfs_db(path: &Path, commands: &[&str]) -> String {
    let mut command = Command::new("xfs_db");
    for text in commands {
        command.args(["-c", text]);
    }
    let ran = command.arg("-x").arg(path).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

/// Puts the header in front of the long link's target, which mkfs.xfs forgets in version 5 (until 6.10).
fn repair_link(path: &Path) {
    let xfs = open(path);
    if !xfs.geometry.has_sums {
        return;
    }
    let inode = xfs.inode(inode_of(path, "/long")).unwrap();
    if inode.format() == Format::Local {
        return;
    }
    let extent = fork::extents(&inode, &xfs.blocks, &xfs.geometry).unwrap()[0];
    let target = long_target();
    let mut block = b"XSLM\0\0\0\0".to_vec();
    block.extend((target.len() as u32).to_be_bytes());
    block.resize(32, 0);
    block.extend(inode.number.to_be_bytes());
    block.extend((extent.place / 512).to_be_bytes());
    block.resize(56, 0);
    block.extend(target.as_bytes());
    block.resize(xfs.geometry.block as usize, 0);
    let sum = checksum(&block, 12).to_le_bytes();
    block[12..16].copy_from_slice(&sum);
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&block, extent.place).unwrap();
}

fn volume(path: &Path) -> Arc<dyn BlockRead> {
    let file = std::fs::File::open(path).unwrap();
    let size = file.metadata().unwrap().len();
    Arc::new(Image(file, size))
}

fn open(path: &Path) -> Xfs {
    Xfs::open(volume(path)).unwrap().unwrap()
}

fn tree(path: &Path) -> Tree {
    Tree::new(Arc::new(open(path)))
}

/// Everything in the tree that [`image`] makes is read as it was written.
fn check(xfs: Xfs, many: usize) {
    assert_eq!(xfs.about().kind, "xfs");
    assert_eq!(xfs.about().label, "guest-root");
    assert_eq!(xfs.about().uuid, "01234567-89ab-cdef-0123-456789abcdef");
    assert_eq!(xfs.about().notes, [""; 0]);
    let tree = Tree::new(Arc::new(xfs));
    let read = |path: &str| tree.read(path.as_bytes(), 1 << 23).unwrap();
    let kernel = content(3_000_000);
    for path in ["/boot/vmlinuz", "/short", "/long"] {
        assert!(read(path) == Some(kernel.clone()), "{path}");
    }
    let config = b"set timeout=5\n";
    let last = "x".repeat(255);
    for path in ["/boot/grub/grub.cfg", "/日本/zürich", last.as_str()] {
        assert_eq!(read(path).unwrap(), config, "{path}");
    }
    assert_eq!(read("/boot/empty").unwrap(), b"");
    assert_eq!(read("/fifo"), None);
    let names = tree.list(b"/boot").unwrap().unwrap();
    let expected: [&[u8]; 3] = [b"empty", b"grub", b"vmlinuz"];
    assert_eq!(names, expected);
    for (path, count) in [("/few", 20), ("/some", 150), ("/many", many)] {
        let names = tree.list(path.as_bytes()).unwrap().unwrap();
        let expected: Vec<_> = (0..count).map(|i| name(i).into_bytes()).collect();
        assert!(names == expected, "{path}");
    }
}

fn made_with(size: &str, arguments: &[&str], many: usize) -> (tempfile::TempDir, PathBuf) {
    let (directory, path) = image(size, arguments, many);
    check(open(&path), many);
    (directory, path)
}

#[test]
fn version_5_as_it_is_made_today_is_read() {
    let arguments = [
        "-i",
        "nrext64=1",
        "-m",
        "rmapbt=1,reflink=1,bigtime=1,inobtcount=1",
    ];
    made_with("64M", &arguments, 3000);
}

#[test]
fn version_5_as_it_was_made_at_first_is_read() {
    let arguments = [
        "-i",
        "sparse=0,nrext64=0",
        "-m",
        "rmapbt=0,reflink=0,finobt=0,bigtime=0,inobtcount=0",
    ];
    made_with("64M", &arguments, 600);
}

#[test]
fn version_5_with_small_blocks_and_trees_is_read() {
    let (_directory, path) = made_with("64M", &["-b", "size=1024"], 12_000);
    let inode = open(&path).inode(inode_of(&path, "/many")).unwrap();
    assert_eq!(inode.format(), Format::Tree);
    // More than a block of the tree has space for.
    assert!(inode.extents() > 59);
}

#[test]
fn version_5_with_large_blocks_and_inodes_is_read() {
    made_with("512M", &["-b", "size=65536", "-i", "size=2048"], 3000);
}

#[test]
fn version_5_with_large_blocks_of_names_is_read() {
    let arguments = ["-b", "size=1024", "-n", "size=65536", "-i", "size=512"];
    made_with("64M", &arguments, 6000);
}

#[test]
fn version_5_with_sectors_of_4096_bytes_is_read() {
    made_with("64M", &["-s", "size=4096"], 600);
}

#[test]
fn version_4_as_it_was_made_last_is_read() {
    made_with("48M", &["-m", "crc=0"], 3000);
}

#[test]
fn version_4_with_small_inodes_and_no_types_of_files_is_read() {
    let arguments = ["-m", "crc=0", "-i", "size=256", "-n", "ftype=0"];
    made_with("48M", &arguments, 600);
}

#[test]
fn version_4_with_the_smallest_blocks_and_trees_of_two_levels_is_read() {
    let arguments = [
        "-m",
        "crc=0",
        "-b",
        "size=512",
        "-i",
        "size=256",
        "-n",
        "size=4096",
    ];
    let (_directory, path) = made_with("48M", &arguments, 40_000);
    let told = xfs_db(&path, &["path /many", "p u.bmbt.level"]);
    assert!(told.starts_with("u.bmbt.level = 2"), "{told}");
}

#[test]
fn names_have_no_case_where_the_version_says_so() {
    for arguments in [
        ["-n", "version=ci", "-m", "crc=0"],
        ["-n", "version=ci", "-m", "crc=1"],
    ] {
        let (_directory, path) = image("48M", &arguments, 10);
        let tree = tree(&path);
        assert_eq!(
            tree.read(b"/BOOT/grub/Grub.CFG", 99)
                .unwrap()
                .unwrap()
                .len(),
            14
        );
    }
}

#[test]
fn a_file_in_a_tree_of_extents_is_read_in_order() {
    // A directory's blocks are scattered, and mkfs.xfs scatters no file. So it becomes one.
    let (_directory, path) = image("48M", &["-b", "size=1024"], 12_000);
    let size = xfs_db(
        &path,
        &["path /many", "p core.size", "write core.mode 0100644"],
    );
    let size: u64 = size
        .lines()
        .next()
        .unwrap()
        .split(" = ")
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let xfs = open(&path);
    let inode = xfs.inode(inode_of(&path, "/many")).unwrap();
    let expected = fork::extents(&inode, &xfs.blocks, &xfs.geometry).unwrap();
    let file = tree(&path).read(b"/many", 1 << 23).unwrap().unwrap();
    assert_eq!(file.len() as u64, size);
    // Blocks of names have four blocks, and say where they are.
    for block in file.chunks_exact(4096) {
        assert_eq!(block[..4], *b"XDD3");
    }
    let whole = expected.iter().filter(|extent| extent.first % 4 == 0);
    for extent in whole.take_while(|extent| extent.end() * 1024 <= size) {
        let written = be64(&file, extent.first as usize * 1024 + 8);
        assert_eq!(written * 512, extent.place);
    }
}

fn inode_of(path: &Path, name: &str) -> u64 {
    let go = format!("path {name}");
    let told = xfs_db(path, &[&go, "p v3.inumber"]);
    told.trim().split(" = ").nth(1).unwrap().parse().unwrap()
}

#[test]
fn holes_and_blocks_that_were_not_written_are_zeros() {
    let (_directory, path) = image("48M", &[], 10);
    // 733 blocks, of which the first is now the third, and the end of the file is in the middle of them.
    let changes = [
        "path /boot/vmlinuz",
        "write u3.bmx[0].startoff 2",
        "write core.size 2000000",
    ];
    xfs_db(&path, &changes);
    let file = tree(&path)
        .read(b"/boot/vmlinuz", 1 << 23)
        .unwrap()
        .unwrap();
    assert_eq!(file[..8192], [0; 8192]);
    assert!(file[8192..] == content(2_000_000 - 8192));
    xfs_db(
        &path,
        &["path /boot/vmlinuz", "write u3.bmx[0].extentflag 1"],
    );
    let file = tree(&path)
        .read(b"/boot/vmlinuz", 1 << 23)
        .unwrap()
        .unwrap();
    assert!(file == vec![0; 2_000_000]);
}
