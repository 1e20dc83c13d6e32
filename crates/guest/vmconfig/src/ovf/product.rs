//! What single products add to the format.

use super::{Reader, section};
use crate::value::{Origin, Value};
use crate::vm::{BootDevice, Firmware, Kind};
use crate::xml::Element;

impl<'x> Reader<'x> {
    /// VirtualBox's own description, XenServer's records, oVirt's elements.
    pub(super) fn product(&mut self) {
        self.virtualbox();
        self.ovirt();
        if let Some(hardware) = section(self.system, "VirtualHardwareSection") {
            self.vmware(hardware);
            self.xenserver(hardware);
        }
        // XenServer's records stand beside the hardware too.
        self.xenserver(self.system);
    }

    /// The family of hardware: `vmx-13`, `virtualbox-2.2`, `xen-3.0-unknown`, `hvm-3.0-unknown`.
    pub(super) fn machine_type(&mut self, hardware: &Element) {
        let Some(kind) = hardware.at(&["System", "VirtualSystemType"]) else {
            return;
        };
        let stated = self.origin("VirtualSystemType", kind);
        let said = kind.text.to_ascii_lowercase();
        let found = match said.as_str() {
            said if said.starts_with("hvm") => Value::new(Kind::Hvm, &stated),
            said if said.starts_with("xen-") || said.contains("xen:pv") => {
                Value::new(Kind::Pv, &stated)
            }
            said if said.contains("xen:hvm") => Value::new(Kind::Hvm, &stated),
            "" => return,
            _ => {
                let why = format!("the OVF says {}, a PC's hardware", kind.text);
                Value::guess(Kind::Hvm, why)
            }
        };
        self.vm.kind.get_or_insert(found);
    }

    fn set_firmware(&mut self, firmware: Firmware, from: &Origin) {
        self.vm.firmware = Some(Value::new(firmware, from));
    }

    /// `<vmw:Config vmw:key="firmware" vmw:value="efi"/>`
    fn vmware(&mut self, hardware: &Element) {
        let entries = hardware
            .children
            .iter()
            .filter(|child| matches!(child.name.as_str(), "Config" | "ExtraConfig"));
        for entry in entries {
            let key = entry.attribute("key").unwrap_or_default();
            let value = entry
                .attribute("value")
                .unwrap_or_default()
                .to_ascii_lowercase();
            let from = self.origin(&format!("Config {key}"), entry);
            match (key, value.as_str()) {
                ("firmware", "efi") => self.set_firmware(Firmware::Uefi, &from),
                ("firmware", "bios") => self.set_firmware(Firmware::Bios, &from),
                ("bootOptions.efiSecureBootEnabled" | "uefi.secureBoot.enabled", "true") => {
                    self.vm.secure_boot = Some(Value::new(true, &from));
                }
                ("tpm.present" | "vtpm.present", "true") => {
                    self.vm.tpm = Some(Value::new(true, &from));
                }
                _ => {}
            }
        }
    }

    /// `<vbox:Machine>`: the firmware and the boot order are nowhere else.
    fn virtualbox(&mut self) {
        if let Some(machine) = self.system.child("Machine") {
            let file = self.file;
            let origin = |part: &str, element: &Element| {
                Origin::stated(file, format!("{part}, line {}", element.position.line))
            };
            crate::vbox::describe(&mut self.vm, machine, &origin);
        }
    }

    /// `<VirtualSystemOtherConfigurationData Name="HVM_boot_policy"><Value>…`
    fn xenserver(&mut self, parent: &'x Element) {
        for entry in parent.all("VirtualSystemOtherConfigurationData") {
            let key = entry.attribute("Name").unwrap_or_default();
            let from = self.origin(&format!("VirtualSystemOtherConfigurationData {key}"), entry);
            let value = entry.text_of("Value").unwrap_or_default();
            if value.is_empty() {
                continue;
            }
            let stated = || Some(Value::new(value.to_owned(), &from));
            match key {
                "HVM_boot_policy" => self.vm.kind = Some(Value::new(Kind::Hvm, &from)),
                "HVM_boot_params" => {
                    if value.contains("firmware=uefi") {
                        self.set_firmware(Firmware::Uefi, &from);
                    }
                    let order = value
                        .split(';')
                        .find_map(|part| part.strip_prefix("order="));
                    let letters = order.unwrap_or_default().chars();
                    let devices: Vec<_> = letters.filter_map(BootDevice::of_letter).collect();
                    if !devices.is_empty() {
                        self.vm.boot = Some(Value::new(devices, &from));
                    }
                }
                "PV_bootloader" => self.vm.bootloader = stated(),
                "PV_kernel" => self.vm.kernel = stated(),
                "PV_ramdisk" => self.vm.ramdisk = stated(),
                "PV_args" => self.vm.extra = stated(),
                _ => {}
            }
        }
    }

    /// `<BiosType>`, by oVirt's numbers.
    fn ovirt(&mut self) {
        let Some(bios) = self.system.child("BiosType") else {
            return;
        };
        let from = self.origin("BiosType", bios);
        match bios.text.as_str() {
            "1" | "2" => self.set_firmware(Firmware::Bios, &from),
            "3" => self.set_firmware(Firmware::Uefi, &from),
            "4" => {
                self.set_firmware(Firmware::Uefi, &from);
                self.vm.secure_boot = Some(Value::new(true, &from));
            }
            _ => {}
        }
    }
}
