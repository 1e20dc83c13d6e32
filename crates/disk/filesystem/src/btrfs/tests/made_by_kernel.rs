//! Images that a kernel wrote, made by `fixtures/btrfs.sh`.

use super::*;
use crate::tree::Tree;

pub(super) const SUBVOLUMES: &[u8] = include_bytes!("../../../fixtures/btrfs.zst");
const LOG: &[u8] = include_bytes!("../../../fixtures/btrfs-log.zst");
const RAID: &[u8] = include_bytes!("../../../fixtures/btrfs-raid.zst");

/// The image that `packed` is.
pub(super) fn unpacked(packed: &[u8]) -> Vec<u8> {
    zstd::bulk::decompress(packed, 1 << 29).unwrap()
}

/// What `lines` in the script writes.
fn lines(count: usize) -> Vec<u8> {
    let lines = (0..count).map(|i| format!("line {:08}\n", i / 100));
    lines.collect::<String>().into_bytes()
}

/// `lines(12000)` with what the script writes into its middle.
fn changed() -> Vec<u8> {
    let mut bytes = lines(12000);
    bytes[100_000..100_007].copy_from_slice(b"changed");
    bytes
}

fn subvolumes() -> Tree {
    Tree::new(open(unpacked(SUBVOLUMES)))
}

fn read(tree: &Tree, path: &str) -> Option<Vec<u8>> {
    tree.read(path.as_bytes(), 1 << 21).unwrap()
}

fn list(tree: &Tree, path: &str) -> Vec<String> {
    let names = tree.list(path.as_bytes()).unwrap().unwrap();
    let names = names.into_iter().map(String::from_utf8);
    names.map(Result::unwrap).collect()
}

#[test]
fn subvolumes_and_snapshots_are_directories() {
    let tree = subvolumes();
    assert_eq!(list(&tree, "/"), ["@", "@home", "snapshots"]);
    assert_eq!(read(&tree, "@/nested/file").unwrap(), b"inside\n");
    assert_eq!(read(&tree, "@/boot/grub.cfg").unwrap(), b"changed\n");
    let old = read(&tree, "snapshots/1/boot/grub.cfg").unwrap();
    assert_eq!(old, b"set timeout=5\n");
    assert_eq!(read(&tree, "snapshots/1/boot/lzo").unwrap(), changed());
}

#[test]
fn a_subvolume_is_not_in_the_snapshot_of_another_one() {
    let tree = subvolumes();
    assert_eq!(list(&tree, "@/nested"), ["file"]);
    assert_eq!(list(&tree, "snapshots/1/nested"), [""; 0]);
    let metadata = tree.metadata(b"snapshots/1/nested").unwrap().unwrap();
    assert_eq!(metadata.kind, Kind::Directory);
}

#[test]
fn the_default_subvolume_is_what_is_mounted() {
    let system = open(unpacked(SUBVOLUMES));
    assert_eq!(system.root().tree, 5);
    let expected = sample::entry(system.as_ref(), system.root(), b"@");
    assert_eq!(system.mounted(), expected);
    assert!(expected.tree >= 256);
    let mounted = Tree::new(system).mounted();
    let names = ["absolute", "boot", "many", "nested", "null"];
    assert_eq!(list(&mounted, "/"), names);
    assert_eq!(read(&mounted, "absolute").unwrap(), changed());
}

#[test]
fn packed_extents_are_unpacked() {
    let tree = subvolumes().mounted();
    for coding in ["zlib", "lzo", "zstd"] {
        let path = format!("boot/{coding}");
        assert!(read(&tree, &path).unwrap() == changed(), "{coding}");
        let path = format!("boot/small-{coding}");
        assert_eq!(read(&tree, &path).unwrap(), lines(100), "{coding}");
    }
    assert!(read(&tree, "boot/clone").unwrap() == changed());
    assert!(read(&tree, "boot/link").unwrap() == changed());
    assert_eq!(read(&tree, "boot/plain").unwrap(), lines(2000));
}

#[test]
fn parts_of_extents_are_at_their_place() {
    let part = read(&subvolumes().mounted(), "boot/part").unwrap();
    let mut expected = vec![0; 30_000];
    expected[4096..16_384].copy_from_slice(&changed()[8192..20_480]);
    assert!(part == expected);
}

#[test]
fn holes_and_reserved_extents_are_zeros() {
    let tree = subvolumes().mounted();
    assert_eq!(read(&tree, "boot/empty").unwrap(), b"");
    let with = |len: usize, at: usize, text: &[u8]| {
        let mut bytes = vec![0; len];
        bytes[at..at + text.len()].copy_from_slice(text);
        bytes
    };
    let hole = read(&tree, "boot/hole").unwrap();
    assert!(hole == with(1_000_000, 500_000, b"middle"));
    let reserved = read(&tree, "boot/reserved").unwrap();
    assert!(reserved == with(300_000, 100_000, b"written"));
    assert_eq!(read(&tree, "boot/reserved-behind").unwrap(), b"short");
    let file = tree.open(b"boot/reserved").unwrap().unwrap();
    assert!(matches!(file.run_at(0).unwrap(), sparse::Run::Hole(_)));
}

#[test]
fn names_with_the_same_hash_are_two() {
    let system = open(unpacked(SUBVOLUMES));
    let boot = sample::entry(system.as_ref(), system.mounted(), b"boot");
    let root = system.tree(boot).unwrap();
    for kind in [kind::DIR_INDEX, kind::DIR_ITEM] {
        let mut names = Vec::new();
        let mut visit = |entry: DirEntry| {
            names.push(String::from_utf8(entry.name).unwrap());
            ControlFlow::Continue(())
        };
        assert!(system.names(root, boot, kind, &mut visit).unwrap());
        assert_eq!(names.len(), 18);
        assert!(names.contains(&"ccaoacux".to_owned()));
        assert!(names.contains(&"wcjifoae".to_owned()));
    }
    let tree = Tree::new(system).mounted();
    assert_eq!(read(&tree, "boot/ccaoacux").unwrap(), b"one\n");
    assert_eq!(read(&tree, "boot/wcjifoae").unwrap(), b"other\n");
}

#[test]
fn many_names_and_what_is_no_file() {
    let tree = subvolumes().mounted();
    let names = list(&tree, "many");
    assert_eq!(names.len(), 200);
    for i in [1000, 1077, 1199] {
        let path = format!("many/a-file-with-a-long-name-{i}");
        assert_eq!(
            read(&tree, &path).unwrap(),
            format!("file {i}\n").into_bytes()
        );
    }
    let kind = tree.metadata(b"null").unwrap().unwrap().kind;
    assert_eq!(kind, Kind::Special);
    let hard = tree.read(b"boot/hard", 100).unwrap();
    assert_eq!(hard.unwrap(), b"changed\n");
}

#[test]
fn a_log_is_not_replayed_and_noted() {
    let system = open(unpacked(LOG));
    let note =
        "not unmounted; its log was not replayed, so that what was synced last may be missing";
    assert_eq!(system.about().notes, [note]);
    let tree = Tree::new(system);
    assert_eq!(list(&tree, "/"), ["before"]);
    assert_eq!(read(&tree, "before").unwrap(), b"before\n");
}

#[test]
fn what_is_on_another_device_is_an_error_that_names_it() {
    let system = open(unpacked(RAID));
    let note = "device 2 of 2; what only the others have cannot be read";
    assert_eq!(system.about().notes, [note]);
    let tree = Tree::new(system);
    assert_eq!(list(&tree, "/"), ["large", "small"]);
    assert_eq!(read(&tree, "small").unwrap(), b"small\n");
    let file = tree.open(b"large").unwrap().unwrap();
    let mut seen = [0, 0];
    for stripe in 0..4 {
        let mut buffer = [0; 4096];
        match file.read_at(stripe << 16, &mut buffer) {
            Ok(n) => {
                let at = (stripe as usize) << 16;
                assert_eq!(buffer[..n], lines(18_000)[at..at + n]);
                seen[1] += 1;
            }
            Err(error) => {
                assert_eq!(error.kind(), error::Kind::Unsupported);
                let text = error.to_text();
                let end = " is on device 1 of several, and only one is read";
                assert!(text.ends_with(end), "{text}");
                seen[0] += 1;
            }
        }
    }
    assert_eq!(seen, [2, 2]);
}
