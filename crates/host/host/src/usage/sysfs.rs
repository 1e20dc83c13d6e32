//! What sysfs says: partitions, holders, Xen's block back ends.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use error::{Error, Kind, Result};

use super::{Part, Usage, UsedBy, unknown};
use crate::{Host, Number};

/// The back ends of running guests, by name `vbd-DOMAIN-DEVICE`.
const BACK_ENDS: &str = "/sys/bus/xen-backend/devices";

/// The device, its partitions, and the disk it is a partition of.
pub(super) fn parts(host: &Host, number: Number) -> Result<Vec<Part>> {
    let directory = PathBuf::from(format!("/sys/dev/block/{number}"));
    let missing = || Error::new(Kind::Io, "No such file or directory");
    let names = host.files().list(&directory);
    let names = names
        .and_then(|names| names.ok_or_else(missing))
        .map_err(|error| unknown(host, &directory, error))?;
    let mut parts = vec![Part {
        number,
        other: None,
        directory: directory.clone(),
    }];
    for name in names {
        let below = directory.join(&name);
        if is_partition(host, &below)? {
            parts.extend(other(host, "partition", &name.to_string_lossy(), below)?);
        }
    }
    if is_partition(host, &directory)? {
        parts.extend(disk(host, &directory)?);
    }
    Ok(parts)
}

fn is_partition(host: &Host, directory: &Path) -> Result<bool> {
    host.files().exists(directory.join("partition"))
}

/// The disk whose partition is at `directory`, which is a link into the tree of devices.
fn disk(host: &Host, directory: &Path) -> Result<Option<Part>> {
    let real = host.files().canonical(directory)?;
    let disk = real.as_deref().and_then(Path::parent);
    let Some((disk, name)) = disk.and_then(|disk| Some((disk, disk.file_name()?))) else {
        return Ok(None);
    };
    other(host, "its disk", &name.to_string_lossy(), disk.to_owned())
}

fn other(host: &Host, what: &str, name: &str, directory: PathBuf) -> Result<Option<Part>> {
    let number = host.files().value(directory.join("dev"))?;
    let number = number.and_then(|text| Number::parse(&text, 10));
    Ok(number.map(|number| Part {
        number,
        other: Some(format!("{what} {name}")),
        directory,
    }))
}

/// Whether the device itself takes no writes.
pub(super) fn read_only(host: &Host, parts: &[Part]) -> Result<Option<Usage>> {
    let Some(whole) = parts.first() else {
        return Ok(None);
    };
    let value = host.files().value(whole.directory.join("ro"))?;
    let read_only = value.as_deref() == Some("1");
    Ok(read_only.then(|| whole.used(UsedBy::ReadOnly)))
}

/// Devices built upon a part: device-mapper, md, bcache, …
pub(super) fn held(host: &Host, parts: &[Part]) -> Result<Option<Usage>> {
    for part in parts {
        let directory = part.directory.join("holders");
        let holders = host.files().list(&directory)?.unwrap_or_default();
        let names = holders
            .iter()
            .map(|holder| holder_name(host, &directory, holder));
        let names = names.collect::<Result<Vec<String>>>()?;
        if !names.is_empty() {
            return Ok(Some(part.used(UsedBy::Holders(names))));
        }
    }
    Ok(None)
}

/// `dm-3 (vg0-root)`, `md127`.
fn holder_name(host: &Host, directory: &Path, holder: &OsString) -> Result<String> {
    let kernel = holder.to_string_lossy();
    let mapped = host.files().value(directory.join(holder).join("dm/name"))?;
    Ok(match mapped {
        Some(mapped) => format!("{kernel} ({mapped})"),
        None => kernel.into_owned(),
    })
}

/// A running guest whose disk it is. The back end in the kernel claims nothing, so nothing but this tells.
pub(super) fn xen_guest(host: &Host, parts: &[Part]) -> Result<Option<Usage>> {
    // Without them it is no Xen host.
    let backends = host.files().list(BACK_ENDS)?.unwrap_or_default();
    for backend in backends {
        let device = Path::new(BACK_ENDS).join(&backend).join("physical_device");
        // One that ends meanwhile can be read no more, and a network card has none.
        let device = host.files().value(device).ok().flatten();
        let number = device.and_then(|text| Number::parse(&text, 16));
        if let Some(part) = parts.iter().find(|part| Some(part.number) == number) {
            let name = backend.to_string_lossy();
            let domain = name.split('-').nth(1).unwrap_or("?").to_owned();
            return Ok(Some(part.used(UsedBy::XenDomain(domain))));
        }
    }
    Ok(None)
}
