//! Tables of metadata: blocks of up to 8 KiB, packed one by one, that are read as one run of bytes.

use std::sync::{Arc, Mutex, PoisonError};

use error::{Error, Result};
use sparse::BlockRead;
use sparse::fields::{le16, le32, le64};

use super::{Geometry, NONE};
use crate::blocks::Blocks;
use crate::recent::Recent;
use crate::unit::{Coding, Unpacker};

/// Most bytes of a block.
const BLOCK: usize = 8192;

/// Blocks that are kept: 4 MiB.
const KEPT: usize = 512;

/// Set in a block's length where it is stored as it is.
const IS_PLAIN: u16 = 0x8000;

/// Bytes of a fragment's entry (`struct squashfs_fragment_entry`).
const FRAGMENT: u64 = 16;

/// The metadata of a squashfs.
pub(super) struct Tables {
    blocks: Blocks,
    coding: Coding,
    used: u64,
    unpacker: Mutex<Unpacker>,
    recent: Recent<Block>,
}

/// A block, and where the next one is.
#[derive(Clone)]
struct Block {
    bytes: Arc<[u8]>,
    next: u64,
}

/// A fragment: the end of several files in one block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment {
    pub(super) at: u64,
    /// As in a file's list of blocks.
    pub(super) size: u32,
}

impl Tables {
    pub(super) fn new(volume: Arc<dyn BlockRead>, geometry: &Geometry) -> Self {
        Tables {
            blocks: Blocks::new(volume),
            coding: geometry.coding,
            used: geometry.used,
            unpacker: Mutex::new(Unpacker::new()),
            recent: Recent::new(KEPT),
        }
    }

    /// A reader of what is at `place`, a block and a byte in it, of the table at byte `table`.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when that is not in the volume.
    pub(super) fn at(&self, table: u64, place: u64) -> Result<Cursor<'_>> {
        let Some(block) = table.checked_add(place >> 16) else {
            let text = format!("a metadata block {} bytes behind byte {table}", place >> 16);
            return Err(Error::corrupt(text));
        };
        Ok(Cursor {
            tables: self,
            block,
            byte: (place & 0xFFFF) as usize,
        })
    }

    /// Where fragment `number` is.
    pub(super) fn fragment(&self, geometry: &Geometry, number: u32) -> Result<Fragment> {
        if number >= geometry.fragments || geometry.fragment_table == NONE {
            return Err(Error::corrupt(format!(
                "fragment {number} does not exist; there are {}",
                geometry.fragments
            )));
        }
        let byte = u64::from(number) * FRAGMENT;
        let nth = geometry.fragment_table + byte / BLOCK as u64 * 8;
        let table = le64(&self.blocks.bytes(nth, 8)?, 0);
        let mut entry = [0; FRAGMENT as usize];
        self.at(table, byte % BLOCK as u64)?.take(&mut entry)?;
        Ok(Fragment {
            at: le64(&entry, 0),
            size: le32(&entry, 8),
        })
    }

    /// The block at byte `at` of the volume.
    fn block(&self, at: u64) -> Result<Block> {
        if let Some(block) = self.recent.get(at) {
            return Ok(block);
        }
        let block = self
            .unpack(at)
            .map_err(|error| error.at(format!("metadata block at byte {at}")))?;
        self.recent.keep(at, block.clone());
        Ok(block)
    }

    fn unpack(&self, at: u64) -> Result<Block> {
        let header = le16(&self.blocks.bytes(at, 2)?, 0);
        // Of its 15 bits, none at all is the longest.
        let stored = match header & !IS_PLAIN {
            0 => usize::from(IS_PLAIN),
            stored => stored.into(),
        };
        let data = at.saturating_add(2);
        let end = data.saturating_add(stored as u64);
        if stored > BLOCK || end > self.used {
            return Err(Error::corrupt(format!(
                "{stored} bytes; the most is {BLOCK}, and the file system ends at byte {}",
                self.used
            )));
        }
        let mut bytes = self.blocks.bytes(data, stored)?;
        if header & IS_PLAIN == 0 {
            let packed = std::mem::replace(&mut bytes, vec![0; BLOCK]);
            let unpacker = self.unpacker.lock();
            let mut unpacker = unpacker.unwrap_or_else(PoisonError::into_inner);
            let n = unpacker.unpack(self.coding, &packed, &mut bytes)?;
            bytes.truncate(n);
        }
        Ok(Block {
            bytes: bytes.into(),
            next: end,
        })
    }
}

/// A place in a table, which moves on as it is read.
pub(super) struct Cursor<'a> {
    tables: &'a Tables,
    block: u64,
    byte: usize,
}

impl Cursor<'_> {
    /// Fills `buffer` with what comes next.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when it is damaged or the file system ends before.
    pub(super) fn take(&mut self, buffer: &mut [u8]) -> Result<()> {
        let mut done = 0;
        while done < buffer.len() {
            let block = self.tables.block(self.block)?;
            let Some(there) = block
                .bytes
                .get(self.byte..)
                .filter(|_| !block.bytes.is_empty())
            else {
                return Err(Error::corrupt(format!(
                    "byte {} of a metadata block of {} at byte {}",
                    self.byte,
                    block.bytes.len(),
                    self.block
                )));
            };
            let n = there.len().min(buffer.len() - done);
            buffer[done..done + n].copy_from_slice(&there[..n]);
            done += n;
            self.byte += n;
            if self.byte == block.bytes.len() {
                self.block = block.next;
                self.byte = 0;
            }
        }
        Ok(())
    }

    /// The next `len` bytes.
    ///
    /// # Errors
    /// As [`Cursor::take`].
    pub(super) fn bytes(&mut self, len: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        self.take(&mut bytes)?;
        Ok(bytes)
    }
}
