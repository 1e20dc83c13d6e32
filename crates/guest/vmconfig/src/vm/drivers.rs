//! What a guest has drivers for: on another host it gets the hardware that it had, or else hardware that it
//! surely knows.

use super::{Bus, Disk, Host, Scsi, System, Vm};

/// How a disk is plugged into a virtual PC of KVM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plug {
    /// The socket.
    pub socket: Socket,
    /// Why it is not what the guest had.
    pub why: Option<String>,
}

/// A bus that KVM has for disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Socket {
    /// IDE, of the chipset PIIX.
    Ide,
    /// AHCI.
    Sata,
    /// virtio-blk.
    Virtio,
    /// A SCSI controller.
    Scsi(Scsi),
}

impl Vm {
    /// How `disk` is plugged in on KVM.
    pub(crate) fn plug(&self, disk: &Disk) -> Plug {
        let same = |socket| Plug { socket, why: None };
        let bus = disk.bus.as_ref().map(|bus| bus.value);
        let windows = self.system().is_windows();
        match (bus, disk.scsi) {
            (Some(Bus::Ide), _) => same(Socket::Ide),
            (Some(Bus::Sata), _) => same(Socket::Sata),
            (Some(Bus::Virtio), _) => same(Socket::Virtio),
            (Some(Bus::Scsi), Some(scsi)) if scsi.is_in_qemu() => same(Socket::Scsi(scsi)),
            (Some(Bus::Scsi), scsi) => {
                let name = scsi.map_or("SCSI controller that is not named", Scsi::words);
                self.known(format!("KVM has no {name}"))
            }
            (Some(Bus::Nvme), _) => self.known("KVM has no NVMe for images".to_owned()),
            (None, _) if !windows => same(Socket::Virtio),
            (Some(Bus::Xen | Bus::Floppy), _) if !windows => Plug {
                socket: Socket::Virtio,
                why: Some("in place of Xen's own disks".to_owned()),
            },
            _ => self.known("Windows has no driver of its own for virtio".to_owned()),
        }
    }

    /// A bus that the guest surely has a driver for.
    fn known(&self, why: String) -> Plug {
        let has = |bus| self.buses.contains(&bus);
        let (socket, because) = match self.system() {
            System::OldWindows => (Socket::Ide, "every Windows has a driver for IDE"),
            _ if has(Bus::Sata) => (Socket::Sata, "the guest had a SATA controller"),
            _ if self.host == Some(Host::Xen) => (Socket::Ide, "Xen has the guest boot from IDE"),
            _ if has(Bus::Ide) => (Socket::Ide, "the guest had an IDE controller"),
            _ => (Socket::Sata, "most systems have a driver for AHCI"),
        };
        let why = Some(format!("{why}; {because}"));
        Plug { socket, why }
    }

    /// The network card of KVM or Xen that is nearest to `model`, which is in small letters, and why it is
    /// another one. `None` where the guest needs none but the host's own paravirtual one.
    pub(crate) fn card(&self, model: Option<&str>, host: Host) -> Option<Card> {
        let model = model.map(family);
        let (kvm, system) = (host == Host::Kvm, self.system());
        match model {
            Some("virtio") if kvm => return Some(Card::same("virtio")),
            Some(model @ ("e1000" | "e1000e" | "rtl8139")) => return Some(Card::same(model)),
            Some(model @ ("pcnet" | "ne2k_pci" | "i82551" | "i82557b" | "i82559er" | "igb"))
                if kvm =>
            {
                return Some(Card::same(model));
            }
            _ => {}
        }
        let said = match model {
            Some(model) => format!("in place of {model:?}"),
            None => "no card is named".to_owned(),
        };
        let (model, why) = match (system, kvm) {
            (System::OldWindows, _) => ("rtl8139", "old Windows has a driver for it"),
            (System::Windows, _) => ("e1000", "Windows has a driver for it"),
            (System::Linux, true) => ("virtio", "Linux has a driver for it"),
            (System::Unknown, true) if model.is_none() => {
                ("virtio", "most systems have a driver for it")
            }
            (_, true) => ("e1000", "most systems have a driver for it"),
            (_, false) => return None,
        };
        Some(Card {
            model,
            why: Some(format!("{said}: {why}")),
        })
    }
}

/// A network card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Card {
    /// What QEMU calls it.
    pub model: &'static str,
    /// Why it is not the one that the guest had.
    pub why: Option<String>,
}

impl Card {
    fn same(model: &str) -> Self {
        let known = [
            "virtio", "e1000", "e1000e", "rtl8139", "pcnet", "ne2k_pci", "i82551", "i82557b",
            "i82559er", "igb",
        ];
        let model = known.into_iter().find(|known| *known == model);
        Card {
            model: model.unwrap_or("e1000"),
            why: None,
        }
    }
}

/// What QEMU calls the card that VMware, VirtualBox, Proxmox or libvirt calls `model`.
fn family(model: &str) -> &str {
    match model {
        "82540em" | "82543gc" | "82545em" | "e1000-82540em" | "e1000-82544gc" | "e1000-82545em" => {
            "e1000"
        }
        "pcnet32" | "am79c970a" | "am79c973" | "vlance" | "flexible" => "pcnet",
        model if model.starts_with("virtio") => "virtio",
        model => model,
    }
}

impl Scsi {
    /// Whether QEMU has it.
    fn is_in_qemu(self) -> bool {
        !matches!(self, Scsi::LsiLogic | Scsi::BusLogic)
    }

    /// As a sentence names it.
    fn words(self) -> &'static str {
        match self {
            Scsi::LsiLogic => "LSI Logic 53C1030",
            Scsi::LsiSas => "LSI SAS 1068",
            Scsi::BusLogic => "BusLogic",
            Scsi::PvScsi => "VMware PVSCSI",
            Scsi::Virtio => "virtio-scsi",
            Scsi::Lsi53c895a => "LSI 53C895A",
            Scsi::MegaSas => "MegaRAID SAS",
        }
    }
}
