//! Writing qcow2, version 3, with refcounts of 16 bits.
//!
//! The disk is cut into clusters (`cut`), which may be compressed (`pack`) and get their places in
//! the file (`place`). Its tables depend on what the clusters are, and there are two ways to write
//! them: to a target that takes ranges in any order they go among the data as they are complete, and
//! the header comes last (`seekable`); for a pipe a first pass finds out what they will be
//! ([`Measure`]), and they come before the data (`streamed`). Memory does not grow with the disk
//! but for 8 bytes an L2 table, 8 bytes a refcount block, and a [`Layout`].
//!
//! The disk's size is rounded up to sectors of 512 bytes, of which the format's readers make disks.

mod compress;
mod cut;
mod geometry;
mod layout;
mod measure;
mod output;
mod pack;
mod payload;
mod place;
mod refcounts;
mod seekable;
mod settings;
mod sink;
mod streamed;
#[cfg(test)]
mod tests;

use error::{Error, Result};
use sparse::BlockWrite;

use super::WriteOptions;
use super::encoder::{Encoded, Encoder};
use cut::Cutter;
use geometry::Geometry;
pub use layout::Layout;
pub use measure::Measure;
use pack::Stage;
use seekable::Seekable;
use settings::Settings;
use sink::Sink;
use streamed::Streamed;

/// As [`super::writer`].
pub(super) fn writer(
    options: &WriteOptions,
    size: u64,
    inner: Box<dyn BlockWrite>,
) -> Result<Box<dyn BlockWrite>> {
    let geometry = Geometry::new(Settings::read(options)?, size)?;
    if !inner.any_order() {
        return Err(Error::unsupported(format!(
            "{} takes a qcow2 file only after a first pass over the disk",
            inner.name()
        ))
        .hint("write to a file"));
    }
    Writer::boxed(options, geometry, size, Seekable::new(geometry, inner))
}

/// What writes qcow2 strictly ascending, so that `inner` may be a pipe: the second of two passes over
/// the same disk with the same options, of which the first was a [`Measure`].
///
/// # Errors
/// As [`super::writer`]; [`error::Kind::Usage`] for another size or other options than the layout's.
/// Then, while writing, [`error::Kind::Io`] when the disk is not what it was.
pub fn streamed(
    options: &WriteOptions,
    size: u64,
    layout: Layout,
    inner: Box<dyn BlockWrite>,
) -> Result<Box<dyn BlockWrite>> {
    let geometry = Geometry::new(Settings::read(options)?, size)?;
    if geometry != layout.geometry {
        return Err(Error::usage(
            "the two passes over the disk have not the same size and options",
        ));
    }
    Writer::boxed(options, geometry, size, Streamed::new(layout, inner))
}

/// As [`super::check`].
pub(super) fn check(options: &WriteOptions) -> Result<()> {
    Settings::read(options).map(drop)
}

/// A disk on its way into a file.
struct Writer<B> {
    cutter: Cutter,
    stage: Stage<B>,
}

/// A [`Sink`] that has a target.
trait ToTarget: Sink {
    fn target(&self) -> &dyn BlockWrite;
    fn target_mut(&mut self) -> &mut dyn BlockWrite;
}

impl ToTarget for Seekable {
    fn target(&self) -> &dyn BlockWrite {
        &*self.payload.output.inner
    }
    fn target_mut(&mut self) -> &mut dyn BlockWrite {
        &mut *self.payload.output.inner
    }
}

impl ToTarget for Streamed {
    fn target(&self) -> &dyn BlockWrite {
        &*self.payload.output.inner
    }
    fn target_mut(&mut self) -> &mut dyn BlockWrite {
        &mut *self.payload.output.inner
    }
}

impl<B: ToTarget + 'static> Writer<B> {
    fn boxed(
        options: &WriteOptions,
        geometry: Geometry,
        size: u64,
        sink: B,
    ) -> Result<Box<dyn BlockWrite>> {
        Ok(Encoded::boxed(Writer {
            cutter: Cutter::new(geometry, size),
            stage: Stage::new(geometry.settings, options.threads, sink)?,
        }))
    }
}

impl<B: ToTarget + 'static> Encoder for Writer<B> {
    fn target(&self) -> &dyn BlockWrite {
        self.stage.sink.target()
    }

    fn target_mut(&mut self) -> &mut dyn BlockWrite {
        self.stage.sink.target_mut()
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        self.cutter.data(offset, data, &mut self.stage)
    }

    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()> {
        self.cutter.zeros(offset, len, &mut self.stage)
    }

    fn finish(&mut self, size: u64) -> Result<()> {
        self.cutter.finish(size, &mut self.stage)
    }
}
