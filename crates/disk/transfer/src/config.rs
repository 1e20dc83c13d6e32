//! Configurations of guests that come with their disks.

use serde::Serialize;

/// A guest configuration that came with the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Config {
    /// The member's name.
    pub member: String,
    /// Its language.
    pub kind: ConfigKind,
    /// What it says; the beginning of it where it is very long.
    #[serde(skip)]
    pub text: String,
}

/// The language of a guest's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ConfigKind {
    /// xl.cfg, also xm's.
    Xl,
    /// Open Virtualization Format.
    Ovf,
    /// XenServer's and XCP-ng's ova.xml.
    Xapi,
    /// A libvirt domain.
    Libvirt,
    /// VMware's .vmx.
    Vmx,
    /// VirtualBox's .vbox.
    Vbox,
    /// Proxmox VE's configuration of a guest.
    Proxmox,
}

impl ConfigKind {
    /// All of them.
    pub(crate) const ALL: [ConfigKind; 6] = [
        ConfigKind::Xl,
        ConfigKind::Ovf,
        ConfigKind::Xapi,
        ConfigKind::Libvirt,
        ConfigKind::Vmx,
        ConfigKind::Vbox,
    ];

    /// The language's name, as people say it.
    pub fn name(self) -> &'static str {
        match self {
            ConfigKind::Xl => "xl",
            ConfigKind::Ovf => "OVF",
            ConfigKind::Xapi => "XVA",
            ConfigKind::Libvirt => "libvirt",
            ConfigKind::Vmx => "VMX",
            ConfigKind::Vbox => "VirtualBox",
            ConfigKind::Proxmox => "Proxmox VE",
        }
    }
}
