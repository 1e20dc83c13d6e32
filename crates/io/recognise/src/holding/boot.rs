//! The first sector of a PC's disk: the boot signature, the partition table of the MBR, boot code.

use super::Found;
use sparse::fields::{byte, holds, le32};

/// What ends the first sector.
pub(crate) const SIGNATURE: [u8; 2] = [0x55, 0xaa];

/// Where that is, in bytes.
pub(crate) const OFFSET: u64 = 510;

/// What a boot sector is said to hold that has no partition table.
pub(crate) const CODE: &str = "boot code";

/// What a disk with nothing but that signature is said to hold before it is overwritten.
pub(super) const HOLDING: &str = "a partition table or boot sector";

/// Where the four entries of the table begin, in bytes.
const ENTRIES: usize = 446;

/// An entry of the partition table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// 0x80 for the partition to start from, 0 for others.
    pub status: u8,
    /// The partition's type; 0 for an entry that is not used.
    pub kind: u8,
    /// Its first sector.
    pub start: u32,
    /// How many sectors it has.
    pub sectors: u32,
}

impl Entry {
    /// The type of the entry that only says that the real table is a GPT.
    pub const PROTECTIVE: u8 = 0xee;

    fn read(head: &[u8], number: usize) -> Self {
        let at = ENTRIES + 16 * number;
        Entry {
            status: byte(head, at),
            kind: byte(head, at + 4),
            start: le32(head, at + 8),
            sectors: le32(head, at + 12),
        }
    }

    /// Whether it describes a partition.
    pub fn is_used(self) -> bool {
        self.kind != 0 && self.sectors != 0
    }
}

/// The four entries of the partition table in `head`, a disk's first bytes or those of an extended partition, as
/// Linux takes them (block/partitions/msdos.c): the signature and the status alone decide, and an entry of type 0
/// with sectors is a partition, as on hybrid discs. `None` where there is no table.
pub fn entries(head: &[u8]) -> Option<[Entry; 4]> {
    if !holds(head, 510, &SIGNATURE) {
        return None;
    }
    let entries = std::array::from_fn(|number| Entry::read(head, number));
    let sane = |entry: &Entry| entry.status & 0x7f == 0;
    entries.iter().all(sane).then_some(entries)
}

/// The same, where entries without a type must be empty; `None` where what stands in the table's place makes no
/// sense.
pub fn table(head: &[u8]) -> Option<[Entry; 4]> {
    let entries = entries(head)?;
    let sane = |entry: &Entry| entry.kind != 0 || entry.sectors == 0;
    entries.iter().all(sane).then_some(entries)
}

/// Whether `head`, a disk's first bytes, says in its MBR that the real table is a GPT. The status of entries does not
/// matter for that.
pub fn is_protective(head: &[u8]) -> bool {
    let is = |number| Entry::read(head, number).kind == Entry::PROTECTIVE;
    holds(head, 510, &SIGNATURE) && (0..4).any(is)
}

/// What the boot sector at the beginning of `head` shows, if it is one.
pub(super) fn found(head: &[u8]) -> Option<Found> {
    let what = match table(head) {
        Some(entries) if entries.iter().any(|entry| entry.is_used()) => "an MBR partition table",
        Some(entries) if entries.iter().all(|entry| *entry == EMPTY) => {
            "an MBR partition table without partitions"
        }
        _ if holds(head, 510, &SIGNATURE) && begins_as_code(head) => CODE,
        _ => return None,
    };
    Some(Found {
        what,
        offset: OFFSET,
    })
}

const EMPTY: Entry = Entry {
    status: 0,
    kind: 0,
    start: 0,
    sectors: 0,
};

/// Whether the sector begins with what boot sectors begin with: a jump, or the instructions that switch
/// interrupts off, clear a segment or set the direction.
fn begins_as_code(head: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 10] = [
        b"\xeb",
        b"\xe9",
        b"\xea",
        b"\xfa",
        b"\xfc",
        b"\x33\xc0",
        b"\x31\xc0",
        b"\x2b\xc0",
        b"\x8c\xc8",
        b"\x0e\x1f",
    ];
    BEGINNINGS.iter().any(|code| head.starts_with(code))
}
