//! Who uses a block device.
//!
//! The kernel refuses an exclusive open of a device that is mounted, swapped to or held by another device, but says
//! only "busy"; and it lets in those who open without a claim of their own, such as the back ends of running
//! guests. This module finds out beforehand and says who it is.

mod processes;
mod sysfs;
mod tables;

use std::fmt;
use std::path::{Path, PathBuf};

use error::{Error, Result};

use crate::{Host, Number};

/// A use of a device, because of which it must not be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// What is used, if it is not the device itself: `partition sdb1`, `its disk sdb`.
    pub part: Option<String>,
    /// How that is used.
    pub by: UsedBy,
}

/// Who uses a device, or why nobody may write to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsedBy {
    /// The kernel takes no writes to it.
    ReadOnly,
    /// It is mounted here.
    Mount(PathBuf),
    /// It is active swap space.
    Swap,
    /// Devices built upon it, by name: `dm-3 (vg0-root)`, `md127`.
    Holders(Vec<String>),
    /// A running guest of Xen, by its number.
    XenDomain(String),
    /// A process that has it open for writing.
    Process {
        /// The process's number.
        id: String,
        /// The name of its program.
        name: String,
    },
}

impl fmt::Display for UsedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UsedBy::ReadOnly => f.write_str("is read-only"),
            UsedBy::Mount(point) => write!(f, "is mounted on {}", point.display()),
            UsedBy::Swap => f.write_str("is active swap space"),
            UsedBy::Holders(names) => write!(f, "is held by {}", names.join(", ")),
            UsedBy::XenDomain(id) => write!(f, "is a disk of the running Xen domain {id}"),
            UsedBy::Process { id, name } => {
                write!(f, "is open for writing in {name} (process {id})")
            }
        }
    }
}

/// The end of a sentence that starts with the device's name: `is mounted on /srv`, `is in use: partition sdb1 is
/// active swap space`.
impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.part {
            Some(part) => write!(f, "is in use: {part} {}", self.by),
            None => self.by.fmt(f),
        }
    }
}

/// The device, one of its partitions, or the disk it is a partition of.
#[derive(Clone, Debug)]
struct Part {
    number: Number,
    /// What to call it when it is not the device itself.
    other: Option<String>,
    /// Its directory in sysfs.
    directory: PathBuf,
}

impl Part {
    fn used(&self, by: UsedBy) -> Usage {
        let part = self.other.clone();
        Usage { part, by }
    }
}

impl Host {
    /// Why the device `number` must not be written to: the first use that is found, of the device itself, of its
    /// partitions and of the disk it is a partition of.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when the host does not tell: then nothing may be written.
    pub fn usage(&self, number: Number) -> Result<Option<Usage>> {
        let parts = sysfs::parts(self, number)?;
        let checks = [
            sysfs::read_only,
            tables::mounted,
            tables::swap,
            sysfs::held,
            sysfs::xen_guest,
            processes::writer,
        ];
        for check in checks {
            if let Some(usage) = check(self, &parts)? {
                return Ok(Some(usage));
            }
        }
        Ok(None)
    }
}

/// The host does not show `path`, which would tell.
fn unknown(host: &Host, path: &Path, why: Error) -> Error {
    let shown = host.files().real(path);
    let text = format!("cannot tell whether it is in use: {}", shown.display());
    let error = Error::new(error::Kind::Io, text);
    if why.causes().is_empty() {
        return error.cause(why.message());
    }
    error.because_of(why)
}

#[cfg(test)]
mod tests;
