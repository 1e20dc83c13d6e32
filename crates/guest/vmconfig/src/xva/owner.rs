//! Whose a disk is that the guest has not plugged in.

use std::collections::{HashMap, HashSet};

use super::{Reader, Record};
use crate::limits::shown;
use crate::vm::Unplugged;

impl<'r, 'x> Reader<'r, 'x> {
    /// Remembers the disks that come with the guest and are none of its own.
    pub(super) fn unplugged(&mut self) {
        let own: HashSet<_> = self.vm.disks.iter().map(|disk| disk.id.clone()).collect();
        let drives = self.drives();
        let owners = Owners::of(self.records);
        let others = self.records.iter().filter(|record| {
            record.class == "VDI" && !own.contains(record.id) && !drives.contains(record.id)
        });
        for vdi in others {
            self.vm.unplugged.push(Unplugged {
                source: vdi.id.to_owned(),
                what: owners.what(vdi),
                is_state: false,
                place: None,
                from: self.origin(vdi, "name_label"),
            });
        }
    }

    /// The images that are in CD drives and nowhere else.
    fn drives(&self) -> HashSet<&'x str> {
        let of = |cd: bool| {
            let vbds = self.records.iter().filter(|record| record.class == "VBD");
            let chosen = vbds.filter(move |vbd| (vbd.text("type") == Some("CD")) == cd);
            chosen
                .filter_map(|vbd| vbd.text("VDI"))
                .collect::<HashSet<_>>()
        };
        of(true).difference(&of(false)).copied().collect()
    }
}

/// The guests of an export, and which disks they have.
struct Owners<'r, 'x> {
    machines: HashMap<&'x str, &'r Record<'x>>,
    /// Guests by the disks plugged into them.
    plugged: HashMap<&'x str, &'x str>,
    /// Guests by the disks that hold their memory.
    suspended: HashMap<&'x str, &'r Record<'x>>,
}

impl<'r, 'x> Owners<'r, 'x> {
    fn of(records: &'r [Record<'x>]) -> Self {
        let class = |name: &'static str| records.iter().filter(move |record| record.class == name);
        let plugged = class("VBD").filter_map(|vbd| Some((vbd.text("VDI")?, vbd.text("VM")?)));
        let suspended = class("VM").filter_map(|vm| Some((vm.text("suspend_VDI")?, vm)));
        Owners {
            machines: class("VM").map(|vm| (vm.id, vm)).collect(),
            plugged: plugged.collect(),
            suspended: suspended.collect(),
        }
    }

    /// What the disk `vdi` is.
    fn what(&self, vdi: &Record<'_>) -> String {
        if let Some(vm) = self.suspended.get(vdi.id) {
            return format!("the memory of the {}", named(vm));
        }
        let kind = vdi.text("type").unwrap_or("user");
        if !matches!(kind, "user" | "system") {
            return format!("an image of type {}", shown(kind));
        }
        let owner = self
            .plugged
            .get(vdi.id)
            .and_then(|vm| self.machines.get(vm));
        match owner {
            Some(vm) => format!("a disk of the {}", named(vm)),
            None if vdi.flag("is_a_snapshot") => match vdi.text("snapshot_of") {
                Some(disk) => format!("a snapshot of disk {}", shown(disk)),
                None => "a snapshot of a disk".to_owned(),
            },
            None => "a disk that is plugged into no guest".to_owned(),
        }
    }
}

/// What a guest is and what it is called.
fn named(vm: &Record<'_>) -> String {
    let kind = match (vm.flag("is_a_snapshot"), vm.flag("is_a_template")) {
        (true, _) => "snapshot",
        (false, true) => "template",
        (false, false) => "guest",
    };
    let name = vm.text("name_label").unwrap_or("(nameless)");
    format!("{kind} {:?}", shown(name))
}
