//! The mainboard: chipset, processor, firmware, clock.

use super::{Hypervisor, Writer};
use crate::value::{Origin, Value};
use crate::vm::{Chipset, Firmware, Host, Kind, Socket, System, Vm};

/// The chipset of `vm`; Xen has one only.
pub(super) fn chipset(vm: &Vm, hypervisor: Hypervisor) -> Option<Value<Chipset>> {
    if hypervisor == Hypervisor::Xen {
        return None;
    }
    let said = vm.chipset.as_ref();
    let on = |flag: &Option<Value<bool>>| flag.as_ref().is_some_and(|flag| flag.value);
    if on(&vm.secure_boot) {
        return Some(Value::guess(
            Chipset::Q35,
            "UEFI checks signatures on no other",
        ));
    }
    // What a Q35 of KVM calls IDE is AHCI.
    let is_kvm = vm.host == Some(Host::Kvm);
    let disks = vm.disks.iter().filter(|disk| !disk.cdrom);
    let is_ide = disks
        .map(|disk| vm.plug(disk))
        .any(|plug| plug.socket == Socket::Ide);
    if is_ide && !(is_kvm && said.is_some_and(|said| said.value == Chipset::Q35)) {
        let why = "its disk is on IDE, which the other chipset has not";
        return Some(Value::guess(Chipset::I440fx, why));
    }
    if let Some(said) = said.filter(|_| vm.host != Some(Host::Xen)) {
        return Some(said.clone());
    }
    let uefi = vm
        .firmware
        .as_ref()
        .is_some_and(|known| known.value == Firmware::Uefi);
    Some(if uefi {
        Value::guess(Chipset::Q35, "what UEFI is made for")
    } else {
        Value::guess(Chipset::I440fx, "what every system knows")
    })
}

impl Writer {
    /// Whether the guest has the chipset Q35.
    pub(super) fn is_q35(&self) -> bool {
        let chipset = self.chipset.as_ref();
        chipset.is_some_and(|chipset| chipset.value == Chipset::Q35)
    }

    /// `<type>`, with the chipset.
    pub(super) fn os_type(&mut self, kind: &Value<Kind>) {
        let name = match (self.hvm, kind.value) {
            (true, _) => "hvm",
            (false, Kind::Pvh) => "xenpvh",
            (false, _) => "linux",
        };
        let Some(chipset) = &self.chipset else {
            return self.said(2, &format!("<type>{name}</type>"), &kind.from);
        };
        let machine = match chipset.value {
            Chipset::I440fx => "pc",
            Chipset::Q35 => "q35",
        };
        let line = format!("<type arch=\"x86_64\" machine=\"{machine}\">{name}</type>");
        let from = chipset.from.clone();
        self.said(2, &line, &from);
    }

    pub(super) fn secure_boot(&mut self, vm: &Vm, uefi: bool) {
        let Some(secure) = vm.secure_boot.as_ref().filter(|on| on.value && uefi) else {
            return;
        };
        if self.hypervisor == Hypervisor::Xen {
            let text = format!("secure boot, {}: Xen has none", secure.from);
            return self.left_out.push(text);
        }
        self.line(2, "<firmware>");
        self.said(
            3,
            "<feature enabled=\"yes\" name=\"secure-boot\"/>",
            &secure.from,
        );
        self.line(2, "</firmware>");
    }

    /// The processor: without a model of its own a guest of KVM gets one of twenty years ago.
    pub(super) fn processor(&mut self, vm: &Vm, vcpus: u32) {
        let topology = vm.topology.as_ref();
        let kvm = self.hypervisor == Hypervisor::Kvm;
        let fits = topology.filter(|topology| {
            let laid_out = topology.value;
            let cpus = [laid_out.sockets, laid_out.cores, laid_out.threads];
            let cpus = cpus.into_iter().map(u64::from).product::<u64>();
            kvm && cpus == u64::from(vcpus)
        });
        match fits {
            Some(topology) => {
                let laid_out = topology.value;
                self.line(1, "<cpu mode=\"host-model\">");
                let line = format!(
                    "<topology sockets=\"{}\" cores=\"{}\" threads=\"{}\"/>",
                    laid_out.sockets, laid_out.cores, laid_out.threads
                );
                self.said(2, &line, &topology.from);
                self.line(1, "</cpu>");
            }
            None if kvm => {
                let why = Origin::guess("current systems need a current processor");
                self.said(1, "<cpu mode=\"host-model\"/>", &why);
            }
            None => {}
        }
        if let Some(topology) = topology.filter(|_| fits.is_none()) {
            let from = &topology.from;
            self.left_out
                .push(format!("the layout of its virtual CPUs, {from}"));
        }
    }

    pub(super) fn features(&mut self, vm: &Vm) {
        if !self.hvm {
            return;
        }
        self.line(1, "<features>");
        self.line(2, "<acpi/>");
        self.line(2, "<apic/>");
        let windows = vm.system() == System::Windows;
        match self.hypervisor {
            Hypervisor::Kvm if windows => {
                self.line(2, "<hyperv>");
                self.line(3, "<relaxed state=\"on\"/>");
                self.line(3, "<vapic state=\"on\"/>");
                self.line(3, "<spinlocks state=\"on\" retries=\"8191\"/>");
                self.line(2, "</hyperv>");
            }
            Hypervisor::Xen if windows => self.line(2, "<viridian/>"),
            _ => {}
        }
        self.line(1, "</features>");
    }

    pub(super) fn clock(&mut self, vm: &Vm) {
        let utc = Value::guess(false, "what most systems set their clock to");
        let local = match &vm.local_time {
            Some(local) => local,
            None if self.hvm => &utc,
            None => return,
        };
        let offset = if local.value { "localtime" } else { "utc" };
        let windows = vm.system().is_windows();
        if self.hypervisor == Hypervisor::Xen || !windows {
            return self.said(1, &format!("<clock offset=\"{offset}\"/>"), &local.from);
        }
        self.said(1, &format!("<clock offset=\"{offset}\">"), &local.from);
        self.line(2, "<timer name=\"rtc\" tickpolicy=\"catchup\"/>");
        self.line(2, "<timer name=\"pit\" tickpolicy=\"delay\"/>");
        self.line(2, "<timer name=\"hpet\" present=\"no\"/>");
        if vm.system() == System::Windows {
            self.line(2, "<timer name=\"hypervclock\" present=\"yes\"/>");
        }
        self.line(1, "</clock>");
    }
}
