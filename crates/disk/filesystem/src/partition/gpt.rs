//! The GPT (UEFI specification, chapter 5). Which size its sectors have is shown by where the header is.

use error::{Error, Result};
use recognise::reach::Gpt;
use sparse::BlockRead;
use sparse::fields::{field, le16, le64};

use super::{MOST, Partition, PartitionTable, PartitionType, TableKind};
use crate::piece::piece;

/// Sizes of sectors that are tried.
const SECTORS: [u64; 2] = [512, 4096];

/// Most bytes of all entries. The usual table has 16 KiB.
const LARGEST: u64 = 1 << 20;

/// The attribute "legacy BIOS bootable".
const BOOTABLE: u64 = 1 << 2;

/// A copy of the table.
enum Copy {
    /// No header.
    None,
    /// The reason why it cannot be used, and where the other copy is, where the header tells.
    Damaged(String, Option<u64>),
    Whole(Gpt, Vec<u8>),
}

/// The table of `disk`; `None` where there is no header at either end.
pub(super) fn read(disk: &dyn BlockRead) -> Result<Option<PartitionTable>> {
    let mut reason = None;
    let mut others = Vec::new();
    for sector in SECTORS {
        match copy(disk, sector, sector)? {
            Copy::None => {}
            Copy::Whole(gpt, entries) => return Ok(Some(table(&gpt, &entries))),
            Copy::Damaged(why, other) => {
                reason.get_or_insert(why);
                others.extend(other.map(|at| (at, sector)));
            }
        }
    }
    if let Some(size) = disk.size() {
        let last = |sector: u64| Some(((size / sector).checked_sub(1)? * sector, sector));
        others.extend(SECTORS.into_iter().filter_map(last));
    }
    let mut damaged = None;
    for (at, sector) in others {
        match copy(disk, at, sector)? {
            Copy::None => {}
            Copy::Damaged(why, _) => damaged = Some(why),
            Copy::Whole(gpt, entries) => {
                let mut table = table(&gpt, &entries);
                table.notes.insert(0, backup_note(reason.as_deref()));
                return Ok(Some(table));
            }
        }
    }
    match reason.or(damaged) {
        None => Ok(None),
        Some(why) => Err(Error::corrupt(format!(
            "the GPT is damaged ({why}) and so is its copy at the end"
        ))),
    }
}

fn backup_note(reason: Option<&str>) -> String {
    let why = reason.unwrap_or("it is missing");
    format!(
        "the first copy of the GPT is damaged ({why}); the one at the end is used, as Linux does only with the argument gpt"
    )
}

/// The copy with its header at byte `at` of a disk with sectors of `sector` bytes.
fn copy(disk: &dyn BlockRead, at: u64, sector: u64) -> Result<Copy> {
    let block = piece(disk, at, sector as usize)?;
    if !Gpt::is_named(&block) {
        return Ok(Copy::None);
    }
    let Some(gpt) = Gpt::in_block(&block, sector) else {
        let why = format!("the checksum of the header at byte {at} is wrong");
        return Ok(Copy::Damaged(why, None));
    };
    let other = gpt.alternate.checked_mul(sector);
    if gpt.own.checked_mul(sector) != Some(at) {
        let why = format!("the header at byte {at} is one for sector {}", gpt.own);
        return Ok(Copy::Damaged(why, other));
    }
    let bytes = u64::from(gpt.count) * u64::from(gpt.entry);
    if gpt.entry < 128 || bytes > LARGEST {
        let why = format!("{} entries of {} bytes", gpt.count, gpt.entry);
        return Ok(Copy::Damaged(why, other));
    }
    let place = gpt.entries.saturating_mul(sector);
    let entries = piece(disk, place, bytes as usize)?;
    if entries.len() as u64 != bytes || crc32fast::hash(&entries) != gpt.sum {
        let why = format!("the checksum of the entries at byte {place} is wrong");
        return Ok(Copy::Damaged(why, other));
    }
    Ok(Copy::Whole(gpt, entries))
}

fn table(gpt: &Gpt, entries: &[u8]) -> PartitionTable {
    let mut table = PartitionTable::new(TableKind::Gpt, gpt.sector, guid(gpt.id));
    for (number, entry) in (1..=MOST).zip(entries.chunks_exact(gpt.entry as usize)) {
        if entry[..16] == [0; 16] {
            continue;
        }
        match partition(number, entry, gpt.sector) {
            Some(partition) => table.partitions.push(partition),
            None => table.notes.push(format!(
                "partition {number} from sector {} to {} is impossible and left out",
                le64(entry, 32),
                le64(entry, 40)
            )),
        }
    }
    table
}

fn partition(number: u32, entry: &[u8], sector: u64) -> Option<Partition> {
    let (first, last) = (le64(entry, 32), le64(entry, 40));
    let sectors = last.checked_sub(first)?.checked_add(1)?;
    let start = first.checked_mul(sector)?;
    let length = sectors.checked_mul(sector)?;
    start.checked_add(length)?;
    let attributes = le64(entry, 48);
    Some(Partition {
        number,
        start,
        length,
        kind: PartitionType::Gpt(guid(field(entry, 0))),
        name: name(&entry[56..128]),
        uuid: guid(field(entry, 16)),
        is_active: attributes & BOOTABLE != 0,
        attributes,
    })
}

/// A GUID in groups, lower case. The first three groups are little-endian on the disk.
fn guid(mut bytes: [u8; 16]) -> String {
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    crate::name::uuid(&bytes)
}

/// A name in UTF-16, up to its first zero.
fn name(bytes: &[u8]) -> String {
    let units = (0..bytes.len()).step_by(2).map(|at| le16(bytes, at));
    let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
    String::from_utf16_lossy(&units)
}
