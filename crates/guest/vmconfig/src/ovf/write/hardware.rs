//! The items of a guest's hardware.

use std::collections::BTreeMap;

use super::DiskFile;
use crate::vm::{Bus, Content, Disk, Firmware, Kind, Nic, Scsi, Vm};

/// The network of who names none; VMware's hosts have one of this name.
const NETWORK: &str = "VM Network";

/// Families of hardware: of ESXi 5.5, which knows UEFI, SATA and large disks, and of ESXi 6.5, which
/// knows Secure Boot and NVMe as well.
const FAMILY: &str = "vmx-10";
const LATER_FAMILY: &str = "vmx-13";

/// What an item is (`CIM_ResourceAllocationSettingData.ResourceType`).
mod resource {
    pub const CPU: &str = "3";
    pub const MEMORY: &str = "4";
    pub const IDE: &str = "5";
    pub const SCSI: &str = "6";
    pub const ETHERNET: &str = "10";
    pub const CD: &str = "15";
    pub const DISK: &str = "17";
    pub const STORAGE: &str = "20";
}

/// One piece of hardware.
#[derive(Debug, Default)]
pub(super) struct Item {
    /// Its elements; the schema wants them sorted.
    fields: BTreeMap<&'static str, String>,
    /// Whether a product may go without it.
    optional: bool,
    /// For a processor, VMware's word about its layout.
    pub(super) cores_per_socket: Option<u32>,
}

impl Item {
    fn new(kind: &str, name: String, id: usize) -> Self {
        // The schema allows a caption of 64 characters.
        let caption = name.chars().take(64).collect();
        Item::default()
            .with("ResourceType", kind)
            .with("InstanceID", id)
            .with("ElementName", name)
            .with::<String>("Caption", caption)
    }

    fn with<T: ToString>(mut self, name: &'static str, text: T) -> Self {
        self.fields.insert(name, text.to_string());
        self
    }

    /// Its start tag.
    pub(super) fn start(&self) -> &'static str {
        if self.optional {
            "<Item ovf:required=\"false\">"
        } else {
            "<Item>"
        }
    }

    /// Its elements' names and texts, in the schema's order.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.fields.iter();
        fields.map(|(name, text)| (*name, text.as_str()))
    }
}

/// All hardware of a guest.
#[derive(Debug)]
pub(super) struct Hardware {
    pub(super) family: &'static str,
    pub(super) items: Vec<Item>,
    /// VMware's settings.
    pub(super) settings: Vec<(&'static str, &'static str)>,
    /// What has no place in it.
    pub(super) left_out: Vec<String>,
    /// The sizes in bytes of disks that no file holds, because nothing is in them.
    pub(super) blank: Vec<u64>,
    networks: Vec<String>,
    controllers: Controllers,
}

impl Hardware {
    /// The hardware of `vm`, whose disks are in `files`.
    pub(super) fn of(vm: &Vm, files: &[DiskFile]) -> Self {
        let mut hardware = Hardware {
            family: FAMILY,
            items: Vec::new(),
            settings: Vec::new(),
            left_out: Vec::new(),
            blank: Vec::new(),
            networks: Vec::new(),
            controllers: Controllers::default(),
        };
        hardware.processors(vm);
        hardware.memory(vm);
        hardware.drives(vm, files);
        for nic in &vm.nics {
            hardware.nic(nic);
        }
        hardware.firmware(vm);
        hardware.start(vm);
        hardware
    }

    /// The networks that the guest's cards are in, each once.
    pub(super) fn networks(&self) -> impl Iterator<Item = &str> {
        self.networks.iter().map(String::as_str)
    }

    fn next_id(&self) -> usize {
        self.items.len() + 1
    }

    fn processors(&mut self, vm: &Vm) {
        let count = vm.vcpus.as_ref().map_or(1, |vcpus| vcpus.value);
        let item = Item::new(
            resource::CPU,
            format!("{count} virtual CPU(s)"),
            self.next_id(),
        );
        let cores = vm.topology.as_ref().map(|topology| topology.value.cores);
        self.items.push(Item {
            cores_per_socket: cores.filter(|&cores| cores > 1 && count.is_multiple_of(cores)),
            ..item
                .with("AllocationUnits", "hertz * 10^6")
                .with("Description", "Number of Virtual CPUs")
                .with("VirtualQuantity", count)
        });
    }

    fn memory(&mut self, vm: &Vm) {
        let bytes = vm.memory.as_ref().map_or(0, |memory| memory.value);
        let mebibytes = bytes.div_ceil(1 << 20);
        let item = Item::new(
            resource::MEMORY,
            format!("{mebibytes} MB of memory"),
            self.next_id(),
        );
        self.items.push(
            item.with("AllocationUnits", "byte * 2^20")
                .with("Description", "Memory Size")
                .with("VirtualQuantity", mebibytes),
        );
    }

    fn drives(&mut self, vm: &Vm, files: &[DiskFile]) {
        for disk in &vm.disks {
            let place = disk.place.as_deref();
            let is_its = |file: &DiskFile| Some(file.href.as_str()) == place;
            match (files.iter().position(is_its), disk) {
                (Some(number), _) => self.drive(disk, Some(number)),
                (None, Disk { cdrom: true, .. }) => self.drive(disk, None),
                (
                    None,
                    Disk {
                        content: Content::Blank,
                        size: Some(size),
                        ..
                    },
                ) => {
                    self.blank.push(*size);
                    self.drive(disk, Some(files.len() + self.blank.len() - 1));
                }
                (None, Disk { id, from, .. }) => self
                    .left_out
                    .push(format!("disk {id}, {from}: it is not in the package")),
            }
        }
    }

    /// The disk of this number in the list, counted from 0, or an empty CD drive.
    fn drive(&mut self, disk: &Disk, listed: Option<usize>) {
        let bus = self.controllers.bus(disk);
        if bus == Bus::Nvme {
            self.family = LATER_FAMILY;
        }
        let (controller, address) = self.controllers.next(bus);
        let parent = match controller {
            Controller::Known(id) => id,
            Controller::New(number) => {
                let id = self.next_id();
                self.items.push(controller_item(bus, disk.scsi, number, id));
                self.controllers.set_id(bus, id);
                id
            }
        };
        let id = self.next_id();
        let (kind, name) = match listed {
            Some(number) => (resource::DISK, format!("Hard disk {}", number + 1)),
            None => (resource::CD, "CD/DVD drive".to_owned()),
        };
        let item = Item::new(kind, name, id)
            .with("AddressOnParent", address)
            .with("Parent", parent);
        self.items.push(match listed {
            Some(number) => item.with("HostResource", format!("ovf:/disk/vmdisk{}", number + 1)),
            None => Item {
                optional: true,
                ..item.with("AutomaticAllocation", false)
            },
        });
    }

    fn nic(&mut self, nic: &Nic) {
        let named = nic
            .network
            .as_deref()
            .filter(|name| !name.trim().is_empty());
        let network = named.unwrap_or(NETWORK).to_owned();
        if !self.networks.contains(&network) {
            self.networks.push(network.clone());
        }
        let number = self.items.iter().filter(|item| item.is_nic()).count();
        let name = format!("Network adapter {}", number + 1);
        let item = Item::new(resource::ETHERNET, name, self.next_id())
            .with("AddressOnParent", 7 + number)
            .with("AutomaticAllocation", true)
            .with("Connection", network)
            .with("ResourceSubType", card(nic));
        self.items.push(match &nic.mac {
            Some(mac) => item.with("Address", &mac.value),
            None => item,
        });
    }

    fn firmware(&mut self, vm: &Vm) {
        let is = |wanted: Firmware| {
            let known = vm.firmware.as_ref();
            known.is_some_and(|known| known.value == wanted)
        };
        if is(Firmware::Uefi) {
            self.settings.push(("firmware", "efi"));
            if vm.secure_boot.as_ref().is_some_and(|secure| secure.value) {
                self.family = LATER_FAMILY;
                self.settings
                    .push(("bootOptions.efiSecureBootEnabled", "true"));
            }
        }
    }

    /// What a guest that needs Xen or its host to start has, and a PC has not.
    fn start(&mut self, vm: &Vm) {
        if let Some(kind) = vm.kind.as_ref().filter(|kind| kind.value != Kind::Hvm) {
            let (name, from) = (kind.value.name(), &kind.from);
            self.left_out
                .push(format!("{name}, {from}: the guest becomes a PC"));
        }
        let of_host = [
            ("kernel", &vm.kernel),
            ("ramdisk", &vm.ramdisk),
            ("kernel command line", &vm.extra),
        ];
        for (what, value) in of_host {
            if let Some(value) = value {
                let (text, from) = (&value.value, &value.from);
                self.left_out.push(format!("{what} {text:?}, {from}"));
            }
        }
    }
}

impl Item {
    fn is_nic(&self) -> bool {
        self.fields.get("ResourceType").map(String::as_str) == Some(resource::ETHERNET)
    }
}

/// A network card that VMware has: the guest's own, or the one that most systems know.
fn card(nic: &Nic) -> &'static str {
    match nic.model.as_ref().map(|model| model.value.as_str()) {
        Some("e1000e") => "E1000e",
        Some("vmxnet3") => "VmxNet3",
        Some("pcnet32" | "pcnet") => "PCNet32",
        _ => "E1000",
    }
}

/// Controller `number` of a bus, counted from 0.
fn controller_item(bus: Bus, scsi: Option<Scsi>, number: usize, id: usize) -> Item {
    let (kind, name, model) = match bus {
        Bus::Scsi => (resource::SCSI, "scsiController", scsi_model(scsi)),
        Bus::Sata => (resource::STORAGE, "sataController", "vmware.sata.ahci"),
        Bus::Nvme => (
            resource::STORAGE,
            "nvmeController",
            "vmware.nvme.controller",
        ),
        _ => (resource::IDE, "ideController", "PIIX4"),
    };
    Item::new(kind, format!("{name}{number}"), id)
        .with("Address", number)
        .with("ResourceSubType", model)
}

/// A SCSI controller that VMware has: the guest's own, or the one that most systems know.
fn scsi_model(scsi: Option<Scsi>) -> &'static str {
    match scsi {
        Some(Scsi::LsiSas | Scsi::MegaSas) => "lsilogicsas",
        Some(Scsi::BusLogic) => "buslogic",
        Some(Scsi::PvScsi) => "VirtualSCSI",
        _ => "lsilogic",
    }
}

/// What drives are plugged into.
#[derive(Debug, Default)]
struct Controllers {
    /// Drives on each bus.
    drives: BTreeMap<&'static str, usize>,
    /// The last controller of each bus.
    ids: BTreeMap<&'static str, usize>,
}

enum Controller {
    Known(usize),
    New(usize),
}

impl Controllers {
    /// Drives that one controller of `bus` takes.
    fn room(bus: Bus) -> usize {
        match bus {
            Bus::Scsi | Bus::Nvme => 15,
            Bus::Sata => 30,
            _ => 2,
        }
    }

    /// The bus of `disk`: its own where a PC has it. A guest that knows Xen's disks was started from an
    /// emulated IDE disk, so it has the driver; SATA stands for virtio, and for IDE beyond its four
    /// drives.
    fn bus(&self, disk: &Disk) -> Bus {
        let ide_is_full = self.drives.get(Bus::Ide.name()) == Some(&4);
        match disk.bus.as_ref().map(|bus| bus.value) {
            Some(Bus::Scsi) if disk.scsi == Some(Scsi::Virtio) => Bus::Sata,
            Some(Bus::Scsi) => Bus::Scsi,
            Some(Bus::Nvme) => Bus::Nvme,
            Some(Bus::Sata | Bus::Virtio) => Bus::Sata,
            _ if ide_is_full => Bus::Sata,
            _ => Bus::Ide,
        }
    }

    /// Where the next drive on `bus` goes: which controller, and the address on it.
    fn next(&mut self, bus: Bus) -> (Controller, usize) {
        let count = self.drives.entry(bus.name()).or_default();
        let (number, slot) = (*count / Self::room(bus), *count % Self::room(bus));
        *count += 1;
        // A SCSI controller has address 7 itself.
        let address = slot + usize::from(bus == Bus::Scsi && slot >= 7);
        let known = self.ids.get(bus.name()).filter(|_| slot > 0);
        match known {
            Some(&id) => (Controller::Known(id), address),
            None => (Controller::New(number), address),
        }
    }

    fn set_id(&mut self, bus: Bus, id: usize) {
        self.ids.insert(bus.name(), id);
    }
}
