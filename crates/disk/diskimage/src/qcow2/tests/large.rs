//! Large disks with little in them, and images that are read from far away.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use sparse::BlockRead;

use super::*;
use crate::{Extent, Location};

/// A file that counts what is read of it and keeps what was announced.
#[derive(Default)]
struct Counted {
    bytes: Vec<u8>,
    reads: AtomicU64,
    announced: Mutex<Vec<Range<u64>>>,
}

impl BlockRead for Counted {
    fn name(&self) -> &str {
        "counted"
    }
    fn size(&self) -> Option<u64> {
        Some(self.bytes.len() as u64)
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> error::Result<usize> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.bytes.read_at(offset, buffer)
    }
    fn will_need(&self, ranges: &[Range<u64>]) {
        self.announced.lock().unwrap().extend_from_slice(ranges);
    }
}

fn open(bytes: Vec<u8>) -> (Image, Arc<Counted>) {
    let file = Arc::new(Counted {
        bytes,
        ..Counted::default()
    });
    let image = Image::open(
        Format::Qcow,
        Arc::clone(&file) as _,
        &OpenOptions::default(),
    )
    .unwrap();
    (image, file)
}

fn stretches(image: &mut Image) -> Vec<Extent> {
    let mut stretches = Vec::new();
    let mut at = 0;
    while at < image.size() {
        let stretch = image.lookup(at).unwrap();
        at += stretch.len;
        stretches.push(stretch);
    }
    assert_eq!(at, image.size());
    stretches
}

#[test]
fn an_empty_disk_is_one_hole() {
    for size in ["1", "64k", "2T", "64P"] {
        let room = Room::new();
        let options = if size == "64P" {
            "cluster_size=2M"
        } else {
            "cluster_size=64k"
        };
        room.create("image", options, &[size]);
        let (mut image, file) = open(room.bytes("image"));
        let (len, location) = (image.size(), Location::Nowhere);
        assert_eq!(stretches(&mut image), [Extent { len, location }]);
        assert!(file.reads.load(Ordering::Relaxed) <= 40, "{size}");
    }
}

#[test]
fn a_large_disk_costs_what_is_in_it() {
    let room = Room::new();
    room.create("image", "cluster_size=64k", &["2T"]);
    let writes = [
        "write -P 1 0 1M",
        "write -P 2 1T 640k",
        "write -P 3 2097151M 1M",
    ];
    room.qemu_io("image", &writes.map(String::from));
    let (mut image, file) = open(room.bytes("image"));
    let found = stretches(&mut image);
    let data = found
        .iter()
        .filter(|stretch| stretch.location != Location::Nowhere);
    let data: Vec<_> = data.map(|stretch| stretch.len).collect();
    assert_eq!(data, [1 << 20, 640 << 10, 1 << 20]);
    // A hole ends where a table does.
    assert!(found.len() <= 9, "{} stretches", found.len());
    assert!(file.reads.load(Ordering::Relaxed) <= 6);
}

#[test]
fn the_tables_are_announced_before_they_are_read() {
    let room = Room::new();
    room.create("image", "cluster_size=64k", &["2G"]);
    let writes = ["write -P 1 0 64k", "write -P 2 1G 64k"];
    room.qemu_io("image", &writes.map(String::from));
    let (mut image, file) = open(room.bytes("image"));
    let announced = file.announced.lock().unwrap().clone();
    let reads = file.reads.load(Ordering::Relaxed);
    assert_eq!(announced.len(), 3, "{announced:?}");
    assert_eq!(announced[0].end - announced[0].start, 4 * 8);
    let l2: Vec<_> = announced[1..]
        .iter()
        .map(|range| range.end - range.start)
        .collect();
    assert_eq!(l2, [65536, 65536]);
    stretches(&mut image);
    assert_eq!(file.reads.load(Ordering::Relaxed), reads + 2);
}

/// An image below with many small stretches must not make a long hole above be looked for again and
/// again.
#[test]
fn a_hole_is_looked_for_once() {
    let room = Room::new();
    room.create("image", "cluster_size=64k", &["64T"]);
    let mut image = room.bytes("image");
    // A backing file that nobody opens.
    image[8..20].copy_from_slice(&[0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 1]);
    image[4096] = b'x';
    let file = Arc::new(Counted {
        bytes: image,
        ..Counted::default()
    });
    let how = OpenOptions {
        access: FileAccess::looking(),
        ..OpenOptions::default()
    };
    let mut image = Image::open(Format::Qcow, Arc::clone(&file) as _, &how).unwrap();
    let reads = || file.reads.load(Ordering::Relaxed);
    image.lookup(0).unwrap();
    let before = reads();
    for at in 1..1000 {
        let stretch = image.lookup(at * 512).unwrap();
        assert_eq!(stretch.len, (64 << 40) - at * 512);
    }
    assert_eq!(reads(), before);
}
