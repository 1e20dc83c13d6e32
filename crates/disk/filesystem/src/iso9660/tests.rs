use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;
use crate::tree::Tree;

/// Bytes that differ from block to block.
fn content(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i / 7 + i / 2048) as u8).collect()
}

/// How deep the deepest directory is: more than the eight of ECMA-119.
const DEEP: &str = "a/b/c/d/e/f/g/h/i/j";

/// A disc with a small tree of files, made by xorriso with `arguments`.
fn image(arguments: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    std::fs::create_dir_all(root.join("boot/grub")).unwrap();
    std::fs::create_dir_all(root.join(DEEP)).unwrap();
    std::fs::write(root.join(DEEP).join("deep"), "below").unwrap();
    std::fs::write(root.join("boot/vmlinuz"), content(3_000_001)).unwrap();
    std::fs::write(root.join("boot/grub/grub.cfg"), "set timeout=5\n").unwrap();
    std::fs::write(root.join("boot/empty"), "").unwrap();
    std::fs::create_dir(root.join("many")).unwrap();
    for i in 0..600 {
        let name = format!("a-file-with-a-long-name-{i:04}.conf");
        std::fs::write(root.join("many").join(name), i.to_string()).unwrap();
    }
    std::fs::write(root.join("n".repeat(200)), "long name").unwrap();
    std::fs::write(root.join("Größe 日本.txt"), "not ASCII").unwrap();
    let link = |target: &str, name| std::os::unix::fs::symlink(target, root.join(name)).unwrap();
    link("boot/vmlinuz", "short");
    link(&format!("{}/boot/vmlinuz", "/.".repeat(300)), "long");
    link(
        &format!("x{}/../..//boot/./vmlinuz", "y".repeat(240)),
        "dead",
    );
    let path = directory.path().join("disc");
    let made = Command::new("xorriso")
        .args(["-as", "mkisofs", "-quiet", "-o"])
        .arg(&path)
        .args(arguments)
        .arg(&root)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    (directory, path)
}

fn open(path: &Path) -> Iso9660 {
    let bytes = std::fs::read(path).unwrap();
    Iso9660::open(Arc::new(bytes)).unwrap().unwrap()
}

fn tree(path: &Path) -> Tree {
    Tree::new(Arc::new(open(path)))
}

fn text(tree: &Tree, path: &str) -> Option<String> {
    let bytes = tree.read(path.as_bytes(), 1 << 23).unwrap();
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Label and UUID are those that blkid prints.
fn check_about(path: &Path) {
    let value = |tag: &str| {
        let output = Command::new("blkid")
            .args(["-p", "-o", "value", "-s", tag])
            .arg(path)
            .output()
            .unwrap();
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    };
    let about = open(path).about().clone();
    assert_eq!(about.kind, value("TYPE"));
    assert_eq!(about.label, value("LABEL"));
    assert_eq!(about.uuid, value("UUID"));
    assert_eq!(about.notes, Vec::<String>::new());
}

/// What every set of names has.
fn check_common(tree: &Tree) {
    let kernel = tree.read(b"/boot/vmlinuz", 1 << 23).unwrap().unwrap();
    assert!(kernel == content(3_000_001));
    assert_eq!(
        text(tree, "/boot/grub/grub.cfg").unwrap(),
        "set timeout=5\n"
    );
    assert_eq!(text(tree, "/boot/empty").unwrap(), "");
    assert_eq!(tree.list(b"/many").unwrap().unwrap().len(), 600);
}

fn check_rock_ridge(tree: &Tree) {
    check_common(tree);
    let kernel = content(3_000_001);
    for path in ["/short", "/long"] {
        assert!(tree.read(path.as_bytes(), 1 << 23).unwrap().unwrap() == kernel);
    }
    assert_eq!(text(tree, &format!("/{DEEP}/deep")).unwrap(), "below");
    assert_eq!(text(tree, &"n".repeat(200)).unwrap(), "long name");
    assert_eq!(text(tree, "/Größe 日本.txt").unwrap(), "not ASCII");
    assert_eq!(text(tree, "/BOOT/vmlinuz"), None);
    let name = b"/many/a-file-with-a-long-name-0321.conf";
    assert_eq!(tree.read(name, 10).unwrap().unwrap(), b"321");
}

/// The target of the link `name` in the root directory.
fn target(iso: &Iso9660, name: &str) -> String {
    let mut found = None;
    iso.entries(iso.root(), &mut |entry| {
        if entry.name == name.as_bytes() {
            found = Some(entry.node);
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    let link = found.unwrap();
    let metadata = iso.metadata(link).unwrap();
    assert_eq!(metadata.kind, Kind::Link);
    let bytes = crate::piece::piece(iso.open(link, name).unwrap().as_ref(), 0, 8192).unwrap();
    assert_eq!(bytes.len() as u64, metadata.size);
    String::from_utf8(bytes).unwrap()
}

#[test]
fn rock_ridge_has_the_names_of_unix() {
    for arguments in [
        &["-R", "-V", "GUEST BOOT"][..],
        &[
            "-r",
            "-J",
            "-joliet-long",
            "-V",
            "Gäst Boot, longer than Joliet",
        ],
        &["-R", "-iso-level", "3", "-V", "x"],
        &["-R", "-rr_reloc_dir", "moved", "-V", "moved"],
        &["-R", "-partition_offset", "16"],
    ] {
        let (_directory, path) = image(arguments);
        check_about(&path);
        check_rock_ridge(&tree(&path));
    }
}

#[test]
fn links_are_put_together_of_their_components() {
    let (_directory, path) = image(&["-R"]);
    let iso = open(&path);
    assert_eq!(target(&iso, "short"), "boot/vmlinuz");
    let long = format!("{}/boot/vmlinuz", "/.".repeat(300));
    assert_eq!(target(&iso, "long"), long);
    let dead = format!("x{}/../..//boot/./vmlinuz", "y".repeat(240));
    assert_eq!(target(&iso, "dead"), dead);
}

#[test]
fn directories_that_were_moved_up_are_where_they_belong() {
    let (_directory, path) = image(&["-R", "-rr_reloc_dir", "moved"]);
    let bytes = std::fs::read(&path).unwrap();
    let moved = bytes.windows(4).any(|field| field == b"CL\x0c\x01");
    assert!(moved, "xorriso has not moved any directory");
    let tree = tree(&path);
    assert_eq!(text(&tree, &format!("/{DEEP}/deep")).unwrap(), "below");
    // xorriso marks the directory that they were moved to as moved, too.
    assert_eq!(tree.list(b"/moved").unwrap(), None);
}

#[test]
fn joliet_names_have_no_case() {
    let (_directory, path) = image(&["-J", "-joliet-long", "--norock", "-V", "Gäst"]);
    let iso = open(&path);
    assert_eq!(iso.names, Names::Joliet);
    assert_eq!(iso.about.label, "Gäst");
    let tree = Tree::new(Arc::new(iso));
    check_common(&tree);
    assert_eq!(
        text(&tree, "/BOOT/grub/GRUB.CFG").unwrap(),
        "set timeout=5\n"
    );
    assert_eq!(text(&tree, "/größe 日本.TXT").unwrap(), "not ASCII");
    let name = b"/many/A-file-with-a-long-name-0321.conf";
    assert_eq!(tree.read(name, 10).unwrap().unwrap(), b"321");
}

#[test]
fn plain_names_are_lower_case_without_version() {
    for level in ["1", "2", "3"] {
        let (_directory, path) = image(&["-iso-level", level, "--norock", "-V", "PLAIN"]);
        let iso = open(&path);
        assert_eq!(iso.names, Names::Plain);
        let tree = Tree::new(Arc::new(iso));
        check_common(&tree);
        let names = tree.list(b"/boot").unwrap().unwrap();
        let expected: [&[u8]; 3] = [b"empty", b"grub", b"vmlinuz"];
        assert_eq!(names, expected);
    }
}

/// The bytes of the disc and where the directory record of `name` is.
fn record_of(path: &Path, name: &[u8]) -> (Vec<u8>, usize) {
    let bytes = std::fs::read(path).unwrap();
    let found = bytes.windows(name.len()).position(|b| b == name).unwrap();
    (bytes, found - 33)
}

#[test]
fn a_file_of_several_pieces_is_one() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("piece-a"), content(4096)).unwrap();
    std::fs::write(root.join("piece-b"), b"the rest").unwrap();
    std::fs::write(root.join("z"), b"another").unwrap();
    let path = directory.path().join("disc");
    let made = Command::new("xorriso")
        .args(["-as", "mkisofs", "-quiet", "--norock", "-o"])
        .args([&path, &root])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    // Two files become two pieces of one, as a file of more than 4 GiB has.
    let (mut bytes, second) = record_of(&path, b"PIECE_B.;1");
    let first = record_of(&path, b"PIECE_A.;1").1;
    bytes[second + 39] = b'A';
    bytes[first + 25] |= MULTI_EXTENT;
    let iso = Iso9660::open(Arc::new(bytes.clone())).unwrap().unwrap();
    let tree = Tree::new(Arc::new(iso));
    let names = tree.list(b"/").unwrap().unwrap();
    assert_eq!(names, [b"piece_a".to_vec(), b"z".to_vec()]);
    let whole = tree.read(b"/piece_a", 1 << 20).unwrap().unwrap();
    assert_eq!(whole, [&content(4096)[..], b"the rest"].concat());
    let metadata = tree.metadata(b"/piece_a").unwrap().unwrap();
    assert_eq!(metadata.size, 4104);

    // A last piece that promises another one.
    bytes[second + 25] |= MULTI_EXTENT;
    let iso = Iso9660::open(Arc::new(bytes)).unwrap().unwrap();
    let error = Tree::new(Arc::new(iso))
        .read(b"/piece_a", 1 << 20)
        .unwrap_err();
    assert_eq!(error.kind(), error::Kind::Corrupt);
    assert!(error.message().contains("the next piece"), "{error:?}");
}

/// The flag of a record whose file goes on in the next one.
const MULTI_EXTENT: u8 = 0x80;

#[test]
fn an_interleaved_file_is_unsupported() {
    let (_directory, path) = image(&["-R"]);
    let (mut bytes, record) = record_of(&path, b"VMLINUZ.;1");
    (bytes[record + 26], bytes[record + 27]) = (4, 2);
    let iso = Iso9660::open(Arc::new(bytes)).unwrap().unwrap();
    let error = Tree::new(Arc::new(iso))
        .read(b"/boot/vmlinuz", 1 << 23)
        .unwrap_err();
    assert_eq!(
        error.to_text(),
        "error: /boot/vmlinuz: an interleaved file (units of 4 blocks, gaps of 2)"
    );
}

#[test]
fn a_disc_that_is_cut_off_says_so() {
    let (_directory, path) = image(&["-R"]);
    let mut bytes = std::fs::read(&path).unwrap();
    let size = bytes.len();
    bytes.truncate(1 << 20);
    let iso = Iso9660::open(Arc::new(bytes)).unwrap().unwrap();
    let note = format!("the volume has {size} bytes by its descriptor, and only 1048576 are there");
    assert_eq!(iso.about().notes, [note]);
    let error = Tree::new(Arc::new(iso))
        .read(b"/boot/vmlinuz", 1 << 23)
        .unwrap_err();
    assert_eq!(error.kind(), error::Kind::Corrupt);
}

#[test]
fn what_has_no_descriptor_is_no_disc() {
    for size in [0, 0x8000, 0x8006, 1 << 20] {
        assert!(Iso9660::open(Arc::new(vec![0; size])).unwrap().is_none());
    }
}

/// Walks all of the disc and reads all files, up to a limit.
fn walk(iso: &Iso9660) {
    let mut todo = vec![iso.root()];
    let mut seen = HashSet::new();
    while let Some(node) = todo.pop() {
        if !seen.insert(node) || seen.len() > 3000 {
            continue;
        }
        let Ok(metadata) = iso.metadata(node) else {
            continue;
        };
        if metadata.kind == Kind::Directory {
            let _ = iso.entries(node, &mut |entry| {
                todo.push(entry.node);
                ControlFlow::Continue(())
            });
        } else if let Ok(file) = iso.open(node, "file") {
            let _ = crate::piece::piece(file.as_ref(), 0, 4096);
        }
    }
}

#[test]
fn damage_ends_without_harm() {
    let (_directory, path) = image(&["-R", "-J", "-rr_reloc_dir", "moved"]);
    let whole = std::fs::read(&path).unwrap();
    let kernel = record_of(&path, b"VMLINUZ.;1");
    let data = sparse::fields::le32(&whole, kernel.1 + 2) as usize * 2048;
    // Nearly all metadata is before the first file's data.
    let end = data.min(400 << 10);
    for round in 0..97 {
        let mut bytes = whole.clone();
        for at in (0x8000 + round..end).step_by(997) {
            bytes[at] ^= 1 << (round % 8);
        }
        if let Ok(Some(iso)) = Iso9660::open(Arc::new(bytes)) {
            walk(&iso);
        }
    }
    for cut in (0x8000..end).step_by(7919) {
        if let Ok(Some(iso)) = Iso9660::open(Arc::new(whole[..cut].to_vec())) {
            walk(&iso);
        }
    }
}
