//! libvirt's description of a domain.
//!
//! Format: libvirt.org, "Domain XML format".

mod devices;
mod disk;
mod platform;
mod read;
#[cfg(test)]
mod tests;

pub use read::read;

use error::{Result, printable};

use crate::value::{Origin, Value};
use crate::vm::{Action, BootDevice, Chipset, Firmware, Host, Kind, Vm};
use crate::xml::{comment, escape};

/// Whose domain it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hypervisor {
    /// Xen, by libxl.
    Xen,
    /// KVM, by QEMU.
    Kvm,
}

/// The domain XML of `vm`. What was not said is guessed ([`Vm::complete`]); what has no place in it is
/// listed in comments at its end.
///
/// # Errors
/// [`error::Kind::Target`] for a place of a disk that is no path.
pub fn write(vm: &Vm, hypervisor: Hypervisor) -> Result<String> {
    let mut vm = vm.clone();
    vm.move_to(match hypervisor {
        Hypervisor::Xen => Host::Xen,
        Hypervisor::Kvm => Host::Kvm,
    });
    vm.complete();
    let hvm = vm.is(Kind::Hvm) || hypervisor == Hypervisor::Kvm;
    let mut writer = Writer {
        hypervisor,
        hvm,
        chipset: platform::chipset(&vm, hypervisor),
        text: String::new(),
        left_out: Vec::new(),
    };
    writer.domain(&vm)?;
    Ok(writer.text)
}

struct Writer {
    hypervisor: Hypervisor,
    /// Whether the guest has a PC's hardware; on KVM all have.
    hvm: bool,
    /// The chipset, where one has to be chosen.
    chipset: Option<Value<Chipset>>,
    text: String,
    /// What found no place, and why.
    left_out: Vec<String>,
}

impl Writer {
    /// A line, `depth` elements deep.
    fn line(&mut self, depth: usize, text: &str) {
        self.text += &format!("{}{text}\n", "  ".repeat(depth));
    }

    /// A line that says where it comes from.
    fn said(&mut self, depth: usize, text: &str, from: &Origin) {
        let from = comment(&from.to_string());
        self.line(depth, &format!("{text} <!-- {from} -->"));
    }

    /// `<name>value</name>`
    fn element<T: ToString>(&mut self, depth: usize, name: &str, value: Option<&Value<T>>) {
        if let Some(value) = value {
            let text = escape(&value.value.to_string());
            self.said(depth, &format!("<{name}>{text}</{name}>"), &value.from);
        }
    }

    fn domain(&mut self, vm: &Vm) -> Result<()> {
        let kind = match self.hypervisor {
            Hypervisor::Xen => "xen",
            Hypervisor::Kvm if vm.emulated.as_ref().is_some_and(|it| it.value) => "qemu",
            Hypervisor::Kvm => "kvm",
        };
        self.line(0, &format!("<domain type=\"{kind}\">"));
        self.machine(vm);
        self.system(vm);
        self.features(vm);
        self.clock(vm);
        self.actions(vm);
        self.devices(vm)?;
        self.left_out.extend(vm.left_out());
        for what in std::mem::take(&mut self.left_out) {
            let what = comment(&printable(&what));
            self.line(1, &format!("<!-- Left out: {what} -->"));
        }
        self.line(0, "</domain>");
        Ok(())
    }

    fn machine(&mut self, vm: &Vm) {
        self.element(1, "name", vm.name.as_ref());
        self.element(1, "uuid", vm.uuid.as_ref());
        self.element(1, "description", vm.description.as_ref());
        let (start, most) = (vm.memory.as_ref(), vm.max_memory.as_ref());
        for (name, size) in [("memory", most.or(start)), ("currentMemory", start)] {
            if let Some(size) = size {
                let kib = size.value.div_ceil(1 << 10);
                self.said(
                    1,
                    &format!("<{name} unit=\"KiB\">{kib}</{name}>"),
                    &size.from,
                );
            }
        }
        if let Some(vcpus) = &vm.vcpus {
            let most = vm.max_vcpus.as_ref().unwrap_or(vcpus);
            let line = if most.value == vcpus.value {
                format!("<vcpu>{}</vcpu>", vcpus.value)
            } else {
                format!("<vcpu current=\"{}\">{}</vcpu>", vcpus.value, most.value)
            };
            self.said(1, &line, &vcpus.from);
            self.processor(vm, most.value);
        }
    }

    fn system(&mut self, vm: &Vm) {
        if !self.hvm
            && vm.kernel.is_none()
            && let Some(bootloader) = &vm.bootloader
        {
            self.element(1, "bootloader", Some(bootloader));
        }
        let uefi = vm
            .firmware
            .as_ref()
            .filter(|firmware| self.hvm && firmware.value == Firmware::Uefi);
        match uefi {
            Some(uefi) => self.said(1, "<os firmware=\"efi\">", &uefi.from),
            None => self.line(1, "<os>"),
        }
        if let Some(kind) = &vm.kind {
            self.os_type(kind);
        }
        self.secure_boot(vm, uefi.is_some());
        self.element(2, "kernel", vm.kernel.as_ref());
        self.element(2, "initrd", vm.ramdisk.as_ref());
        if vm.kernel.is_some() {
            let root = vm.root.as_ref().map(|root| format!("root={}", root.value));
            let extra = vm.extra.as_ref().map(|extra| extra.value.clone());
            let words: Vec<_> = root.into_iter().chain(extra).collect();
            let from = vm
                .extra
                .as_ref()
                .or(vm.root.as_ref())
                .map(|value| &value.from);
            if let Some(from) = from {
                let line = format!("<cmdline>{}</cmdline>", escape(&words.join(" ")));
                self.said(2, &line, from);
            }
        }
        if let Some(boot) = vm.boot.as_ref().filter(|_| self.hvm && vm.kernel.is_none()) {
            for device in &boot.value {
                let name = match device {
                    BootDevice::Disk => "hd",
                    BootDevice::Cdrom => "cdrom",
                    BootDevice::Network => "network",
                    BootDevice::Floppy => "fd",
                };
                self.said(2, &format!("<boot dev=\"{name}\"/>"), &boot.from);
            }
        }
        self.line(1, "</os>");
    }

    fn actions(&mut self, vm: &Vm) {
        let actions = [
            ("on_poweroff", &vm.on_poweroff),
            ("on_reboot", &vm.on_reboot),
            ("on_crash", &vm.on_crash),
        ];
        for (name, action) in actions {
            if let Some(action) = action {
                // libvirt knows fewer ends than xl, and dumps only what has crashed.
                let known = match (action.value, name) {
                    (Action::SoftReset, _) => Action::Restart,
                    (action, "on_crash") => action,
                    (Action::CoredumpDestroy, _) => Action::Destroy,
                    (Action::CoredumpRestart, _) => Action::Restart,
                    (action, _) => action,
                };
                let line = format!("<{name}>{}</{name}>", known.name());
                self.said(1, &line, &action.from);
            }
        }
    }
}
