//! Writing to a block device.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use extent::BlockWrite;
use report::{Error, Result};
use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use super::super::{cannot_flush, cannot_write, too_small};
use super::{HEAD, TAIL};

/// What zeros are written from.
static ZEROS: [u8; 256 << 10] = [0; 256 << 10];

/// Zeros up to this many bytes are written like data: a command to the device costs more.
const SMALL: u64 = 64 << 10;

/// How a range is made to read as zeros. Each way falls back to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zeros {
    /// The device reads as zeros already.
    There,
    /// Giving the space back where that reads as zeros for certain: on block devices the kernel
    /// refuses to punch a hole where the device does not promise it (fallocate(2)).
    Punch,
    /// The device's own command for zeros, or the kernel's writing of them.
    Range,
    /// Writing them.
    Write,
}

/// A block device being overwritten.
pub(crate) struct Device {
    name: String,
    path: PathBuf,
    file: File,
    capacity: u64,
    logical_block: u64,
    zeros: Zeros,
    asked: Option<u64>,
    /// The disk's first bytes, held back.
    head: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// As it was found, reading as zeros.
    Untouched,
    /// Partly overwritten, its head zeros.
    Incomplete,
    /// Its head is being written or is there.
    Headed,
    /// All there and flushed.
    Complete,
}

impl Device {
    /// Clears the head of the device, unless the device is zeros anyway. `measures` are capacity
    /// and logical block; `sizes` are the disk's, if known, and the one asked for.
    pub(crate) fn open(
        name: String,
        path: PathBuf,
        file: File,
        measures: (u64, u64),
        zeros: Zeros,
        sizes: (Option<u64>, Option<u64>),
    ) -> Result<Self> {
        let (capacity, logical_block) = measures;
        let (size, asked) = sizes;
        if let Some(size) = size.max(asked)
            && size > capacity
        {
            return Err(too_small(&name, capacity, size));
        }
        let mut device = Device {
            name,
            path,
            file,
            capacity,
            logical_block: logical_block.max(1),
            zeros,
            asked,
            head: vec![0; HEAD.min(capacity) as usize],
            state: State::Untouched,
        };
        if zeros != Zeros::There {
            device.clear_head()?;
        }
        Ok(device)
    }

    fn head_len(&self) -> u64 {
        self.head.len() as u64
    }

    fn clear_head(&mut self) -> Result<()> {
        self.state = State::Incomplete;
        self.write_zeros(0, self.head_len())?;
        self.flush()
    }

    fn flush(&self) -> Result<()> {
        rustix::fs::fdatasync(&self.file).map_err(|cause| cannot_flush(&self.name, cause))
    }

    /// The part of `offset..offset + len` in the head: its length.
    fn in_head(&self, offset: u64, len: u64) -> u64 {
        self.head_len().saturating_sub(offset).min(len)
    }

    fn check_range(&self, offset: u64, len: u64) -> Result<()> {
        match offset.checked_add(len) {
            Some(end) if end <= self.capacity => Ok(()),
            end => Err(too_small(
                &self.name,
                self.capacity,
                end.unwrap_or(u64::MAX),
            )),
        }
    }

    fn write(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        self.file
            .write_all_at(data, offset)
            .map_err(|cause| cannot_write(&self.name, offset, cause))
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
        if len <= SMALL {
            return self.write_zeros(offset, len);
        }
        // The device's commands take whole blocks; the rest at both edges is written.
        let end = offset + len;
        let start = offset.next_multiple_of(self.logical_block);
        let stop = end / self.logical_block * self.logical_block;
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
                Zeros::There => return Ok(()),
                Zeros::Punch => (FallocateFlags::PUNCH_HOLE, Zeros::Range),
                Zeros::Range => (FallocateFlags::ZERO_RANGE, Zeros::Write),
                Zeros::Write => return self.write_zeros(offset, len),
            };
            match rustix::fs::fallocate(&self.file, way | FallocateFlags::KEEP_SIZE, offset, len) {
                Ok(()) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(Errno::NOTSUP | Errno::INVAL | Errno::NODEV | Errno::NOSYS) => {
                    self.zeros = next;
                }
                Err(cause) => return Err(cannot_write(&self.name, offset, cause)),
            }
        }
    }

    fn complete(&mut self, size: u64) -> Result<()> {
        let end = size.max(self.asked.unwrap_or(0));
        self.check_range(0, end)?;
        self.zero_at(size, end - size)?;
        let tail = self.capacity.saturating_sub(TAIL).max(end);
        self.zero_at(tail, self.capacity - tail)?;
        self.flush()?;
        self.state = State::Headed;
        let head = std::mem::take(&mut self.head);
        let written = usize::try_from(end).unwrap_or(usize::MAX).min(head.len());
        let result = self.write(0, &head[..written]);
        self.head = head;
        result?;
        self.flush()?;
        self.state = State::Complete;
        Ok(())
    }
}

impl BlockWrite for Device {
    fn name(&self) -> &str {
        &self.name
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        self.check_range(offset, data.len() as u64)?;
        let (held, rest) = data.split_at(self.in_head(offset, data.len() as u64) as usize);
        if !held.is_empty() {
            let start = offset as usize;
            self.head[start..start + held.len()].copy_from_slice(held);
        }
        if !rest.is_empty() {
            self.state = State::Incomplete;
            self.write(offset + held.len() as u64, rest)?;
        }
        Ok(())
    }

    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()> {
        self.check_range(offset, len)?;
        // The head is held back as zeros from the beginning.
        let held = self.in_head(offset, len);
        if self.zeros == Zeros::There || held == len {
            return Ok(());
        }
        self.make_zero(offset + held, len - held)
    }

    fn finish(&mut self, size: u64) -> Result<()> {
        let result = self.complete(size);
        match (&result, self.state) {
            (Err(_), State::Headed) => {
                // The reason to report is the one above, whatever becomes of this.
                let _ = self.clear_head();
                result
            }
            _ => result,
        }
    }

    /// Sees to it that the head is zeros, and says that the device is not what it was.
    fn abort(&mut self) -> Result<()> {
        match self.state {
            State::Untouched | State::Complete => return Ok(()),
            State::Incomplete => {}
            State::Headed => self.clear_head()?,
        }
        let message = format!(
            "{} is partly overwritten and its first MiB is zeros",
            self.name
        );
        Err(Error::new(report::Kind::Io, message).hint("import to it again with --force"))
    }
}
