//! What a system in the guest expects of its mainboard.

use super::Writer;
use crate::value::{Origin, Value};
use crate::vm::{Bus, Host, Kind, Plug, Socket, System, Vm};
use crate::xl::quote;

impl Writer {
    pub(super) fn platform(&mut self, vm: &Vm) {
        if let Some(tpm) = vm.tpm.as_ref().filter(|tpm| tpm.value) {
            let from = &tpm.from;
            self.left_out
                .push(format!("its TPM, {from}: Xen has none for it"));
        }
        if !vm.is(Kind::Hvm) {
            return;
        }
        if let Some(why) = ahci(vm) {
            self.line("hdtype", &quote("ahci"), &why);
        }
        let system = vm.system();
        if let Some(os) = vm.guest_os.as_ref().filter(|_| system == System::Windows) {
            self.line("viridian", "1", &os.from);
        }
        let is_said = |local: &&Value<bool>| local.value || system.is_windows();
        if let Some(local) = vm.local_time.as_ref().filter(is_said) {
            let flag = if local.value { "1" } else { "0" };
            self.line("localtime", flag, &local.from);
        }
    }
}

/// Why the guest has to see its disks on AHCI, where it has to. Without this, a guest without Xen's
/// drivers sees them on IDE.
fn ahci(vm: &Vm) -> Option<Origin> {
    if vm.host == Some(Host::Xen) {
        // It had IDE, unless it said otherwise.
        let said = vm.buses.contains(&Bus::Sata);
        return said.then(|| Origin::guess("the guest had it before"));
    }
    let first = vm.disks.iter().find(|disk| !disk.cdrom)?;
    match vm.plug(first) {
        Plug {
            socket: Socket::Sata,
            why: None,
        } => first.bus.as_ref().map(|bus| bus.from.clone()),
        // Others than Windows have Xen's drivers.
        Plug {
            socket: Socket::Sata,
            why: Some(why),
        } if vm.system() == System::Windows => Some(Origin::guess(why.replace("KVM", "Xen"))),
        _ => None,
    }
}
