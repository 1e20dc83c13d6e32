//! What sysfs says: partitions, holders, Xen's block back ends.

use std::fs;
use std::path::{Path, PathBuf};

use error::Result;

use super::{Number, Part, unknown};
use crate::Host;

/// The device, its partitions, and the disk it is a partition of.
pub(super) fn parts(host: &Host, number: Number) -> Result<Vec<Part>> {
    let directory = host.sys(&format!("dev/block/{number}"));
    let entries = fs::read_dir(&directory).map_err(|cause| unknown(&directory, cause))?;
    let others: Vec<Part> = entries
        .flatten()
        .filter(|entry| is_partition(&entry.path()))
        .filter_map(|entry| {
            let name = entry.file_name();
            other("partition", &name.to_string_lossy(), entry.path())
        })
        .chain(is_partition(&directory).then(|| disk(&directory)).flatten())
        .collect();
    let itself = Part {
        number,
        other: None,
        directory,
    };
    Ok([vec![itself], others].concat())
}

fn is_partition(directory: &Path) -> bool {
    directory.join("partition").exists()
}

/// The disk whose partition is at `directory`, which is a link into the tree of devices.
fn disk(directory: &Path) -> Option<Part> {
    let real = fs::canonicalize(directory).ok()?;
    let disk = real.parent()?;
    let name = disk.file_name()?.to_string_lossy();
    other("its disk", &name, disk.to_owned())
}

fn other(what: &str, name: &str, directory: PathBuf) -> Option<Part> {
    Some(Part {
        number: parse(&text(&directory.join("dev"))?, 10)?,
        other: Some(format!("{what} {name}")),
        directory,
    })
}

/// Whether the device itself takes no writes.
pub(super) fn read_only(_: &Host, parts: &[Part]) -> Result<Option<String>> {
    let whole = parts
        .first()
        .and_then(|part| text(&part.directory.join("ro")));
    Ok((whole.as_deref() == Some("1")).then(|| "is read-only".to_owned()))
}

/// Devices built upon a part: device-mapper, md, bcache, …
pub(super) fn held(_: &Host, parts: &[Part]) -> Result<Option<String>> {
    for part in parts {
        let Ok(holders) = fs::read_dir(part.directory.join("holders")) else {
            continue;
        };
        let mut names: Vec<String> = holders.flatten().map(|holder| name(&holder)).collect();
        names.sort();
        if !names.is_empty() {
            return Ok(Some(part.says(&format!("is held by {}", names.join(", ")))));
        }
    }
    Ok(None)
}

/// `dm-3 (vg0-root)`, `md127`.
fn name(holder: &fs::DirEntry) -> String {
    let kernel = holder.file_name().to_string_lossy().into_owned();
    match text(&holder.path().join("dm/name")) {
        Some(mapped) => format!("{kernel} ({mapped})"),
        None => kernel,
    }
}

/// A running guest whose disk it is. The back end in the kernel claims nothing, so nothing but this
/// tells; its directory is called `vbd-DOMAIN-DEVICE`.
pub(super) fn xen_guest(host: &Host, parts: &[Part]) -> Result<Option<String>> {
    let Ok(backends) = fs::read_dir(host.sys("bus/xen-backend/devices")) else {
        return Ok(None); // not a Xen host
    };
    for backend in backends.flatten() {
        let device = text(&backend.path().join("physical_device"));
        let number = device.and_then(|text| parse(&text, 16));
        let Some(part) = parts.iter().find(|part| Some(part.number) == number) else {
            continue;
        };
        let name = backend.file_name().to_string_lossy().into_owned();
        let domain = name.split('-').nth(1).unwrap_or("?");
        let reason = format!("is a disk of the running Xen domain {domain}");
        return Ok(Some(part.says(&reason)));
    }
    Ok(None)
}

fn parse(text: &str, radix: u32) -> Option<Number> {
    let (major, minor) = text.split_once(':')?;
    Some(Number {
        major: u32::from_str_radix(major, radix).ok()?,
        minor: u32::from_str_radix(minor, radix).ok()?,
    })
}

fn text(path: &Path) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}
