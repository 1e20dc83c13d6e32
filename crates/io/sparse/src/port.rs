//! The ports between the engine and the adapters.

use std::path::Path;
use std::sync::Arc;

use error::{Error, Result};

use crate::BlockRead;

/// What a [`ByteSource`] delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// This many bytes at the start of the buffer; never 0.
    Data(usize),
    /// A hole: this many zero bytes come next, none of them in the buffer; never 0.
    Hole(u64),
    /// The source is complete.
    End,
}

/// A source that is a device: a block device, a volume, an export of one over the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// Bytes in its logical block, where that is known.
    pub sector: Option<u32>,
}

/// Where bytes come from, in order, once.
pub trait ByteSource: Send {
    /// What the user calls it: a path, `-`, a URL.
    fn name(&self) -> &str;

    /// The number of bytes there are in all, where the source knows beforehand.
    fn size(&self) -> Option<u64>;

    /// The device that the source is, if it is one: its bytes are a disk whatever they look like.
    fn device(&self) -> Option<Device> {
        None
    }

    /// What is wrong with an end of it that the content does not prove by itself, where a source that was
    /// cut would look like one that is complete.
    fn unproven_end(&self) -> Option<Error> {
        None
    }

    /// A hint for the user in case the content is not a disk, where the source has an
    /// idea why.
    fn hint(&self) -> Option<&'static str> {
        None
    }

    /// The address at which it was found, without secrets, where that is not the one that was asked
    /// for: a server may redirect.
    fn found_at(&self) -> Option<String> {
        None
    }

    /// Delivers what comes next, blocking until there is something. `buffer` is not empty; a source
    /// fills as much of it as it can without waiting a second time.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when the source cannot be read, or is shorter than it had promised.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<Fill>;

    /// Whether each read is a request to another machine, so that one forward pass is better where
    /// there is a choice.
    fn is_far(&self) -> bool {
        false
    }

    /// How to read the same bytes at any offset, if the source may have that; offset 0 is where this
    /// source began. `None` for a pipe. Asking costs nothing, opening may.
    fn at_any_offset(&self) -> Option<Opener> {
        None
    }

    /// How to read the same bytes once more from the beginning, if the source can be read twice.
    /// Asking costs nothing, opening may.
    fn again(&self) -> Option<Again> {
        None
    }
}

/// A target as several threads write to it at once.
pub trait ParallelWrite: Send + Sync {
    /// Where it begins, in bytes: what is before is written through [`BlockWrite::write_at`].
    fn start(&self) -> u64 {
        0
    }

    /// Stores `data` at byte `offset`, a range that is written once only.
    ///
    /// # Errors
    /// As [`BlockWrite::write_at`].
    fn write_at(&self, offset: u64, data: &[u8]) -> Result<()>;
}

/// Opens a source at any offset, or finds out that it cannot be read so: a server without ranges.
/// Fails with [`error::Kind::Io`].
pub type Opener = Box<dyn Fn() -> Result<Option<Arc<dyn BlockRead>>> + Send>;

/// Opens a source from its beginning. Fails with [`error::Kind::Io`] when it cannot be opened, or is
/// found to be another one by now.
pub type Again = Box<dyn Fn() -> Result<Box<dyn ByteSource>> + Send>;

/// Where a disk goes to.
///
/// The engine writes each byte range at most once and accounts for every byte of the disk: either
/// `write_at` or `zero_at` covers it. Ranges come in ascending order, unless the target takes them in
/// any (see [`BlockWrite::any_order`]). The engine then calls one of `finish` and `abort`; an `abort` may also follow a `finish`, when the target did not read back as it should.
/// Dropping a target without either means the program is dying: the target must not look complete
/// then either, so whatever makes it look complete happens in `finish`.
pub trait BlockWrite: Send {
    /// What the user calls it: a path, `-`, `lv:vg0/web01`.
    fn name(&self) -> &str;

    /// Where the bytes are once `finish` is through, if that is a path; `None` for a pipe and for a
    /// server.
    fn path(&self) -> Option<&Path>;

    /// Whether ranges may come in any order; a pipe and what needs to know all that is before
    /// cannot.
    fn any_order(&self) -> bool {
        false
    }

    /// A way to write by several threads at once, if the target has one. Its user still accounts
    /// for every byte: what it wrote is reported by [`BlockWrite::wrote`].
    fn parallel(&mut self) -> Option<Arc<dyn ParallelWrite>> {
        None
    }

    /// Says that the `len` bytes at `offset` were written through [`BlockWrite::parallel`].
    fn wrote(&mut self, offset: u64, len: u64) {
        let _ = (offset, len);
    }

    /// Whether it outlives the program: what was written to a pipe is not stored anywhere.
    fn is_lasting(&self) -> bool {
        self.path().is_some()
    }

    /// What was written, from the medium and not from memory as far as the system allows. The caller
    /// must call `finish` before. `None` for a pipe.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when it cannot be opened.
    fn read_back(&self) -> Result<Option<Arc<dyn BlockRead>>> {
        Ok(None)
    }

    /// The file that is removed again should the target not be finished, while there is one.
    fn temporary(&self) -> Option<&Path> {
        None
    }

    /// Stores `data` at byte `offset`.
    ///
    /// # Errors
    /// [`error::Kind::Io`], or [`error::Kind::Target`] when the range is beyond what the target
    /// holds; the target is then incomplete and the caller must call `abort`.
    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()>;

    /// Makes `len` bytes at `offset` read as zeros, for certain, by the cheapest way the target has.
    ///
    /// # Errors
    /// As [`BlockWrite::write_at`].
    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()>;

    /// Makes everything durable and only then makes the target look complete. `size` is the disk's
    /// size in bytes: all ranges given so far cover exactly `0..size`.
    ///
    /// # Errors
    /// As [`BlockWrite::write_at`].
    fn finish(&mut self, size: u64) -> Result<()>;

    /// Undoes what can be undone: a temporary file or a volume created here goes away, a device that
    /// existed before must not look complete.
    ///
    /// # Errors
    /// [`error::Kind::Io`] naming what is left behind.
    fn abort(&mut self) -> Result<()>;
}
