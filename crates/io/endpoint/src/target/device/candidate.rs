//! Whether a block device may be written.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use error::{Error, Result, amount, amounts};
use host::{Host, Number};
use recognise::holding;
use sparse::BlockWrite;

use super::super::{Candidate, TargetOptions, check_asked, too_small};
use super::claim::cannot_open;
use super::{Claim, Device, Zeros};
use crate::block;
use crate::lvm::Chunks;

/// A device that may be written, claimed.
pub(crate) struct DeviceCandidate {
    claim: Claim,
    zeros: Zeros,
    asked: Option<u64>,
}

/// Looks at the block device at `path`, called `name`.
pub(crate) fn check(
    name: &str,
    path: &Path,
    options: &TargetOptions,
    host: &Host,
) -> Result<DeviceCandidate> {
    let named = |error: Error| error.at(name);
    let metadata = fs::metadata(path).map_err(|cause| cannot_open(name, cause))?;
    let Some(number) = Number::of(&metadata) else {
        return Err(Error::target(format!("{name} is not a block device")));
    };
    if let Some(usage) = host.usage(number).map_err(named)? {
        return Err(Error::target(format!("{name} {usage}")));
    }
    let candidate = DeviceCandidate {
        claim: Claim::new(name, path, host)?,
        zeros: match options.target_is_zero {
            true => Zeros::There,
            false => Zeros::Punch,
        },
        asked: options.size,
    };
    candidate.check_asked_size()?;
    if !options.force {
        candidate.check_empty()?;
    }
    Ok(candidate)
}

impl DeviceCandidate {
    /// The same device, a thin volume that gets its space in `chunks`: that is given back before it is
    /// written, unless it reads as zeros already.
    pub(crate) fn thin(mut self, chunks: Chunks) -> Self {
        self.zeros = match self.zeros {
            Zeros::There => Zeros::in_empty(chunks),
            _ => Zeros::GivenBack(chunks),
        };
        self
    }

    fn check_asked_size(&self) -> Result<()> {
        let Claim { name, capacity, .. } = &self.claim;
        match self.asked {
            Some(asked) if *capacity < asked => {
                let (capacity, asked) = amounts(*capacity, asked);
                let message = format!("{name} holds {capacity}, --size asks for {asked}");
                Err(Error::target(message).hint("give a smaller --size or a larger target"))
            }
            _ => Ok(()),
        }
    }

    fn check_empty(&self) -> Result<()> {
        let Claim { name, file, .. } = &self.claim;
        let read = |offset: u64, buffer: &mut [u8]| file.read_exact_at(buffer, offset);
        let found = holding::find_in(self.claim.capacity, read)
            .map_err(|cause| Error::target(format!("{name} cannot be read")).cause(cause))?;
        match found {
            Some(found) => {
                let (what, offset) = (found.what, found.offset);
                let message = format!("{name} holds {what} (found at byte {offset})");
                Err(Error::target(message).hint("give --force to overwrite it"))
            }
            None => Ok(()),
        }
    }
}

impl Candidate for DeviceCandidate {
    fn name(&self) -> &str {
        &self.claim.name
    }

    fn capacity(&self) -> Option<u64> {
        Some(self.claim.capacity)
    }

    fn sector(&self) -> u32 {
        let sector = block::logical_block(&self.claim.file).ok();
        sector
            .and_then(|sector| u32::try_from(sector).ok())
            .unwrap_or(512)
    }

    fn plan(&self, size: Option<u64>) -> String {
        let what = size.max(self.asked).map_or("the disk".to_owned(), amount);
        let room = amount(self.claim.capacity);
        format!("overwrites {} ({room}) with {what}", self.claim.name)
    }

    fn fits(&self, size: u64) -> Result<()> {
        check_asked(self.asked, size)?;
        match self.claim.capacity < size {
            true => Err(too_small(&self.claim.name, self.claim.capacity, size)),
            false => Ok(()),
        }
    }

    fn open(self: Box<Self>, size: Option<u64>) -> Result<Box<dyn BlockWrite>> {
        let device = Device::open(self.claim, self.zeros, size, self.asked)?;
        Ok(Box::new(device))
    }
}
