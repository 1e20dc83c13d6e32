//! What all writers of formats have in common: in front of a target, they are a target.

use std::path::Path;
use std::sync::Arc;

use error::Result;
use sparse::{BlockRead, BlockWrite};

/// Turns a disk into a file in some format, which goes to another target.
pub(super) trait Encoder: Send {
    /// Where the file goes.
    fn target(&self) -> &dyn BlockWrite;

    /// The same, to write to it.
    fn target_mut(&mut self) -> &mut dyn BlockWrite;

    /// As [`BlockWrite::write_at`], of the disk.
    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()>;

    /// As [`BlockWrite::zero_at`], of the disk.
    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()>;

    /// Completes the file of a disk of `size` bytes, and then the target.
    ///
    /// # Errors
    /// As [`BlockWrite::finish`].
    fn finish(&mut self, size: u64) -> Result<()>;
}

/// An encoder as a target: asked about itself, it answers for the target behind it. It takes its ranges in
/// ascending order, and by one thread.
pub(super) struct Encoded<E>(E);

impl<E: Encoder + 'static> Encoded<E> {
    /// The target that `encoder` is.
    pub(super) fn boxed(encoder: E) -> Box<dyn BlockWrite> {
        Box::new(Encoded(encoder))
    }
}

impl<E: Encoder> BlockWrite for Encoded<E> {
    fn name(&self) -> &str {
        self.0.target().name()
    }

    fn path(&self) -> Option<&Path> {
        self.0.target().path()
    }

    fn is_lasting(&self) -> bool {
        self.0.target().is_lasting()
    }

    fn read_back(&self) -> Result<Option<Arc<dyn BlockRead>>> {
        self.0.target().read_back()
    }

    fn temporary(&self) -> Option<&Path> {
        self.0.target().temporary()
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        self.0.write_at(offset, data)
    }

    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()> {
        self.0.zero_at(offset, len)
    }

    fn finish(&mut self, size: u64) -> Result<()> {
        self.0.finish(size)
    }

    fn abort(&mut self) -> Result<()> {
        self.0.target_mut().abort()
    }
}
