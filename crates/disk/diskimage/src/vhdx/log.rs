//! The log: changes of the tables that are safe but not yet in their place.
//!
//! It is a ring of sectors of 4096 bytes. An entry is a header, descriptors, and a sector of data for
//! those descriptors that are not about zeros. Entries that follow one another, with numbers that
//! do, are a sequence; the active one is that with the highest number whose last entry points back
//! to an entry of it, the tail. The entries from the tail on are what has to be replayed.

use std::ops::Range;
use std::sync::Arc;

use error::{Error, Result};
use sparse::{BlockRead, crc32c};

use super::header::Header;
use super::overlay::{Overlay, PAGE};
use crate::fields::{field, le32, le64, read_exact};

const SECTOR: u64 = PAGE as u64;

/// The longest log that is replayed, in bytes; 1 MiB is usual.
const LONGEST: u64 = 256 << 20;

/// Bytes in an entry's header, before its descriptors.
const HEADER: u64 = 64;

/// Bytes in a descriptor.
const DESCRIPTOR: u64 = 32;

/// How often a log may be read while its entries are checked: entries that are on top of each other
/// are damaged, and a few such are normal.
const PATIENCE: u64 = 4;

/// `file` with what its log says laid over it; `None` if the log says nothing.
pub(super) fn replay(file: &Arc<dyn BlockRead>, header: &Header) -> Result<Option<Overlay>> {
    if header.log_id == [0; 16] {
        return Ok(None);
    }
    let log = Log::new(&**file, header)?;
    let entries = log.entries()?;
    let active = active(&entries, log.len).ok_or_else(|| {
        Error::corrupt("was not closed, and there is no complete sequence of entries in its log")
    })?;
    let (flushed, last) = active
        .last()
        .map_or((0, 0), |head| (head.flushed, head.last));
    if let Some(size) = file.size()
        && size < flushed
    {
        return Err(Error::corrupt(format!(
            "has {size} bytes, its log was written when it had {flushed}"
        )));
    }
    let mut overlay = Overlay::new(Arc::clone(file), last);
    for entry in active {
        log.apply(entry, &mut overlay)?;
    }
    Ok(Some(overlay))
}

/// Where the log is, and what its entries bear.
struct Log<'a> {
    file: &'a dyn BlockRead,
    start: u64,
    len: u64,
    id: [u8; 16],
}

/// An entry whose checksum is right.
#[derive(Clone, Copy)]
struct Entry {
    /// Where in the log it begins.
    at: u64,
    /// Its length in bytes, whole sectors.
    len: u64,
    /// Where in the log the sequence begins that it is the last entry of.
    tail: u64,
    number: u64,
    descriptors: u64,
    /// Bytes that the file had at least when the entry was written.
    flushed: u64,
    /// Bytes that everything in the file needs.
    last: u64,
    checksum: u32,
}

impl Entry {
    /// The entry whose first sector this is, if it can be one.
    fn read(sector: &[u8; PAGE], at: u64, log: &Log) -> Option<Self> {
        let entry = Entry {
            at,
            len: le32(sector, 8).into(),
            tail: le32(sector, 12).into(),
            number: le64(sector, 16),
            descriptors: le32(sector, 24).into(),
            flushed: le64(sector, 48),
            last: le64(sector, 56),
            checksum: le32(sector, 4),
        };
        let is_entry = sector.starts_with(b"loge")
            && field(sector, 32) == log.id
            && entry.number > 0
            && entry.len.is_multiple_of(SECTOR)
            && (entry.data()..=log.len).contains(&entry.len);
        is_entry.then_some(entry)
    }

    /// Where in the entry its data begins.
    fn data(&self) -> u64 {
        (HEADER + self.descriptors * DESCRIPTOR).next_multiple_of(SECTOR)
    }
}

impl<'a> Log<'a> {
    fn new(file: &'a dyn BlockRead, header: &Header) -> Result<Self> {
        let Range { start, end } = header.log;
        let len = end - start;
        if len == 0 {
            return Err(Error::corrupt("was not closed, and its log has no bytes"));
        }
        if len > LONGEST {
            let message = format!("has a log of {len} bytes, at most {LONGEST} are replayed");
            return Err(Error::unsupported(message)
                .hint("let qemu-img write it back on a copy: qemu-img check -r all"));
        }
        file.will_need(std::slice::from_ref(&header.log));
        Ok(Log {
            file,
            start,
            len,
            id: header.log_id,
        })
    }

    /// The sector at byte `at` of the ring.
    fn sector(&self, at: u64) -> Result<[u8; PAGE]> {
        let mut sector = [0; PAGE];
        let at = self.start + at % self.len;
        read_exact(self.file, at, &mut sector, "log")?;
        Ok(sector)
    }

    /// All entries whose checksums are right, in the order in which they are.
    fn entries(&self) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let mut left = self.len * PATIENCE;
        for at in (0..self.len).step_by(PAGE) {
            let sector = self.sector(at)?;
            let Some(entry) = Entry::read(&sector, at, self) else {
                continue;
            };
            left = left.checked_sub(entry.len).ok_or_else(|| {
                Error::corrupt("was not closed, and the entries of its log overlap")
            })?;
            if self.checksum(&entry)? == entry.checksum {
                entries.push(entry);
            }
        }
        Ok(entries)
    }

    /// What the checksum of `entry` has to be.
    fn checksum(&self, entry: &Entry) -> Result<u32> {
        let mut state = crc32c::START;
        for skip in (0..entry.len).step_by(PAGE) {
            let mut sector = self.sector(entry.at + skip)?;
            if skip == 0 {
                sector[4..8].fill(0);
            }
            state = crc32c::update(state, &sector);
        }
        Ok(crc32c::finish(state))
    }

    /// Lays the changes that `entry` tells of over the file.
    fn apply(&self, entry: &Entry, overlay: &mut Overlay) -> Result<()> {
        let number = entry.number;
        let bad = |what: String| Error::corrupt(format!("has {what} in entry {number} of its log"));
        let mut data = entry.data();
        let mut sector = [0; PAGE];
        for index in 0..entry.descriptors {
            let at = HEADER + index * DESCRIPTOR;
            if index == 0 || at.is_multiple_of(SECTOR) {
                sector = self.sector(entry.at + at - at % SECTOR)?;
            }
            let descriptor: [u8; DESCRIPTOR as usize] = field(&sector, (at % SECTOR) as usize);
            let (len, offset) = (le64(&descriptor, 8), le64(&descriptor, 16));
            if le64(&descriptor, 24) != number || !offset.is_multiple_of(SECTOR) {
                return Err(bad(format!("a damaged descriptor {index}")));
            }
            match &descriptor[..4] {
                b"zero" if len.is_multiple_of(SECTOR) => overlay.zero(offset, len)?,
                b"desc" if data < entry.len => {
                    let page = self.page(entry, data, &descriptor);
                    let page = page?.ok_or_else(|| bad(format!("damaged data at byte {data}")))?;
                    overlay.write(offset, page)?;
                    data += SECTOR;
                }
                _ => return Err(bad(format!("a damaged descriptor {index}"))),
            }
        }
        if data == entry.len {
            Ok(())
        } else {
            Err(bad("data that belongs to nothing".to_owned()))
        }
    }

    /// The page that `descriptor` and the sector `data` bytes into `entry` make; `None` if that is not
    /// its data. The number in the sector's first and last bytes shows that all of it was written, and
    /// what was in their place is in the descriptor.
    fn page(&self, entry: &Entry, data: u64, descriptor: &[u8]) -> Result<Option<Box<[u8; PAGE]>>> {
        let mut page = Box::new(self.sector(entry.at + data)?);
        let number = u64::from(le32(&*page, 4)) << 32 | u64::from(le32(&*page, PAGE - 4));
        if !page.starts_with(b"data") || number != entry.number {
            return Ok(None);
        }
        page[..8].copy_from_slice(&field::<8>(descriptor, 8));
        page[PAGE - 4..].copy_from_slice(&field::<4>(descriptor, 4));
        Ok(Some(page))
    }
}

/// The entries of the active sequence from its tail on.
fn active(entries: &[Entry], len: u64) -> Option<Vec<&Entry>> {
    let index_at = |at: u64| entries.binary_search_by_key(&at, |entry| entry.at).ok();
    let mut seen = vec![false; entries.len()];
    let mut best: Option<Vec<&Entry>> = None;
    for (first, entry) in entries.iter().enumerate() {
        // What is the rest of a sequence that was looked at ends where that one ends.
        if seen.get(first) == Some(&true) {
            continue;
        }
        let mut sequence = vec![entry];
        let mut head = entry;
        while let Some(index) = index_at((head.at + head.len) % len)
            && let Some(next) = entries.get(index)
            && Some(next.number) == head.number.checked_add(1)
        {
            seen.iter_mut()
                .skip(index)
                .take(1)
                .for_each(|seen| *seen = true);
            sequence.push(next);
            head = next;
        }
        let Some(tail) = sequence.iter().position(|entry| entry.at == head.tail) else {
            continue;
        };
        let newer = |best: &Vec<&Entry>| best.last().is_some_and(|best| best.number >= head.number);
        if !best.as_ref().is_some_and(newer) {
            best = Some(sequence.split_off(tail));
        }
    }
    best
}
