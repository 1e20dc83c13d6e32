//! Images that were damaged.

use std::collections::{BTreeMap, HashMap};

use sparse::fields::{byte, le64};

use super::*;
use crate::tree::Tree;

/// Bytes of a node as mkfs.btrfs makes them.
const NODE: usize = 16384;

/// An image with other bytes in some places.
struct Patched {
    image: Arc<Vec<u8>>,
    places: Vec<usize>,
    bytes: Vec<u8>,
    size: u64,
}

impl BlockRead for Patched {
    fn name(&self) -> &str {
        "image"
    }

    fn size(&self) -> Option<u64> {
        Some(self.size)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let len = self.size.saturating_sub(offset).min(buffer.len() as u64) as usize;
        let n = self.image.read_at(offset, &mut buffer[..len])?;
        let end = offset as usize + n;
        for place in &self.places {
            let both = offset.max(*place as u64) as usize..end.min(place + self.bytes.len());
            if !both.is_empty() {
                let to = both.start - offset as usize..both.end - offset as usize;
                buffer[to].copy_from_slice(&self.bytes[both.start - place..both.end - place]);
            }
        }
        Ok(n)
    }
}

/// Puts the checksum in front of a superblock or a node.
fn sum(block: &mut [u8]) {
    let crc = sparse::crc32c::finish(sparse::crc32c::update(sparse::crc32c::START, &block[32..]));
    block[..4].copy_from_slice(&crc.to_le_bytes());
}

/// The bytes where nodes are that have their checksum.
fn nodes(image: &[u8]) -> Vec<usize> {
    let uuid = &image[0x10020..0x10030];
    let places = (0..image.len()).step_by(NODE);
    places
        .filter(|at| image[at + 32..at + 48] == *uuid && byte(image, at + 100) < 8)
        .filter(|at| *at != 0x10000 && Checksum::Crc32c.check(&image[*at..at + NODE]).is_ok())
        .collect()
}

/// The places of the copies of up to three nodes of each tree and level.
fn some_nodes(image: &[u8]) -> Vec<Vec<usize>> {
    let mut seen = HashMap::new();
    let mut copies = BTreeMap::<u64, Vec<usize>>::new();
    for at in nodes(image) {
        copies.entry(le64(image, at + 48)).or_default().push(at);
    }
    let mut copies: Vec<_> = copies.into_values().collect();
    copies.retain(|copies| {
        let kind = (le64(image, copies[0] + 88), byte(image, copies[0] + 100));
        let count = seen.entry(kind).or_insert(0);
        *count += 1;
        *count <= 3
    });
    copies
}

/// The places of the copies of the node that `what` chooses by its owner and its level.
fn copies(image: &[u8], what: impl Fn(u64, u8) -> bool) -> Vec<usize> {
    let chosen = |at: &usize| what(le64(image, at + 88), byte(image, at + 100));
    let mut chosen: Vec<usize> = nodes(image).into_iter().filter(chosen).collect();
    let newest = chosen.iter().map(|at| le64(image, at + 80)).max().unwrap();
    chosen.retain(|at| le64(image, at + 80) == newest);
    let logical = le64(image, chosen[0] + 48);
    chosen.retain(|at| le64(image, at + 48) == logical);
    chosen
}

#[test]
fn the_second_copy_of_a_node_is_read_where_the_first_is_damaged() {
    let good = image(&["-m", "dup"]);
    for (owner, name) in [(1, "root"), (3, "chunk"), (5, "top")] {
        let copies = copies(&good, |by, _| by == owner);
        assert_eq!(copies.len(), 2, "{name}");
        let mut bad = good.clone();
        bad[copies[0] + 200] ^= 1;
        sample::check(open(bad.clone()));
        bad[copies[1] + 300] ^= 1;
        let read = Btrfs::open(Arc::new(bad)).map(|system| {
            let tree = Tree::new(Arc::new(system.unwrap()));
            tree.list(b"/many")
                .map(drop)
                .and(tree.read(b"boot/vmlinuz", 1 << 22))
        });
        let error = read.and_then(|read| read).err().unwrap();
        assert_eq!(error.kind(), error::Kind::Corrupt);
        let text = error.to_text();
        assert!(text.contains("node at logical byte "), "{text}");
        assert!(text.contains("its checksum is "), "{text}");
    }
}

#[test]
fn a_node_that_was_not_written_is_read_from_its_second_copy() {
    let good = image(&["-m", "dup"]);
    let copies = copies(&good, |by, _| by == 5);
    let mut bad = good.clone();
    let node = &mut bad[copies[0]..copies[0] + NODE];
    let generation = le64(node, 80) - 1;
    node[80..88].copy_from_slice(&generation.to_le_bytes());
    sum(node);
    sample::check(open(bad));
}

#[test]
fn a_copy_of_the_superblock_is_read_where_the_first_is_damaged() {
    let mut image = image(&[]);
    image[0x10000 + 0x12B] ^= 1;
    let system = open(image.clone());
    let note = "its superblock is damaged; the copy at byte 67108864 was read";
    assert_eq!(system.about().notes, [note]);
    assert_eq!(system.about().label, "guest-root");
    sample::check(system);
    image[(64 << 20) + 0x12B] ^= 1;
    let error = Btrfs::open(Arc::new(image.clone())).err().unwrap();
    let text = error.to_text();
    let start = "error: superblock at byte 65536: its checksum is ";
    assert!(text.starts_with(start), "{text}");
    // A copy alone is what another format left there.
    image[0x10040..0x10048].fill(0);
    assert!(Btrfs::open(Arc::new(image)).unwrap().is_none());
}

#[test]
fn features_that_are_not_known_are_named() {
    let good = image(&[]);
    let with = |at: usize, value: u8| {
        let mut bad = good.clone();
        bad[0x10000 + at] = value;
        sum(&mut bad[0x10000..0x11000]);
        Btrfs::open(Arc::new(bad)).err().unwrap().to_text()
    };
    let text = "error: btrfs features that are not known (incompatible 0x20000)";
    assert_eq!(with(0xBE, 2), text);
    let text = "error: btrfs features that are not known (incompatible 0x2000)";
    assert_eq!(with(0xBD, 0x23), text);
    let text = "error: btrfs with checksums that are not known (9)";
    assert_eq!(with(0xC4, 9), text);
}

#[test]
fn whatever_is_damaged_reading_ends() {
    let image = Arc::new(made_by_kernel::unpacked(made_by_kernel::SUBVOLUMES));
    let size = image.len() as u64;
    let mut reached = 0;
    let mut attempt = |places: &[usize], bytes: Vec<u8>, size: u64| {
        let patched = Patched {
            image: Arc::clone(&image),
            places: places.to_vec(),
            bytes,
            size,
        };
        if let Ok(Some(system)) = Btrfs::open(Arc::new(patched)) {
            reached += sample::wander(&system);
        }
    };
    // The checksum is made right again, so that damage is seen behind it.
    let damaged = |block: &[u8], at: usize| {
        let mut block = block.to_vec();
        block[at] ^= [0xFF, 1, 0x80, 0x10][at % 4];
        sum(&mut block);
        block
    };
    for at in (32..0xB2B).step_by(11) {
        attempt(&[0x10000], damaged(&image[0x10000..0x11000], at), size);
    }
    for copies in some_nodes(&image) {
        let node = &image[copies[0]..copies[0] + NODE];
        let used = node.iter().rposition(|byte| *byte != 0).unwrap();
        for at in (32..400).step_by(17).chain((400..used).step_by(997)) {
            attempt(&copies, damaged(node, at), size);
        }
    }
    for size in (0..size).step_by(997 * 2039) {
        attempt(&[], Vec::new(), size);
    }
    assert!(reached > 1000, "{reached}");
}
