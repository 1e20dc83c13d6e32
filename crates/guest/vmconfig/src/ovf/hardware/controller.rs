//! What drives are plugged into.

use std::collections::HashMap;

use super::{Item, resource};
use crate::ovf::unit;
use crate::vm::{Bus, Scsi};

/// The controllers of a guest, by the numbers items call them.
pub(super) struct Controllers<'x>(HashMap<&'x str, Controller>);

/// A controller.
#[derive(Clone, Copy)]
struct Controller {
    number: usize,
    bus: Bus,
    scsi: Option<Scsi>,
}

/// Where a drive is plugged in.
pub(super) struct Place {
    pub bus: Option<Bus>,
    pub scsi: Option<Scsi>,
    /// The controller's number and the address on it, to sort by.
    pub order: (usize, u64),
}

impl<'x> Controllers<'x> {
    pub fn of(items: &[Item<'x>]) -> Self {
        let mut controllers = HashMap::new();
        for (number, item) in items.iter().enumerate() {
            let mut subtypes = item.subtypes();
            let scsi = subtypes.find_map(Scsi::of_name);
            let sort = item.text("ResourceSubType").unwrap_or_default();
            let sort = format!("{sort} {}", item.name()).to_ascii_lowercase();
            let bus = match item.kind() {
                resource::IDE => Bus::Ide,
                resource::SCSI | resource::FIBRE | resource::ISCSI => Bus::Scsi,
                resource::STORAGE if sort.contains("nvme") => Bus::Nvme,
                resource::STORAGE if scsi.is_some() => Bus::Scsi,
                resource::STORAGE if sort.contains("virtio") => Bus::Virtio,
                resource::STORAGE if sort.contains("ahci") || sort.contains("sata") => Bus::Sata,
                resource::STORAGE => Bus::Scsi,
                _ => continue,
            };
            let scsi = scsi.filter(|_| bus == Bus::Scsi);
            if let Some(id) = item.id() {
                controllers.insert(id, Controller { number, bus, scsi });
            }
        }
        Controllers(controllers)
    }

    /// The buses that they are for, in order.
    pub fn buses(&self) -> Vec<Bus> {
        let mut controllers: Vec<_> = self.0.values().collect();
        controllers.sort_by_key(|controller| controller.number);
        controllers
            .iter()
            .map(|controller| controller.bus)
            .collect()
    }

    /// Where `item` is plugged in; behind everything when it does not say.
    pub fn place(&self, item: &Item<'x>) -> Place {
        let found = item.text("Parent").and_then(|parent| self.0.get(parent));
        let address = item.text("AddressOnParent").and_then(unit::whole);
        Place {
            bus: found.map(|found| found.bus),
            scsi: found.and_then(|found| found.scsi),
            order: (
                found.map_or(usize::MAX, |found| found.number),
                address.unwrap_or(u64::MAX),
            ),
        }
    }
}
