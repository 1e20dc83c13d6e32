//! The hardware a guest wants, item by item.

mod controller;

use report::{Error, Result};

use super::storage::Storage;
use super::{Reader, section, unit};
use crate::limits::{check_devices, shown};
use crate::value::{Origin, Value};
use crate::vm::{Disk, Nic, Topology};
use crate::xml::Element;
use controller::Controllers;

/// What an item is (`CIM_ResourceAllocationSettingData.ResourceType`).
mod resource {
    pub const CPU: &str = "3";
    pub const MEMORY: &str = "4";
    pub const IDE: &str = "5";
    pub const SCSI: &str = "6";
    pub const FIBRE: &str = "7";
    pub const ISCSI: &str = "8";
    pub const ETHERNET: &str = "10";
    pub const FLOPPY: &str = "14";
    pub const CD: &str = "15";
    pub const DVD: &str = "16";
    pub const DISK: &str = "17";
    pub const STORAGE: &str = "20";
    pub const SERIAL: &str = "21";
    pub const USB: &str = "23";
    pub const GRAPHICS: &str = "24";
}

/// An item of the hardware, and where it is.
struct Item<'x> {
    element: &'x Element,
    from: Origin,
}

impl<'x> Item<'x> {
    fn text(&self, name: &str) -> Option<&'x str> {
        self.element.text_of(name)
    }

    fn kind(&self) -> &'x str {
        self.text("ResourceType").unwrap_or_default()
    }

    fn id(&self) -> Option<&'x str> {
        self.text("InstanceID").or_else(|| self.text("InstanceId"))
    }

    /// What the item is called.
    fn name(&self) -> &'x str {
        let names = ["ElementName", "Caption", "Description"];
        let name = names.iter().find_map(|name| self.text(name));
        name.unwrap_or("(nameless)")
    }
}

impl<'x> Reader<'x> {
    pub(super) fn hardware(&mut self) -> Result<()> {
        let Some(hardware) = section(self.system, "VirtualHardwareSection") else {
            return Err(Error::corrupt("the guest has no <VirtualHardwareSection>"));
        };
        self.machine_type(hardware);
        let items = self.items(hardware);
        let controllers = Controllers::of(&items);
        let storage = self.storage()?;
        let mut drives = Vec::new();
        for item in &items {
            match item.kind() {
                resource::CPU => self.cpu(item)?,
                resource::MEMORY => self.memory(item)?,
                resource::ETHERNET => self.nic(item),
                resource::DISK | resource::CD | resource::DVD => {
                    drives.push(self.drive(item, &storage, &controllers)?);
                }
                resource::SERIAL => {
                    let serial = Value::new("pty".to_owned(), &item.from);
                    self.vm.serial.get_or_insert(serial);
                }
                resource::FLOPPY => self.vm.note(format!("floppy: {}", item.name()), &item.from),
                resource::IDE
                | resource::SCSI
                | resource::FIBRE
                | resource::ISCSI
                | resource::STORAGE
                | resource::USB
                | resource::GRAPHICS => {}
                other => {
                    let text = format!("hardware of type {other}: {}", item.name());
                    self.vm.note(text, &item.from);
                }
            }
        }
        check_devices("network cards", self.vm.nics.len())?;
        self.plug(drives, storage);
        check_devices("disks", self.vm.disks.len())
    }

    /// The items that hold: those of the deployment that is the default, those of any deployment where
    /// it has none of its own, and no limits of ranges.
    fn items(&self, hardware: &'x Element) -> Vec<Item<'x>> {
        let deployment = self.deployment();
        let is_item = |element: &&Element| {
            matches!(
                element.name.as_str(),
                "Item" | "StorageItem" | "EthernetPortItem"
            )
        };
        let mut items: Vec<Item<'_>> = Vec::new();
        let mut places = std::collections::HashMap::new();
        let listed = hardware.children.iter().filter(is_item);
        for (index, element) in listed.enumerate() {
            let mut meant = element
                .attribute("configuration")
                .map(str::split_whitespace);
            let own = meant.is_some();
            let holds = match (&mut meant, deployment) {
                (Some(meant), Some(deployment)) => meant.any(|meant| meant == deployment),
                (Some(_), None) => false,
                (None, _) => true,
            };
            if !holds || element.attribute("bound").is_some() {
                continue;
            }
            let at = format!("VirtualHardwareSection, item {}", index + 1);
            let item = Item {
                element,
                from: Origin::stated(self.file, at),
            };
            let Some(id) = item.id() else {
                items.push(item);
                continue;
            };
            match places
                .get(id)
                .and_then(|&place: &usize| items.get_mut(place))
            {
                Some(general) if own => *general = item,
                _ => {
                    places.insert(id, items.len());
                    items.push(item);
                }
            }
        }
        items
    }

    /// The deployment that is meant when nobody chooses.
    fn deployment(&self) -> Option<&'x str> {
        let options = section(self.envelope, "DeploymentOptionSection")?;
        let mut all = options.all("Configuration");
        let default = |option: &&Element| matches!(option.attribute("default"), Some("true" | "1"));
        let chosen = options.all("Configuration").find(default);
        chosen.or_else(|| all.next())?.attribute("id")
    }

    fn cpu(&mut self, item: &Item<'_>) -> Result<()> {
        let part = |name| {
            let number = item.text(name).and_then(unit::whole)?;
            u32::try_from(number).ok().filter(|&number| number > 0)
        };
        let (sockets, cores) = (part("num_of_sockets"), part("cpu_per_socket"));
        let threads = part("threads_per_cpu").unwrap_or(1);
        let product = match (sockets, cores) {
            (Some(sockets), Some(cores)) => Some(u64::from(sockets) * u64::from(cores)),
            _ => None,
        };
        let product = product.and_then(|product| product.checked_mul(threads.into()));
        let said = item
            .text("VirtualQuantity")
            .map(|text| (unit::whole(text), text));
        let (count, said) = match (said, product) {
            (Some((count, said)), _) => (count, said.to_owned()),
            (None, Some(product)) => (Some(product), product.to_string()),
            (None, None) => return Ok(()),
        };
        let count = count
            .and_then(|count| u16::try_from(count).ok())
            .filter(|&count| count > 0);
        let Some(count) = count.map(u32::from) else {
            return Err(Error::corrupt(format!(
                "{} is no number of virtual CPUs",
                shown(&said)
            )));
        };
        self.vm.vcpus = Some(Value::new(count, &item.from));
        let cores = cores.or_else(|| part("CoresPerSocket"));
        if let Some(cores) =
            cores.filter(|&cores| count.is_multiple_of(cores.saturating_mul(threads)))
        {
            let laid_out = Topology {
                sockets: count / (cores * threads),
                cores,
                threads,
            };
            self.vm.topology = Some(Value::new(laid_out, &item.from));
        }
        Ok(())
    }

    fn memory(&mut self, item: &Item<'_>) -> Result<()> {
        let Some(quantity) = item.text("VirtualQuantity") else {
            return Ok(());
        };
        // Who leaves the unit out means MiB.
        let units = item.text("AllocationUnits");
        let memory = unit::bytes("memory", quantity, units, 1 << 20)?;
        if memory == 0 {
            return Err(Error::corrupt("memory is 0"));
        }
        self.vm.memory = Some(Value::new(memory, &item.from));
        Ok(())
    }

    fn nic(&mut self, item: &Item<'_>) {
        let mac = item.text("Address").or_else(|| item.text("MACAddress"));
        let mac = mac.map(|mac| mac.to_ascii_lowercase().replace('-', ":"));
        // oVirt numbers its models.
        let model = match item.text("ResourceSubType").map(str::to_ascii_lowercase) {
            Some(number) if number == "3" => Some("virtio".to_owned()),
            Some(number) if number == "2" => Some("e1000".to_owned()),
            Some(number) if number == "1" => Some("rtl8139".to_owned()),
            other => other,
        };
        let network = item.text("Connection").or_else(|| item.text("Network"));
        self.vm.nics.push(Nic {
            mac: mac
                .filter(|mac| crate::vm::is_mac(mac))
                .map(|mac| Value::new(mac, &item.from)),
            model: model.map(|model| Value::new(model, &item.from)),
            network: network.map(str::to_owned),
            ..Nic::new(&item.from)
        });
    }

    /// A disk or a CD drive, where it is plugged in, and its number in the list of disks.
    fn drive(
        &self,
        item: &Item<'_>,
        storage: &Storage,
        controllers: &Controllers<'_>,
    ) -> Result<Drive> {
        let resource = item.text("HostResource");
        let listed = resource.and_then(|resource| storage.disk(resource));
        let cdrom = item.kind() != resource::DISK;
        let file = || {
            resource
                .and_then(|resource| storage.file(resource))
                .map(str::to_owned)
        };
        let (number, disk) = match (listed, file()) {
            (Some((number, disk)), _) => (Some(number), disk),
            (None, Some(file)) => {
                let id = item.id().unwrap_or("drive");
                let source = Some(file);
                (
                    None,
                    Disk {
                        source,
                        ..Disk::new(id, &item.from)
                    },
                )
            }
            (None, None)
                if !cdrom && resource.is_some_and(|resource| resource.contains("disk/")) =>
            {
                return Err(Error::corrupt(format!(
                    "{} is {}, which is not among the disks",
                    shown(item.name()),
                    shown(resource.unwrap_or_default())
                )));
            }
            (None, None) => (None, Disk::new(item.id().unwrap_or("drive"), &item.from)),
        };
        let place = controllers.place(item);
        let disk = Disk {
            bus: place
                .bus
                .map(|bus| Value::new(bus, &item.from))
                .or(disk.bus),
            cdrom,
            read_only: cdrom,
            bootable: disk.bootable || item.text("BootOrder") == Some("1"),
            from: item.from.clone(),
            ..disk
        };
        Ok(Drive {
            place: place.order,
            number,
            disk,
        })
    }

    /// Plugs drives in by controller and address, and then the disks that no item mentions.
    fn plug(&mut self, mut drives: Vec<Drive>, storage: Storage) {
        drives.sort_by_key(|drive| drive.place);
        let mut used = std::collections::HashSet::new();
        for drive in drives {
            if let Some(number) = drive.number
                && !used.insert(number)
            {
                let text = format!("disk {} is plugged in twice", drive.disk.id);
                self.vm.note(text, &drive.disk.from);
                continue;
            }
            self.vm.disks.push(drive.disk);
        }
        for (number, disk) in storage.into_disks().into_iter().enumerate() {
            if !used.contains(&number) {
                self.vm.disks.push(disk);
            }
        }
    }
}

/// A drive before it is plugged in.
struct Drive {
    place: (usize, u64),
    number: Option<usize>,
    disk: Disk,
}
