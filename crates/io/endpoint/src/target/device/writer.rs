//! Writing to a block device.

use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use error::Result;
use rustix::fs::FallocateFlags;
use rustix::io::Errno;
use sparse::{BlockRead, BlockWrite, ParallelWrite};

use super::super::behind::Behind;
use super::super::shared::Shared;
use super::super::{cannot_flush, cannot_write, check_asked};
use super::Claim;
use crate::lvm::Chunks;
use crate::overwrite::{self, FIRST, Head, Overwrite, TAIL};
use crate::source::open_from_medium;

/// What zeros are written from.
static ZEROS: [u8; 256 << 10] = [0; 256 << 10];

/// Zeros up to this many bytes are written like data: a command to the device costs more.
const SMALL: u64 = 64 << 10;

/// How a range is made to read as zeros. Each of the last three ways falls back to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zeros {
    /// The device reads as zeros wherever nothing is written.
    There,
    /// It reads as zeros where it has no chunk of this many bytes. A chunk that it gets holds old data, and
    /// so is written as a whole or not at all.
    Absent {
        /// The size of a chunk in bytes.
        chunk: u64,
    },
    /// It is a thin volume, which reads as zeros where it has no chunks: all are given back at first.
    GivenBack(Chunks),
    /// Giving the space back where that reads as zeros for certain: on block devices the kernel
    /// refuses to punch a hole where the device does not promise it (fallocate(2)).
    Punch,
    /// The device's own command for zeros, or the kernel's writing of them.
    Range,
    /// Writing them.
    Write,
}

impl Zeros {
    /// Those of a thin volume without any chunk.
    pub(crate) fn in_empty(chunks: Chunks) -> Zeros {
        if chunks.cleared {
            Zeros::There
        } else {
            Zeros::Absent { chunk: chunks.size }
        }
    }
}

/// A block device being overwritten.
pub(crate) struct Device {
    claim: Claim,
    zeros: Zeros,
    asked: Option<u64>,
    head: Head,
    behind: Behind,
}

impl Device {
    /// Clears the head of the device, unless the device is zeros anyway. `size` is the disk's, if
    /// it is known, `asked` the one it is to be padded to.
    pub(crate) fn open(
        claim: Claim,
        zeros: Zeros,
        size: Option<u64>,
        asked: Option<u64>,
    ) -> Result<Self> {
        let mut device = Device {
            head: Head::of(claim.capacity),
            claim,
            zeros,
            asked,
            behind: Behind::default(),
        };
        device.check_range(0, size.max(asked).unwrap_or(0))?;
        if let Zeros::GivenBack(chunks) = zeros {
            device.give_back(chunks)?;
        }
        if !matches!(device.zeros, Zeros::There | Zeros::Absent { .. }) {
            device.clear_head()?;
        }
        Ok(device)
    }

    /// Gives a thin volume's chunks back, whereupon they read as zeros. A last chunk that is only
    /// partly the volume's stays, and is zeroed.
    fn give_back(&mut self, chunks: Chunks) -> Result<()> {
        self.head.incomplete();
        self.zeros = Zeros::Punch;
        if self.claim.give_back()? {
            let capacity = self.claim.capacity;
            let whole = capacity / chunks.size * chunks.size;
            self.make_zero(whole, capacity - whole)?;
            self.zeros = Zeros::in_empty(chunks);
        }
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        rustix::fs::fdatasync(&self.claim.file)
            .map_err(|cause| cannot_flush(&self.claim.name, cause))
    }

    fn check_range(&self, offset: u64, len: u64) -> Result<()> {
        overwrite::check_range(&self.claim.name, self.claim.capacity, offset, len)
    }

    fn write(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        let Claim { name, file, .. } = &self.claim;
        file.write_all_at(data, offset)
            .map_err(|cause| cannot_write(name, offset, cause))?;
        self.behind.wrote(file, offset, data.len() as u64);
        Ok(())
    }

    fn write_zeros(&mut self, mut offset: u64, len: u64) -> Result<()> {
        let end = offset + len;
        while offset < end {
            let step = (end - offset).min(ZEROS.len() as u64);
            self.write(offset, &ZEROS[..step as usize])?;
            offset += step;
        }
        Ok(())
    }

    /// Makes a range behind the head read as zeros.
    fn make_zero(&mut self, offset: u64, len: u64) -> Result<()> {
        // The device's commands take whole blocks, absent chunks are whole; the rest at both edges is
        // written.
        let unit = match self.zeros {
            Zeros::Absent { chunk } => chunk,
            _ if len <= SMALL => return self.write_zeros(offset, len),
            _ => self.claim.logical_block,
        };
        let end = offset + len;
        let start = offset.next_multiple_of(unit);
        // The last chunk ends with the device.
        let stop = if end == self.claim.capacity {
            end
        } else {
            end / unit * unit
        };
        if start >= stop {
            return self.write_zeros(offset, len);
        }
        self.write_zeros(offset, start - offset)?;
        self.zero_blocks(start, stop - start)?;
        self.write_zeros(stop, end - stop)
    }

    fn zero_blocks(&mut self, offset: u64, len: u64) -> Result<()> {
        loop {
            let (way, next) = match self.zeros {
                Zeros::There | Zeros::Absent { .. } => return Ok(()),
                Zeros::GivenBack(_) | Zeros::Punch => (FallocateFlags::PUNCH_HOLE, Zeros::Range),
                Zeros::Range => (FallocateFlags::ZERO_RANGE, Zeros::Write),
                Zeros::Write => return self.write_zeros(offset, len),
            };
            match rustix::fs::fallocate(
                &self.claim.file,
                way | FallocateFlags::KEEP_SIZE,
                offset,
                len,
            ) {
                Ok(()) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(Errno::NOTSUP | Errno::INVAL | Errno::NODEV | Errno::NOSYS) => {
                    self.zeros = next;
                }
                Err(cause) => return Err(cannot_write(&self.claim.name, offset, cause)),
            }
        }
    }

    /// The head, its first sectors last of all: they are what makes a disk of it. What is zeros there
    /// already is left out, so that it takes no space either.
    fn write_head(&mut self, head: &[u8]) -> Result<()> {
        let (unit, whole) = match self.zeros {
            Zeros::Absent { chunk } => (chunk, true),
            _ => (FIRST as u64, false),
        };
        let mut first: &[u8] = &[];
        for (offset, piece) in (0..).step_by(unit as usize).zip(head.chunks(unit as usize)) {
            // A chunk that goes on behind the head may have been written there.
            let part = whole && (piece.len() as u64) < unit;
            if sparse::zero::is_zero(piece) && !part {
                continue;
            }
            let mut rest = piece;
            if offset == 0 {
                (first, rest) = piece.split_at(piece.len().min(FIRST));
            }
            self.write(offset + (piece.len() - rest.len()) as u64, rest)?;
        }
        self.flush()?;
        self.write(0, first)?;
        self.flush()
    }
}

impl Overwrite for Device {
    fn head(&mut self) -> &mut Head {
        &mut self.head
    }

    fn clear_head(&mut self) -> Result<()> {
        self.head.incomplete();
        self.write_zeros(0, self.head.len())?;
        self.flush()
    }

    fn complete(&mut self, size: u64) -> Result<()> {
        check_asked(self.asked, size)?;
        let mut end = size.max(self.asked.unwrap_or(0));
        self.check_range(0, end)?;
        if let Zeros::Absent { chunk } = self.zeros {
            // The chunk that the disk ends in has old data behind the end.
            end = end.next_multiple_of(chunk).min(self.claim.capacity);
        }
        self.zero_at(size, end - size)?;
        // Chunks that are absent hold nothing of an earlier disk either, and would come with old data.
        if !matches!(self.zeros, Zeros::Absent { .. }) {
            let tail = self.claim.capacity.saturating_sub(TAIL).max(end);
            self.zero_at(tail, self.claim.capacity - tail)?;
        }
        self.flush()?;
        self.head.headed();
        let head = self.head.within(end).to_vec();
        self.write_head(&head)
    }
}

impl BlockWrite for Device {
    fn name(&self) -> &str {
        &self.claim.name
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.claim.path)
    }

    fn any_order(&self) -> bool {
        true
    }

    fn parallel(&mut self) -> Option<Arc<dyn ParallelWrite>> {
        let Claim {
            name,
            file,
            capacity,
            ..
        } = &self.claim;
        let shared = Shared::of(name, file, self.head.len(), *capacity)?;
        self.head.incomplete();
        Some(shared)
    }

    fn wrote(&mut self, offset: u64, len: u64) {
        self.behind.wrote(&self.claim.file, offset, len);
    }

    fn read_back(&self) -> Result<Option<Arc<dyn BlockRead>>> {
        open_from_medium(&self.claim.name, &self.claim.path)
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        self.check_range(offset, data.len() as u64)?;
        let (offset, rest) = self.head.hold(offset, data);
        if rest.is_empty() {
            return Ok(());
        }
        self.head.incomplete();
        self.write(offset, rest)
    }

    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()> {
        self.check_range(offset, len)?;
        // The head is held back as zeros from the beginning.
        let (offset, len) = self.head.behind(offset, len);
        if self.zeros == Zeros::There || len == 0 {
            return Ok(());
        }
        self.make_zero(offset, len)
    }

    fn finish(&mut self, size: u64) -> Result<()> {
        overwrite::finish(self, size)
    }

    fn abort(&mut self) -> Result<()> {
        overwrite::abort(self)
    }
}
