mod damaged;
mod made_by_kernel;

use std::ffi::OsStr;

use super::*;
use crate::sample;

const UUID: &str = "01234567-89ab-cdef-0123-456789abcdef";

/// An image that mkfs.btrfs made of the sample tree with `arguments`.
fn image(arguments: &[&str]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    sample::write(&root);
    let image = directory.path().join("image");
    let file = std::fs::File::create(&image).unwrap();
    file.set_len(140 << 20).unwrap();
    let mut words = ["-q", "-L", "guest-root", "-U", UUID]
        .map(OsStr::new)
        .to_vec();
    words.extend(arguments.iter().map(OsStr::new));
    words.extend([
        OsStr::new("--rootdir"),
        sample::word(&root),
        sample::word(&image),
    ]);
    sample::run("mkfs.btrfs", &words);
    std::fs::read(image).unwrap()
}

fn open(bytes: Vec<u8>) -> Arc<Btrfs> {
    Arc::new(Btrfs::open(Arc::new(bytes)).unwrap().unwrap())
}

fn made_with(arguments: &[&str], notes: &[&str]) {
    let system = open(image(arguments));
    let about = system.about();
    assert_eq!(about.kind, "btrfs");
    assert_eq!(about.label, "guest-root");
    assert_eq!(about.uuid, UUID);
    assert_eq!(about.notes, notes);
    assert_eq!(
        system.root(),
        Node {
            tree: 5,
            number: 256
        }
    );
    assert_eq!(system.mounted(), system.root());
    sample::check(system);
}

#[test]
fn as_it_is_made_without_options() {
    made_with(&[], &[]);
}

#[test]
fn nodes_of_all_sizes() {
    made_with(&["-n", "4096"], &[]);
    made_with(&["-n", "65536"], &[]);
}

#[test]
fn as_it_was_made_before_5_15() {
    let old = ["-m", "single", "-O", "^no-holes", "-R", "^free-space-tree"];
    made_with(&old, &[]);
}

#[test]
fn as_it_was_made_before_3_18() {
    made_with(&["-O", "^no-holes,^extref,^skinny-metadata"], &[]);
}

#[test]
fn data_and_metadata_in_the_same_chunks() {
    made_with(&["--mixed"], &[]);
}

#[test]
fn data_that_is_there_twice() {
    made_with(&["-d", "dup", "-m", "dup"], &[]);
}

#[test]
fn checksums_of_all_kinds() {
    made_with(&["--csum", "xxhash"], &[]);
    made_with(&["--csum", "sha256"], &[]);
    let note = "its checksums are BLAKE2b, which are not verified";
    made_with(&["--csum", "blake2"], &[note]);
}

#[test]
fn another_uuid_in_metadata() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("image");
    std::fs::write(&path, image(&[])).unwrap();
    let new = "fedcba98-7654-3210-fedc-ba9876543210";
    let words = ["-f", "-M", new].map(OsStr::new);
    sample::run("btrfstune", &[&words[..], &[sample::word(&path)]].concat());
    let system = open(std::fs::read(path).unwrap());
    assert_eq!(system.about().uuid, new);
    sample::check(system);
}

#[test]
fn what_has_no_superblock_is_another_format() {
    assert!(Btrfs::open(Arc::new(vec![0; 1 << 20])).unwrap().is_none());
    assert!(Btrfs::open(Arc::new(vec![0; 100])).unwrap().is_none());
}
