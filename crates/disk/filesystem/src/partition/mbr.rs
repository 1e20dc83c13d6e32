//! The MBR and its extended partitions, as Linux' block/partitions/msdos.c reads them.

use std::collections::HashSet;

use error::Result;
use recognise::holding::boot::{self, Entry};
use sparse::BlockRead;
use sparse::fields::le32;

use super::{MOST, Partition, PartitionTable, PartitionType, SECTOR, TableKind};
use crate::piece::piece;

/// Most tables of extended partitions without a partition, one after the other, as in Linux.
const EMPTY: u32 = 100;

/// The table in `head`, the disk's first sector.
pub(super) fn read(disk: &dyn BlockRead, head: &[u8]) -> Result<Option<PartitionTable>> {
    let Some(entries) = boot::entries(head) else {
        return Ok(None);
    };
    let uuid = match le32(head, 440) {
        0 => String::new(),
        id => format!("{id:08x}"),
    };
    let mut table = PartitionTable::new(TableKind::Mbr, SECTOR, uuid);
    if entries.iter().any(|entry| entry.kind == Entry::PROTECTIVE) {
        let note =
            "the MBR says that there is a GPT, and there is none; Linux then sees no partitions";
        table.notes.push(note.into());
        return Ok(Some(table));
    }
    if entries.iter().all(|entry| entry.sectors == 0) {
        return Ok(None);
    }
    for (number, entry) in (1..).zip(&entries) {
        if entry.sectors != 0 {
            table.add(number, entry.start.into(), entry);
        }
    }
    let mut next = 5;
    for entry in entries.iter().filter(|entry| is_container(entry)) {
        logical(disk, entry, &mut table, &mut next)?;
    }
    Ok(Some(table))
}

fn is_container(entry: &Entry) -> bool {
    entry.sectors != 0 && PartitionType::Mbr(entry.kind).is_container()
}

impl PartitionTable {
    fn add(&mut self, number: u32, start: u64, entry: &Entry) {
        let uuid = match self.uuid.as_str() {
            "" => String::new(),
            id => format!("{id}-{number:02x}"),
        };
        self.partitions.push(Partition {
            number,
            start: start * SECTOR,
            length: u64::from(entry.sectors) * SECTOR,
            kind: PartitionType::Mbr(entry.kind),
            name: String::new(),
            uuid,
            is_active: entry.status == 0x80,
            attributes: 0,
        });
    }
}

/// Adds the partitions in an extended one. Its tables are a chain: each has a partition, counted from the table's own
/// sector, and the next table, counted from the beginning of the whole.
fn logical(
    disk: &dyn BlockRead,
    whole: &Entry,
    table: &mut PartitionTable,
    next: &mut u32,
) -> Result<()> {
    let (mut at, mut sectors) = (u64::from(whole.start), u64::from(whole.sectors));
    let mut seen = HashSet::new();
    let mut empty = 0;
    while *next <= MOST {
        if !seen.insert(at) {
            let note = format!("the logical partitions end in a circle at sector {at}");
            table.notes.push(note);
            return Ok(());
        }
        let head = piece(disk, at * SECTOR, SECTOR as usize)?;
        let Some(entries) = boot::entries(&head) else {
            let note = format!("no table of logical partitions at sector {at}; the rest is lost");
            table.notes.push(note);
            return Ok(());
        };
        let before = *next;
        for (i, entry) in entries.iter().enumerate() {
            let is_used = entry.sectors != 0 && !is_container(entry);
            if is_used && *next <= MOST && (i < 2 || is_inside(entry, at, sectors, whole)) {
                table.add(*next, at + u64::from(entry.start), entry);
                *next += 1;
            }
        }
        empty = if *next == before { empty + 1 } else { 0 };
        let Some(link) = entries.iter().find(|entry| is_container(entry)) else {
            return Ok(());
        };
        if empty > EMPTY {
            let note = format!("more than {EMPTY} tables of logical partitions are empty");
            table.notes.push(note);
            return Ok(());
        }
        at = u64::from(whole.start) + u64::from(link.start);
        sectors = link.sectors.into();
    }
    Ok(())
}

/// Whether a third or fourth entry, which few programs write and some leave undefined, makes sense.
fn is_inside(entry: &Entry, at: u64, sectors: u64, whole: &Entry) -> bool {
    let end = u64::from(entry.start) + u64::from(entry.sectors);
    let whole_end = u64::from(whole.start) + u64::from(whole.sectors);
    end <= sectors && at + end <= whole_end
}
