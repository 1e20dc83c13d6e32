//! Where disks go to: files, pipes, block devices, logical volumes, network block devices.
//!
//! A target is refused as early as it can be: [`check`] looks at everything that does not depend on
//! the disk's size and changes nothing, [`Candidate::fits`] looks at the size, and only
//! [`Candidate::open`] starts to change something.

mod behind;
mod device;
mod file;
mod shared;
mod stream;
mod volume;

use error::{Error, Result};
use host::Host;
use sparse::BlockWrite;

use crate::{Place, nbd};
pub(crate) use device::{HEAD, TAIL};
use error::amounts;

/// What the person asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetOptions {
    /// Overwrite an existing file, or a device that holds data. Never what is in use.
    pub force: bool,
    /// The person vouches that an existing device reads as zeros: holes are skipped on it.
    pub target_is_zero: bool,
    /// The size in bytes that the disk is padded to with zeros, at least.
    pub size: Option<u64>,
}

/// A target that passed [`check`] and is not changed yet.
pub trait Candidate: Send {
    /// What the person calls it: a path, `-`, `lv:vg0/web01`.
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
        .hint("give --size, for instance --size 8G"))
    }

    /// Makes it ready to be written: the first step that changes something. `size` is the disk's,
    /// if it is known.
    ///
    /// # Errors
    /// [`error::Kind::Target`] when it turns out not to take the disk, [`error::Kind::Io`]; what
    /// was created on the way is removed again.
    fn open(self: Box<Self>, size: Option<u64>) -> Result<Box<dyn BlockWrite>>;
}

/// Looks at a target on `host` as far as possible without knowing the disk's size, changing nothing.
///
/// A block device is claimed from here on: nobody can mount it until the candidate is dropped.
///
/// # Errors
/// They name the place. [`error::Kind::Usage`] for an address, [`error::Kind::Target`] for every
/// reason not to write there, [`error::Kind::Io`] when the reasons cannot be found out.
pub fn check(place: &Place, options: &TargetOptions, host: &Host) -> Result<Box<dyn Candidate>> {
    match place {
        Place::Stdio => stream::check_stdout(options),
        Place::File(path) => file::check(path, options, host),
        Place::Volume(volume) => volume::check(volume, options, host),
        Place::Nbd(address) => nbd::check(address, options),
        Place::Http(_) => Err(Error::usage(format!("{place} cannot be written to"))
            .hint("give a file, a device, -, lv:VG/NAME or nbd://…")),
    }
}

pub(crate) fn too_small(name: &str, capacity: u64, size: u64) -> Error {
    let (capacity, size) = amounts(capacity, size);
    Error::target(format!("{name} holds {capacity}, the disk needs {size}"))
        .hint("give a larger target")
}

/// `--size` contradicts what the disk needs.
pub(crate) fn check_asked(asked: Option<u64>, size: u64) -> Result<()> {
    match asked {
        Some(asked) if asked < size => {
            let (asked, size) = amounts(asked, size);
            let message = format!("the disk needs {size}, --size gives it {asked}");
            Err(Error::target(message).hint("give a larger --size"))
        }
        _ => Ok(()),
    }
}

/// A write of `len` bytes at `offset` to the target `name` failed.
fn cannot_write(name: &str, offset: u64, cause: impl Into<std::io::Error>) -> Error {
    Error::io(
        format!("{name} cannot be written at byte {offset}"),
        cause.into(),
    )
}

/// Writing to the target `name` succeeded in memory, and then not on the medium.
fn cannot_flush(name: &str, cause: impl Into<std::io::Error>) -> Error {
    Error::io(format!("{name} cannot be flushed"), cause.into())
}

#[cfg(test)]
mod tests;
