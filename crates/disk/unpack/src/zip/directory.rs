//! The central directory and the end records, which close the archive (APPNOTE 4.3.12 to 4.3.16).

use error::{Error, Result};
use sparse::{SparseRead, skip};

use super::listing::Listing;
use super::record::{Fields, Stated, zip64};
use super::{CENTRAL, END, END64, Input, LOCATOR64, MOST, no_header, take, take_vec, truncated};
use crate::archive::shown;
use crate::input::skip_zeros;

const SIGNATURE: [u8; 4] = *b"PK\x05\x05";

/// What the end records have to say.
#[derive(Clone, Copy, Debug)]
struct Directory {
    entries: u64,
    offset: u64,
    size: u64,
}

/// Reads everything from the central directory, whose first signature was just read, to the end of
/// the input, and compares it with the members that were read.
pub(super) fn check<R: SparseRead>(
    input: &mut Input<R>,
    first: [u8; 4],
    mut listing: Listing<'_>,
) -> Result<()> {
    let mut directory = Directory {
        entries: 0,
        offset: input.at() - 4,
        size: 0,
    };
    let mut signature = first;
    while signature == CENTRAL {
        Central::read(input, directory.entries)?.compare(&mut listing)?;
        directory.entries += 1;
        signature = take(input, "the central directory")?;
    }
    directory.size = input.at() - 4 - directory.offset;
    listing.is_complete()?;
    let wide = signature == END64;
    if wide {
        check_end64(input, directory)?;
        signature = take(input, "the end record")?;
    }
    match signature {
        END => check_end(input, directory, wide)?,
        SIGNATURE => {
            return Err(Error::unsupported("zip: the central directory is signed"));
        }
        _ => return Err(no_header(input.at() - 4)),
    }
    // Programs that write to tapes and pipes fill their last block.
    skip_zeros(input)?;
    if input.peek()?.is_empty() {
        Ok(())
    } else {
        Err(Error::corrupt(format!(
            "zip: trailing garbage at byte {}, after the end record",
            input.at()
        )))
    }
}

/// The lowest offset that a central directory of `size` bytes states, by which the first member is found;
/// `None` where it lists nothing.
///
/// # Errors
/// [`error::Kind::Corrupt`] when it is no central directory.
pub(super) fn lowest_offset<R: SparseRead>(input: &mut Input<R>, size: u64) -> Result<Option<u64>> {
    let mut lowest: Option<u64> = None;
    for number in 0..MOST as u64 {
        if input.at() >= size {
            break;
        }
        if take(input, "the central directory")? != CENTRAL {
            return Err(no_header(input.at() - 4));
        }
        let offset = Central::read(input, number)?.offset.number();
        lowest = Some(lowest.map_or(offset, |lowest| lowest.min(offset)));
    }
    Ok(lowest)
}

/// An entry of the central directory.
struct Central {
    /// How messages call it.
    shown: String,
    name: Vec<u8>,
    method: u16,
    crc: u32,
    compressed: Stated,
    size: Stated,
    offset: Stated,
    disk: u16,
}

impl Central {
    /// Reads what follows the signature of entry `number`, counted from 0.
    fn read<R: SparseRead>(input: &mut Input<R>, number: u64) -> Result<Self> {
        const WHAT: &str = "the central directory";
        let fixed: [u8; 42] = take(input, WHAT)?;
        let mut lengths = Fields(&fixed[24..30]);
        let mut length = || lengths.u16().unwrap_or(0);
        let (name, extra, comment) = (length(), length(), length());
        let name = take_vec(input, name, WHAT)?;
        let extra = take_vec(input, extra, WHAT)?;
        if skip(input, comment.into())? < comment.into() {
            return Err(truncated(input, WHAT));
        }
        let shown = format!(
            "{} ({})",
            number + 1,
            shown(&String::from_utf8_lossy(&name))
        );
        Self::parse(&fixed, &extra, name, shown.clone()).ok_or_else(|| {
            Error::corrupt(format!(
                "zip central directory entry {shown} says that sizes are in a ZIP64 field and has none"
            ))
        })
    }

    fn parse(fixed: &[u8], extra: &[u8], name: Vec<u8>, shown: String) -> Option<Self> {
        let mut wide = zip64(extra);
        let mut fields = Fields(fixed);
        let _versions_and_flags = (fields.u32()?, fields.u16()?);
        let method = fields.u16()?;
        let _time_and_date = fields.u32()?;
        let crc = fields.u32()?;
        let mut compressed = Fields(&fixed[16..20]);
        fields.u32()?;
        let size = fields.u32_or(&mut wide)?;
        let compressed = compressed.u32_or(&mut wide)?;
        let _lengths = (fields.u16()?, fields.u32()?);
        let disk = fields.u16()?;
        let _attributes = (fields.u16()?, fields.u32()?);
        let offset = fields.u32_or(&mut wide)?;
        Some(Central {
            shown,
            name,
            method,
            crc,
            compressed,
            size,
            offset,
            // All ones send the reader to the ZIP64 field; a real number of a disk is small.
            disk: if disk == u16::MAX { 0 } else { disk },
        })
    }

    /// Makes sure that the entry is about one of the members that were read, that it says what was read and
    /// that it is the first to do so.
    fn compare(&self, listing: &mut Listing<'_>) -> Result<()> {
        if self.disk != 0 {
            return Err(split());
        }
        let Some((member, same_name)) = listing.find(self.offset, &self.name) else {
            return Err(self.corrupt(format!("no member is at byte {}", self.offset.number())));
        };
        if member.listed {
            return Err(self.corrupt(format!("lists the member at byte {} again", member.offset)));
        }
        if !same_name {
            return Err(self.corrupt(format!(
                "the member at byte {} has another name",
                member.offset
            )));
        }
        member.listed = true;
        let method = Stated::Narrow(self.method.into());
        let numbers = [
            ("method", method, Some(member.method.into())),
            ("compressed size", self.compressed, Some(member.compressed)),
            ("size", self.size, member.sums.map(|(size, _)| size)),
        ];
        for (what, stated, found) in numbers {
            if let Some(found) = found.filter(|&found| !stated.is(found)) {
                let stated = stated.number();
                return Err(self.corrupt(format!("the {what} is {stated}, the member has {found}")));
            }
        }
        match member.sums {
            Some((_, crc)) if crc != self.crc => Err(self.corrupt(format!(
                "CRC-32 is {:#010x}, the data has {crc:#010x}",
                self.crc
            ))),
            _ => Ok(()),
        }
    }

    fn corrupt(&self, reason: String) -> Error {
        Error::corrupt(format!(
            "zip central directory entry {}: {reason}",
            self.shown
        ))
    }
}

/// Reads the ZIP64 end record and its locator behind the record's signature.
fn check_end64<R: SparseRead>(input: &mut Input<R>, found: Directory) -> Result<()> {
    const WHAT: &str = "the ZIP64 end record";
    const FIXED: u64 = 44;
    let start = input.at() - 4;
    let size = u64::from_le_bytes(take(input, WHAT)?);
    let record: [u8; FIXED as usize] = take(input, WHAT)?;
    let Some(more) = size.checked_sub(FIXED) else {
        return Err(Error::corrupt(format!(
            "zip: the ZIP64 end record has {size} bytes, it needs {FIXED}"
        )));
    };
    if skip(input, more)? < more {
        return Err(truncated(input, WHAT));
    }
    let mut fields = Fields(&record[4..]);
    let disks = [fields.u32(), fields.u32()];
    let mut number = || Stated::Wide(fields.u64().unwrap_or_default());
    let numbers = [number(), number(), number(), number()];
    if disks.iter().any(|&disk| disk != Some(0)) {
        return Err(split());
    }
    compare("ZIP64 end record", numbers, found)?;
    if take(input, WHAT)? != LOCATOR64 {
        return Err(no_header(input.at() - 4));
    }
    let locator: [u8; 16] = take(input, WHAT)?;
    let mut fields = Fields(&locator);
    let (disk, offset, disks) = (fields.u32(), fields.u64(), fields.u32());
    // Some writers count no disk, most count one.
    if disk != Some(0) || disks > Some(1) {
        return Err(split());
    }
    if offset == Some(start) {
        Ok(())
    } else {
        Err(Error::corrupt(format!(
            "zip: the ZIP64 end record is at byte {start}, its locator says {}",
            offset.unwrap_or_default()
        )))
    }
}

/// Reads the end record behind its signature; `wide` when a ZIP64 one has told the real numbers.
fn check_end<R: SparseRead>(input: &mut Input<R>, found: Directory, wide: bool) -> Result<()> {
    const WHAT: &str = "the end record";
    let record: [u8; 18] = take(input, WHAT)?;
    let mut fields = Fields(&record);
    let mut narrow = || fields.u16().unwrap_or_default();
    let (disk, first, here, entries) = (narrow(), narrow(), narrow(), narrow());
    let (size, offset) = (fields.u32(), fields.u32());
    let comment = fields.u16().unwrap_or_default();
    // Fields that are full leave it to the ZIP64 record.
    let elsewhere = |disk: u16| wide && disk == u16::MAX;
    if [disk, first]
        .iter()
        .any(|&disk| disk != 0 && !elsewhere(disk))
    {
        return Err(split());
    }
    // As of sizes, macOS leaves the upper bits of the number of entries away.
    let count = |field: u16| match field {
        u16::MAX if wide => Stated::Wide(found.entries),
        field if field == found.entries as u16 => Stated::Wide(found.entries),
        field => Stated::Wide(field.into()),
    };
    let place = |field: Option<u32>, found| match field {
        Some(u32::MAX) if wide => Stated::Wide(found),
        field => Stated::Narrow(field.unwrap_or_default()),
    };
    let numbers = [
        count(here),
        count(entries),
        place(size, found.size),
        place(offset, found.offset),
    ];
    compare("end record", numbers, found)?;
    if skip(input, comment.into())? < comment.into() {
        Err(truncated(input, "the archive's comment"))
    } else {
        Ok(())
    }
}

/// Compares an end record's four numbers: entries in this file, in all, the directory's size and
/// its offset.
fn compare(record: &str, stated: [Stated; 4], found: Directory) -> Result<()> {
    let numbers = [
        ("number of entries", found.entries),
        ("number of entries", found.entries),
        ("central directory's size", found.size),
        ("central directory's offset", found.offset),
    ];
    for ((what, found), stated) in numbers.into_iter().zip(stated) {
        if !stated.is(found) {
            return Err(Error::corrupt(format!(
                "zip: the {what} is {found}, the {record} says {}",
                stated.number()
            )));
        }
    }
    Ok(())
}

fn split() -> Error {
    Error::unsupported("zip: the archive is split into several files")
}
