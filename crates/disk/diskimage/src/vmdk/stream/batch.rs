//! Grains that follow each other, unpacked together.

use std::ops::Range;

use error::Result;

use crate::map::Coding;
use crate::vmdk::header::{Header, SECTOR};
use crate::{Unpacker, Unpackers};

/// Bytes of the disk that a batch covers at most, and at a multiple of which it ends: as many as
/// travel through the program in one piece.
const WINDOW: usize = 256 << 10;

/// A compressed grain.
pub(super) struct Grain {
    /// Its number in the disk.
    pub(super) number: u64,
    /// Where in the stream its marker was, in bytes.
    pub(super) at: u64,
    /// Bytes it takes there, its marker included.
    pub(super) len: usize,
}

/// Grains that follow each other, and after the work, their bytes.
#[derive(Default)]
pub(super) struct Batch {
    grains: Vec<(Grain, Range<usize>)>,
    /// The grains as they came, with their markers.
    pub(super) raw: Vec<u8>,
    /// The disk's bytes from [`Batch::offset`] on, of which the first `len` count.
    pub(super) bytes: Box<[u8]>,
    /// See `bytes`.
    pub(super) len: usize,
    /// Where in the disk it begins, in bytes.
    pub(super) offset: u64,
}

impl Batch {
    /// Bytes in the buffer of a batch of grains of this size.
    pub(super) fn window(header: &Header) -> usize {
        WINDOW.max(header.grain_bytes() as usize)
    }

    /// The buffers once more, with nothing in them.
    pub(super) fn emptied(mut self) -> Self {
        self.grains.clear();
        self.raw.clear();
        (self.len, self.offset) = (0, 0);
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.grains.is_empty()
    }

    /// Whether `grain` follows the last one and is in the same window.
    pub(super) fn takes(&self, grain: &Grain, header: &Header) -> bool {
        let window = (Self::window(header) as u64) / header.grain_bytes();
        match self.grains.last() {
            None => true,
            Some((last, _)) => {
                last.number + 1 == grain.number && !grain.number.is_multiple_of(window)
            }
        }
    }

    /// Adds `grain`, whose bytes the caller then appends to [`Batch::raw`].
    pub(super) fn push(&mut self, grain: Grain) {
        let start = self.raw.len();
        let range = start..start + grain.len;
        self.grains.push((grain, range));
    }

    /// Unpacks the grains of a disk of `size` bytes.
    pub(super) fn unpack(
        mut self,
        header: &Header,
        size: u64,
        unpackers: &Unpackers,
    ) -> Result<Self> {
        let grain = header.grain_bytes();
        if self.bytes.len() != Self::window(header) {
            self.bytes = vec![0; Self::window(header)].into_boxed_slice();
        }
        let Some((first, _)) = self.grains.first() else {
            return Ok(self);
        };
        self.offset = first.number * grain;
        let all = self.grains.len() as u64 * grain;
        self.len = all.min(size.saturating_sub(self.offset)) as usize;
        unpackers.lend(|unpacker| self.unpack_grains(header, size, unpacker))?;
        Ok(self)
    }

    fn unpack_grains(&mut self, header: &Header, size: u64, unpacker: &mut Unpacker) -> Result<()> {
        let grain = header.grain_bytes();
        let units = self.bytes.chunks_mut(grain as usize);
        for ((one, range), unit) in self.grains.iter().zip(units) {
            let start = one.number * grain;
            let coding = Coding::Grain {
                sector: start / SECTOR,
                least: size.saturating_sub(start).min(grain),
            };
            let stored = self.raw.get(range.clone()).unwrap_or_default();
            let unpacked = unpacker.unpack(coding, stored, unit);
            unpacked.map_err(|error| error.at(format!("grain at byte {}", one.at)))?;
        }
        Ok(())
    }
}
