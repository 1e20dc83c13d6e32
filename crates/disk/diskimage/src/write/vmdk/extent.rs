//! The file as it grows: grains, the table behind them, and at the end what finds the tables.

use error::{Error, Result};
use sparse::BlockWrite;

use super::grains::Packed;
use super::header::{Marker, front, header};
use super::{GRAIN, SECTOR, TABLE};
use crate::advice::Advice;

/// What has been written of the file, and what remains to be.
pub(super) struct Extent {
    /// The disk's size in sectors.
    capacity: u64,
    /// What is in front of the first grain, until it is written.
    front: Option<Vec<u8>>,
    /// Where the file ends, in bytes.
    end: u64,
    /// The table that the last grain belongs to: its number, and the sector of each of its grains.
    table: Option<(u64, [u32; TABLE as usize])>,
    /// The sector of each table so far.
    directory: Vec<u32>,
}

impl Extent {
    /// Nothing yet, of a disk of `capacity` sectors.
    pub(super) fn new(capacity: u64, adapter: &str) -> Self {
        Extent {
            capacity,
            front: Some(front(capacity, adapter)),
            end: 0,
            table: None,
            directory: Vec::new(),
        }
    }

    /// Appends grains, which must come in ascending order.
    ///
    /// # Errors
    /// [`error::Kind::Unsupported`] when the file becomes too large, and those of `inner`.
    pub(super) fn add(&mut self, packed: Packed, inner: &mut dyn BlockWrite) -> Result<()> {
        self.begin(inner)?;
        if self.table.is_some_and(|(number, _)| number != packed.table) {
            self.write_table(inner)?;
        }
        let start = self.end;
        let (_, table) = self
            .table
            .get_or_insert((packed.table, [0; TABLE as usize]));
        for &(place, at) in &packed.grains {
            if let Some(entry) = table.get_mut(place) {
                *entry = sector(start + at as u64)?;
            }
        }
        self.append(&packed.bytes, inner)
    }

    /// Appends all that follows the last grain; returns the file's size in bytes.
    ///
    /// # Errors
    /// As [`Extent::add`].
    pub(super) fn finish(&mut self, inner: &mut dyn BlockWrite) -> Result<u64> {
        self.begin(inner)?;
        self.write_table(inner)?;
        let tables = self.capacity.div_ceil(TABLE * (GRAIN as u64 / SECTOR));
        // The capacity has a limit, and with it the directory: 8 MiB.
        self.directory.resize(tables as usize, 0);
        let directory = std::mem::take(&mut self.directory);
        let place = self.metadata(Marker::Directory, &directory, inner)?;
        let mut last = Marker::Footer.bytes(1);
        last.extend(header(self.capacity, place.into()));
        last.extend(Marker::EndOfStream.bytes(0));
        self.append(&last, inner)?;
        Ok(self.end)
    }

    fn begin(&mut self, inner: &mut dyn BlockWrite) -> Result<()> {
        match self.front.take() {
            None => Ok(()),
            Some(front) => self.append(&front, inner),
        }
    }

    fn write_table(&mut self, inner: &mut dyn BlockWrite) -> Result<()> {
        let Some((number, table)) = self.table.take() else {
            return Ok(());
        };
        let place = self.metadata(Marker::Table, &table, inner)?;
        // Its number is that of a part of the disk, whose size has a limit.
        self.directory.resize(number as usize, 0);
        self.directory.push(place);
        Ok(())
    }

    /// Appends `entries` behind their marker; returns the sector where they begin.
    fn metadata(
        &mut self,
        marker: Marker,
        entries: &[u32],
        inner: &mut dyn BlockWrite,
    ) -> Result<u32> {
        let sectors = (entries.len() as u64 * 4).div_ceil(SECTOR);
        let mut bytes = marker.bytes(sectors);
        bytes.extend(entries.iter().flat_map(|entry| entry.to_le_bytes()));
        bytes.resize(((1 + sectors) * SECTOR) as usize, 0);
        let place = sector(self.end + SECTOR)?;
        self.append(&bytes, inner)?;
        Ok(place)
    }

    fn append(&mut self, bytes: &[u8], inner: &mut dyn BlockWrite) -> Result<()> {
        inner.write_at(self.end, bytes)?;
        self.end += bytes.len() as u64;
        Ok(())
    }
}

/// The sector at byte `at` of the file.
fn sector(at: u64) -> Result<u32> {
    u32::try_from(at / SECTOR).map_err(|_| {
        Error::unsupported("a vmdk disk has at most 2 TiB of compressed data, and there is more")
            .advise(Advice::ChooseQcow2)
    })
}
