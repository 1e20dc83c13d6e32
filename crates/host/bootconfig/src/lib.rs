//! Boot configurations as their boot loaders read them: of the host, and on the disks of guests.
//!
//! Each reader is a function over a text and what the loader finds beside it ([`Surroundings`]): other files, and the
//! devices of the machine. A running host has its own [`host::Files`], where devices are known only when the loader runs,
//! and what depends on them stays unknown with its place; of a guest's disks everything is known. There is one reader for
//! both.
//!
//! ```text
//!   Source (grub.cfg, extlinux.conf, xen.cfg) ──┐
//!                                               ├─ read_… ── Boot: entries, default, timeout
//!   Surroundings: files, devices, platform  ────┘             │
//!     a host: Files; a guest: its file systems                └─ Entry: hypervisor, kernel, initrds, each with its
//!                                                                device, path, options and the place of every value
//! ```

mod entry;
mod grub;
mod paths;
mod surroundings;
mod syslinux;
mod xen_efi;

use error::{Error, Result};
use host::Files;
use hostconfig::Source;

pub use entry::{Boot, Entry, FileRef, Image, Loader, Selection, Timeout};
pub use grub::read as read_grub;
pub use paths::{candidates, exact, locate};
pub use surroundings::{Device, Devices, Key, Platform, Property, Search, Surroundings};
pub use syslinux::read as read_syslinux;
pub use xen_efi::read as read_xen_efi;

/// Where GRUB's configuration is. A distribution has one of them; behind it come those of the EFI system partition.
const GRUB: [&str; 2] = ["/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"];

/// Where extlinux's and syslinux's is.
const SYSLINUX: [&str; 6] = [
    "/boot/extlinux.conf",
    "/boot/extlinux/extlinux.conf",
    "/boot/syslinux/extlinux.conf",
    "/boot/syslinux/syslinux.cfg",
    "/boot/syslinux.cfg",
    "/extlinux.conf",
];

/// Where an EFI system partition is mounted.
const EFI: [&str; 4] = ["/boot/efi/EFI", "/efi/EFI", "/boot/EFI", "/boot/efi/efi"];

/// The boot configurations of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configurations {
    /// Those that have been read, with entries of their own: GRUB's first, then syslinux's, then Xen's for EFI. Which
    /// loader the firmware starts is not in files.
    pub found: Vec<Boot>,
    /// Those that are there and cannot be read.
    pub errors: Vec<Error>,
}

/// Reads every boot configuration of the host.
pub fn read(files: &Files) -> Configurations {
    let mut all = Configurations::default();
    let mut grub: Vec<String> = GRUB.map(str::to_owned).to_vec();
    let mut xen = Vec::new();
    match efi_files(files) {
        Ok(names) => {
            let is_grub = |name: &String| name.ends_with("/grub.cfg");
            grub.extend(names.iter().filter(|name| is_grub(name)).cloned());
            xen.extend(names.into_iter().filter(|name| !is_grub(name)));
        }
        Err(error) => all.errors.push(error),
    }
    for path in grub {
        all.add(files, &path, |source| read_grub(source, files));
    }
    for path in SYSLINUX {
        all.add(files, path, |source| read_syslinux(source, files));
    }
    for path in xen {
        all.add(files, &path, |source| read_xen_efi(source, files));
    }
    all
}

impl Configurations {
    /// The configuration that is taken to be the host's: the first with entries.
    pub fn main(&self) -> Option<&Boot> {
        self.found.first()
    }

    fn add(&mut self, files: &Files, path: &str, read: impl FnOnce(&Source) -> Boot) {
        let source = match Source::read(files, path) {
            Ok(None) => return,
            Ok(Some(source)) => source,
            Err(error) => return self.errors.push(error),
        };
        let boot = read(&source);
        // A stub of GRUB's on the EFI system partition leads to a menu that is found by itself.
        let is_known = |known: &Boot| known.entries == boot.entries;
        if !boot.entries.is_empty() && !self.found.iter().any(is_known) {
            self.found.push(boot);
        }
    }
}

/// The configurations of GRUB and of xen.efi on the EFI system partition.
fn efi_files(files: &Files) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for efi in EFI {
        for vendor in names(files, efi)? {
            let directory = format!("{efi}/{vendor}");
            for name in names(files, &directory)? {
                let small = name.to_ascii_lowercase();
                let is_xen = small.starts_with("xen") && small.ends_with(".cfg");
                if is_xen || small == "grub.cfg" {
                    found.push(format!("{directory}/{name}"));
                }
            }
        }
        // The others are the same under another name.
        if !found.is_empty() {
            break;
        }
    }
    Ok(found)
}

fn names(files: &Files, path: &str) -> Result<Vec<String>> {
    let names = files.list(path)?.unwrap_or_default();
    Ok(names
        .into_iter()
        .filter_map(|name| name.into_string().ok())
        .collect())
}
