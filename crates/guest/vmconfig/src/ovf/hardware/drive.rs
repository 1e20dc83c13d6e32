//! Disks and CD drives.

use std::collections::{HashMap, HashSet};

use super::controller::Controllers;
use super::{Item, resource};
use crate::limits::shown;
use crate::ovf::resource::{Resource, Target};
use crate::ovf::storage::Storage;
use crate::ovf::{Reader, systems, unit};
use crate::value::Value;
use crate::vm::{Content, Disk, Unplugged};

/// A drive before it is plugged in.
pub(super) struct Drive {
    place: (usize, u64),
    /// Its number in the envelope's list.
    number: Option<usize>,
    disk: Disk,
}

impl<'x> Reader<'x> {
    /// The disk or CD drive that `item` is; `None` when nothing is known of it.
    pub(super) fn drive(
        &mut self,
        item: &Item<'x>,
        storage: &Storage,
        controllers: &Controllers<'x>,
    ) -> Option<Drive> {
        let cdrom = matches!(item.kind(), resource::CD | resource::DVD);
        let (number, disk) = match self.content(item, storage, cdrom) {
            Some((number, disk)) => (number, disk),
            None if cdrom => (None, Disk::new(item.id().unwrap_or("drive"), &item.from)),
            None => (None, self.without_file(item)?),
        };
        let place = controllers.place(item);
        let bus = place.bus.map(|bus| Value::new(bus, &item.from));
        let disk = Disk {
            bus: bus.or(disk.bus),
            scsi: place.scsi.or(disk.scsi),
            cdrom,
            read_only: cdrom,
            bootable: disk.bootable || item.text("BootOrder") == Some("1"),
            from: item.from.clone(),
            ..disk
        };
        Some(Drive {
            place: place.order,
            number,
            disk,
        })
    }

    /// The disk or the file that one of the item's resources names; the first that is there.
    fn content(
        &mut self,
        item: &Item<'x>,
        storage: &Storage,
        cdrom: bool,
    ) -> Option<(Option<usize>, Disk)> {
        let resources = item.element.all("HostResource");
        let resources: Vec<_> = resources
            .map(|resource| resource.text.as_str())
            .filter(|text| !text.is_empty())
            .collect();
        let mut found = None;
        for text in &resources {
            let resource = Resource::of(text);
            let named = storage.disk(&resource).or_else(|| {
                let source = storage.file(&resource)?;
                let id = item.id().unwrap_or("drive");
                Some((
                    None,
                    Disk {
                        source: Some(source.to_owned()),
                        ..Disk::new(id, &item.from)
                    },
                ))
            });
            match named {
                Some(named) if found.is_none() => found = Some(named),
                Some(_) => {
                    let text = format!("{} is {} too", shown(item.name()), shown(text));
                    self.vm.fault(text, &item.from);
                }
                None if resource.kind.is_some() && !cdrom => {
                    let list = match resource.kind {
                        Some(Target::File) => "files",
                        _ => "disks",
                    };
                    let (name, text) = (shown(item.name()), shown(text));
                    let text = format!("{name} is {text}, which is not among the {list}");
                    self.vm.fault(text, &item.from);
                }
                None => {}
            }
        }
        found
    }

    /// A disk of the size that its item gives, with nothing in it.
    fn without_file(&mut self, item: &Item<'x>) -> Option<Disk> {
        if item.element.child("HostResource").is_some() {
            return None;
        }
        let Some(quantity) = item
            .text("VirtualQuantity")
            .filter(|&quantity| quantity != "0")
        else {
            let text = format!("{} has neither a file nor a size", shown(item.name()));
            self.vm.fault(text, &item.from);
            return None;
        };
        let what = format!("size of {}", shown(item.name()));
        let units = item
            .text("VirtualQuantityUnits")
            .or_else(|| item.text("AllocationUnits"));
        let size = unit::bytes(&what, quantity, units, 1);
        Some(Disk {
            size: self.vm.usable(size, &item.from),
            content: Content::Blank,
            ..Disk::new(item.id().unwrap_or("disk"), &item.from)
        })
    }

    /// Plugs drives in by controller and address, and then the disks that no item of any guest mentions.
    pub(super) fn plug(&mut self, mut drives: Vec<Drive>, storage: Storage) {
        drives.sort_by_key(|drive| drive.place);
        let mut used = HashSet::new();
        for drive in drives {
            let mut disk = drive.disk;
            if let Some(number) = drive.number
                && !used.insert(number)
            {
                let blank = disk.content == Content::Blank;
                if !blank {
                    let text = format!("disk {} is plugged in twice, and taken once", disk.id);
                    self.vm.fault(text, &disk.from);
                    continue;
                }
                // Every item gets a blank disk of its own.
                disk.id = self.free_id(&disk.id);
            }
            self.vm.disks.push(disk);
        }
        let owners = self.owners();
        for (number, disk) in storage.into_disks().into_iter().enumerate() {
            if used.contains(&number) {
                continue;
            }
            let by_file = || owners.get(disk.source.as_ref()?);
            let owner = owners.get(&disk.id).or_else(by_file).cloned();
            match (owner, disk.source.clone()) {
                (Some(owner), Some(source)) => self.vm.unplugged.push(Unplugged {
                    source,
                    what: owner,
                    is_state: false,
                    place: None,
                    from: disk.from.clone(),
                }),
                (None, None) if disk.content == Content::Blank => {
                    let text = format!("disk {} is blank, and no item plugs it in", disk.id);
                    self.vm.note(text, &disk.from);
                }
                (None, _) if self.alone => self.vm.disks.push(disk),
                _ => {}
            }
        }
    }

    /// `id` with the first number behind it that no disk has.
    fn free_id(&self, id: &str) -> String {
        let taken = |id: &str| self.vm.disks.iter().any(|disk| disk.id == id);
        let mut number = 2;
        loop {
            let id = format!("{id}-{number}");
            if !taken(&id) {
                return id;
            }
            number += 1;
        }
    }

    /// Whose the disks are that items mention, those of all guests and deployments.
    fn owners(&self) -> HashMap<String, String> {
        let mut owners = HashMap::new();
        for system in systems::of(self.envelope) {
            let owner = if std::ptr::eq(system, self.system) {
                "a disk of another deployment".to_owned()
            } else {
                let names = systems::names(system);
                let name = shown(names.first().unwrap_or(&""));
                format!("a disk of the guest {name:?}")
            };
            let hardware = crate::ovf::section(system, "VirtualHardwareSection");
            let items = hardware.into_iter().flat_map(|hardware| &hardware.children);
            for resource in items.flat_map(|item| item.all("HostResource")) {
                for name in Resource::of(&resource.text).names() {
                    owners.entry(name).or_insert_with(|| owner.clone());
                }
            }
        }
        owners
    }
}
