//! Partition tables: the MBR with its extended partitions, and the GPT, as Linux reads them (block/partitions).
//!
//! A disk can have a table and be a file system too: a hybrid ISO is both. What its partitions are is for the caller to
//! find out; an [extended partition](PartitionType::is_container) is in the list, as Linux lists it, and holds nothing
//! but others.

mod gpt;
mod kind;
mod mbr;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use error::{Error, Result};
use recognise::holding;
use sparse::BlockRead;

use crate::mapped::Map;
use crate::piece::piece;
pub use kind::PartitionType;

/// Bytes of a sector of an MBR, whatever the disk's own sectors are.
const SECTOR: u64 = 512;

/// Most partitions of a disk that Linux makes devices of (`DISK_MAX_PARTS` and the disk itself).
const MOST: u32 = 255;

/// Which table it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableKind {
    /// The table of PCs with a BIOS.
    Mbr,
    /// The table of the UEFI specification, chapter 5.
    Gpt,
}

impl fmt::Display for TableKind {
    /// As blkid's PTTYPE: `dos`, `gpt`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TableKind::Mbr => "dos",
            TableKind::Gpt => "gpt",
        })
    }
}

/// The partitions of a disk.
#[derive(Clone, Debug)]
pub struct PartitionTable {
    /// Which table it is.
    pub kind: TableKind,
    /// Bytes of the sectors that it counts in.
    pub sector: u64,
    /// What identifies the disk, as blkid's PTUUID: the MBR's signature in eight digits or a GUID; empty where it is 0.
    pub uuid: String,
    /// The partitions in the order of the table, logical ones after all primary ones.
    pub partitions: Vec<Partition>,
    /// What is wrong with the table but does not stop the reader, a sentence each.
    pub notes: Vec<String>,
}

/// A partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// The number at the end of its device's name in Linux: logical ones count from 5 on.
    pub number: u32,
    /// Its first byte.
    pub start: u64,
    /// Its bytes by the table. The disk may end before that.
    pub length: u64,
    /// What it is for.
    pub kind: PartitionType,
    /// Its name in a GPT; empty in an MBR.
    pub name: String,
    /// What identifies it, as blkid's PARTUUID: `1234abcd-05`, or a GUID; empty where the disk's signature is 0.
    pub uuid: String,
    /// Whether a BIOS starts from it: the active one of an MBR, the attribute "legacy BIOS bootable" of a GPT.
    pub is_active: bool,
    /// The attributes of a GPT's entry (UEFI specification, table 5-8); 0 in an MBR.
    pub attributes: u64,
}

impl PartitionTable {
    /// The table of `disk`; `None` where it has none: the whole disk is a file system, a volume or empty.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when both copies of a GPT are damaged, [`error::Kind::Io`].
    pub fn open(disk: &Arc<dyn BlockRead>) -> Result<Option<Self>> {
        let head = piece(disk.as_ref(), 0, SECTOR as usize)?;
        if holding::has_volume_boot_sector(&head) {
            return Ok(None);
        }
        let mut table = if holding::boot::is_protective(&head) {
            gpt::read(disk.as_ref())?
        } else {
            None
        };
        if table.is_none() {
            table = mbr::read(disk.as_ref(), &head)?;
        }
        if let (Some(table), Some(size)) = (&mut table, disk.size()) {
            table.note_ends(size);
        }
        Ok(table)
    }

    /// A table without partitions yet.
    fn new(kind: TableKind, sector: u64, uuid: String) -> Self {
        PartitionTable {
            kind,
            sector,
            uuid,
            partitions: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Notes partitions that reach past the end of a disk of `size` bytes.
    fn note_ends(&mut self, size: u64) {
        for partition in &self.partitions {
            let end = partition.start.saturating_add(partition.length);
            if end > size {
                self.notes.push(format!(
                    "partition {} ends at byte {end}, past the end of the disk at byte {size}",
                    partition.number
                ));
            }
        }
    }
}

impl Partition {
    /// Its bytes on `disk`, up to its end or the disk's.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when it starts behind the end of the disk.
    pub fn open(&self, disk: &Arc<dyn BlockRead>) -> Result<Arc<dyn BlockRead>> {
        let name = format!("{}: partition {}", disk.name(), self.number);
        let there = match disk.size() {
            None => self.length,
            Some(size) => size.saturating_sub(self.start).min(self.length),
        };
        if there == 0 {
            return Err(Error::corrupt(format!(
                "it starts at byte {}, behind the end of the disk",
                self.start
            ))
            .at(name));
        }
        let mut map = Map::default();
        map.push(there, Some(self.start))
            .map_err(|error| error.at(&name))?;
        Ok(Arc::new(map.over(Arc::clone(disk), &name, there)?))
    }
}
