//! The first of two passes: nothing is written, only measured.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use error::{Error, Result};
use sparse::BlockWrite;

use super::cut::Cutter;
use super::geometry::Geometry;
use super::layout::{Layout, Stored};
use super::pack::Stage;
use super::settings::Settings;
use super::sink::Sink;
use crate::write::WriteOptions;

/// The first pass over a disk for a target that cannot go back: takes the disk as a target does,
/// compresses it as it will be, and keeps only how long everything gets.
///
/// Clones are the same pass: one can be given away, another kept for [`Measure::layout`].
#[derive(Clone)]
pub struct Measure(Arc<Mutex<Pass>>);

struct Pass {
    cutter: Cutter,
    stage: Stage<Recording>,
    finished: bool,
}

impl Measure {
    /// A pass over a disk of `size` bytes.
    ///
    /// # Errors
    /// As [`crate::write::writer`].
    pub fn new(options: &WriteOptions, size: u64) -> Result<Self> {
        let geometry = Geometry::new(Settings::read(options)?, size)?;
        let recording = Recording(Layout::new(geometry));
        let pass = Pass {
            cutter: Cutter::new(geometry, size),
            stage: Stage::new(geometry.settings, options.threads, recording)?,
            finished: false,
        };
        Ok(Measure(Arc::new(Mutex::new(pass))))
    }

    /// What was measured; the pass is then empty.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when the pass has not been finished.
    pub fn layout(&self) -> Result<Layout> {
        let mut pass = self.pass();
        let empty = Layout::new(pass.stage.sink.0.geometry);
        if std::mem::take(&mut pass.finished) {
            Ok(std::mem::replace(&mut pass.stage.sink.0, empty))
        } else {
            Err(Error::io(
                "the disk's layout is not known",
                "the first pass over it did not end",
            ))
        }
    }

    fn pass(&self) -> MutexGuard<'_, Pass> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BlockWrite for Measure {
    fn name(&self) -> &str {
        "first pass"
    }

    fn path(&self) -> Option<&Path> {
        None
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        let pass = &mut *self.pass();
        pass.cutter.data(offset, data, &mut pass.stage)
    }

    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()> {
        let pass = &mut *self.pass();
        pass.cutter.zeros(offset, len, &mut pass.stage)
    }

    fn finish(&mut self, size: u64) -> Result<()> {
        let pass = &mut *self.pass();
        pass.cutter.finish(size, &mut pass.stage)?;
        pass.finished = true;
        Ok(())
    }

    fn abort(&mut self) -> Result<()> {
        self.pass().finished = false;
        Ok(())
    }
}

/// Remembers lengths.
struct Recording(Layout);

impl Sink for Recording {
    fn whole(&mut self, first: u64, count: u64) -> Result<()> {
        (first..first + count).try_for_each(|number| self.0.push(number, Stored::Whole))
    }

    fn data(&mut self, _data: &[u8]) -> Result<()> {
        Ok(())
    }

    fn zeros(&mut self, _len: u64) -> Result<()> {
        Ok(())
    }

    fn packed(&mut self, number: u64, stored: &[u8]) -> Result<()> {
        self.0.push(number, Stored::Packed(stored.len() as u32))
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}
