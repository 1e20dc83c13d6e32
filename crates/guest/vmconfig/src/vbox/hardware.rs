//! The mainboard and what is on it.

use super::Reader;
use crate::value::{Origin, Value};
use crate::vm::{BootDevice, Chipset, Firmware, Nic, Vm, mac_address};
use crate::xml::Element;

/// How the networks are called that an adapter may be in.
const NETWORKS: &[&str] = &[
    "NAT",
    "BridgedInterface",
    "InternalNetwork",
    "HostOnlyInterface",
    "HostOnlyNetwork",
    "NATNetwork",
    "GenericInterface",
    "CloudNetwork",
];

/// Adds to `vm` what `machine` says of its mainboard: firmware, boot order, chipset, TPM and clock. An OVF
/// that VirtualBox wrote has a machine in it too.
pub(crate) fn describe(vm: &mut Vm, machine: &Element, origin: &dyn Fn(&str, &Element) -> Origin) {
    if let Some(uuid) = machine.attribute("uuid") {
        let uuid = uuid.trim_matches(['{', '}']).to_ascii_lowercase();
        vm.uuid = Some(Value::new(uuid, &origin("Machine", machine)));
    }
    let Some(hardware) = machine.child("Hardware") else {
        return;
    };
    firmware(vm, hardware, origin);
    if let Some(boot) = hardware.child("Boot") {
        let from = origin("Machine/Hardware/Boot", boot);
        let devices: Vec<_> = boot.all("Order").filter_map(boot_device).collect();
        if !devices.is_empty() {
            vm.boot = Some(Value::new(devices, &from));
        }
    }
    if let Some(chipset) = hardware.child("Chipset") {
        let from = origin("Machine/Hardware/Chipset", chipset);
        let kind = match chipset.attribute("type") {
            Some("ICH9") => Chipset::Q35,
            _ => Chipset::I440fx,
        };
        vm.chipset = Some(Value::new(kind, &from));
    }
    if let Some(tpm) = hardware.child("TrustedPlatformModule") {
        let kind = tpm.attribute("type").unwrap_or("None");
        if kind != "None" {
            let from = origin("Machine/Hardware/TrustedPlatformModule", tpm);
            vm.tpm = Some(Value::new(true, &from));
        }
    }
    if let Some(clock) = hardware.child("RTC") {
        let from = origin("Machine/Hardware/RTC", clock);
        let local = clock.attribute("localOrUTC") == Some("local");
        vm.local_time = Some(Value::new(local, &from));
    }
}

fn firmware(vm: &mut Vm, hardware: &Element, origin: &dyn Fn(&str, &Element) -> Origin) {
    let Some(firmware) = hardware.child("Firmware") else {
        return;
    };
    let from = origin("Machine/Hardware/Firmware", firmware);
    let said = firmware.attribute("type").unwrap_or_default();
    let kind = if said.starts_with("EFI") {
        Firmware::Uefi
    } else {
        Firmware::Bios
    };
    vm.firmware = Some(Value::new(kind, &from));
    let secure = firmware
        .at(&["SecureBoot"])
        .or_else(|| hardware.at(&["BIOS", "SecureBoot"]));
    if let Some(secure) = secure {
        let from = origin("Machine/Hardware/SecureBoot", secure);
        let on = secure.attribute("enabled") == Some("true");
        vm.secure_boot = Some(Value::new(on, &from));
    }
}

fn boot_device(order: &Element) -> Option<BootDevice> {
    match order.attribute("device")? {
        "HardDisk" => Some(BootDevice::Disk),
        "DVD" => Some(BootDevice::Cdrom),
        "Network" => Some(BootDevice::Network),
        "Floppy" => Some(BootDevice::Floppy),
        _ => None,
    }
}

impl Reader<'_> {
    /// Network cards that are in the machine, by slot; and its first serial port.
    pub(super) fn nics(&mut self) {
        let Some(hardware) = self.hardware() else {
            return;
        };
        let is_on = |element: &&Element| element.attribute("enabled") == Some("true");
        let adapters = hardware.child("Network").into_iter();
        let adapters = adapters.flat_map(|list| list.all("Adapter")).filter(is_on);
        let mut adapters: Vec<_> = adapters.collect();
        let slot = |adapter: &&Element| adapter.attribute("slot")?.parse::<u32>().ok();
        adapters.sort_by_key(|adapter| slot(adapter).unwrap_or(u32::MAX));
        for adapter in adapters {
            self.nic(adapter);
        }
        let ports = hardware.child("UART").into_iter();
        if let Some(port) = ports.flat_map(|list| list.all("Port")).find(is_on) {
            let from = self.origin("UART", port);
            self.vm.serial = Some(Value::new("pty".to_owned(), &from));
        }
    }

    fn nic(&mut self, adapter: &Element) {
        let from = self.origin("Network", adapter);
        let mac = adapter.attribute("MACAddress").and_then(mac_address);
        let model = adapter.attribute("type").map(str::to_ascii_lowercase);
        let is_network = |child: &&Element| NETWORKS.contains(&child.name.as_str());
        let network = adapter.children.iter().find(is_network);
        let network = network.map(|network| match network.attribute("name") {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => network.name.clone(),
        });
        self.vm.nics.push(Nic {
            mac: mac.map(|mac| Value::new(mac, &from)),
            model: model.map(|model| Value::new(model, &from)),
            network,
            ..Nic::new(&from)
        });
    }
}
