//! What HVM guests need of the host: QEMU and firmware.

use std::path::{Path, PathBuf};

use super::{Facts, NotKnown};

/// What QEMU is called where Xen uses it: a distribution's own, and the one that is built with Xen.
const QEMU: [&str; 4] = [
    "qemu-system-i386",
    "qemu-system-x86_64",
    "xen-qemu-system-i386",
    "qemu-dm",
];

/// Where QEMU is besides the search path and Xen's own directories.
const QEMU_DIRECTORIES: [&str; 3] = [
    "/usr/libexec",
    "/usr/lib/qemu",
    "/usr/local/libexec/xen/bin",
];

/// Where firmware is. In a name with `*` each version of Xen has its own.
const FIRMWARE: [&str; 18] = [
    "/usr/share/ovmf",
    "/usr/share/ovmf/x64",
    "/usr/share/OVMF",
    "/usr/share/edk2",
    "/usr/share/edk2/ovmf",
    "/usr/share/edk2/xen",
    "/usr/share/edk2/x64",
    "/usr/share/edk2/OvmfX64",
    "/usr/share/edk2-ovmf",
    "/usr/share/edk2-ovmf/x64",
    "/usr/share/qemu",
    "/usr/lib/xen/boot",
    "/usr/libexec/xen/boot",
    "/usr/lib64/xen/boot",
    "/usr/local/lib/xen/boot",
    "/usr/local/libexec/xen/boot",
    "/usr/local/share/qemu-firmware",
    "/usr/lib/xen-*/boot",
];

impl Facts {
    /// Whether the host's programs are there, those of Xen among them: where only some directories of a host were
    /// copied, what they lack says nothing. Systems that keep each program in a directory of its own have xl elsewhere,
    /// and count as not there.
    ///
    /// # Errors
    /// A directory cannot be read.
    pub fn has_programs(&self) -> Result<bool, NotKnown> {
        Ok(self.has("/bin/sh".as_ref())? && self.helper("xl")?.is_some())
    }

    /// QEMU for x86; `None` where it is at none of the places that distributions have it at.
    ///
    /// # Errors
    /// A directory cannot be read.
    pub fn qemu(&self) -> Result<Option<PathBuf>, NotKnown> {
        for name in QEMU {
            let path = self.helper(name)?;
            if path.is_some() {
                return Ok(path);
            }
            for directory in QEMU_DIRECTORIES {
                let path = Path::new(directory).join(name);
                if self.has(&path)? {
                    return Ok(Some(path));
                }
            }
        }
        Ok(None)
    }

    /// OVMF, the EFI firmware of guests; `None` where it is at none of the places that distributions have it at.
    ///
    /// # Errors
    /// A directory cannot be read.
    pub fn ovmf(&self) -> Result<Option<PathBuf>, NotKnown> {
        for directory in self.directories(&FIRMWARE)? {
            let names = self.host().files().list(&directory);
            let names = names.map_err(|error| NotKnown::new("files", error.to_string()))?;
            let mut names = names.unwrap_or_default().into_iter();
            if let Some(name) = names.find(|name| is_ovmf(&directory, &name.to_string_lossy())) {
                return Ok(Some(directory.join(name)));
            }
        }
        Ok(None)
    }
}

/// Whether a file is OVMF by its name: `OVMF.fd`, `ovmf-x86_64.bin`; in a directory of OVMF's own any firmware.
fn is_ovmf(directory: &Path, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_firmware = name.ends_with(".fd") || name.ends_with(".bin");
    let own = directory.to_string_lossy().to_ascii_lowercase();
    is_firmware && (name.starts_with("ovmf") || own.contains("ovmf") || own.contains("edk2"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ovmf_is_told_by_its_name_or_by_its_directory() {
        let is = |path: &str| {
            let (directory, name) = path.rsplit_once('/').unwrap();
            is_ovmf(Path::new(directory), name)
        };
        assert!(is("/usr/share/ovmf/bios.bin"));
        assert!(is("/usr/share/edk2/x64/OVMF.4m.fd"));
        assert!(is("/usr/share/qemu/ovmf-x86_64-xen-4m.bin"));
        assert!(is("/usr/lib/xen/boot/ovmf.bin"));
        assert!(!is("/usr/share/qemu/bios-256k.bin"));
        assert!(!is("/usr/lib/xen/boot/seabios.bin"));
        assert!(!is("/usr/share/ovmf/README"));
    }
}
