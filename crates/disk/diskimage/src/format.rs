//! The formats this program knows by name.

use std::fmt;
use std::str::FromStr;

use error::Error;

/// A disk format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// The disk itself, byte for byte.
    Raw,
    /// QEMU copy-on-write, version 1 to 3.
    Qcow,
    /// QEMU enhanced disk.
    Qed,
    /// VMware sparse extents, stream-optimised or not, and ESX copy-on-write disks.
    Vmdk,
    /// VirtualBox disk image.
    Vdi,
    /// Virtual PC and XenServer virtual hard disk.
    Vhd,
    /// Hyper-V virtual hard disk, version 2.
    Vhdx,
    /// Parallels disk.
    Parallels,
    /// Apple disk image.
    Dmg,
    /// Android sparse image.
    AndroidSparse,
    /// Windows imaging format.
    Wim,
    /// Bochs growing disk.
    Bochs,
}

impl Format {
    /// Every format, in the order in which they are listed.
    pub const ALL: [Format; 12] = [
        Format::Raw,
        Format::Qcow,
        Format::Qed,
        Format::Vmdk,
        Format::Vdi,
        Format::Vhd,
        Format::Vhdx,
        Format::Parallels,
        Format::Dmg,
        Format::AndroidSparse,
        Format::Wim,
        Format::Bochs,
    ];

    /// The name on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Format::Raw => "raw",
            Format::Qcow => "qcow2",
            Format::Qed => "qed",
            Format::Vmdk => "vmdk",
            Format::Vdi => "vdi",
            Format::Vhd => "vhd",
            Format::Vhdx => "vhdx",
            Format::Parallels => "parallels",
            Format::Dmg => "dmg",
            Format::AndroidSparse => "android-sparse",
            Format::Wim => "wim",
            Format::Bochs => "bochs",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let known = Format::ALL.into_iter().find(|format| format.name() == name);
        known.ok_or_else(|| {
            let names: Vec<_> = Format::ALL.iter().map(|format| format.name()).collect();
            Error::usage(format!("unknown disk format '{name}'"))
                .hint(format!("one of: {}", names.join(", ")))
        })
    }
}
