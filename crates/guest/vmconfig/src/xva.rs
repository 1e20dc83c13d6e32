//! `ova.xml`, the records of XenServer and XCP-ng that begin an XVA.
//!
//! Format: XML-RPC values of the xapi project's export, version 2: a list of objects, each with a class,
//! a reference and a snapshot of its database record; fields as in the XenAPI's class reference.

mod device;
mod owner;
mod record;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use error::{Error, Result};

use crate::choice::Choice;
use crate::limits::shown;

use crate::value::{Origin, Value};
use crate::vm::{Action, BootDevice, Chipset, Firmware, Host, Kind, Topology, Vm};
use crate::xml;
use record::{Record, records};

/// A disk of an XVA: the chunks of its content are below `reference` in the archive.
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
/// [`error::Kind::Corrupt`] for what contradicts the format, [`error::Kind::Unsupported`] for the
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

/// Reads the records of the only guest, in a text called `file`.
///
/// # Errors
/// As [`choose`].
pub fn read(text: &str, file: &str) -> Result<Vm> {
    choose(text, file, &Choice::default())
}

/// Reads the records of the guest that is meant by `choice`, in a text called `file`. Disks that are not
/// its own, those of snapshots for instance, are in [`Vm::unplugged`]; what cannot be used is in
/// [`Vm::faults`].
///
/// # Errors
/// As [`vdis`]; and [`error::Kind::Refused`] where the choice is not one guest.
pub fn choose(text: &str, file: &str, choice: &Choice) -> Result<Vm> {
    let root = xml::parse(text)?;
    let records = records(&root)?;
    let record = guest(&records, choice)?;
    let mut reader = Reader {
        records: &records,
        record,
        file,
        vm: Vm::default(),
    };
    reader.names();
    reader.machine();
    reader.boot();
    reader.actions();
    reader.devices()?;
    reader.unplugged();
    Ok(reader.vm)
}

/// The guests that `text` describes, those that are neither snapshots nor templates first.
///
/// # Errors
/// As [`vdis`].
pub fn guests(text: &str) -> Result<Vec<String>> {
    let root = xml::parse(text)?;
    let records = records(&root)?;
    let mut all: Vec<_> = machines(&records).collect();
    all.sort_by_key(|vm| (vm.flag("is_a_snapshot"), vm.flag("is_a_template")));
    Ok(all.iter().map(|vm| names(vm)[0].to_owned()).collect())
}

/// All records of guests: also of snapshots, templates and the host's own domain.
fn machines<'r, 'x>(records: &'r [Record<'x>]) -> impl Iterator<Item = &'r Record<'x>> {
    let is_guest = |record: &&Record<'_>| record.class == "VM" && !record.flag("is_control_domain");
    records.iter().filter(is_guest)
}

/// What a guest is called; never empty.
fn names<'x>(vm: &Record<'x>) -> Vec<&'x str> {
    let named = vm.text("name_label").unwrap_or("(nameless)");
    let others = [vm.text("uuid"), Some(vm.id)];
    std::iter::once(named)
        .chain(others.into_iter().flatten())
        .collect()
}

/// The guest that is meant. Where none is chosen: the only one that is neither a snapshot nor a template,
/// or the only one that is no snapshot, or the only one.
fn guest<'r, 'x>(records: &'r [Record<'x>], choice: &Choice) -> Result<&'r Record<'x>> {
    let all: Vec<_> = machines(records).collect();
    let without = |fields: &[&str]| -> Vec<_> {
        let is_one = |vm: &&&Record<'_>| !fields.iter().any(|field| vm.flag(field));
        all.iter().filter(is_one).copied().collect()
    };
    let living = match &choice.guest {
        Some(_) => all.clone(),
        None => [
            without(&["is_a_snapshot", "is_a_template"]),
            without(&["is_a_snapshot"]),
        ]
        .into_iter()
        .find(|guests| !guests.is_empty())
        .unwrap_or_else(|| all.clone()),
    };
    let none = || Error::corrupt("there is no VM among its objects");
    if living.is_empty() {
        return Err(none());
    }
    let named: Vec<_> = living.iter().map(|vm| names(vm)).collect();
    let number = choice.guest_of(&named)?;
    living.get(number).copied().ok_or_else(none)
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
            "virtual_size of disk {}: {} is not a number below 2^64",
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

    /// The number in `field`, unless it is none, which is remembered.
    fn number(&mut self, field: &str) -> Option<Value<u64>> {
        let text = self.record.text(field)?;
        let from = self.origin(self.record, field);
        match text.parse::<u64>() {
            Ok(number) => Some(Value::new(number, &from)),
            Err(_) => {
                let text = format!("{field}: {} is not a number below 2^64", shown(text));
                self.vm.fault(text, &from);
                None
            }
        }
    }

    fn memory(&mut self, field: &str) -> Option<Value<u64>> {
        self.number(field).filter(|memory| memory.value > 0)
    }

    fn vcpus(&mut self, field: &str) -> Option<Value<u32>> {
        let count = self.number(field)?;
        match u16::try_from(count.value) {
            Ok(value @ 1..) => Some(Value {
                value: value.into(),
                from: count.from,
            }),
            _ => {
                let text = format!("{field}: {} is not a number of virtual CPUs", count.value);
                self.vm.fault(text, &count.from);
                None
            }
        }
    }

    fn names(&mut self) {
        self.vm.name = self.text("name_label");
        self.vm.description = self.text("name_description");
        self.vm.uuid = self.text("uuid");
        self.vm.host = Some(Host::Xen);
        self.vm.guest_os = self.guest_os();
    }

    /// What the guest's agent has told of its system, or what the host was told to make of it.
    fn guest_os(&self) -> Option<Value<String>> {
        let metrics = self.record.text("guest_metrics")?;
        let metrics = self.records.iter().find(|record| record.id == metrics)?;
        let name = ["name", "distro"]
            .iter()
            .find_map(|key| metrics.entry("os_version", key))?;
        let name = name.split('|').next().unwrap_or(name);
        Some(Value::new(
            name.to_owned(),
            &self.origin(metrics, "os_version"),
        ))
    }

    fn machine(&mut self) {
        let most = self.memory("memory_static_max");
        self.vm.memory = self.memory("memory_dynamic_max").or_else(|| most.clone());
        self.vm.max_memory = most;
        self.vm.max_vcpus = self.vcpus("VCPUs_max");
        let start = self.vcpus("VCPUs_at_startup");
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
        let is_true = |key| self.record.entry("platform", key) == Some("true");
        if is_true("secureboot") {
            self.vm.secure_boot = Some(Value::new(true, &from));
        }
        if is_true("vtpm") {
            self.vm.tpm = Some(Value::new(true, &from));
        }
        // Xen's device model has no other chipset.
        self.vm.chipset = Some(Value::new(Chipset::I440fx, &from));
        if self.vm.guest_os.is_none() && is_true("viridian") {
            self.vm.guest_os = Some(Value::new("Windows".to_owned(), &from));
        }
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
