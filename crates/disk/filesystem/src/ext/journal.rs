//! The journal (jbd2), replayed in memory, as the kernel's fs/jbd2/recovery.c does when a file system is mounted that was not
//! unmounted.
//!
//! ```text
//! from the superblock's start on: descriptor (which blocks) · the blocks … · revocations … · commit
//! ```
//!
//! A transaction without its commit did not happen. A block that a later transaction revokes is not taken from an earlier one.
//! Fast commits are left out: what they hold is lost, as for every reader but the kernel. Checksums of the journal are not
//! looked at.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use error::{Error, Result};
use sparse::fields::{be16, be32};
use sparse::{BlockRead, Run};

const MAGIC: u32 = 0xC03B_3998;

/// Types of the journal's own blocks.
mod kind {
    pub const DESCRIPTOR: u32 = 1;
    pub const COMMIT: u32 = 2;
    pub const SUPERBLOCK: std::ops::RangeInclusive<u32> = 3..=4;
    pub const REVOKE: u32 = 5;
}

/// Features of a journal (`JBD2_FEATURE_INCOMPAT_*`).
mod incompat {
    pub const BITS_64: u32 = 0x2;
    pub const CSUM_V2: u32 = 0x8;
    pub const CSUM_V3: u32 = 0x10;
    pub const FAST_COMMIT: u32 = 0x20;
    /// Those, revocations and asynchronous commits.
    pub const READ: u32 = 0x3F;
}

/// Flags of a tag, which names one block of a transaction.
mod flag {
    /// The block began with the journal's signature, which was replaced by zeros.
    pub const ESCAPED: u32 = 1;
    /// No UUID follows.
    pub const SAME_UUID: u32 = 2;
    pub const LAST: u32 = 8;
}

/// A block's content in the journal.
#[derive(Clone, Copy)]
struct Copy {
    /// The byte of the journal where it is.
    at: u64,
    is_escaped: bool,
}

/// `volume`, whose blocks have `block` bytes, with what `journal` holds in front of it, and how many blocks that is;
/// `None` where the journal is empty.
pub(super) fn replayed(
    journal: &dyn BlockRead,
    volume: Arc<dyn BlockRead>,
    block: u64,
) -> Result<Option<(Replayed, usize)>> {
    let mut superblock = vec![0; 1024];
    journal.read_at(0, &mut superblock)?;
    let Some(mut log) = Log::new(journal, &superblock, block)? else {
        return Ok(None);
    };
    let copies = log.replay()?;
    let mut blocks = BTreeMap::new();
    for (number, copy) in copies {
        let mut bytes = vec![0; block as usize];
        journal.read_at(copy.at, &mut bytes)?;
        if copy.is_escaped {
            bytes[..4].copy_from_slice(&MAGIC.to_be_bytes());
        }
        blocks.insert(number, bytes);
    }
    let count = blocks.len();
    let replayed = Replayed {
        volume,
        block,
        blocks,
    };
    Ok(Some((replayed, count)))
}

/// The journal as a ring of blocks.
struct Log<'a> {
    journal: &'a dyn BlockRead,
    block: u64,
    features: u32,
    /// The blocks of the ring, from the first one to behind the last one.
    ring: std::ops::Range<u64>,
    /// The next block to read, and the transaction that is expected there.
    at: u64,
    sequence: u32,
}

impl<'a> Log<'a> {
    fn new(journal: &'a dyn BlockRead, superblock: &[u8], block: u64) -> Result<Option<Self>> {
        if be32(superblock, 0) != MAGIC || !kind::SUPERBLOCK.contains(&be32(superblock, 4)) {
            return Err(Error::corrupt("the journal has no superblock"));
        }
        let features = match be32(superblock, 4) {
            3 => 0,
            _ => be32(superblock, 0x28),
        };
        if features & !incompat::READ != 0 {
            return Err(Error::unsupported(format!(
                "the journal has features that are not known (0x{features:x})"
            )));
        }
        if u64::from(be32(superblock, 0x0C)) != block {
            return Err(Error::corrupt(format!(
                "the journal's blocks have {} bytes, the file system's {block}",
                be32(superblock, 0x0C)
            )));
        }
        let (first, start) = (be32(superblock, 0x14).into(), be32(superblock, 0x1C).into());
        if start == 0 {
            return Ok(None);
        }
        let fast = match (features & incompat::FAST_COMMIT, be32(superblock, 0x54)) {
            (0, _) => 0,
            (_, 0) => 256,
            (_, blocks) => blocks,
        };
        let end = u64::from(be32(superblock, 0x10).saturating_sub(fast));
        let is_inside = end
            .checked_mul(block)
            .is_some_and(|end| journal.size().is_none_or(|size| end <= size));
        if !(first..end).contains(&start) || !is_inside {
            return Err(Error::corrupt(format!(
                "the journal goes from block {first} to block {end} and starts at block {start}"
            )));
        }
        Ok(Some(Log {
            journal,
            block,
            features,
            ring: first..end,
            at: start,
            sequence: be32(superblock, 0x18),
        }))
    }

    /// The last copy of each block that a finished transaction wrote.
    fn replay(&mut self) -> Result<HashMap<u64, Copy>> {
        let mut copies = HashMap::new();
        // What the transaction that is being read wrote and revoked.
        let mut written = Vec::new();
        let mut revoked = Vec::new();
        // Once round the ring is all there can be.
        let mut left = self.ring.end - self.ring.start;
        while left > 0 {
            let bytes = self.read(self.at)?;
            if be32(&bytes, 0) != MAGIC || be32(&bytes, 8) != self.sequence {
                break;
            }
            self.step(&mut left);
            match be32(&bytes, 4) {
                kind::DESCRIPTOR => {
                    for (number, is_escaped) in self.tags(&bytes)? {
                        let at = self.at * self.block;
                        written.push((number, Copy { at, is_escaped }));
                        if left == 0 {
                            return Ok(copies);
                        }
                        self.step(&mut left);
                    }
                }
                kind::REVOKE => revoked.extend(self.revocations(&bytes)),
                kind::COMMIT => {
                    // Revocations are of what earlier transactions wrote.
                    for number in revoked.drain(..) {
                        copies.remove(&number);
                    }
                    copies.extend(written.drain(..));
                    self.sequence = self.sequence.wrapping_add(1);
                }
                _ => break,
            }
        }
        Ok(copies)
    }

    fn read(&self, number: u64) -> Result<Vec<u8>> {
        let mut bytes = vec![0; self.block as usize];
        self.journal.read_at(number * self.block, &mut bytes)?;
        Ok(bytes)
    }

    fn step(&mut self, left: &mut u64) {
        *left -= 1;
        self.at += 1;
        if self.at == self.ring.end {
            self.at = self.ring.start;
        }
    }

    /// Bytes at a block's end that a checksum has.
    fn tail(&self) -> usize {
        match self.features & (incompat::CSUM_V2 | incompat::CSUM_V3) {
            0 => 0,
            _ => 4,
        }
    }

    /// The blocks that a descriptor announces: their numbers in the file system, and whether they are escaped.
    fn tags(&self, bytes: &[u8]) -> Result<Vec<(u64, bool)>> {
        let has_64_bits = self.features & incompat::BITS_64 != 0;
        let is_v3 = self.features & incompat::CSUM_V3 != 0;
        let len = match (is_v3, has_64_bits) {
            (true, _) => 16,
            (false, true) => 12,
            (false, false) => 8,
        };
        let len = len + 2 * usize::from(!is_v3 && self.features & incompat::CSUM_V2 != 0);
        let end = bytes.len() - self.tail();
        let mut tags = Vec::new();
        let mut at = 12;
        while at + len <= end {
            let flags = if is_v3 {
                be32(bytes, at + 4)
            } else {
                be16(bytes, at + 6).into()
            };
            let high = if has_64_bits { be32(bytes, at + 8) } else { 0 };
            let number = u64::from(high) << 32 | u64::from(be32(bytes, at));
            tags.push((number, flags & flag::ESCAPED != 0));
            at += len;
            if flags & flag::SAME_UUID == 0 {
                at += 16;
            }
            if flags & flag::LAST != 0 {
                return Ok(tags);
            }
        }
        Err(Error::corrupt(format!(
            "block {} of the journal lists blocks without an end",
            self.at
        )))
    }

    /// The blocks that a block of revocations names.
    fn revocations(&self, bytes: &[u8]) -> Vec<u64> {
        let len = match self.features & incompat::BITS_64 {
            0 => 4,
            _ => 8,
        };
        let end = (be32(bytes, 12) as usize).min(bytes.len() - self.tail());
        let numbers = bytes.get(16..end).unwrap_or_default().chunks_exact(len);
        let numbers = numbers.map(|number| match len {
            4 => be32(number, 0).into(),
            _ => sparse::fields::be64(number, 0),
        });
        numbers.collect()
    }
}

/// A volume with other blocks in front of some of its own.
pub(super) struct Replayed {
    volume: Arc<dyn BlockRead>,
    block: u64,
    blocks: BTreeMap<u64, Vec<u8>>,
}

impl BlockRead for Replayed {
    fn name(&self) -> &str {
        self.volume.name()
    }

    fn size(&self) -> Option<u64> {
        self.volume.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let n = self.volume.read_at(offset, buffer)?;
        let end = offset.saturating_add(n as u64);
        let numbers = offset / self.block..end.div_ceil(self.block);
        for (number, bytes) in self.blocks.range(numbers) {
            let start = number * self.block;
            let from = offset.max(start);
            let to = end.min(start + self.block);
            let part = &bytes[(from - start) as usize..(to - start) as usize];
            buffer[(from - offset) as usize..(to - offset) as usize].copy_from_slice(part);
        }
        Ok(n)
    }

    fn run_at(&self, offset: u64) -> Result<Run> {
        let run = self.volume.run_at(offset)?;
        let Run::Hole(len) = run else {
            return Ok(run);
        };
        let next = self.blocks.range(offset / self.block..).next();
        Ok(match next.map(|(number, _)| number * self.block) {
            Some(start) if start <= offset => Run::Data(start + self.block - offset),
            Some(start) => Run::Hole(len.min(start - offset)),
            None => run,
        })
    }

    fn is_far(&self) -> bool {
        self.volume.is_far()
    }
}
