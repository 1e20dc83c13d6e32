//! The header of a GUID partition table (UEFI specification, chapter 5).

use super::{By, Reach, SECTOR};
use sparse::fields::{field, holds, le32, le64};

/// Bytes of a header that mean something.
const HEADER: usize = 92;
/// Bytes by which the place of the second copy may be behind the end: some programs cut it off with
/// everything behind the last partition.
const BACKUP: u64 = 1 << 20;

/// A header whose checksum is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gpt {
    /// Bytes in a block, which the header itself shows by where it is.
    pub sector: u64,
    /// The block that it says that it is in.
    pub own: u64,
    /// The block of the other copy.
    pub alternate: u64,
    last_usable: u64,
    /// The disk's GUID, in the order of the disk.
    pub id: [u8; 16],
    /// The block where the entries begin.
    pub entries: u64,
    /// How many entries there are.
    pub count: u32,
    /// Bytes of an entry.
    pub entry: u32,
    /// The CRC-32 of all entries.
    pub sum: u32,
}

impl Gpt {
    /// The header in `head`, a disk's first bytes, if there is one and it is whole.
    pub fn read(head: &[u8]) -> Option<Self> {
        [SECTOR, 4096]
            .into_iter()
            .find_map(|sector| Self::in_block(head.get(sector as usize..)?, sector))
    }

    /// The header that `block`, a block of `sector` bytes, begins with, if it is one and whole.
    pub fn in_block(block: &[u8], sector: u64) -> Option<Self> {
        if !Self::is_named(block) || !checksum_is_right(block, sector as usize) {
            return None;
        }
        Some(Gpt {
            sector,
            own: le64(block, 24),
            alternate: le64(block, 32),
            last_usable: le64(block, 48),
            id: field(block, 56),
            entries: le64(block, 72),
            count: le32(block, 80),
            entry: le32(block, 84),
            sum: le32(block, 88),
        })
    }

    /// Whether `block` has the signature of a header, whole or not.
    pub fn is_named(block: &[u8]) -> bool {
        holds(block, 0, b"EFI PART")
    }

    /// How far the table reaches.
    pub(super) fn reach(&self, head: &[u8]) -> Reach {
        let end = |block: u64| block.saturating_add(1).saturating_mul(self.sector);
        let usable = Reach::exactly(By::Usable, end(self.last_usable));
        let partitions = self.partitions(head).map(|(number, last)| {
            let table = "GPT";
            Reach::exactly(By::Partition { table, number }, end(last))
        });
        // Of those that reach equally far, partitions tell more.
        let needed = partitions.fold(
            usable,
            |far, next| if next.end >= far.end { next } else { far },
        );
        let backup = end(self.alternate);
        match backup.checked_sub(needed.end) {
            Some(behind) if behind > BACKUP => Reach {
                by: By::Backup,
                end: backup,
                least: backup - BACKUP,
                most: backup,
            },
            _ => Reach {
                most: needed.end.max(backup),
                ..needed
            },
        }
    }

    /// The numbers of the partitions that `head` shows, and their last blocks.
    fn partitions<'a>(&self, head: &'a [u8]) -> impl Iterator<Item = (u32, u64)> + 'a {
        let entry = usize::try_from(self.entry).unwrap_or(0).max(128);
        let at = usize::try_from(self.entries.saturating_mul(self.sector)).unwrap_or(usize::MAX);
        let array = head.get(at..).unwrap_or_default();
        (1..=self.count)
            .zip(array.chunks_exact(entry))
            .filter(|(_, entry)| entry[..16] != [0; 16])
            .map(|(number, entry)| (number, le64(entry, 32), le64(entry, 40)))
            .filter(|(_, first, last)| first <= last)
            .map(|(number, _, last)| (number, last))
    }
}

/// The checksum covers the header with zeros in its own place.
fn checksum_is_right(block: &[u8], sector: usize) -> bool {
    let len = le32(block, 12) as usize;
    if !(HEADER..=sector).contains(&len) {
        return false;
    }
    let Some(mut header) = block.get(..len).map(<[u8]>::to_vec) else {
        return false;
    };
    let stored = le32(&header, 16);
    header[16..20].fill(0);
    crc32fast::hash(&header) == stored
}
