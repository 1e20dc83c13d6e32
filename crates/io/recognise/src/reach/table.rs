//! Partition tables other than the GPT.

use super::{By, Reach, SECTOR};
use crate::holding::boot::{self, Entry};
use sparse::fields::{be32, holds};

/// Heads and sectors that old partitioners counted in. A partition that ends at the border of such a cylinder
/// was perhaps rounded up to it.
const GEOMETRIES: [u64; 3] = [255 * 63, 240 * 63, 16 * 63];

/// The reach of the partitions in the MBR, an extended one for all that are in it.
pub(super) fn mbr(head: &[u8]) -> Option<Reach> {
    let entries = (1..).zip(boot::table(head)?);
    let used = entries.filter(|(_, entry)| entry.is_used() && entry.kind != Entry::PROTECTIVE);
    let reaches = used.map(|(number, entry)| {
        let end = u64::from(entry.start) + u64::from(entry.sectors);
        let rounded = GEOMETRIES
            .iter()
            .find(|&&cylinder| end.is_multiple_of(cylinder));
        let table = "MBR";
        Reach {
            least: end.saturating_sub(rounded.map_or(0, |cylinder| cylinder - 1)) * SECTOR,
            ..Reach::exactly(By::Partition { table, number }, end * SECTOR)
        }
    });
    reaches.max_by_key(|reach| reach.least)
}

/// The reach of an Apple partition map, whose blocks are as long as its driver descriptor says.
pub(super) fn apple(head: &[u8]) -> Option<Reach> {
    let descriptor = holds(head, 0, b"ER");
    let block = usize::from(sparse::fields::be16(head, 2));
    let block = if descriptor && [512, 1024, 2048, 4096].contains(&block) {
        block
    } else {
        512
    };
    let entries = (1u32..=64).zip(head.chunks_exact(block).skip(1));
    let entries = entries.take_while(|(_, entry)| holds(entry, 0, b"PM\0\0"));
    let reaches = entries.map(|(number, entry)| {
        let end = u64::from(be32(entry, 8)) + u64::from(be32(entry, 12));
        let table = "Apple partition map";
        Reach::exactly(By::Partition { table, number }, end * block as u64)
    });
    reaches.max_by_key(|reach| reach.end)
}
