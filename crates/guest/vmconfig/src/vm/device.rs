//! What is plugged into a guest.

use crate::value::{Origin, Secret, Value};

/// A disk or a drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// What its description calls it: `vmdisk1`, `Ref:12`, `xvda`.
    pub id: String,
    /// The file, member or directory that holds it in the appliance; in an xl.cfg, the old target.
    pub source: Option<String>,
    /// The image that it is in OpenNebula's store, which has no path.
    pub registered: Option<Registered>,
    /// Its size by the description, in bytes; the disk itself knows better.
    pub size: Option<u64>,
    /// The format its description claims, in whatever words.
    pub format: Option<String>,
    /// How the file that holds it is compressed by its description.
    pub compression: Option<String>,
    /// The pieces that the file comes in, where it does.
    pub chunks: Option<Chunks>,
    /// What is in it.
    pub content: Content,
    /// What it is plugged into.
    pub bus: Option<Value<Bus>>,
    /// The SCSI controller it is plugged into, where it is one and its description names it.
    pub scsi: Option<Scsi>,
    /// Its name as xl.cfg and libvirt have it: `xvda`, `hdc`.
    pub vdev: Option<Value<String>>,
    /// Whether it is a CD drive.
    pub cdrom: bool,
    /// Whether the guest may only read it.
    pub read_only: bool,
    /// Whether the description boots the guest from it.
    pub bootable: bool,
    /// Where it is now: a path. `None` while it has no place.
    pub place: Option<String>,
    /// The format it is there in: `qcow2`, `vhd`; `None` is raw.
    pub place_format: Option<String>,
    /// Where it is described.
    pub from: Origin,
}

impl Disk {
    /// A disk called `id` of which nothing else is known.
    pub fn new(id: impl Into<String>, from: &Origin) -> Self {
        Disk {
            id: id.into(),
            source: None,
            registered: None,
            size: None,
            format: None,
            compression: None,
            chunks: None,
            content: Content::Given,
            bus: None,
            scsi: None,
            vdev: None,
            cdrom: false,
            read_only: false,
            bootable: false,
            place: None,
            place_format: None,
            from: from.clone(),
        }
    }
}

/// An image of OpenNebula's store, as a template names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    /// By its name.
    Name(String),
    /// By its number.
    Id(String),
}

/// What is in a disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// What the file holds that comes with it; nothing in a drive without a medium.
    #[default]
    Given,
    /// Nothing: no file comes with it, and it reads as zeros.
    Blank,
    /// What differs from another disk, which the description calls so.
    Differences(String),
}

/// The pieces that a file comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunks {
    /// The bytes in each of them but the last.
    pub size: u64,
    /// The bytes in all of them, where the description tells.
    pub total: Option<u64>,
}

impl Chunks {
    /// What piece `number`, counted from 0, of the file `name` is called: the name, a dot and nine
    /// digits (DSP0243 2.1.1, 7.1).
    pub fn name(&self, name: &str, number: u64) -> String {
        format!("{name}.{number:09}")
    }

    /// How many pieces there are, where the description tells.
    pub fn count(&self) -> Option<u64> {
        Some(self.total?.div_ceil(self.size.max(1)))
    }
}

/// What a disk is plugged into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bus {
    /// IDE, ATA.
    Ide,
    /// SCSI of any sort, SAS.
    Scsi,
    /// SATA, AHCI.
    Sata,
    /// NVMe.
    Nvme,
    /// virtio-blk.
    Virtio,
    /// Xen's own.
    Xen,
    /// The floppy controller.
    Floppy,
}

impl Bus {
    /// As libvirt names it.
    pub fn name(self) -> &'static str {
        match self {
            Bus::Ide => "ide",
            Bus::Scsi => "scsi",
            Bus::Sata => "sata",
            Bus::Nvme => "nvme",
            Bus::Virtio => "virtio",
            Bus::Xen => "xen",
            Bus::Floppy => "fdc",
        }
    }
}

/// A SCSI controller, by the driver that a guest has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scsi {
    /// LSI 53C1030, parallel: VMware's and VirtualBox's `lsilogic`.
    LsiLogic,
    /// LSI SAS 1068.
    LsiSas,
    /// BusLogic.
    BusLogic,
    /// VMware's paravirtual one.
    PvScsi,
    /// virtio-scsi.
    Virtio,
    /// LSI 53C895A or 53C810: what QEMU calls `lsi`.
    Lsi53c895a,
    /// MegaRAID SAS.
    MegaSas,
}

impl Scsi {
    /// The controller that `name` means to VMware's products, VirtualBox, oVirt, libvirt or Proxmox; of
    /// `lsilogic`, which means two of them, the one of VMware.
    pub fn of_name(name: &str) -> Option<Self> {
        let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        Some(match name.to_ascii_lowercase().as_str() {
            "lsilogic" | "virtuallsilogic" | "lsilogicscsi" => Scsi::LsiLogic,
            "lsilogicsas" | "lsisas" | "lsilogicsas1068" | "lsisas1068" => Scsi::LsiSas,
            "buslogic" | "buslogicscsi" => Scsi::BusLogic,
            "pvscsi" | "virtualscsi" | "vmpvscsi" | "vmwarepvscsi" | "paravirtualscsi" => {
                Scsi::PvScsi
            }
            "virtioscsi" | "virtioscsipci" | "virtioscsisingle" => Scsi::Virtio,
            "lsi" | "lsi53c810" | "lsi53c895a" => Scsi::Lsi53c895a,
            "megasas" | "lsisas1078" => Scsi::MegaSas,
            _ => return None,
        })
    }
}

/// A network card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nic {
    /// Its address, lower case with colons.
    pub mac: Option<Value<String>>,
    /// What card it pretends to be, in lower case: `e1000`, `vmxnet3`.
    pub model: Option<Value<String>>,
    /// The network it is in, by the description's name.
    pub network: Option<String>,
    /// The number of the network in OpenNebula, where its description gives that instead of a name.
    pub network_id: Option<String>,
    /// The bridge of the host it is plugged into.
    pub bridge: Option<Value<String>>,
    /// Where it is described.
    pub from: Origin,
}

impl Nic {
    /// A network card of which nothing else is known.
    pub fn new(from: &Origin) -> Self {
        Nic {
            mac: None,
            model: None,
            network: None,
            network_id: None,
            bridge: None,
            from: from.clone(),
        }
    }
}

/// A screen that can be seen over the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graphics {
    /// How it is seen.
    pub screen: Screen,
    /// The address of the host it is seen at.
    pub listen: Option<String>,
    /// The password it asks for.
    pub password: Option<Secret>,
}

impl Graphics {
    /// A screen seen as `screen`.
    pub fn new(screen: Screen) -> Self {
        Graphics {
            screen,
            listen: None,
            password: None,
        }
    }
}

/// How a screen is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// There is none.
    None,
    /// By VNC.
    Vnc,
    /// By SPICE.
    Spice,
}
