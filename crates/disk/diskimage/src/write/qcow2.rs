//! Writing qcow2, version 3, with refcounts of 16 bits.
//!
//! The disk is cut into clusters (`cut`), which may be compressed (`pack`) and get their places in
//! the file (`place`). Its tables depend on what the clusters are, and there are two ways to write
//! them: to a target that takes ranges in any order they go among the data as they are complete, and
//! the header comes last (`append`); for a pipe a first pass finds out what they will be
//! ([`Measure`]), and they come before the data (`follow`). Memory does not grow with the disk
//! but for 8 bytes an L2 table, 8 bytes a refcount block, and a [`Layout`].
//!
//! The disk's size is rounded up to sectors of 512 bytes, of which the format's readers make disks.

mod append;
mod back;
mod body;
mod compress;
mod cut;
mod follow;
mod layout;
mod measure;
mod output;
mod pack;
mod place;
mod refcounts;
mod settings;
mod shape;
#[cfg(test)]
mod tests;

use error::{Error, Result};
use sparse::BlockWrite;

use super::WriteOptions;
use super::encoder::{Encoded, Encoder};
use append::Appending;
use back::Back;
use cut::Cutter;
use follow::Following;
pub use layout::Layout;
pub use measure::Measure;
use pack::Stage;
use settings::Settings;
use shape::Shape;

/// As [`super::writer`].
pub(super) fn writer(
    options: &WriteOptions,
    size: u64,
    inner: Box<dyn BlockWrite>,
) -> Result<Box<dyn BlockWrite>> {
    let shape = Shape::new(Settings::read(options)?, size)?;
    if !inner.any_order() {
        return Err(Error::unsupported(format!(
            "{} takes a qcow2 file only after a first pass over the disk",
            inner.name()
        ))
        .hint("write to a file"));
    }
    Writer::boxed(options, shape, size, Appending::new(shape, inner))
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
    let shape = Shape::new(Settings::read(options)?, size)?;
    if shape != layout.shape {
        return Err(Error::usage(
            "the two passes over the disk have not the same size and options",
        ));
    }
    Writer::boxed(options, shape, size, Following::new(layout, inner))
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

/// A [`Back`] that has a target.
trait ToTarget: Back {
    fn target(&self) -> &dyn BlockWrite;
    fn target_mut(&mut self) -> &mut dyn BlockWrite;
}

impl ToTarget for Appending {
    fn target(&self) -> &dyn BlockWrite {
        &*self.body.output.inner
    }
    fn target_mut(&mut self) -> &mut dyn BlockWrite {
        &mut *self.body.output.inner
    }
}

impl ToTarget for Following {
    fn target(&self) -> &dyn BlockWrite {
        &*self.body.output.inner
    }
    fn target_mut(&mut self) -> &mut dyn BlockWrite {
        &mut *self.body.output.inner
    }
}

impl<B: ToTarget + 'static> Writer<B> {
    fn boxed(
        options: &WriteOptions,
        shape: Shape,
        size: u64,
        back: B,
    ) -> Result<Box<dyn BlockWrite>> {
        Ok(Encoded::boxed(Writer {
            cutter: Cutter::new(shape, size),
            stage: Stage::new(shape.settings, options.threads, back)?,
        }))
    }
}

impl<B: ToTarget + 'static> Encoder for Writer<B> {
    fn target(&self) -> &dyn BlockWrite {
        self.stage.back.target()
    }

    fn target_mut(&mut self) -> &mut dyn BlockWrite {
        self.stage.back.target_mut()
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
