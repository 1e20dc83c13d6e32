//! A sparse extent: grain directory, grain tables, grains.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use super::header::{Header, SECTOR};
use crate::fields::{le32, read_exact};
use crate::map::{Coding, Extent, Location, Packed};
use crate::unpacker::grain::MARKER;

/// Grain tables that are held at once.
const CACHED: usize = 16;

/// The grain of zeros among the entries of a grain table.
const ZEROED: u32 = 1;

/// Bytes that the grain directories of a disk may take, which is 64 TiB of disk with grains of 64 KiB.
pub(super) const DIRECTORIES: u64 = 8 << 20;

/// A sparse extent and the tables that were read last.
pub(super) struct Sparse {
    header: Header,
    file: Arc<dyn BlockRead>,
    /// The file's index in the image.
    index: usize,
    /// Bytes of it that belong to the disk.
    size: u64,
    directory: Vec<u32>,
    tables: HashMap<usize, Box<[u32]>>,
    /// The tables that are held, the oldest first.
    held: VecDeque<usize>,
}

impl Sparse {
    /// Opens `file`, the file of that `index`, which has this header (or this footer) and gives `size`
    /// bytes of the disk. `memory` is what grain directories may still take, in bytes.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] and [`error::Kind::Unsupported`] about the grain directory, and
    /// those of reading it.
    pub(super) fn open(
        header: Header,
        file: Arc<dyn BlockRead>,
        index: usize,
        size: u64,
        memory: &mut u64,
    ) -> Result<Self> {
        let directory = read_directory(&header, &*file, memory)?;
        let sparse = Sparse {
            header,
            file,
            index,
            size,
            directory,
            tables: HashMap::new(),
            held: VecDeque::new(),
        };
        sparse.file.will_need(&sparse.table_ranges()?);
        Ok(sparse)
    }

    /// Bytes in a grain table.
    fn table_len(&self) -> u64 {
        self.header.entries * 4
    }

    /// Where all grain tables are, neighbours as one range.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when two share bytes: few of them would make an endless disk.
    fn table_ranges(&self) -> Result<Vec<Range<u64>>> {
        let mut starts: Vec<u32> = self.directory.clone();
        starts.retain(|&sector| sector != 0);
        starts.sort_unstable();
        let mut ranges: Vec<Range<u64>> = Vec::new();
        for sector in starts {
            let start = u64::from(sector) * SECTOR;
            let end = start + self.table_len();
            match ranges.last_mut() {
                Some(last) if start < last.end => return Err(self.shared(start)),
                Some(last) if start == last.end => last.end = end,
                _ => ranges.push(start..end),
            }
        }
        Ok(ranges)
    }

    /// Two grain tables share the byte `at`.
    fn shared(&self, at: u64) -> Error {
        let place = |sector: u32| u64::from(sector) * SECTOR;
        let holds = |&(_, &sector): &(usize, &u32)| {
            sector != 0 && place(sector) <= at && at < place(sector) + self.table_len()
        };
        let mut both = self.directory.iter().enumerate().filter(holds);
        let mut next = || both.next().map_or(0, |(index, _)| index);
        Error::corrupt(format!(
            "grain tables {} and {} share the byte {at}",
            next(),
            next()
        ))
    }

    /// The stretch at byte `at` of the extent. The caller must see to it that `at` is less than the size.
    pub(super) fn lookup(&mut self, at: u64) -> Result<Extent> {
        let grain = self.header.grain_bytes();
        let number = at / grain;
        let index = usize::try_from(number / self.header.entries).unwrap_or(usize::MAX);
        let entry = (number % self.header.entries) as usize;
        let (len, location) = match self.directory.get(index) {
            None | Some(0) => (self.hole_from(index) - at, Location::Below),
            Some(&sector) => {
                self.load(index, sector)?;
                self.stretch(at, index, entry)?
            }
        };
        Ok(Extent {
            len: len.min(self.size - at),
            location,
        })
    }

    /// Where the hole ends that begins with the grain table `index`, which is not there.
    fn hole_from(&self, index: usize) -> u64 {
        let rest = self.directory.get(index..).unwrap_or_default();
        match rest.iter().position(|&sector| sector != 0) {
            None => self.size,
            Some(n) => {
                let tables = (index + n) as u64;
                tables * self.header.entries * self.header.grain_bytes()
            }
        }
    }

    /// Sees to it that the grain table `index` is held.
    fn load(&mut self, index: usize, sector: u32) -> Result<()> {
        if self.tables.contains_key(&index) {
            return Ok(());
        }
        let at = u64::from(sector) * SECTOR;
        inside(&*self.file, at, self.table_len(), || {
            format!("grain table {index}")
        })?;
        let mut bytes = vec![0; self.table_len() as usize];
        read_exact(&*self.file, at, &mut bytes, "grain table")?;
        let table = bytes.as_chunks().0.iter();
        let table = table.map(|&entry| u32::from_le_bytes(entry)).collect();
        if self.held.len() == CACHED
            && let Some(oldest) = self.held.pop_front()
        {
            self.tables.remove(&oldest);
        }
        self.held.push_back(index);
        self.tables.insert(index, table);
        Ok(())
    }

    /// What is at byte `at`, in the grain that `entry` of table `index` is about, and for how long
    /// the grains behind it go on like that.
    fn stretch(&self, at: u64, index: usize, entry: usize) -> Result<(u64, Location)> {
        let table = self.tables.get(&index).map(|table| &**table);
        let rest = table.and_then(|table| table.get(entry..));
        let rest = rest.unwrap_or_default();
        let grain = self.header.grain_bytes();
        let (number, skip) = (at / grain, at % grain);
        let zeroed = self.header.zeroed_grains;
        let alike = |n: usize| n as u64 * grain - skip;
        match rest.first() {
            None | Some(0) => {
                let n = rest.iter().take_while(|&&entry| entry == 0).count();
                let len = if n == rest.len() {
                    self.hole_from(index + 1) - at
                } else {
                    alike(n)
                };
                Ok((len, Location::Below))
            }
            Some(&ZEROED) if zeroed => {
                let n = rest.iter().take_while(|&&entry| entry == ZEROED);
                Ok((alike(n.count()), Location::Nowhere))
            }
            Some(&first) if self.header.compressed => self.packed(number, first, skip),
            Some(&first) => {
                let mut run = (0u64..).zip(rest).take_while(|&(i, &entry)| {
                    u64::from(entry) == u64::from(first) + i * self.header.grain
                });
                let n = run.by_ref().count();
                (0..n as u64).try_for_each(|i| {
                    let sector = u64::from(first) + i * self.header.grain;
                    self.check(number + i, sector, self.needed(number + i))
                })?;
                let location = Location::Plain {
                    file: self.index,
                    offset: u64::from(first) * SECTOR + skip,
                };
                Ok((alike(n), location))
            }
        }
    }

    fn packed(&self, number: u64, sector: u32, skip: u64) -> Result<(u64, Location)> {
        let offset = u64::from(sector) * SECTOR;
        self.check(number, u64::from(sector), MARKER as u64)?;
        let left = self.file.size().map_or(u64::MAX, |size| size - offset);
        let packed = Packed {
            file: self.index,
            offset,
            stored: self.header.stored_bytes().min(left),
            coding: Coding::Grain {
                sector: number * self.header.grain,
                least: self.needed(number),
            },
            unit: self.header.grain_bytes(),
            skip,
        };
        Ok((self.header.grain_bytes() - skip, Location::Packed(packed)))
    }

    /// Bytes of grain `number` that belong to the disk.
    fn needed(&self, number: u64) -> u64 {
        let grain = self.header.grain_bytes();
        self.size.saturating_sub(number * grain).min(grain)
    }

    /// Checks that grain `number` can be at `sector` and that `len` bytes of it are there.
    fn check(&self, number: u64, sector: u64, len: u64) -> Result<()> {
        let (at, floor) = (sector * SECTOR, self.header.floor());
        if at < floor {
            return Err(Error::corrupt(format!(
                "grain {number} at byte {at} is in the header and the descriptor, which end at byte {floor}"
            )));
        }
        inside(&*self.file, at, len, || format!("grain {number}"))
    }
}

/// Reads the grain directory.
fn read_directory(header: &Header, file: &dyn BlockRead, memory: &mut u64) -> Result<Vec<u32>> {
    let Some(len) = header.tables().checked_mul(4).filter(|len| len <= memory) else {
        return Err(Error::unsupported(format!(
            "has a grain directory of {} entries, and together they may take {DIRECTORIES} bytes here",
            header.tables()
        )));
    };
    *memory -= len;
    let at = header.directory.unwrap_or(0).saturating_mul(SECTOR);
    if len == 0 {
        return Ok(Vec::new());
    }
    if at < header.floor() {
        return Err(Error::corrupt(format!(
            "has its grain directory at byte {at}, in the header or the descriptor, which end at byte {}",
            header.floor()
        )));
    }
    inside(file, at, len, || "grain directory".into())?;
    file.will_need(std::slice::from_ref(&(at..at.saturating_add(len))));
    let mut bytes = vec![0; len as usize];
    read_exact(file, at, &mut bytes, "grain directory")?;
    Ok(bytes.chunks(4).map(|entry| le32(entry, 0)).collect())
}

/// Checks that `len` bytes at byte `at` are in the file, as far as its size is known.
fn inside(file: &dyn BlockRead, at: u64, len: u64, what: impl Fn() -> String) -> Result<()> {
    match file.size() {
        Some(size) if at.checked_add(len).is_none_or(|end| end > size) => {
            Err(Error::corrupt(format!(
                "{} at byte {at} is outside the file, which has {size} bytes",
                what()
            )))
        }
        _ => Ok(()),
    }
}
