//! A streamOptimized disk in one forward pass.
//!
//! Markers say what comes: grains, each with its place in the disk, and tables, which say the same
//! once more. The markers are followed; at the end the tables must have said the same. VMware's and
//! VirtualBox's programs write the tables behind the grains and a footer behind these, qemu-img and
//! open-vmdk write them in front; qemu-img ends without an end-of-stream marker.
//!
//! Workers unpack the grains, in batches that cover the same pieces of the disk in which it travels
//! on, so that a batch's buffer can be handed on and need not be copied.

mod batch;
mod input;
mod ledger;
mod scan;
#[cfg(test)]
mod tests;

use error::Result;
use pool::Ordered;
use sparse::{DiskRead, Piece, SparseRead};

use super::{about, alone, embedded};
use crate::Unpackers;
use crate::about::About;
use crate::fields::le32;
use batch::Batch;
use scan::Scan;

/// Bytes of memory that batches under way may take.
const MEMORY: usize = 14 << 20;

/// Whether `head`, a file's first 512 bytes, is the header of a disk that [`Stream`] reads: a VMDK
/// with compressed grains and markers.
pub fn is_stream(head: &[u8]) -> bool {
    const COMPRESSED_WITH_MARKERS: u32 = 0x3_0000;
    let flags = le32(head, 8);
    head.starts_with(b"KDMV") && flags & COMPRESSED_WITH_MARKERS == COMPRESSED_WITH_MARKERS
}

/// A streamOptimized VMDK as it passes.
///
/// Its pieces are grains, and as many of them together as follow each other. They come in the order
/// of the stream, which is mostly but not necessarily that of the disk.
pub struct Stream<R> {
    scan: Scan<R>,
    workers: Ordered<Batch, Result<Batch>>,
    /// Batches that may be with the workers.
    most: usize,
    size: u64,
    about: About,
    current: Option<Batch>,
    /// Bytes of the current batch that were consumed.
    consumed: usize,
    spare: Vec<Batch>,
    ended: bool,
}

impl<R: SparseRead> Stream<R> {
    /// Reads the header and the descriptor from `input`, which stands at its first byte, and starts
    /// up to `threads` threads that unpack.
    ///
    /// # Errors
    /// The stream's; [`error::Kind::Corrupt`] and [`error::Kind::Unsupported`] about the header, the
    /// descriptor and tables before the grains; [`error::Kind::Refused`] for a disk that is only the
    /// difference to another one.
    pub fn new(input: R, threads: usize) -> Result<Self> {
        let (scan, descriptor) = Scan::new(input)?;
        let size = embedded(&descriptor, &scan.header)?;
        alone(&descriptor)?;
        // Compressed bytes may take a little more than those they unfold to.
        let most = (MEMORY / (Batch::window(&scan.header) / 4 * 9)).max(2);
        let threads = threads.clamp(1, most);
        let (header, unpackers) = (scan.header.clone(), Unpackers::default());
        let workers = Ordered::start(threads, 1, move |batch: Batch, emit| {
            emit(batch.unpack(&header, size, &unpackers));
        })?;
        Ok(Stream {
            about: about(&descriptor, Some(&scan.header)),
            most: most.min(2 * threads + 2),
            scan,
            workers,
            size,
            current: None,
            consumed: 0,
            spare: Vec::new(),
            ended: false,
        })
    }

    /// What the disk says about itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Sees to it that there is a current batch, unless the disk is at its end.
    fn advance(&mut self) -> Result<()> {
        while self.current.is_none() {
            self.hand_out()?;
            match self.workers.output()? {
                Some(batch) => {
                    self.current = Some(batch?).filter(|batch| batch.len > 0);
                    self.consumed = 0;
                }
                None => break,
            }
        }
        Ok(())
    }

    /// Gives the workers as much as they may have.
    fn hand_out(&mut self) -> Result<()> {
        while !self.ended && self.workers.in_flight() < self.most {
            let mut batch = self.spare.pop().unwrap_or_default();
            self.scan.fill(&mut batch)?;
            if batch.is_empty() {
                self.ended = true
            } else {
                self.workers.submit(batch)?
            }
        }
        Ok(())
    }

    /// The current batch is used up.
    fn retire(&mut self) {
        self.consumed = 0;
        if let Some(batch) = self.current.take() {
            self.spare.push(batch.emptied());
        }
    }
}

impl<R: SparseRead> SparseRead for Stream<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        self.advance()?;
        Ok(match &self.current {
            None => Piece::End,
            Some(batch) => {
                let rest = batch.bytes.get(self.consumed..batch.len);
                Piece::Data(rest.unwrap_or_default())
            }
        })
    }

    fn consume(&mut self, n: u64) {
        self.consumed += n as usize;
        let len = self.current.as_ref().map_or(0, |batch| batch.len);
        if self.consumed >= len {
            self.retire();
        }
    }

    fn exchange(&mut self, buffer: &mut Box<[u8]>) -> Result<Option<usize>> {
        self.advance()?;
        match &mut self.current {
            Some(batch) if self.consumed == 0 && batch.bytes.len() == buffer.len() => {
                std::mem::swap(&mut batch.bytes, buffer);
                let len = batch.len;
                self.retire();
                Ok(Some(len))
            }
            _ => Ok(None),
        }
    }
}

impl<R: SparseRead> DiskRead for Stream<R> {
    fn size(&self) -> Option<u64> {
        Some(self.size)
    }

    fn offset(&mut self) -> Result<u64> {
        self.advance()?;
        let batch = self.current.as_ref();
        Ok(batch.map_or(self.size, |batch| batch.offset + self.consumed as u64))
    }

    fn is_in_order(&self) -> bool {
        false
    }
}
