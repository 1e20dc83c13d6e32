//! Compressing grains: several at once, given out in order.

use std::sync::{Mutex, PoisonError};

use error::{Error, Result};
use libdeflater::{CompressionLvl, Compressor};
use pool::Ordered;

use super::super::units::Unit;
use super::{GRAIN, SECTOR, TABLE};

/// Grains in one job: enough of them that handing them over does not show.
const BATCH: usize = 4;

/// Jobs on their way at most, each of 256 KiB and as much again once it is done.
const MOST: usize = 32;

/// Compressed grains of one table, as they are in the file.
pub(super) struct Packed {
    /// The table's number.
    pub(super) table: u64,
    /// The grains, each with its marker and padded to whole sectors.
    pub(super) bytes: Vec<u8>,
    /// For each grain its place in the table and where in `bytes` it begins.
    pub(super) grains: Vec<(usize, usize)>,
}

/// A pool that compresses grains.
pub(super) struct Grains {
    pool: Ordered<Vec<Unit>, Result<Packed>>,
    batch: Vec<Unit>,
    /// Jobs that may be on their way.
    most: usize,
}

impl Grains {
    /// Starts `threads` threads that compress with `level`.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when the system gives no thread.
    pub(super) fn start(threads: usize, level: CompressionLvl) -> Result<Self> {
        let threads = threads.min(MOST);
        let idle = Mutex::new(Vec::new());
        let pool = Ordered::start(threads, 1, move |batch: Vec<Unit>, emit| {
            let idle = || idle.lock().unwrap_or_else(PoisonError::into_inner);
            let spare = idle().pop();
            let mut compressor = spare.unwrap_or_else(|| Compressor::new(level));
            let packed = pack(&batch, &mut compressor);
            idle().push(compressor);
            emit(packed);
        })?;
        Ok(Grains {
            pool,
            batch: Vec::new(),
            most: (2 * threads + 1).min(MOST),
        })
    }

    /// Takes a grain, and gives `each` what has been compressed by now.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when a thread died, and those of `each`.
    pub(super) fn push(
        &mut self,
        grain: Unit,
        each: &mut dyn FnMut(Packed) -> Result<()>,
    ) -> Result<()> {
        let first = self.batch.first();
        let other_table = first.is_some_and(|first| first.number / TABLE != grain.number / TABLE);
        if other_table || self.batch.len() == BATCH {
            self.submit()?;
        }
        self.batch.push(grain);
        self.give(self.most, each)
    }

    /// Gives `each` all that is left.
    ///
    /// # Errors
    /// As [`Grains::push`].
    pub(super) fn finish(&mut self, each: &mut dyn FnMut(Packed) -> Result<()>) -> Result<()> {
        if !self.batch.is_empty() {
            self.submit()?;
        }
        self.give(0, each)
    }

    fn submit(&mut self) -> Result<()> {
        self.pool.submit(std::mem::take(&mut self.batch))
    }

    /// Gives `each` what comes out until no more than `most` jobs are on their way.
    fn give(&mut self, most: usize, each: &mut dyn FnMut(Packed) -> Result<()>) -> Result<()> {
        while self.pool.in_flight() > most
            && let Some(packed) = self.pool.output()?
        {
            each(packed?)?;
        }
        Ok(())
    }
}

/// Compresses grains of one table.
fn pack(batch: &[Unit], compressor: &mut Compressor) -> Result<Packed> {
    let mut packed = Packed {
        table: batch.first().map_or(0, |first| first.number / TABLE),
        bytes: Vec::new(),
        grains: Vec::with_capacity(batch.len()),
    };
    let mut room = vec![0; compressor.zlib_compress_bound(GRAIN)];
    for grain in batch {
        let len = compressor
            .zlib_compress(&grain.bytes, &mut room)
            .map_err(|cause| Error::io("a grain cannot be compressed", cause))?;
        let place = grain.number % TABLE;
        packed.grains.push((place as usize, packed.bytes.len()));
        // The marker: the first sector of the disk in the grain, and the length, which is little more
        // than a grain's at most.
        let sector = grain.number * (GRAIN as u64 / SECTOR);
        packed.bytes.extend(sector.to_le_bytes());
        packed.bytes.extend((len as u32).to_le_bytes());
        packed.bytes.extend(room.get(..len).unwrap_or_default());
        let end = packed.bytes.len().next_multiple_of(SECTOR as usize);
        packed.bytes.resize(end, 0);
    }
    Ok(packed)
}
