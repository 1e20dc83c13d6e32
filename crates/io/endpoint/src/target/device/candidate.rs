//! Whether a block device may be written.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use error::{Error, Result};
use host::{Host, Number};
use sparse::BlockWrite;

use super::super::{Candidate, TargetOptions};
use super::claim::cannot_open;
use super::{Claim, Device, Zeros};
use crate::block;
use crate::candidate::{check_empty, check_fits, check_has, overwrites};
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
        zeros: if options.target_is_zero {
            Zeros::There
        } else {
            Zeros::Punch
        },
        asked: options.size,
    };
    let Claim { capacity, file, .. } = &candidate.claim;
    check_has(name, *capacity, options.size)?;
    if !options.force {
        check_empty(name, *capacity, |offset, buffer| {
            file.read_exact_at(buffer, offset)
        })?;
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
        overwrites(&self.claim.name, self.claim.capacity, size.max(self.asked))
    }

    fn fits(&self, size: u64) -> Result<()> {
        check_fits(&self.claim.name, self.claim.capacity, self.asked, size)
    }

    fn open(self: Box<Self>, size: Option<u64>) -> Result<Box<dyn BlockWrite>> {
        let device = Device::open(self.claim, self.zeros, size, self.asked)?;
        Ok(Box::new(device))
    }
}
