//! What a disk holds, by the magic numbers that partition tables, file systems and volume managers leave.
//!
//! Two questions are asked of the same table. Before something is overwritten, a magic number alone is
//! enough to ask for `--force` ([`find_in`]). Before unnamed bytes are taken for a disk, the fields around a
//! short magic number have to make sense too ([`in_head`]).

pub mod boot;
mod check;
mod table;
#[cfg(test)]
mod tests;

use sparse::fields::holds;
use table::TABLE;

/// Where a magic number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Bytes from the start.
    Start(u64),
    /// Bytes before the end.
    End(u64),
    /// Bytes before the end, then down to a multiple of the second number.
    Aligned(u64, u64),
}

impl At {
    fn offset(self, size: u64) -> Option<u64> {
        match self {
            At::Start(offset) => Some(offset),
            At::End(before) => size.checked_sub(before),
            At::Aligned(before, unit) => Some(size.checked_sub(before)? / unit * unit),
        }
    }
}

/// A line of the table.
struct Row {
    what: &'static str,
    at: At,
    magic: &'static [u8],
    /// Whether the fields around the magic number make sense, given the disk's first bytes.
    makes_sense: fn(&[u8]) -> bool,
}

/// A recognised holding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is, with its article: `an ext2, ext3 or ext4 file system`.
    pub what: &'static str,
    /// The byte at which its magic number is.
    pub offset: u64,
}

/// What the disk that begins with `head` holds, by what is visible in `head` and makes sense. Signatures
/// that are behind `head` or at the disk's end are not seen.
pub fn in_head(head: &[u8]) -> Option<Found> {
    let by_table = TABLE.iter().find_map(|row| {
        let At::Start(offset) = row.at else {
            return None;
        };
        let there = holds(head, usize::try_from(offset).ok()?, row.magic);
        (there && (row.makes_sense)(head)).then_some(Found {
            what: row.what,
            offset,
        })
    });
    by_table.or_else(|| boot::found(head))
}

/// Whether the boot sector at the beginning of `head` is a file system's or a volume's: what is in the place of a
/// partition table then has another meaning.
pub fn has_volume_boot_sector(head: &[u8]) -> bool {
    let sector = head.get(..512).unwrap_or(head);
    let found = in_head(sector).map(|found| found.what);
    found.is_some_and(|what| table::WITH_BOOT_SECTOR.contains(&what))
}

/// Bytes at each end of a disk in which every signature is.
pub const EDGE: u64 = (1 << 20) + 4096;

/// ZFS keeps four labels of 256 KiB, two at each end; the second half of a label is a ring of
/// uberblocks, of which any may be the first used.
const ZFS_LABEL: u64 = 256 << 10;
const ZFS_UBERBLOCK: u64 = 0x00ba_b10c;

/// The first signature found in `size` bytes, of which `read` fills a buffer from an offset on. It is
/// asked for nothing but the first and the last [`EDGE`] bytes. A match of the magic number is enough.
///
/// # Errors
/// Those of `read`.
pub fn find_in<E>(
    size: u64,
    read: impl Fn(u64, &mut [u8]) -> Result<(), E>,
) -> Result<Option<Found>, E> {
    let boot = (boot::HOLDING, At::Start(boot::OFFSET), &boot::SIGNATURE[..]);
    let rows = TABLE.iter().map(|row| (row.what, row.at, row.magic));
    // From the telling to the vague: FAT and NTFS have the boot signature too.
    match first_of(rows.chain([boot]), size, &read)? {
        None => zfs(size, read),
        found => Ok(found),
    }
}

/// The same, of the signatures that [`in_head`] does not see in the first `head` bytes.
///
/// # Errors
/// Those of `read`.
pub fn find_behind<E>(
    head: u64,
    size: u64,
    read: impl Fn(u64, &mut [u8]) -> Result<(), E>,
) -> Result<Option<Found>, E> {
    let behind = |at: &At| !matches!(at, At::Start(offset) if *offset < head);
    let rows = TABLE.iter().filter(|row| behind(&row.at));
    let rows = rows.map(|row| (row.what, row.at, row.magic));
    match first_of(rows, size, &read)? {
        None => zfs(size, read),
        found => Ok(found),
    }
}

fn first_of<E>(
    rows: impl Iterator<Item = (&'static str, At, &'static [u8])>,
    size: u64,
    read: &impl Fn(u64, &mut [u8]) -> Result<(), E>,
) -> Result<Option<Found>, E> {
    let mut magic = [0; 32];
    for (what, at, expected) in rows {
        let Some(offset) = at.offset(size) else {
            continue;
        };
        let Some(magic) = magic.get_mut(..expected.len()) else {
            continue;
        };
        if offset + magic.len() as u64 > size {
            continue;
        }
        read(offset, magic)?;
        if magic == expected {
            return Ok(Some(Found { what, offset }));
        }
    }
    Ok(None)
}

fn zfs<E>(size: u64, read: impl Fn(u64, &mut [u8]) -> Result<(), E>) -> Result<Option<Found>, E> {
    let whole = size / ZFS_LABEL * ZFS_LABEL;
    let mut ring = vec![0; ZFS_LABEL as usize / 2];
    for label in [Some(0), whole.checked_sub(2 * ZFS_LABEL)]
        .into_iter()
        .flatten()
    {
        let start = label + ZFS_LABEL / 2;
        if start + ring.len() as u64 > size {
            continue;
        }
        read(start, &mut ring)?;
        let used = |slot: &[u8]| {
            let magic = slot.first_chunk::<8>();
            magic.is_some_and(|m| {
                [u64::from_le_bytes(*m), u64::from_be_bytes(*m)].contains(&ZFS_UBERBLOCK)
            })
        };
        if let Some(slot) = ring.chunks(1024).position(used) {
            let what = table::ZFS;
            let offset = start + 1024 * slot as u64;
            return Ok(Some(Found { what, offset }));
        }
    }
    Ok(None)
}
