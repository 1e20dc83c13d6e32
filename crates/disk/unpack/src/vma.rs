//! VMA, the backup format of Proxmox VE (`vzdump`): the disks of a guest in one file, made to be written
//! and read in one pass.
//!
//! A header tells the devices, by number, name and size, and holds the guest's configuration. Behind it come
//! extents, each with a header of 512 bytes and up to 59 clusters. A cluster is 64 KiB of a device in 16 blocks of
//! 4 KiB, of which only those are stored that hold something; one without any block is still named. So the
//! clusters of a device come in any order, between those of other devices, and each exactly once. The
//! device `vmstate` is no disk but saved memory, and comes in order.
//!
//! Header and extents have the backup's UUID in common and an MD5 each, over themselves only: nothing checks the
//! blocks. Numbers are big-endian.
//!
//! After `vma_spec.txt` and what Proxmox VE itself reads and writes (`vma-reader.c`, `vma-writer.c`). As it does,
//! this reader takes a backup for complete only when every cluster of every device has come.

mod disk;
mod entries;
mod fields;
mod header;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use error::Result;
use sparse::SparseRead;

use crate::input::Input;
pub use disk::{Disk, Pieces};
use entries::Entry;
use header::Header;
pub use header::{Config, Device};
use tally::Tally;

/// Bytes of a cluster.
const CLUSTER: u64 = 64 << 10;
/// Bytes of a block.
const BLOCK: u64 = 4 << 10;

/// Whether `head`, the first bytes of a file, begins a VMA.
pub fn looks_like(head: &[u8]) -> bool {
    head.starts_with(header::MAGIC)
}

/// A backup that is read.
pub struct Vma<R> {
    input: Input<R>,
    header: Header,
    tally: Tally,
    /// Clusters of the present extent that have not begun.
    entries: VecDeque<Entry>,
    /// Bytes of the cluster that has begun that are still in the input.
    left: u64,
}

impl<R: SparseRead> Vma<R> {
    /// Reads the header that `input` begins with.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when the header contradicts itself, [`error::Kind::Unsupported`] when it is
    /// of another version or longer than any program writes it, and the input's.
    pub fn new(input: R) -> Result<Self> {
        let mut input = Input::new("VMA", input);
        let header = Header::read(&mut input)?;
        let tally = Tally::new(&header.devices);
        Ok(Vma {
            input,
            header,
            tally,
            entries: VecDeque::new(),
            left: 0,
        })
    }

    /// The devices, saved memory included, in the order of their numbers.
    pub fn devices(&self) -> &[Device] {
        &self.header.devices
    }

    /// The guest's configurations.
    pub fn configs(&self) -> &[Config] {
        &self.header.configs
    }

    /// What a configuration of [`Vma::configs`] says.
    pub fn text(&self, config: &Config) -> &[u8] {
        self.header.blob(config)
    }

    /// Bytes that were stored of device `index` of [`Vma::devices`], as far as the backup has been read.
    pub fn stored(&self, index: usize) -> u64 {
        self.tally.stored(index)
    }

    /// The disk that device `index` of [`Vma::devices`] is. Reading it passes by all other devices.
    pub fn disk(&mut self, index: usize) -> Disk<'_, R> {
        Disk::new(self, index)
    }

    /// The disks that several devices are, in one pass.
    pub fn disks(&mut self, wanted: Vec<usize>) -> Pieces<'_, R> {
        Pieces::new(self, wanted)
    }

    /// Reads what is left of the backup and checks it.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when an extent contradicts itself or the header, or a cluster is missing or
    /// comes twice, [`error::Kind::Unsupported`] when clusters lie so scattered that they cannot be
    /// remembered, and the input's.
    pub fn finish(&mut self) -> Result<()> {
        while self.next_cluster()?.is_some() {}
        Ok(())
    }

    /// Goes on to the next cluster; `None` says that the backup is complete.
    fn next_cluster(&mut self) -> Result<Option<Entry>> {
        let rest = std::mem::take(&mut self.left);
        self.pass(rest)?;
        while self.entries.is_empty() {
            if self.input.at_end()? {
                self.tally.complete(&self.header.devices)?;
                return Ok(None);
            }
            self.extent()?;
        }
        let entry = self.entries.pop_front();
        self.left = entry.map_or(0, |entry| entry.blocks() * BLOCK);
        Ok(entry)
    }

    /// Moves past bytes of a cluster.
    fn pass(&mut self, bytes: u64) -> Result<()> {
        self.input.skip(bytes, "a cluster")
    }

    /// Reads the header of the next extent.
    fn extent(&mut self) -> Result<()> {
        let entries = entries::read(&mut self.input, &self.header)?;
        for entry in &entries {
            if let Some(device) = self.header.devices.get(entry.device) {
                self.tally.add(entry, device)?;
            }
        }
        self.entries = entries.into();
        Ok(())
    }
}
