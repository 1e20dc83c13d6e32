//! Files that were not closed.

use super::build::{LOG, TABLE, sealed};
use super::*;
use crate::test_util::qemu_img;

/// Bytes in the log of a file that is built.
const RING: usize = 1 << 20;

const ID: [u8; 16] = [0xab; 16];

/// A change that an entry tells of.
#[derive(Clone)]
enum Change {
    Page(u64, Vec<u8>),
    Zero(u64, u64),
}

/// An entry as it is to be written.
#[derive(Clone)]
struct Entry {
    number: u64,
    /// Where in the log it is, in sectors.
    at: usize,
    /// Where in the log its sequence's tail is, in sectors.
    tail: usize,
    /// What the file had, and what it needs.
    sizes: (u64, u64),
    changes: Vec<Change>,
}

impl Entry {
    fn bytes(&self) -> Vec<u8> {
        let pages = self
            .changes
            .iter()
            .filter(|c| matches!(c, Change::Page(..)));
        let head = (64 + 32 * self.changes.len()).next_multiple_of(4096);
        let mut entry = vec![0; head + pages.count() * 4096];
        let len = entry.len() as u32;
        entry[..4].copy_from_slice(b"loge");
        entry[8..12].copy_from_slice(&len.to_le_bytes());
        entry[12..16].copy_from_slice(&(self.tail as u32 * 4096).to_le_bytes());
        entry[16..24].copy_from_slice(&self.number.to_le_bytes());
        entry[24..28].copy_from_slice(&(self.changes.len() as u32).to_le_bytes());
        entry[32..48].copy_from_slice(&ID);
        entry[48..56].copy_from_slice(&self.sizes.0.to_le_bytes());
        entry[56..64].copy_from_slice(&self.sizes.1.to_le_bytes());
        let mut data = head;
        for (index, change) in self.changes.iter().enumerate() {
            let mut descriptor = [0; 32];
            descriptor[24..].copy_from_slice(&self.number.to_le_bytes());
            match change {
                Change::Zero(at, len) => {
                    descriptor[..4].copy_from_slice(b"zero");
                    descriptor[8..16].copy_from_slice(&len.to_le_bytes());
                    descriptor[16..24].copy_from_slice(&at.to_le_bytes());
                }
                Change::Page(at, page) => {
                    descriptor[..4].copy_from_slice(b"desc");
                    descriptor[4..8].copy_from_slice(&page[4092..]);
                    descriptor[8..16].copy_from_slice(&page[..8]);
                    descriptor[16..24].copy_from_slice(&at.to_le_bytes());
                    let sector = &mut entry[data..data + 4096];
                    sector.copy_from_slice(page);
                    sector[..4].copy_from_slice(b"data");
                    sector[4..8].copy_from_slice(&((self.number >> 32) as u32).to_le_bytes());
                    sector[4092..].copy_from_slice(&(self.number as u32).to_le_bytes());
                    data += 4096;
                }
            }
            entry[64 + index * 32..][..32].copy_from_slice(&descriptor);
        }
        let len = entry.len();
        sealed(entry, 0, len)
    }

    /// Writes it into the ring of `file`.
    fn put(&self, mut file: Vec<u8>) -> Vec<u8> {
        self.put_bytes(&self.bytes(), &mut file);
        file
    }

    fn put_bytes(&self, bytes: &[u8], file: &mut [u8]) {
        for (index, sector) in bytes.chunks(4096).enumerate() {
            let at = (self.at + index) * 4096 % RING;
            file[LOG + at..][..4096].copy_from_slice(sector);
        }
    }
}

/// `file` as one that was not closed.
fn open_log(mut file: Vec<u8>) -> Vec<u8> {
    for at in [64 << 10, 128 << 10] {
        file = sealed(patched(&file, at + 48, &ID), at, 4096);
    }
    file
}

/// A disk, its file, and the page of its table that has not yet been written.
fn unfinished() -> (Vec<u8>, Vec<u8>, Change) {
    let (disk, image) = three_blocks(512);
    let mut file = image.file();
    let page = file[TABLE..TABLE + 4096].to_vec();
    file[TABLE..TABLE + 4096].fill(0);
    (disk, open_log(file), Change::Page(TABLE as u64, page))
}

fn entry(file: &[u8], number: u64, at: usize, tail: usize, changes: &[Change]) -> Entry {
    let len = file.len() as u64;
    Entry {
        number,
        at,
        tail,
        sizes: (len, len),
        changes: changes.to_vec(),
    }
}

/// What qemu-img reads from `image` once it has written its log back.
fn qemu_replays(image: &[u8]) -> Vec<u8> {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("image");
    std::fs::write(&path, image).unwrap();
    qemu_img(&[
        "check",
        "-q",
        "-f",
        "vhdx",
        "-r",
        "all",
        path.to_str().unwrap(),
    ]);
    read_by_qemu(&path, "vhdx")
}

fn log_note(image: &Image) -> &str {
    let note = image.about().notes.iter().find(|note| note.0 == "log");
    note.map(|note| note.1.as_str()).unwrap_or_default()
}

#[test]
fn a_log_is_replayed_in_memory() {
    let (disk, file, page) = unfinished();
    let file = entry(&file, 5, 0, 0, &[page]).put(file);
    let mut image = opened(file.clone());
    assert!(content(&mut image).unwrap() == disk);
    assert_eq!(log_note(&image), "replayed in memory: 1 pages");
    assert!(qemu_replays(&file) == disk);
    // Once it is closed, the log says nothing.
    let (disk, image) = three_blocks(512);
    let closed = opened(image.file());
    assert_eq!(log_note(&closed), "");
    assert_eq!(closed.size(), disk.len() as u64);
}

#[test]
fn in_file_order_a_log_may_not_change_blocks() {
    let (disk, file, page) = unfinished();
    let told = |change| {
        let file = entry(&file, 5, 0, 0, &[page.clone(), change]).put(file.clone());
        let how = OpenOptions {
            in_file_order: true,
            ..OpenOptions::default()
        };
        let image = Image::open(Format::Vhdx, Arc::new(file), &how);
        image.and_then(|mut image| content(&mut image))
    };
    let data = 4u64 << 20;
    for change in [
        Change::Zero(data + 8192, 4096),
        Change::Page(data, random(9, 4096)),
    ] {
        assert_eq!(
            told(change).unwrap_err().to_string(),
            "its log changes block 2, and this source is read in order"
        );
    }
    assert!(told(Change::Zero(TABLE as u64 + 8192, 4096)).unwrap() == disk);
}

#[test]
fn later_changes_win_and_zeros_are_changes() {
    let (mut disk, file, page) = unfinished();
    // The third block's first pages, at byte 4 MiB of the file, are wiped, and one is written again.
    let data = 4u64 << 20;
    let other = random(9, 4096);
    let first = entry(
        &file,
        7,
        10,
        10,
        &[Change::Page(data + 4096, random(8, 4096)), page],
    );
    let again = [
        Change::Zero(data, 16_384),
        Change::Page(data + 8192, other.clone()),
    ];
    let second = entry(&file, 8, 13, 10, &again);
    let file = second.put(first.put(file));
    disk[2 << 20..][..16_384].fill(0);
    disk[(2 << 20) + 8192..][..4096].copy_from_slice(&other);
    assert!(read(Format::Vhdx, file.clone()).unwrap() == disk);
    assert!(qemu_replays(&file) == disk);
}

#[test]
fn a_sequence_may_go_round_and_only_what_follows_the_tail_counts() {
    let (disk, file, page) = unfinished();
    let last = RING / 4096 - 1;
    let wrong = Change::Page(TABLE as u64, random(3, 4096));
    // An older sequence, an entry that was already written back, two that count: 2 + 3 sectors at
    // the end and the beginning of the ring.
    let old = entry(&file, 3, 100, 100, std::slice::from_ref(&wrong));
    let done = entry(&file, 20, last - 3, last - 3, &[wrong]);
    let zero = Change::Zero(TABLE as u64, 4096);
    let one = entry(&file, 21, last - 1, last - 1, &[zero.clone(), zero]);
    let two = entry(&file, 22, last, last - 1, &[page.clone(), page]);
    let mut file = old.put(done.put(one.put(two.put(file))));
    assert!(read(Format::Vhdx, file.clone()).unwrap() == disk);
    assert!(qemu_replays(&file) == disk);
    // What is left of an entry that was written over in its middle; qemu-img stops at it.
    let torn = entry(&[], 90, 50, 50, &vec![Change::Zero(0, 0); 200]);
    torn.put_bytes(&torn.bytes()[..4096], &mut file);
    assert!(read(Format::Vhdx, file).unwrap() == disk);
}

#[test]
fn many_descriptors_take_many_sectors() {
    let (disk, file, page) = unfinished();
    // Pages behind the items of the metadata, which are not read.
    let room = (2u64 << 20) + (512 << 10);
    let pages = (0..100).map(|n| Change::Page(room + n * 4096, random(n, 4096)));
    let page = [page];
    for zeros in [25, 26, 400] {
        let zeros = vec![Change::Zero(room, 4096); zeros];
        let changes: Vec<_> = zeros.into_iter().chain(pages.clone()).collect();
        let changes = [&changes, &page[..]].concat();
        let file = entry(&file, 1, 30, 30, &changes).put(file.clone());
        let mut image = opened(file.clone());
        assert!(content(&mut image).unwrap() == disk);
        assert_eq!(log_note(&image), "replayed in memory: 101 pages");
        // qemu-img takes no entry whose descriptors need more than one sector.
        assert!(changes.len() > 126 || qemu_replays(&file) == disk);
    }
}

#[test]
fn a_log_may_say_that_the_file_is_longer() {
    let (mut disk, mut file, page) = unfinished();
    let len = file.len() as u64;
    file.truncate(6 << 20);
    let mut change = entry(&file, 1, 0, 0, &[page]);
    change.sizes = (6 << 20, len);
    let file = change.put(file);
    disk[..1 << 20].fill(0);
    assert!(read(Format::Vhdx, file).unwrap() == disk);
}

#[test]
fn logs_that_cannot_be_replayed_are_told() {
    let (_, file, page) = unfinished();
    let one = entry(
        &file,
        1,
        0,
        0,
        &[page.clone(), Change::Zero(0x30_2000, 4096)],
    );
    let none = "was not closed, and there is no complete sequence of entries in its log";
    assert_eq!(told(file.clone()), none);
    let bytes = one.bytes();
    let put = |bytes: &[u8]| {
        let mut file = file.clone();
        one.put_bytes(bytes, &mut file);
        told(file)
    };
    // What makes an entry none, first without and then with the right checksum.
    for at in [0, 4, 8, 16, 24, 32, 63, 64, 5000] {
        assert_eq!(put(&patched(&bytes, at, &[0xdd])), none);
    }
    let put = |at: usize, patch: &[u8]| put(&sealed(patched(&bytes, at, patch), 0, bytes.len()));
    for (at, patch) in [
        (8, [0, 0x10]),
        (8, [1, 0x20]),
        (12, [0, 0x10]),
        (16, [0, 0]),
        (24, [0xff, 0xff]),
        (32, [0, 0]),
    ] {
        assert_eq!(put(at, &patch), none, "{at}");
    }
    let descriptor = "has a damaged descriptor 0 in entry 1 of its log";
    for at in [64, 64 + 16, 64 + 24] {
        assert_eq!(put(at, &[0xdd]), descriptor);
    }
    assert_eq!(
        put(96 + 8, &[1]),
        "has a damaged descriptor 1 in entry 1 of its log"
    );
    for at in [4096, 4096 + 4, 8188] {
        assert_eq!(
            put(at, &[0xdd]),
            "has damaged data at byte 4096 in entry 1 of its log"
        );
    }
    assert_eq!(
        put(24, &[0]),
        "has data that belongs to nothing in entry 1 of its log"
    );
    assert_eq!(
        put(96, b"desc"),
        "has a damaged descriptor 1 in entry 1 of its log"
    );
    let len = file.len();
    assert_eq!(
        put(48, &(len as u64 + 1).to_le_bytes()),
        format!(
            "has {len} bytes, its log was written when it had {}",
            len + 1
        )
    );
    for at in [1u64 << 40, 1 << 63, u64::MAX - 4095] {
        assert_eq!(
            put(64 + 16, &at.to_le_bytes()),
            format!("its log changes 4096 bytes at byte {at}, outside the file of {len} bytes")
        );
    }
    assert_eq!(
        put(96 + 8, &(u64::MAX - 4095).to_le_bytes()),
        format!(
            "its log changes 18446744073709547520 bytes at byte 3153920, outside the file of {len} bytes"
        )
    );
}

#[test]
fn logs_that_claim_the_earth_cost_nothing() {
    let (_, file, _) = unfinished();
    let log = |len: u32| {
        let file = patched(&file, (128 << 10) + 68, &len.to_le_bytes());
        told(sealed(file, 128 << 10, 4096))
    };
    assert_eq!(log(0), "was not closed, and its log has no bytes");
    assert_eq!(
        log(257 << 20),
        "has a log of 269484032 bytes, at most 268435456 are replayed"
    );
    assert_eq!(
        log(256 << 20),
        format!("ended at byte {}, inside its log", file.len())
    );
    // Every sector is an entry as long as the whole log.
    let mut sector = entry(&[], 1, 0, 0, &[]).bytes();
    sector[8..12].copy_from_slice(&(RING as u32).to_le_bytes());
    let mut file = file.clone();
    file[LOG..LOG + RING].copy_from_slice(&sector.repeat(RING / 4096));
    assert_eq!(
        told(file),
        "was not closed, and the entries of its log overlap"
    );
}
