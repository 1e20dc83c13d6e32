//! The hardware a guest wants, item by item.

mod controller;
mod drive;
mod processor;

use error::Result;

use super::{Reader, section, unit};
use crate::limits::check_devices;
use crate::value::{Origin, Value};
use crate::vm::{Nic, mac_address};
use crate::xml::Element;
use controller::Controllers;

/// What an item is (`CIM_ResourceAllocationSettingData.ResourceType`).
mod resource {
    pub const OTHER: &str = "1";
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
    /// What some products call a disk.
    pub const LOGICAL_DISK: &str = "31";
}

/// An item of the hardware, and where it is.
pub(super) struct Item<'x> {
    pub element: &'x Element,
    pub from: Origin,
}

impl<'x> Item<'x> {
    fn text(&self, name: &str) -> Option<&'x str> {
        self.element.text_of(name)
    }

    fn kind(&self) -> &'x str {
        self.text("ResourceType").unwrap_or_default()
    }

    /// What other items call it.
    pub fn id(&self) -> Option<&'x str> {
        self.text("InstanceID").or_else(|| self.text("InstanceId"))
    }

    /// The kinds of device it may be, best first.
    fn subtypes(&self) -> impl Iterator<Item = &'x str> {
        let listed = self.element.all("ResourceSubType");
        listed.flat_map(|listed| listed.text.split_whitespace())
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
        let storage = self.storage()?;
        let Some(hardware) = section(self.system, "VirtualHardwareSection") else {
            let from = self.origin("VirtualSystem", self.system);
            self.vm
                .fault("the guest has no <VirtualHardwareSection>", &from);
            self.plug(Vec::new(), storage);
            return Ok(());
        };
        self.machine_type(hardware);
        let items = self.items(hardware);
        let controllers = Controllers::of(&items);
        for bus in controllers.buses() {
            self.vm.has_bus(bus);
        }
        let mut drives = Vec::new();
        for item in &items {
            match item.kind() {
                resource::CPU => self.cpu(item),
                resource::MEMORY => self.memory(item),
                resource::ETHERNET => self.nic(item),
                resource::DISK | resource::LOGICAL_DISK | resource::CD | resource::DVD => {
                    drives.extend(self.drive(item, &storage, &controllers));
                }
                _ => self.other(item),
            }
        }
        check_devices("network cards", self.vm.nics.len())?;
        self.plug(drives, storage);
        check_devices("disks", self.vm.disks.len())
    }

    fn memory(&mut self, item: &Item<'_>) {
        let Some(quantity) = item.text("VirtualQuantity") else {
            return;
        };
        let quantity = self.resolved(quantity).unwrap_or(quantity);
        // Without a unit most products mean MiB; a terabyte is never meant, so the rest are bytes.
        let is_large = unit::whole(quantity).is_some_and(|quantity| quantity >= 1 << 20);
        let default = if is_large { 1 } else { 1 << 20 };
        let units = item.text("AllocationUnits");
        let read = unit::bytes("memory", quantity, units, default);
        match self.vm.usable(read, &item.from) {
            Some(0) => self.vm.fault("memory is 0", &item.from),
            Some(memory) => self.vm.memory = Some(Value::new(memory, &item.from)),
            None => {}
        }
    }

    fn nic(&mut self, item: &Item<'_>) {
        let mac = item.text("Address").or_else(|| item.text("MACAddress"));
        // oVirt numbers its models.
        let model = item.subtypes().next().map(str::to_ascii_lowercase);
        let model = match model.as_deref() {
            Some("3") => Some("virtio".to_owned()),
            Some("2") => Some("e1000".to_owned()),
            Some("1") => Some("rtl8139".to_owned()),
            _ => model,
        };
        let network = item.text("Connection").or_else(|| item.text("Network"));
        self.vm.nics.push(Nic {
            mac: mac
                .and_then(mac_address)
                .map(|mac| Value::new(mac, &item.from)),
            model: model.map(|model| Value::new(model, &item.from)),
            network: network.map(str::to_owned),
            ..Nic::new(&item.from)
        });
    }

    /// What is neither processor, memory, disk nor network card.
    fn other(&mut self, item: &Item<'_>) {
        match item.kind() {
            resource::SERIAL => {
                let serial = Value::new("pty".to_owned(), &item.from);
                self.vm.serial.get_or_insert(serial);
            }
            resource::OTHER if item.subtypes().any(|kind| kind.contains("tpm")) => {
                self.vm.tpm = Some(Value::new(true, &item.from));
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
}
