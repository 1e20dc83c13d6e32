//! Devices of a backup, in the order in which their clusters are stored.

use error::Result;
use sparse::{DiskRead, Piece, SparseRead};

use super::{BLOCK, CLUSTER, Vma};
use crate::archive::clip;

/// The pieces of some devices of a [`Vma`], whichever comes next. The clusters of a device come in any order,
/// but each of them comes, those of zeros too. The end shows after everything in the backup was seen and right.
pub struct Pieces<'a, R> {
    vma: &'a mut Vma<R>,
    /// The devices' positions among the devices.
    wanted: Vec<usize>,
    /// The position among these of the device that the present cluster is of.
    present: usize,
    /// What is left of the cluster that has begun.
    cluster: Cluster,
    run: Run,
    complete: bool,
}

/// A part of the disk that has not been shown.
#[derive(Clone, Copy, Debug, Default)]
struct Cluster {
    at: u64,
    /// Bytes of the disk.
    len: u64,
    /// Which of its blocks are stored, the first in the lowest bit.
    mask: u16,
    /// Blocks that `mask` still tells of.
    blocks: u32,
}

/// Bytes of the disk that are stored one behind the other, or zeros.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    at: u64,
    len: u64,
    stored: bool,
    /// Bytes stored behind them that are not the disk's.
    past: u64,
}

impl Cluster {
    /// Takes off the blocks in front that are stored, or those that are not.
    fn next_run(&mut self) -> Option<Run> {
        if self.blocks == 0 {
            return None;
        }
        let stored = self.mask & 1 != 0;
        let same = if stored {
            self.mask.trailing_ones()
        } else {
            self.mask.trailing_zeros()
        };
        let blocks = same.min(self.blocks);
        let bytes = u64::from(blocks) * BLOCK;
        let run = Run {
            at: self.at,
            len: bytes.min(self.len),
            stored,
            past: if stored {
                bytes.saturating_sub(self.len)
            } else {
                0
            },
        };
        self.blocks -= blocks;
        self.mask = self.mask.checked_shr(blocks).unwrap_or(0);
        self.at += run.len;
        self.len -= run.len;
        Some(run)
    }
}

impl<'a, R: SparseRead> Pieces<'a, R> {
    pub(super) fn new(vma: &'a mut Vma<R>, wanted: Vec<usize>) -> Self {
        Pieces {
            vma,
            wanted,
            present: 0,
            cluster: Cluster::default(),
            run: Run::default(),
            complete: false,
        }
    }

    /// Which of the wanted devices the piece is of that the next `peek` shows, and where it lies there in
    /// bytes; `None` at the end.
    ///
    /// # Errors
    /// As [`Vma::finish`].
    pub fn place(&mut self) -> Result<Option<(usize, u64)>> {
        self.settle()?;
        Ok((!self.complete).then_some((self.present, self.run.at)))
    }

    /// Makes sure that there is something to show, unless all has been shown.
    fn settle(&mut self) -> Result<()> {
        while self.run.len == 0 && !self.complete {
            let past = std::mem::take(&mut self.run.past);
            self.vma.left -= past;
            self.vma.pass(past)?;
            match self.cluster.next_run() {
                Some(run) => self.run = run,
                None => self.next_cluster()?,
            }
        }
        Ok(())
    }

    /// Goes on to the next cluster, or to the end of the backup.
    fn next_cluster(&mut self) -> Result<()> {
        let Some(entry) = self.vma.next_cluster()? else {
            self.complete = true;
            return Ok(());
        };
        let wanted = self.wanted.iter().position(|&index| index == entry.device);
        if let (Some(wanted), Some(device)) = (wanted, self.vma.devices().get(entry.device)) {
            self.present = wanted;
            self.cluster = Cluster {
                at: u64::from(entry.number) * CLUSTER,
                len: device.bytes_of(entry.number),
                mask: entry.mask,
                blocks: 16,
            };
        }
        Ok(())
    }
}

impl<R: SparseRead> SparseRead for Pieces<'_, R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        self.settle()?;
        if self.complete {
            return Ok(Piece::End);
        }
        if !self.run.stored {
            return Ok(Piece::Zeros(self.run.len));
        }
        if self.vma.input.at_end()? {
            return Err(self.vma.input.truncated("a cluster"));
        }
        Ok(clip(self.vma.input.peek()?, self.run.len))
    }

    fn consume(&mut self, n: u64) {
        self.run.at += n;
        self.run.len -= n;
        if self.run.stored {
            self.vma.left -= n;
            self.vma.input.consume(n);
        }
    }
}

/// A disk out of a [`Vma`]: the [`Pieces`] of one device.
pub struct Disk<'a, R> {
    pieces: Pieces<'a, R>,
    size: u64,
}

impl<'a, R: SparseRead> Disk<'a, R> {
    pub(super) fn new(vma: &'a mut Vma<R>, index: usize) -> Self {
        Disk {
            size: vma.devices().get(index).map_or(0, |device| device.size),
            pieces: Pieces::new(vma, vec![index]),
        }
    }
}

impl<R: SparseRead> SparseRead for Disk<'_, R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        self.pieces.peek()
    }

    fn consume(&mut self, n: u64) {
        self.pieces.consume(n);
    }
}

impl<R: SparseRead> DiskRead for Disk<'_, R> {
    fn size(&self) -> Option<u64> {
        Some(self.size)
    }

    fn offset(&mut self) -> Result<u64> {
        self.pieces.settle()?;
        Ok(self.pieces.run.at)
    }

    fn is_in_order(&self) -> bool {
        false
    }

    fn is_whole(&self) -> bool {
        true
    }
}
