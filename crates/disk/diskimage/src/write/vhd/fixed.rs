//! Writing fixed VHD: the disk itself, and a footer behind it.
//!
//! Azure takes disks of whole MiB only, so the disk is padded to that with zeros. Everything goes from
//! front to back, so that a pipe takes it too. The footer comes last, and without it the file is
//! a raw disk.

use error::Result;
use sparse::BlockWrite;

use super::header::{FOOTER, Footer, Subformat};
use crate::write::encoder::Encoder;
use crate::write::fingerprint::Fingerprint;
use crate::write::units::Progress;

/// What the disk's size in bytes is rounded up to.
pub(super) const WHOLE: u64 = 1 << 20;

/// Writes a fixed VHD.
pub(super) struct Fixed {
    inner: Box<dyn BlockWrite>,
    progress: Progress,
    print: Fingerprint,
    /// The size of the disk in the file.
    size: u64,
    /// Where the file goes on.
    at: u64,
}

impl Fixed {
    /// Writes a disk of `size` bytes to `inner`.
    pub(super) fn new(size: u64, inner: Box<dyn BlockWrite>) -> Self {
        Fixed {
            inner,
            progress: Progress::new(size),
            print: Fingerprint::default(),
            size: size.next_multiple_of(WHOLE),
            at: 0,
        }
    }

    /// Zeros up to byte `end`.
    fn zero_until(&mut self, end: u64) -> Result<()> {
        let at = std::mem::replace(&mut self.at, end);
        match end - at {
            0 => Ok(()),
            len => self.inner.zero_at(at, len),
        }
    }
}

impl Encoder for Fixed {
    fn target(&self) -> &dyn BlockWrite {
        &*self.inner
    }

    fn target_mut(&mut self) -> &mut dyn BlockWrite {
        &mut *self.inner
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        self.progress.take(offset, data.len() as u64)?;
        self.zero_until(offset)?;
        self.print.add(offset, data);
        self.inner.write_at(offset, data)?;
        self.at += data.len() as u64;
        Ok(())
    }

    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()> {
        self.progress.take(offset, len)?;
        self.zero_until(offset + len)
    }

    fn finish(&mut self, size: u64) -> Result<()> {
        self.progress.within(size)?;
        self.zero_until(self.size)?;
        let footer = Footer {
            size: self.size,
            id: self.print.uuid(self.size),
            subformat: Subformat::Fixed,
        };
        self.inner.write_at(self.size, &footer.bytes())?;
        self.inner.finish(self.size + FOOTER as u64)
    }
}
