use std::path::PathBuf;

use super::*;
use crate::port::Kind;
use crate::sample;
use crate::tree::Tree;

/// An image that mksquashfs made of the sample tree with `arguments`.
fn image(arguments: &[&str]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    sample::write(&root);
    pack(&root, &directory.path().join("image"), arguments)
}

fn pack(root: &PathBuf, image: &PathBuf, arguments: &[&str]) -> Vec<u8> {
    let mut words = vec![sample::word(root), sample::word(image)];
    words.extend(["-quiet", "-no-progress", "-processors", "1"].map(std::ffi::OsStr::new));
    words.extend(arguments.iter().map(std::ffi::OsStr::new));
    sample::run("mksquashfs", &words);
    std::fs::read(image).unwrap()
}

fn open(bytes: Vec<u8>) -> Arc<Squashfs> {
    Arc::new(Squashfs::open(Arc::new(bytes)).unwrap().unwrap())
}

fn made_with(arguments: &[&str]) {
    let system = open(image(arguments));
    assert_eq!(system.about().kind, "squashfs");
    assert_eq!(system.about().label, "");
    assert_eq!(system.about().uuid, "");
    sample::check(system);
}

#[test]
fn gzip_as_it_is_made_without_options() {
    made_with(&[]);
}

#[test]
fn xz_with_the_largest_blocks_and_a_filter_for_code() {
    made_with(&[
        "-comp",
        "xz",
        "-b",
        "1M",
        "-Xbcj",
        "x86",
        "-Xdict-size",
        "50%",
    ]);
}

#[test]
fn zstd_with_small_blocks() {
    made_with(&["-comp", "zstd", "-b", "4096"]);
}

#[test]
fn lz4_and_lzo() {
    made_with(&["-comp", "lz4"]);
    made_with(&["-comp", "lz4", "-Xhc", "-b", "1M"]);
    made_with(&["-comp", "lzo"]);
}

#[test]
fn nothing_is_packed() {
    made_with(&["-noI", "-noD", "-noF"]);
}

#[test]
fn files_without_fragments_and_files_that_end_in_them() {
    made_with(&["-no-fragments"]);
    made_with(&["-always-use-fragments", "-b", "64K"]);
    made_with(&["-noF", "-tailends"]);
    made_with(&["-noD", "-always-use-fragments"]);
}

#[test]
fn inodes_are_read_in_their_long_form() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("one"), sample::content(9000)).unwrap();
    std::fs::hard_link(root.join("one"), root.join("two")).unwrap();
    let sparse = std::fs::File::create(root.join("sparse")).unwrap();
    sparse.set_len(100 << 20).unwrap();
    // A directory with an index.
    std::fs::create_dir(root.join("many")).unwrap();
    for i in 0..3000 {
        std::fs::write(root.join(format!("many/{i:060}")), "").unwrap();
    }
    let pipe = ["-p", "pipe i 644 0 0 f", "-p", "null c 666 0 0 1 3"];
    let system = open(pack(&root, &directory.path().join("image"), &pipe));
    let tree = Tree::new(Arc::clone(&system) as Arc<dyn FileSystem>);
    for name in [b"one", b"two"] {
        assert_eq!(
            tree.read(name, 9000).unwrap().unwrap(),
            sample::content(9000)
        );
    }
    let sparse = tree.open(b"sparse").unwrap().unwrap();
    assert_eq!(sparse.size(), Some(100 << 20));
    assert_eq!(sparse.run_at(0).unwrap(), sparse::Run::Hole(100 << 20));
    let mut end = [1; 10];
    assert_eq!(sparse.read_at((100 << 20) - 4, &mut end).unwrap(), 4);
    assert_eq!(end, [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    let names = tree.list(b"many").unwrap().unwrap();
    assert_eq!(names.len(), 3000);
    assert!(
        tree.metadata(&[b"many/".as_slice(), &names[2999]].concat())
            .unwrap()
            .is_some()
    );
    for name in [b"pipe", b"null"] {
        let kind = tree.metadata(name).unwrap().unwrap().kind;
        assert_eq!(kind, Kind::Special);
    }
}

#[test]
fn a_directory_without_files() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    std::fs::create_dir(&root).unwrap();
    let system = open(pack(&root, &directory.path().join("image"), &[]));
    let names = Tree::new(system).list(b"/").unwrap().unwrap();
    assert_eq!(names.len(), 0);
}

fn refusal(bytes: Vec<u8>) -> String {
    let error = Squashfs::open(Arc::new(bytes)).err().unwrap();
    error.to_text()
}

/// A small image without options.
fn small(arguments: &[&str]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("file"), sample::content(200_000)).unwrap();
    pack(&root, &directory.path().join("image"), arguments)
}

#[test]
fn what_is_not_read_is_named() {
    assert_eq!(
        refusal(small(&["-comp", "lzma"])),
        "error: squashfs packed by lzma"
    );
    let mut old = small(&[]);
    old[28] = 3;
    old[30] = 1;
    let text = "error: squashfs 3.1; only 4.0 is read";
    assert_eq!(refusal(old.clone()), text);
    old[..4].copy_from_slice(b"sqsh");
    old[28..32].copy_from_slice(&[0, 3, 0, 1]);
    let text = "error: squashfs 3.1, big-endian; only 4.0 is read";
    assert_eq!(refusal(old), text);
    let mut new = small(&[]);
    new[20] = 7;
    let text = "error: squashfs packed in a way that is not known (7)";
    assert_eq!(refusal(new), text);
}

#[test]
fn a_superblock_that_contradicts_itself_is_corrupt() {
    let good = small(&[]);
    let used = le64(&good, 40);
    let text = format!("error: squashfs of {used} bytes in a volume of 4095");
    assert_eq!(refusal(good[..4095].to_vec()), text.as_str());
    let mut bad = good.clone();
    bad[22] = 16;
    let text = "error: squashfs with blocks of 131072 bytes, which is not 2^16";
    assert_eq!(refusal(bad), text);
    let mut bad = good.clone();
    bad[64..72].copy_from_slice(&used.to_le_bytes());
    let text =
        format!("error: the inode table of a squashfs of {used} bytes starts at byte {used}");
    assert_eq!(refusal(bad), text);
}

#[test]
fn damaged_data_is_corrupt_and_has_its_place() {
    let mut bytes = small(&[]);
    bytes[300] ^= 0xFF;
    let error = Tree::new(open(bytes)).read(b"file", 1 << 20).unwrap_err();
    assert_eq!(error.kind(), error::Kind::Corrupt);
    let text = error.to_text();
    assert!(text.starts_with("error: file: "), "{text}");
    assert!(
        text.contains(" at byte 96: its zlib data cannot be"),
        "{text}"
    );
}

#[test]
fn what_has_no_superblock_is_another_format() {
    assert!(Squashfs::open(Arc::new(vec![0; 4096])).unwrap().is_none());
    assert!(
        Squashfs::open(Arc::new(b"hsqs".to_vec()))
            .unwrap()
            .is_none()
    );
}

#[test]
fn whatever_is_damaged_reading_ends() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    std::fs::create_dir_all(root.join("a/b")).unwrap();
    for i in 0..40 {
        std::fs::write(root.join(format!("a/{i}")), sample::content(i * 500)).unwrap();
    }
    std::fs::write(root.join("a/b/large"), sample::content(300_000)).unwrap();
    std::os::unix::fs::symlink("a/b", root.join("link")).unwrap();
    let mut reached = 0;
    // Without packing, damage is in what the metadata says and not only in how it is packed.
    for arguments in [
        &["-noI"][..],
        &["-comp", "xz"],
        &["-comp", "lzo"],
        &["-comp", "lz4"],
    ] {
        let image = directory.path().join("image");
        let _ = std::fs::remove_file(&image);
        let good = pack(&root, &image, arguments);
        let start = le64(&good, 64) as usize;
        let places = (0..96).chain((start..good.len()).step_by(17));
        for (i, at) in places.enumerate() {
            let mut bad = good.clone();
            bad[at] ^= [0xFF, 1, 0x80, 0x10][i % 4];
            if let Ok(Some(system)) = Squashfs::open(Arc::new(bad)) {
                reached += sample::wander(&system);
            }
        }
        for len in (0..good.len()).step_by(997) {
            // Whether the end is there is not known of a volume without a size; the superblock says that there is less.
            let mut bad = good[..len].to_vec();
            if len > 48 {
                bad[40..48].copy_from_slice(&(len as u64).to_le_bytes());
            }
            if let Ok(Some(system)) = Squashfs::open(Arc::new(bad)) {
                reached += sample::wander(&system);
            }
        }
    }
    assert!(reached > 1000, "{reached}");
}
