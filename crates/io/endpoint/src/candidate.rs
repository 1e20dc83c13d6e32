//! The port of a target, before anything is changed, and the checks that targets have in common.

use std::io;

use error::{Error, Result, amount, amounts};
use recognise::holding;
use sparse::BlockWrite;

use crate::advice::Advice;

/// What the user asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetOptions {
    /// Overwrite an existing file, or a device that holds data. Never what is in use.
    pub force: bool,
    /// The user vouches that an existing device reads as zeros: holes are skipped on it.
    pub target_is_zero: bool,
    /// The size in bytes that the disk is padded to with zeros, at least.
    pub size: Option<u64>,
}

/// A target that passed `target::check` and is not changed yet.
pub trait Candidate: Send {
    /// What the user calls it: a path, `-`, `lv:vg0/web01`.
    fn name(&self) -> &str;

    /// The number of bytes it takes; `None` where only writing will tell.
    fn capacity(&self) -> Option<u64>;

    /// Bytes in a sector of the disk that a guest sees there: 512 unless the place is a device that has
    /// others.
    fn sector(&self) -> u32 {
        512
    }

    /// Whether [`Candidate::open`] has to be told the disk's size: a volume to be created without
    /// [`TargetOptions::size`].
    fn needs_size(&self) -> bool {
        false
    }

    /// Whether ranges may come in any order; a pipe takes them from front to back only.
    fn any_order(&self) -> bool {
        true
    }

    /// One line that says what is going to happen with a disk of `size` bytes (`None`: not known
    /// yet): `creates thin volume vg0/pool/web01 of 8.0 GiB`.
    fn plan(&self, size: Option<u64>) -> String;

    /// Whether a disk of `size` bytes fits.
    ///
    /// # Errors
    /// [`error::Kind::Target`] with both numbers.
    fn fits(&self, size: u64) -> Result<()> {
        match self.capacity() {
            Some(capacity) if capacity < size => Err(too_small(self.name(), capacity, size)),
            _ => Ok(()),
        }
    }

    /// Whether a disk may come whose size shows only at its end.
    ///
    /// # Errors
    /// [`error::Kind::Target`] where [`Candidate::needs_size`] says that it may not.
    fn fits_any(&self) -> Result<()> {
        if !self.needs_size() {
            return Ok(());
        }
        let name = self.name();
        Err(Error::target(format!(
            "{name} is to be created, and how large the disk is shows only at its end"
        ))
        .advise(Advice::GiveSize))
    }

    /// Makes it ready to be written: the first step that changes something. `size` is the disk's,
    /// if it is known.
    ///
    /// # Errors
    /// [`error::Kind::Target`] when it turns out not to take the disk, [`error::Kind::Io`]; what
    /// was created on the way is removed again.
    fn open(self: Box<Self>, size: Option<u64>) -> Result<Box<dyn BlockWrite>>;
}

/// The target `name` has room for `capacity` bytes, and the disk needs `size`.
pub(crate) fn too_small(name: &str, capacity: u64, size: u64) -> Error {
    let (capacity, size) = amounts(capacity, size);
    Error::target(format!("{name} holds {capacity}, the disk needs {size}"))
        .hint("give a larger target")
}

/// Whether a disk of `size` bytes fits into the size that was `asked` for.
///
/// # Errors
/// [`error::Kind::Target`] with both numbers.
pub fn check_asked(asked: Option<u64>, size: u64) -> Result<()> {
    match asked {
        Some(asked) if asked < size => {
            let (asked, size) = amounts(asked, size);
            let message = format!("the disk needs {size}, the size asked for is {asked}");
            Err(Error::target(message).advise(Advice::RaiseSize))
        }
        _ => Ok(()),
    }
}

/// Whether the target `name`, whose `capacity` in bytes is fixed, has the size that was `asked` for.
///
/// # Errors
/// [`error::Kind::Target`] with both numbers.
pub(crate) fn check_has(name: &str, capacity: u64, asked: Option<u64>) -> Result<()> {
    match asked {
        Some(asked) if capacity < asked => {
            let (capacity, asked) = amounts(capacity, asked);
            let message = format!("{name} holds {capacity}, the size asked for is {asked}");
            Err(Error::target(message).advise(Advice::LowerSize))
        }
        _ => Ok(()),
    }
}

/// Whether a disk of `size` bytes fits into the target `name`, whose `capacity` is fixed, and into what was `asked`
/// for.
///
/// # Errors
/// [`error::Kind::Target`] with both numbers.
pub(crate) fn check_fits(name: &str, capacity: u64, asked: Option<u64>, size: u64) -> Result<()> {
    check_asked(asked, size)?;
    if capacity < size {
        return Err(too_small(name, capacity, size));
    }
    Ok(())
}

/// Whether the target `name` of `capacity` bytes, which `read` reads at an offset, holds nothing that is known.
///
/// # Errors
/// [`error::Kind::Target`] with what it holds and where, or because it cannot be read.
pub(crate) fn check_empty(
    name: &str,
    capacity: u64,
    read: impl Fn(u64, &mut [u8]) -> io::Result<()>,
) -> Result<()> {
    let found = holding::find_in(capacity, read)
        .map_err(|cause| Error::target(format!("{name} cannot be read")).cause(cause))?;
    let Some(found) = found else {
        return Ok(());
    };
    let (what, offset) = (found.what, found.offset);
    let message = format!("{name} holds {what} (found at byte {offset})");
    Err(Error::target(message).advise(Advice::Overwrite))
}

/// What is going to happen to the target `name` of `capacity` bytes with a disk of `size` bytes.
pub(crate) fn overwrites(name: &str, capacity: u64, size: Option<u64>) -> String {
    let what = size.map_or("the disk".to_owned(), amount);
    format!("overwrites {name} ({}) with {what}", amount(capacity))
}
