//! A tree of files for the tests of several formats, and what must hold of it once it was read.

use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use error::Result;

use crate::port::{DirEntry, FileSystem, Kind, Node};
use crate::tree::Tree;

/// Bytes that differ from block to block and can be packed to a third.
pub(crate) fn content(len: usize) -> Vec<u8> {
    (0..len)
        .map(|i| (i / 7 + i / 4096 + (i % 3) * (i >> 9)) as u8)
        .collect()
}

/// Bytes that cannot be packed.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let step = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..len).map(step).collect()
}

/// The files and their content.
fn files() -> Vec<(String, Vec<u8>)> {
    let mut mixed = noise(400_000);
    mixed.extend_from_slice(&content(400_000));
    let mut files = vec![
        ("boot/vmlinuz".to_owned(), content(3_000_000)),
        ("boot/initrd".to_owned(), mixed),
        ("boot/grub/grub.cfg".to_owned(), b"set timeout=5\n".to_vec()),
        ("boot/empty".to_owned(), Vec::new()),
        ("boot/medium".to_owned(), content(150)),
        ("boot/block".to_owned(), content(4096)),
        ("boot/ünïcode-名前".to_owned(), content(131_072)),
        ("boot/packed".to_owned(), content(131_073)),
        (format!("boot/{}", "n".repeat(255)), content(10_000)),
    ];
    for i in 0..600 {
        let name = format!("many/a-file-with-a-long-name-{i:04}");
        files.push((name, format!("file {i}").into_bytes()));
    }
    files
}

/// Writes the tree to the directory `root`.
pub(crate) fn write(root: &Path) {
    for (path, bytes) in files() {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let sparse = std::fs::File::create(root.join("sparse")).unwrap();
    sparse.set_len(5_000_000).unwrap();
    sparse.write_at(b"middle", 2_000_000).unwrap();
    sparse.write_at(b"end", 4_999_997).unwrap();
    std::fs::create_dir(root.join("nothing")).unwrap();
    symlink("boot/vmlinuz", root.join("short")).unwrap();
    symlink(long_link(), root.join("long")).unwrap();
}

fn long_link() -> String {
    format!("{}/boot/vmlinuz", "/.".repeat(1000))
}

/// Everything that [`write()`] wrote is read as it was written.
pub(crate) fn check(system: Arc<dyn FileSystem>) {
    let tree = Tree::new(Arc::clone(&system));
    let read = |path: &str| tree.read(path.as_bytes(), 1 << 23).unwrap();
    for (path, bytes) in files() {
        assert!(read(&path) == Some(bytes), "{path}");
    }
    assert_eq!(read("short"), read("boot/vmlinuz"));
    assert_eq!(read("/long"), read("boot/vmlinuz"));
    let sparse = read("sparse").unwrap();
    let expected = std::iter::repeat_n(0, 2_000_000)
        .chain(*b"middle")
        .chain(std::iter::repeat_n(0, 2_999_991))
        .chain(*b"end");
    assert!(sparse.into_iter().eq(expected));

    let list = |path: &str| tree.list(path.as_bytes()).unwrap().unwrap();
    assert_eq!(list("nothing").len(), 0);
    assert_eq!(list("boot").len(), 9);
    assert!(list("boot").contains(&"ünïcode-名前".as_bytes().to_vec()));
    let many = list("many");
    assert_eq!(many.len(), 600);
    assert_eq!(many[599], b"a-file-with-a-long-name-0599");
    assert_eq!(tree.metadata(b"boot/none").unwrap(), None);

    let link = entry(system.as_ref(), system.root(), b"long");
    let metadata = system.metadata(link).unwrap();
    assert_eq!(metadata.kind, Kind::Link);
    assert_eq!(metadata.size, long_link().len() as u64);
    check_pieces(&tree);
}

/// Reads in small pieces give what one read gives.
fn check_pieces(tree: &Tree) {
    for (path, bytes) in files().into_iter().take(2) {
        let file = tree.open(path.as_bytes()).unwrap().unwrap();
        assert_eq!(file.size(), Some(bytes.len() as u64));
        for at in (0..bytes.len() + 9000).step_by(9973) {
            let mut piece = [0; 20_000];
            let n = file.read_at(at as u64, &mut piece).unwrap();
            let expected = bytes.get(at..bytes.len().min(at + 20_000));
            assert!(piece[..n] == *expected.unwrap_or_default(), "{path} {at}");
        }
    }
}

/// What `name` in `directory` is.
pub(crate) fn entry(system: &dyn FileSystem, directory: Node, name: &[u8]) -> Node {
    let mut found = None;
    let mut visit = |entry: DirEntry| {
        if entry.name == name {
            found = Some(entry.node);
        }
        ControlFlow::Continue(())
    };
    system.entries(directory, &mut visit).unwrap();
    found.unwrap()
}

/// Runs a program that must succeed.
pub(crate) fn run(program: &str, arguments: &[&std::ffi::OsStr]) {
    let ran = Command::new(program).args(arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{program} {arguments:?}: {errors}");
}

/// A word of a command line.
pub(crate) fn word(word: &impl AsRef<std::ffi::OsStr>) -> &std::ffi::OsStr {
    std::ffi::OsStr::from_bytes(word.as_ref().as_bytes())
}

/// Reads whatever can be reached in a damaged file system, up to a limit, and says how many nodes that were.
pub(crate) fn wander(system: &dyn FileSystem) -> usize {
    let mut todo = vec![(system.root(), 0), (system.mounted(), 0)];
    let mut seen = 0;
    while let Some((node, depth)) = todo.pop() {
        seen += 1;
        if seen > 100 {
            break;
        }
        let Ok(metadata) = system.metadata(node) else {
            continue;
        };
        if metadata.kind == Kind::Directory && depth < 8 {
            let mut names = 0;
            // What is damaged is an error, which is as good as anything but a crash.
            let _ = system.entries(node, &mut |entry| {
                names += 1;
                if names < 40 {
                    todo.push((entry.node, depth + 1));
                }
                if names < 2000 {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            });
        } else {
            let _ = read_some(system, node);
        }
    }
    seen
}

/// Reads the beginning and the end of a file.
fn read_some(system: &dyn FileSystem, node: Node) -> Result<()> {
    let file = system.open(node, "file")?;
    let mut buffer = vec![0; 150_000];
    file.read_at(0, &mut buffer)?;
    let size = file.size().unwrap_or(0);
    file.run_at(size / 2)?;
    file.read_at(size.saturating_sub(5000), &mut buffer)?;
    Ok(())
}
