//! What a domain XML says about a guest.

mod devices;
mod disk;
mod silent;
mod system;
mod unread;
mod view;

use error::{Error, Result};

use crate::limits::shown;
use crate::value::{Origin, Value};
use crate::vm::{Action, Host, Vm};
use crate::xml::{self, Element};
use view::{Marks, View};

/// Reads the domain XML called `file`. What is not read of it is in [`Vm::notes`].
///
/// # Errors
/// [`error::Kind::Corrupt`] for what is not a domain, [`error::Kind::Unsupported`] for what is beyond all
/// measure. What cannot be used is in [`Vm::faults`].
pub fn read(text: &str, file: &str) -> Result<Vm> {
    let domain = xml::parse(text)?;
    if domain.name != "domain" {
        return Err(Error::corrupt(format!(
            "it is not a domain of libvirt: its root is <{}>",
            shown(&domain.name)
        )));
    }
    let marks = Marks::default();
    let domain = View::new(&domain, &marks);
    domain.mark();
    let mut reader = Reader {
        file,
        domain,
        vm: Vm::default(),
    };
    reader.machine();
    reader.actions();
    reader.system();
    reader.platform();
    reader.devices()?;
    reader.unread(domain, &mut Vec::new());
    Ok(reader.vm)
}

struct Reader<'x> {
    file: &'x str,
    domain: View<'x>,
    vm: Vm,
}

impl<'x> Reader<'x> {
    fn origin(&self, element: &Element) -> Origin {
        Origin::stated(
            self.file,
            format!("{}, line {}", element.name, element.position.line),
        )
    }

    /// `value`, as said by `view`.
    fn stated<T>(&self, view: View<'_>, value: T) -> Value<T> {
        Value::new(value, &self.origin(view.element))
    }

    /// The text at the end of `path`, unless it is empty.
    fn text(&self, path: &[&str]) -> Option<Value<String>> {
        let view = self.domain.at(path)?;
        Some(self.stated(view, view.text()?.to_owned()))
    }

    fn machine(&mut self) {
        self.host();
        self.vm.name = self.text(&["name"]);
        self.vm.uuid = self.text(&["uuid"]);
        self.vm.description = self.text(&["description"]);
        let most = self.size("memory");
        self.vm.memory = self.size("currentMemory").or_else(|| most.clone());
        self.vm.max_memory =
            most.filter(|most| Some(most.value) != self.vm.memory.as_ref().map(|m| m.value));
        if let Some(vcpu) = self.domain.child("vcpu") {
            let from = self.origin(vcpu.element);
            let text = vcpu.text().unwrap_or_default();
            let most = self.vm.usable(count(text), &from);
            let start = vcpu.attribute("current").map(count);
            let start = start.and_then(|start| self.vm.usable(start, &from));
            self.vm.vcpus = start.or(most).map(|start| Value::new(start, &from));
            let most = most.filter(|_| start.is_some());
            self.vm.max_vcpus = most.map(|most| Value::new(most, &from));
        }
    }

    fn host(&mut self) {
        let kind = self.domain.word("type", |kind| {
            Some(match kind {
                "xen" => (Host::Xen, false),
                "kvm" | "hvf" => (Host::Kvm, false),
                "qemu" => (Host::Kvm, true),
                "vmware" => (Host::Vmware, false),
                "vbox" => (Host::Virtualbox, false),
                _ => return None,
            })
        });
        self.vm.host = kind.map(|(host, _)| host);
        let emulated = kind.filter(|(_, emulated)| *emulated);
        self.vm.emulated = emulated.map(|_| self.stated(self.domain, true));
    }

    fn actions(&mut self) {
        self.vm.on_poweroff = self.action("on_poweroff");
        self.vm.on_reboot = self.action("on_reboot");
        self.vm.on_crash = self.action("on_crash");
    }

    fn action(&self, name: &str) -> Option<Value<Action>> {
        let view = self.domain.child(name)?;
        Some(self.stated(view, view.text_as(Action::of_name)?))
    }

    /// A size in bytes.
    fn size(&mut self, name: &str) -> Option<Value<u64>> {
        let view = self.domain.child(name)?;
        let from = self.origin(view.element);
        let size = self.vm.usable(size(name, view), &from)?;
        Some(Value::new(size, &from))
    }
}

/// A number of virtual CPUs.
fn count(text: &str) -> Result<u32> {
    match text.parse::<u16>() {
        Ok(count @ 1..) => Ok(count.into()),
        _ => Err(Error::corrupt(format!(
            "vcpu: {} is not a number of virtual CPUs",
            shown(text)
        ))),
    }
}

/// A size in bytes; without a unit it is in KiB.
fn size(name: &str, view: View<'_>) -> Result<u64> {
    let unit = view.attribute("unit").unwrap_or("KiB");
    let text = view.text().unwrap_or_default();
    let said = || format!("{name}: {} {}", shown(text), shown(unit));
    let factor = match unit {
        "b" | "bytes" => 1,
        "KB" => 1000,
        "k" | "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "M" | "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "G" | "GiB" => 1 << 30,
        "T" | "TiB" => 1 << 40,
        _ => return Err(Error::corrupt(format!("{} is not a size", said()))),
    };
    let count: Option<u64> = text.parse().ok().filter(|&count| count > 0);
    let Some(count) = count else {
        return Err(Error::corrupt(format!("{} is not a size", said())));
    };
    let bytes = count.checked_mul(factor);
    bytes.ok_or_else(|| Error::corrupt(format!("{} are more than 2^64 bytes", said())))
}
