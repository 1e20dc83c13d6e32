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

use crate::candidate::too_small;
pub use crate::candidate::{Candidate, TargetOptions, check_asked};
use crate::{Place, nbd};

/// Looks at a target on `host` as far as possible without knowing the disk's size, changing nothing.
///
/// A block device is claimed from here on: it cannot be mounted until the candidate is dropped.
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
