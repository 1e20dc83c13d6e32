//! Who uses a block device.
//!
//! The kernel refuses an exclusive open of a device that is mounted, swapped to or held by another
//! device, but says only "busy"; and it lets in those who open without a claim of their own, such
//! as the back ends of running guests. This module finds out beforehand and says who it is.

mod mounts;
mod processes;
mod sysfs;

use error::{Error, Result};

use super::Number;
use crate::Host;

/// The device, one of its partitions, or the disk it is a partition of.
#[derive(Clone, Debug)]
struct Part {
    number: Number,
    /// What to call it when it is not the device itself: `partition sdb1`, `its disk sdb`.
    other: Option<String>,
    /// Its directory in sysfs.
    directory: std::path::PathBuf,
}

impl Part {
    /// `text` about the device itself, `is in use: partition sdb1 …` about another part.
    fn says(&self, text: &str) -> String {
        match &self.other {
            Some(name) => format!("is in use: {name} {text}"),
            None => text.to_owned(),
        }
    }
}

/// Why the device `number` must not be written to, as the end of a sentence that starts with its
/// name: `is mounted on /srv`.
///
/// # Errors
/// [`error::Kind::Io`] when the host does not tell: then nobody knows, and nobody should write.
pub(crate) fn in_use(host: &Host, number: Number) -> Result<Option<String>> {
    let parts = sysfs::parts(host, number)?;
    let checks = [
        sysfs::read_only,
        mounts::mounted,
        mounts::swap,
        sysfs::held,
        sysfs::xen_guest,
        processes::writer,
    ];
    for check in checks {
        if let Some(reason) = check(host, &parts)? {
            return Ok(Some(reason));
        }
    }
    Ok(None)
}

/// The host does not show `path`.
fn unknown(path: &std::path::Path, cause: std::io::Error) -> Error {
    let message = format!("cannot tell whether it is in use: {}", path.display());
    Error::io(message, cause)
}
