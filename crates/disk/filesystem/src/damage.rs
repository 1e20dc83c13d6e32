//! Damaged images, for the tests of all formats: whatever the bytes are, reading them ends, without a panic.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use error::Result;
use sparse::BlockRead;

use crate::port::{FileSystem, Kind, Node};

/// Opens the file system of an image.
pub(crate) type Open = fn(Arc<dyn BlockRead>) -> Result<Option<Arc<dyn FileSystem>>>;

/// Bytes of metadata are read in pieces of at most as many.
const PAGE: usize = 32 << 10;

/// Most names of a damaged directory that are looked at, and most bytes of a file that are read.
const NAMES: usize = 500;
const READ: u64 = 256 << 10;

/// An image with other bytes at some places, cut off at a length.
struct Damaged {
    image: Arc<Vec<u8>>,
    patches: Vec<(usize, u8)>,
    len: usize,
    /// The pages that were read.
    seen: Mutex<HashSet<usize>>,
}

impl BlockRead for Damaged {
    fn name(&self) -> &str {
        "damaged"
    }

    fn size(&self) -> Option<u64> {
        Some(self.len as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let image = &self.image[..self.len];
        let rest = image.get(offset as usize..).unwrap_or_default();
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        let read = offset as usize..offset as usize + n;
        for (at, byte) in &self.patches {
            if read.contains(at) {
                buffer[at - read.start] = *byte;
            }
        }
        self.seen.lock().unwrap().insert(offset as usize / PAGE);
        Ok(n)
    }
}

/// Numbers that look random and are always the same (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// Reads `image` with single bytes of its metadata changed, then with several, and cut off at many places.
pub(crate) fn survive(image: Vec<u8>, open: Open) {
    let image = Arc::new(image);
    let read = |patches: Vec<(usize, u8)>, len: usize, content: bool| {
        let damaged = Arc::new(Damaged {
            image: Arc::clone(&image),
            patches,
            len,
            seen: Mutex::default(),
        });
        if let Ok(Some(system)) = open(Arc::clone(&damaged) as Arc<dyn BlockRead>) {
            walk(system.as_ref(), content);
        }
        let seen = damaged.seen.lock().unwrap();
        let mut pages: Vec<usize> = seen.iter().copied().collect();
        pages.sort_unstable();
        pages
    };
    // What is read while no file is: the metadata.
    let pages = read(Vec::new(), image.len(), false);
    assert!(!pages.is_empty());
    let used: Vec<usize> = pages
        .iter()
        .flat_map(|page| page * PAGE..(page + 1) * PAGE)
        .filter(|at| image.get(*at).is_some_and(|byte| *byte != 0))
        .collect();
    for at in used.iter().step_by(997.min(used.len() / 200 + 1)) {
        read(vec![(*at, !image[*at])], image.len(), true);
    }
    let mut numbers = Numbers(0x1234_5678_9ABC_DEF1);
    for _ in 0..300 {
        let count = 1 + numbers.below(4);
        let patch = |_| {
            let at = used[numbers.below(used.len())];
            let bytes = [0, 1, 0x7F, 0xFF, image[at] ^ 1, image[at].wrapping_add(1)];
            (at, bytes[numbers.below(bytes.len())])
        };
        let patches = (0..count).map(patch).collect();
        read(patches, image.len(), true);
    }
    for part in 0..60 {
        read(Vec::new(), image.len() * part / 60 + part * 13, true);
    }
}

/// Visits the whole tree, each directory once, and reads its files where `content` says so.
fn walk(system: &dyn FileSystem, content: bool) {
    let mut todo = vec![system.root()];
    let mut seen: HashSet<Node> = HashSet::new();
    while let Some(directory) = todo.pop() {
        if !seen.insert(directory) || seen.len() > NAMES {
            continue;
        }
        let mut nodes = Vec::new();
        let _ = system.entries(directory, &mut |entry| {
            assert!(!entry.name.is_empty() && !entry.name.contains(&b'/'));
            nodes.push(entry.node);
            if nodes.len() < NAMES {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        for node in nodes {
            match system.metadata(node) {
                Ok(metadata) if metadata.kind == Kind::Directory => todo.push(node),
                Ok(_) if content => read_file(system, node),
                _ => {}
            }
        }
    }
}

fn read_file(system: &dyn FileSystem, node: Node) {
    let Ok(file) = system.open(node, "file") else {
        return;
    };
    let mut buffer = vec![0; 64 << 10];
    let mut at = 0;
    while at < READ {
        match file.read_at(at, &mut buffer) {
            Ok(n) if n > 0 => at += n as u64,
            _ => break,
        }
    }
}
