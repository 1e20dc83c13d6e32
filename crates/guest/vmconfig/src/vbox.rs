//! `.vbox`, VirtualBox's settings of a machine, of versions 4 to 7.
//!
//! Format: VirtualBox's schema (src/VBox/Main/xml/VirtualBox-settings.xsd, versions 1.11 to 1.20). The
//! machine's present state is what is read; its snapshots only have the images that it is based on.

mod hardware;
mod media;
mod storage;
#[cfg(test)]
mod tests;

use error::{Error, Result};

use crate::limits::{check_devices, shown};
use crate::value::{Origin, Value};
use crate::vm::{Host, Kind, Vm};
use crate::xml::{self, Element};
pub(crate) use hardware::describe;
use media::Media;

/// Reads the machine in the settings called `file`.
///
/// # Errors
/// [`error::Kind::Corrupt`] for what is not VirtualBox's, [`error::Kind::Unsupported`] for an encrypted
/// machine and for what is beyond all measure. A setting that cannot be used is in [`Vm::faults`].
pub fn read(text: &str, file: &str) -> Result<Vm> {
    let root = xml::parse(text)?;
    if root.name != "VirtualBox" {
        return Err(Error::corrupt(format!(
            "it is not VirtualBox's settings of a machine: its root is <{}>",
            shown(&root.name)
        )));
    }
    let Some(machine) = root.child("Machine") else {
        return Err(match root.child("MachineEncrypted") {
            Some(_) => Error::unsupported("the machine's settings are encrypted")
                .hint("remove the encryption in VirtualBox"),
            None => Error::corrupt("there is no <Machine> in it"),
        });
    };
    let mut reader = Reader {
        machine,
        file,
        vm: Vm::default(),
    };
    reader.names();
    let origin = |part: &str, element: &Element| origin(file, part, element);
    describe(&mut reader.vm, machine, &origin);
    reader.processors();
    reader.nics();
    reader.storage();
    check_devices("disks", reader.vm.disks.len())?;
    check_devices("network cards", reader.vm.nics.len())?;
    Ok(reader.vm)
}

/// Where `element`, which belongs to `part`, is.
fn origin(file: &str, part: &str, element: &Element) -> Origin {
    Origin::stated(file, format!("{part}, line {}", element.position.line))
}

struct Reader<'x> {
    machine: &'x Element,
    file: &'x str,
    vm: Vm,
}

impl<'x> Reader<'x> {
    fn origin(&self, part: &str, element: &Element) -> Origin {
        origin(self.file, part, element)
    }

    fn hardware(&self) -> Option<&'x Element> {
        self.machine.child("Hardware")
    }

    fn names(&mut self) {
        let machine = self.machine;
        let from = self.origin("Machine", machine);
        let attribute = |name| {
            let text = machine
                .attribute(name)
                .filter(|text: &&str| !text.is_empty())?;
            Some(Value::new(text.to_owned(), &from))
        };
        self.vm.host = Some(Host::Virtualbox);
        self.vm.kind = Some(Value::guess(Kind::Hvm, "VirtualBox has no other kind"));
        self.vm.name = attribute("name");
        self.vm.guest_os = attribute("OSType");
        if let Some(description) = machine
            .child("Description")
            .filter(|child| !child.text.is_empty())
        {
            let from = self.origin("Description", description);
            self.vm.description = Some(Value::new(description.text.clone(), &from));
        }
        if machine
            .attribute("stateFile")
            .is_some_and(|file| !file.is_empty())
        {
            let text = "it is suspended: what is in its memory is not taken along";
            self.vm.fault(text, &from);
        }
    }

    fn processors(&mut self) {
        let Some(hardware) = self.hardware() else {
            let from = self.origin("Machine", self.machine);
            return self.vm.fault("the machine has no <Hardware>", &from);
        };
        if let Some(memory) = hardware.child("Memory") {
            let from = self.origin("Memory", memory);
            let said = memory.attribute("RAMSize").unwrap_or_default();
            match said
                .parse::<u64>()
                .ok()
                .and_then(|mib| mib.checked_mul(1 << 20))
            {
                Some(bytes @ 1..) => self.vm.memory = Some(Value::new(bytes, &from)),
                _ => {
                    let text = format!("RAMSize: {} is not a size in MiB", shown(said));
                    self.vm.fault(text, &from);
                }
            }
        }
        if let Some(cpu) = hardware.child("CPU") {
            let from = self.origin("CPU", cpu);
            // One, where nothing is said.
            let said = cpu.attribute("count").unwrap_or("1");
            match said.parse::<u16>() {
                Ok(count @ 1..) => self.vm.vcpus = Some(Value::new(count.into(), &from)),
                _ => {
                    let text = format!("CPU: {} is not a number of virtual CPUs", shown(said));
                    self.vm.fault(text, &from);
                }
            }
        }
    }

    /// Attached images, of the machine's present state.
    fn storage(&mut self) {
        let media = Media::of(self.machine);
        // In the machine itself up to version 1.14, in its hardware from then on.
        let places = [Some(self.machine), self.hardware()];
        let controllers = places
            .into_iter()
            .flatten()
            .filter_map(|parent| parent.child("StorageControllers"));
        for controller in controllers.flat_map(|list| list.all("StorageController")) {
            self.controller(controller, &media);
        }
    }
}
