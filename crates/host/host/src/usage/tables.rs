//! What the kernel's tables of mounts and swap areas say.

use std::path::Path;

use error::Result;

use super::{Part, Usage, UsedBy, unknown};
use crate::Host;
use crate::mounts::MOUNTS;

/// The part that is mounted, and where.
pub(super) fn mounted(host: &Host, parts: &[Part]) -> Result<Option<Usage>> {
    let mounts = host.mounts();
    let mounts = mounts.map_err(|error| unknown(host, Path::new(MOUNTS), error))?;
    for mount in mounts {
        let found = parts.iter().find(|part| {
            // File systems on several devices have a number of their own, and name one device.
            part.number == mount.number || host.device(&mount.source) == Some(part.number)
        });
        if let Some(part) = found {
            return Ok(Some(part.used(UsedBy::Mount(mount.point))));
        }
    }
    Ok(None)
}

/// The part that is swapped to.
pub(super) fn swap(host: &Host, parts: &[Part]) -> Result<Option<Usage>> {
    let swaps = host.swaps();
    let swaps = swaps.map_err(|error| unknown(host, Path::new("/proc/swaps"), error))?;
    for area in swaps {
        let number = host.device(&area);
        if let Some(part) = parts.iter().find(|part| Some(part.number) == number) {
            return Ok(Some(part.used(UsedBy::Swap)));
        }
    }
    Ok(None)
}
