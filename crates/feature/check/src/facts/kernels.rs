//! The kernels in /boot, each with what belongs to it by name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use error::Result;
use host::{Files, Kind, Status};
use hostconfig::boot::{Boot, Entry, locate};

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

/// Kernels, and which of them start under Xen.
#[derive(Debug, Default)]
pub struct Kernels {
    /// Those in /boot, by name; links to them are not among them.
    pub all: Vec<Kernel>,
    /// The files that an entry of a boot loader starts under Xen.
    under_xen: BTreeSet<PathBuf>,
}

impl Kernels {
    /// Those that an entry of a boot loader starts under Xen.
    pub fn under_xen(&self) -> impl Iterator<Item = &Kernel> {
        let is_started = |kernel: &&Kernel| self.under_xen.contains(&kernel.file);
        self.all.iter().filter(is_started)
    }
}

impl Facts {
    /// The kernels in /boot.
    ///
    /// # Errors
    /// /boot cannot be listed.
    pub fn kernels(&self) -> Result<Arc<Kernels>, NotKnown> {
        self.known("kernels", |facts| {
            let files = facts.host().files();
            Ok(Kernels {
                all: kernels(files)?,
                under_xen: started_under_xen(files)?,
            })
        })
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

/// The kernels that entries start under Xen, without links in their paths.
fn started_under_xen(files: &Files) -> Result<BTreeSet<PathBuf>> {
    let mut all = BTreeSet::new();
    for boot in &hostconfig::boot::read(files).found {
        for entry in boot.with_xen() {
            all.extend(kernel_of(files, boot, entry)?);
        }
    }
    Ok(all)
}

fn kernel_of(files: &Files, boot: &Boot, entry: &Entry) -> Result<Option<PathBuf>> {
    let Some(kernel) = &entry.kernel else {
        return Ok(None);
    };
    match locate(files, boot, kernel.path.as_str())? {
        Some(path) => files.canonical(path),
        None => Ok(None),
    }
}
