//! The kernels in /boot, each with what belongs to it by name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bootconfig::{Boot, Entry, locate};
use error::Result;
use host::{Files, Kind, Status};

use super::{Facts, NotKnown};

/// Where kernels are.
const BOOT: &str = "/boot";

/// What kernels are called before their version.
const KERNELS: [&str; 5] = ["vmlinuz-", "vmlinux-", "kernel-", "Image-", "bzImage-"];

/// What initial RAM disks are called before and behind the kernel's version.
const INITRDS: [(&str, &str); 5] = [
    ("initrd.img-", ""),
    ("initramfs-", ".img"),
    ("initramfs-", ""),
    ("initrd-", ".img"),
    ("initrd-", ""),
];

/// A kernel that is a file of its own in /boot.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// What is behind `vmlinuz-` in its name.
    pub version: String,
    /// Its file, a path of the host's own.
    pub file: PathBuf,
    /// What it is there.
    pub status: Status,
    /// Its initial RAM disk, if it has one.
    pub initrd: Option<(PathBuf, Status)>,
    /// What it was built with, if that is there.
    pub config: Option<PathBuf>,
}

/// The kernels in /boot, by name; links to them are not among them.
#[derive(Debug, Default)]
pub struct Kernels {
    /// All of them.
    pub all: Vec<Kernel>,
}

impl Facts {
    /// The kernels in /boot.
    ///
    /// # Errors
    /// /boot cannot be listed.
    pub fn kernels(&self) -> Result<Arc<Kernels>, NotKnown> {
        self.known("kernels", |facts| {
            let all = kernels(facts.host().files())?;
            Ok(Kernels { all })
        })
    }

    /// Those that an entry of a boot loader starts under Xen.
    ///
    /// # Errors
    /// /boot cannot be listed, or the boot configuration cannot be read.
    pub fn kernels_under_xen(&self) -> Result<Vec<Kernel>, NotKnown> {
        let (kernels, boot) = (self.kernels()?, self.boot()?);
        let files = self.host().files();
        let mut started = BTreeSet::new();
        for boot in &boot.found {
            for entry in boot.with_xen() {
                let kernel = kernel_of(files, boot, entry);
                started
                    .extend(kernel.map_err(|error| NotKnown::new("kernels", error.to_string()))?);
            }
        }
        let is_started = |kernel: &&Kernel| started.contains(&kernel.file);
        Ok(kernels.all.iter().filter(is_started).cloned().collect())
    }
}

fn kernels(files: &Files) -> Result<Vec<Kernel>> {
    let mut all = Vec::new();
    for name in files.list(BOOT)?.unwrap_or_default() {
        let name = name.to_string_lossy();
        let Some(version) = KERNELS.iter().find_map(|start| name.strip_prefix(start)) else {
            continue;
        };
        if let Some((file, status)) = regular(files, &name)? {
            all.push(Kernel {
                version: version.to_owned(),
                file,
                status,
                initrd: initrd(files, version)?,
                config: regular(files, &format!("config-{version}"))?.map(|(file, _)| file),
            });
        }
    }
    Ok(all)
}

fn initrd(files: &Files, version: &str) -> Result<Option<(PathBuf, Status)>> {
    for (start, end) in INITRDS {
        let found = regular(files, &format!("{start}{version}{end}"))?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The regular file of this name in /boot; a link is none.
fn regular(files: &Files, name: &str) -> Result<Option<(PathBuf, Status)>> {
    let path = Path::new(BOOT).join(name);
    if files.link(&path)?.is_some() {
        return Ok(None);
    }
    let status = files
        .status(&path)?
        .filter(|status| status.kind == Kind::File);
    Ok(status.map(|status| (path, status)))
}

/// The kernel that an entry starts, without links in its path.
fn kernel_of(files: &Files, boot: &Boot, entry: &Entry) -> Result<Option<PathBuf>> {
    let Some(kernel) = &entry.kernel else {
        return Ok(None);
    };
    match locate(files, boot, kernel.path().as_str())? {
        Some(path) => files.canonical(path),
        None => Ok(None),
    }
}
