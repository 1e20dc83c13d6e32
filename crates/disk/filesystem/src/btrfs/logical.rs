//! The logical bytes of a file system, as far as they are on this device.

use std::sync::Arc;

use error::{Error, Result};
use sparse::{BlockRead, Run};

use super::chunk::{Chunks, Place};

/// The logical bytes, read from whichever copy can be read.
pub(super) struct Logical {
    volume: Arc<dyn BlockRead>,
    chunks: Chunks,
}

impl Logical {
    pub(super) fn new(volume: Arc<dyn BlockRead>, chunks: Chunks) -> Self {
        Logical { volume, chunks }
    }

    /// Fills `buffer` from logical byte `at` on with copy number `copy`, by way of `read`. Returns whether there are that many
    /// copies of any of it on this device.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when it is nowhere, [`error::Kind::Unsupported`] when it is on another device, and those of
    /// `read`.
    pub(super) fn fill(
        &self,
        copy: usize,
        at: u64,
        buffer: &mut [u8],
        mut read: impl FnMut(u64, &mut [u8]) -> Result<()>,
    ) -> Result<bool> {
        let mut is_there = copy == 0;
        let mut done = 0;
        while done < buffer.len() {
            let from = at.saturating_add(done as u64);
            let place = self.chunks.place(from)?;
            let n = place.len.min((buffer.len() - done) as u64) as usize;
            let part = &mut buffer[done..done + n];
            is_there |= copy < place.here.len();
            let last = place.here.last().copied();
            let Some(here) = place.here.get(copy).copied().or(last) else {
                return Err(elsewhere(from, &place));
            };
            read(here, part)?;
            done += n;
        }
        Ok(is_there)
    }

    fn read_volume(&self, at: u64, buffer: &mut [u8]) -> Result<()> {
        let n = self.volume.read_at(at, buffer)?;
        if n < buffer.len() {
            return Err(Error::corrupt(format!(
                "{} bytes at byte {at} of the device are past its end",
                buffer.len()
            )));
        }
        Ok(())
    }
}

/// Calls `read` with the number of each copy until one is read; it returns `None` where there are no more. The error is that
/// of the first one.
pub(super) fn first_good<T>(mut read: impl FnMut(usize) -> Result<Option<T>>) -> Result<T> {
    let first = match read(0) {
        Ok(Some(good)) => return Ok(good),
        Ok(None) => Error::corrupt("there is no copy of it"),
        Err(error) => error,
    };
    let mut copy = 1;
    loop {
        match read(copy) {
            Ok(Some(good)) => return Ok(good),
            Ok(None) => return Err(first),
            Err(_) if copy < 4 => copy += 1,
            Err(_) => return Err(first),
        }
    }
}

fn elsewhere(at: u64, place: &Place) -> Error {
    Error::unsupported(format!(
        "logical byte {at} is on device {} of several, and only one is read",
        place.device
    ))
}

impl BlockRead for Logical {
    fn name(&self) -> &str {
        self.volume.name()
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        first_good(|copy| {
            let read = |at, part: &mut [u8]| self.read_volume(at, part);
            let is_there = self.fill(copy, offset, buffer, read)?;
            Ok(is_there.then_some(()))
        })?;
        Ok(buffer.len())
    }

    fn run_at(&self, offset: u64) -> Result<Run> {
        let place = self.chunks.place(offset)?;
        let Some(here) = place.here.first() else {
            return Ok(Run::Data(place.len));
        };
        Ok(match self.volume.run_at(*here)? {
            Run::Data(len) => Run::Data(len.min(place.len)),
            Run::Hole(len) => Run::Hole(len.min(place.len)),
            Run::End => Run::Data(place.len),
        })
    }

    fn is_far(&self) -> bool {
        self.volume.is_far()
    }
}
