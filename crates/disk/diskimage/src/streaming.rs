//! Images that only pass by: out of a pipe, or out of a compressed archive.
//!
//! A reader wants to look at tables here and there; a stream shows every byte once. So the tables are
//! kept as they pass ([`TableCache`]), until the map is complete; then the data is taken in the order in
//! which it is in the file ([`InFileOrder`]). Where tables are behind data, or the data before them has
//! not been kept, another pass is needed: a source that can be read again is read
//! with the same cache, and any other is refused at once.

mod extents;
mod file_order;
mod page_codec;
mod rewind;
mod table_cache;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use error::{Error, Result};
use sparse::{BlockRead, SparseRead};

use crate::{Format, Image, OpenOptions, vmdk};
use extents::Extents;
pub use file_order::InFileOrder;
use rewind::Rewind;
pub use table_cache::TableCache;

/// What came of an attempt.
pub enum Passing<R> {
    /// The disk, ready to be read.
    Disk(Box<PassingDisk<R>>),
    /// The tables are known, or more of them than before, and the stream has moved past the data: the
    /// same again from the stream's beginning.
    Again,
}

/// A disk that passes by.
pub type PassingDisk<R> = InFileOrder<Rewind<R>>;

/// What a pass may spend, and what it can count on.
#[derive(Clone, Copy, Debug)]
pub struct StreamLimits {
    /// Threads that may unpack.
    pub threads: usize,
    /// Bytes that may be kept of the stream.
    pub memory: u64,
    /// The largest disk in bytes that is taken: of a larger one only the size is found out.
    pub max_size: u64,
    /// Whether there can be another pass.
    pub again: bool,
}

/// Opens the image in `format` that `stream` is, standing at its first byte. `tables` holds what
/// earlier passes kept.
///
/// # Errors
/// Those of [`Image::open`] and of [`Image::lookup`]; [`error::Kind::Unsupported`] when the tables are
/// behind the data and there is no other pass, or when they need more memory than there is.
pub fn pass<R: SparseRead>(
    format: Format,
    stream: R,
    tables: &Arc<TableCache>,
    how: &OpenOptions,
    limits: StreamLimits,
) -> Result<Passing<R>> {
    let how = OpenOptions {
        access: how.access.of_stream(),
        in_file_order: true,
        ..how.clone()
    };
    let open = |bytes| Image::open(format, bytes, &how);
    pass_opened(format, stream, tables, limits, open)
}

/// Opens the sparse extent that `stream` is, which holds `len` bytes of a VMDK, as if it were a disk of that
/// size.
///
/// # Errors
/// As [`pass`].
pub fn pass_vmdk_part<R: SparseRead>(
    stream: R,
    tables: &Arc<TableCache>,
    len: u64,
    limits: StreamLimits,
) -> Result<Passing<R>> {
    let open = |bytes| Ok(Image::of([vmdk::open_part(bytes, len)?]));
    pass_opened(Format::Vmdk, stream, tables, limits, open)
}

fn pass_opened<R: SparseRead>(
    format: Format,
    stream: R,
    tables: &Arc<TableCache>,
    limits: StreamLimits,
    open: impl Fn(Arc<dyn BlockRead>) -> Result<Image>,
) -> Result<Passing<R>> {
    let mut rewind = Rewind::new(stream, limits.memory);
    loop {
        let extents = open(Arc::clone(tables) as _).and_then(|image| Extents::of(image, limits));
        let wanted = tables.take_wanted();
        match extents {
            Ok(extents) if rewind.is_whole() => {
                let order = InFileOrder::new(rewind, extents, limits)?;
                return Ok(Passing::Disk(Box::new(order)));
            }
            Ok(_) => return again(format, limits),
            Err(error) if wanted.is_empty() => return Err(error),
            Err(_) => {}
        }
        let farthest = wanted.iter().map(|range| range.end).max().unwrap_or(0);
        if !limits.again && farthest > limits.memory {
            return Err(late(format));
        }
        if !tables.collect(&mut rewind, &wanted, limits.memory)? {
            return again(format, limits);
        }
    }
}

fn again<R>(format: Format, limits: StreamLimits) -> Result<Passing<R>> {
    if limits.again {
        Ok(Passing::Again)
    } else {
        Err(late(format))
    }
}

fn late(format: Format) -> Error {
    Error::unsupported(format!(
        "is a {format} disk whose tables are behind its data, and this source can be read only once"
    ))
    .hint("save it first and give the file: what is read twice must be a file, a device or a URL")
}
