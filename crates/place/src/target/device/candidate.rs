//! Whether a block device may be written.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use extent::BlockWrite;
use report::{Error, Result};
use rustix::fs::OFlags;

use super::super::{Candidate, TargetOptions, check_asked, too_small};
use super::{Device, Zeros};
use crate::amount::{amount, amounts};
use crate::block::{self, signature, usage};

/// A device that may be written, claimed.
pub(crate) struct DeviceCandidate {
    name: String,
    path: PathBuf,
    file: File,
    capacity: u64,
    logical_block: u64,
    zeros: Zeros,
    asked: Option<u64>,
}

/// Looks at the block device at `path`, called `name`.
pub(crate) fn check(name: &str, path: &Path, options: &TargetOptions) -> Result<DeviceCandidate> {
    let named = |error: Error| error.at(name);
    let metadata = fs::metadata(path).map_err(|cause| unreachable(name, cause))?;
    let Some(number) = block::number(&metadata) else {
        return Err(Error::target(format!("{name} is not a block device")));
    };
    if let Some(reason) = usage::in_use(&options.host, number).map_err(named)? {
        return Err(Error::target(format!("{name} {reason}")));
    }
    let zeros = match options.target_is_zero {
        true => Zeros::There,
        false => Zeros::Punch,
    };
    let candidate = DeviceCandidate::claim(name, path, zeros, options.size)?;
    if let Some(size) = options.size
        && candidate.capacity < size
    {
        let (capacity, size) = amounts(candidate.capacity, size);
        let message = format!("{name} holds {capacity}, --size asks for {size}");
        return Err(Error::target(message).hint("give a smaller --size or a larger target"));
    }
    if !options.force {
        candidate.check_empty()?;
    }
    Ok(candidate)
}

fn unreachable(name: &str, cause: std::io::Error) -> Error {
    Error::target(format!("{name} cannot be opened")).cause(cause)
}

impl DeviceCandidate {
    /// Opens the device for this program alone.
    pub(crate) fn claim(
        name: &str,
        path: &Path,
        zeros: Zeros,
        asked: Option<u64>,
    ) -> Result<DeviceCandidate> {
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlags::EXCL.bits() as i32)
            .open(path);
        let file = opened.map_err(|cause| match cause.kind() {
            std::io::ErrorKind::ResourceBusy => Error::target(format!(
                "{name} is in use: the kernel gives it to nobody else"
            ))
            .hint("find its user with lsblk, fuser or dmsetup ls --tree"),
            _ => unreachable(name, cause),
        })?;
        let capacity = block::size(&file).map_err(|cause| unreachable(name, cause))?;
        let logical_block =
            block::logical_block(&file).map_err(|cause| unreachable(name, cause))?;
        Ok(DeviceCandidate {
            name: name.to_owned(),
            path: path.to_owned(),
            file,
            capacity,
            logical_block,
            zeros,
            asked,
        })
    }

    fn check_empty(&self) -> Result<()> {
        let found = signature::find(&self.file, self.capacity)
            .map_err(|cause| Error::target(format!("{} cannot be read", self.name)).cause(cause))?;
        match found {
            Some(found) => {
                let (what, offset) = (found.what, found.offset);
                let message = format!("{} holds {what} (found at byte {offset})", self.name);
                Err(Error::target(message).hint("give --force to overwrite it"))
            }
            None => Ok(()),
        }
    }

    /// Makes it ready to be written.
    pub(crate) fn into_device(self, size: Option<u64>) -> Result<Device> {
        Device::open(
            self.name,
            self.path,
            self.file,
            (self.capacity, self.logical_block),
            self.zeros,
            (size, self.asked),
        )
    }
}

impl Candidate for DeviceCandidate {
    fn name(&self) -> &str {
        &self.name
    }

    fn capacity(&self) -> Option<u64> {
        Some(self.capacity)
    }

    fn plan(&self, size: Option<u64>) -> String {
        let what = size.max(self.asked).map_or("the disk".to_owned(), amount);
        let room = amount(self.capacity);
        format!("overwrites {} ({room}) with {what}", self.name)
    }

    fn fits(&self, size: u64) -> Result<()> {
        check_asked(self.asked, size)?;
        match self.capacity < size {
            true => Err(too_small(&self.name, self.capacity, size)),
            false => Ok(()),
        }
    }

    fn open(self: Box<Self>, size: Option<u64>) -> Result<Box<dyn BlockWrite>> {
        Ok(Box::new(self.into_device(size)?))
    }
}
