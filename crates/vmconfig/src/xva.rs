//! `ova.xml`, the records of XenServer and XCP-ng that begin an XVA.
//!
//! Format: XML-RPC values of the xapi project's export, version 2: a list of objects, each with a class,
//! a reference and a snapshot of its database record; fields as in the XenAPI's class reference.

mod device;
mod record;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use report::{Error, Result};

use crate::limits::shown;

use crate::value::{Origin, Value};
use crate::vm::{Action, BootDevice, Firmware, Kind, Topology, Vm};
use crate::xml;
use record::{Record, records};

/// A disk of an XVA: the chunks of its content lie below `reference` in the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vdi {
    /// What the archive calls it: `Ref:12`.
    pub reference: String,
    /// What its owner calls it.
    pub name: String,
    /// Its size, in bytes.
    pub size: u64,
}

/// The disks that `text`, an `ova.xml`, lists: in its order, without what is only in CD drives.
///
/// # Errors
/// [`report::Kind::Corrupt`] for what contradicts the format, [`report::Kind::Unsupported`] for the
/// format before version 2.
pub fn vdis(text: &str) -> Result<Vec<Vdi>> {
    let root = xml::parse(text)?;
    let records = records(&root)?;
    let of_drives = |drive: bool| {
        let vbds = records.iter().filter(|record| record.class == "VBD");
        let chosen =
            vbds.filter(move |vbd| vbd.text("type").is_some_and(|kind| kind == "CD") == drive);
        chosen
            .filter_map(|vbd| vbd.text("VDI"))
            .collect::<HashSet<_>>()
    };
    let (in_drives, on_disks) = (of_drives(true), of_drives(false));
    let listed = records.iter().filter(|record| record.class == "VDI");
    let disks = listed.filter(|vdi| on_disks.contains(vdi.id) || !in_drives.contains(vdi.id));
    disks
        .map(|vdi| {
            Ok(Vdi {
                reference: vdi.id.to_owned(),
                name: vdi.text("name_label").unwrap_or_default().to_owned(),
                size: size(vdi)?,
            })
        })
        .collect()
}

/// Reads the records, called `file`, of one guest.
///
/// # Errors
/// As [`vdis`]; and [`report::Kind::Refused`] for more than one guest.
pub fn read(text: &str, file: &str) -> Result<Vm> {
    let root = xml::parse(text)?;
    let records = records(&root)?;
    let record = guest(&records)?;
    let mut reader = Reader {
        records: &records,
        record,
        file,
        vm: Vm::default(),
    };
    reader.names();
    reader.machine()?;
    reader.boot();
    reader.actions();
    reader.devices()?;
    Ok(reader.vm)
}

/// The guest: the only one, or the only one that is no snapshot.
fn guest<'r, 'x>(records: &'r [Record<'x>]) -> Result<&'r Record<'x>> {
    let all: Vec<_> = records
        .iter()
        .filter(|record| record.class == "VM")
        .collect();
    let is_snapshot = |record: &&&Record<'_>| record.flag("is_a_snapshot");
    let living: Vec<_> = all.iter().filter(|vm| !is_snapshot(vm)).copied().collect();
    match (living.as_slice(), all.as_slice()) {
        ([vm], _) | ([], [vm]) => Ok(vm),
        ([], []) => Err(Error::corrupt("there is no VM among its objects")),
        ([], many) | (many, _) => {
            let named = |vm: &&Record<'_>| shown(vm.text("name_label").unwrap_or("(nameless)"));
            let names: Vec<_> = many.iter().take(20).map(named).collect();
            Err(Error::refused(format!(
                "it describes {} guests: {}",
                many.len(),
                names.join(", ")
            ))
            .hint("export the guests one by one"))
        }
    }
}

/// A disk's size, in bytes.
fn size(vdi: &Record<'_>) -> Result<u64> {
    let Some(text) = vdi.text("virtual_size") else {
        return Err(Error::corrupt(format!(
            "disk {} has no virtual_size",
            shown(vdi.id)
        )));
    };
    text.parse().map_err(|_| {
        Error::corrupt(format!(
            "virtual_size of disk {}: {} is no number below 2^64",
            shown(vdi.id),
            shown(text)
        ))
    })
}

struct Reader<'r, 'x> {
    records: &'r [Record<'x>],
    record: &'r Record<'x>,
    file: &'r str,
    vm: Vm,
}

impl<'x> Reader<'_, 'x> {
    /// Where `field` of `record` is.
    fn origin(&self, record: &Record<'_>, field: &str) -> Origin {
        let (class, id) = (record.class, record.id);
        Origin::stated(self.file, format!("{class} {id}, {field}"))
    }

    fn text(&self, field: &str) -> Option<Value<String>> {
        let text = self.record.text(field)?;
        Some(Value::new(
            text.to_owned(),
            &self.origin(self.record, field),
        ))
    }

    fn number(&self, field: &str) -> Result<Option<Value<u64>>> {
        let Some(text) = self.record.text(field) else {
            return Ok(None);
        };
        match text.parse::<u64>() {
            Ok(number) => Ok(Some(Value::new(number, &self.origin(self.record, field)))),
            Err(_) => Err(Error::corrupt(format!(
                "{field}: {} is no number below 2^64",
                shown(text)
            ))),
        }
    }

    fn memory(&self, field: &str) -> Result<Option<Value<u64>>> {
        Ok(self.number(field)?.filter(|memory| memory.value > 0))
    }

    fn vcpus(&self, field: &str) -> Result<Option<Value<u32>>> {
        let Some(count) = self.number(field)? else {
            return Ok(None);
        };
        match u16::try_from(count.value) {
            Ok(value @ 1..) => Ok(Some(Value {
                value: value.into(),
                from: count.from,
            })),
            _ => Err(Error::corrupt(format!(
                "{field}: {} is no number of virtual CPUs",
                count.value
            ))),
        }
    }

    fn names(&mut self) {
        self.vm.name = self.text("name_label");
        self.vm.description = self.text("name_description");
        self.vm.uuid = self.text("uuid");
    }

    fn machine(&mut self) -> Result<()> {
        let most = self.memory("memory_static_max")?;
        self.vm.memory = self.memory("memory_dynamic_max")?.or_else(|| most.clone());
        self.vm.max_memory = most;
        self.vm.max_vcpus = self.vcpus("VCPUs_max")?;
        let start = self.vcpus("VCPUs_at_startup")?;
        self.vm.vcpus = start.or_else(|| self.vm.max_vcpus.clone());
        self.vm.kind = Some(self.kind());
        let from = self.origin(self.record, "platform");
        let cores = self.record.entry("platform", "cores-per-socket");
        let cores = cores
            .and_then(|cores| cores.parse::<u32>().ok())
            .unwrap_or(1);
        let count = self.vm.vcpus.as_ref().map_or(0, |vcpus| vcpus.value);
        if cores > 1 && count > 0 && count.is_multiple_of(cores) {
            let laid_out = Topology {
                sockets: count / cores,
                cores,
                threads: 1,
            };
            self.vm.topology = Some(Value::new(laid_out, &from));
        }
        if self.record.entry("platform", "secureboot") == Some("true") {
            self.vm.secure_boot = Some(Value::new(true, &from));
        }
        Ok(())
    }

    /// `domain_type` of newer hosts; before, who boots by a policy has a PC's hardware.
    fn kind(&self) -> Value<Kind> {
        let from = self.origin(self.record, "domain_type");
        match self.record.text("domain_type") {
            Some("hvm") => return Value::new(Kind::Hvm, &from),
            Some("pvh") => return Value::new(Kind::Pvh, &from),
            Some("pv" | "pv_in_pvh") => return Value::new(Kind::Pv, &from),
            _ => {}
        }
        let from = self.origin(self.record, "HVM_boot_policy");
        match self.record.text("HVM_boot_policy") {
            Some(_) => Value::new(Kind::Hvm, &from),
            None => Value::new(Kind::Pv, &from),
        }
    }

    fn boot(&mut self) {
        self.vm.bootloader = self.text("PV_bootloader");
        self.vm.kernel = self.text("PV_kernel");
        self.vm.ramdisk = self.text("PV_ramdisk");
        self.vm.extra = self.text("PV_args").or_else(|| self.text("PV_legacy_args"));
        let from = self.origin(self.record, "HVM_boot_params");
        if let Some(firmware) = self.record.entry("HVM_boot_params", "firmware") {
            let firmware = match firmware {
                "uefi" => Firmware::Uefi,
                _ => Firmware::Bios,
            };
            self.vm.firmware = Some(Value::new(firmware, &from));
        }
        let order = self
            .record
            .entry("HVM_boot_params", "order")
            .unwrap_or_default();
        let devices: Vec<_> = order.chars().filter_map(BootDevice::of_letter).collect();
        if !devices.is_empty() {
            self.vm.boot = Some(Value::new(devices, &from));
        }
    }

    fn actions(&mut self) {
        let action = |field: &str| {
            let action = Action::of_name(self.record.text(field)?)?;
            Some(Value::new(action, &self.origin(self.record, field)))
        };
        let (poweroff, reboot) = (
            action("actions_after_shutdown"),
            action("actions_after_reboot"),
        );
        let crash = action("actions_after_crash");
        self.vm.on_poweroff = poweroff;
        self.vm.on_reboot = reboot;
        self.vm.on_crash = crash;
    }
}
