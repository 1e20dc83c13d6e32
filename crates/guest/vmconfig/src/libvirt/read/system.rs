//! What starts the guest, and its mainboard: firmware, chipset, processor, clock.

use super::Reader;
use super::view::View;
use crate::vm::{BootDevice, Chipset, Firmware, Kind, System, Topology};

impl<'x> Reader<'x> {
    pub(super) fn system(&mut self) {
        self.vm.bootloader = self.text(&["bootloader"]);
        let Some(os) = self.domain.child("os") else {
            return;
        };
        if let Some(kind) = os.child("type") {
            self.kind(kind);
        }
        self.firmware(os);
        self.vm.kernel = self.text(&["os", "kernel"]);
        self.vm.ramdisk = self.text(&["os", "initrd"]);
        self.vm.extra = self.text(&["os", "cmdline"]);
        let device = |boot: View<'_>| boot.word("dev", boot_device);
        let devices: Vec<_> = os.all("boot").filter_map(device).collect();
        if !devices.is_empty() {
            self.vm.boot = Some(self.stated(os, devices));
        }
    }

    /// `<type>`: the kind, the chipset and the processor's family.
    fn kind(&mut self, kind: View<'x>) {
        let found = kind.text_as(|text| match text {
            "hvm" => Some(Kind::Hvm),
            "xenpvh" => Some(Kind::Pvh),
            "linux" | "xen" => Some(Kind::Pv),
            _ => None,
        });
        self.vm.kind = found.map(|found| self.stated(kind, found));
        let chipset = kind.word("machine", |machine| match machine {
            machine if machine.contains("q35") => Some(Some(Chipset::Q35)),
            machine if machine.starts_with("pc") => Some(Some(Chipset::I440fx)),
            // The only one of its kind of guest.
            "xenfv" | "xenpv" | "xenpvh" => Some(None),
            _ => None,
        });
        self.vm.chipset = chipset.flatten().map(|chipset| self.stated(kind, chipset));
        if let Some(family) = kind.attribute("arch") {
            let from = self.origin(kind.element);
            self.vm.architecture(family, &from);
        }
    }

    fn firmware(&mut self, os: View<'x>) {
        let loader = os.child("loader").and_then(|loader| {
            let uefi = loader.text_as(loaded)?;
            if loader.says("secure", "yes") {
                self.vm.secure_boot = Some(self.stated(loader, true));
            }
            loader.says("secure", "no");
            uefi
        });
        let said = os.word("firmware", |firmware| match firmware {
            "efi" => Some(Firmware::Uefi),
            "bios" => Some(Firmware::Bios),
            _ => None,
        });
        let firmware = said.or(loader);
        self.vm.firmware = firmware.map(|firmware| self.stated(os, firmware));
        let features = os.child("firmware").into_iter();
        for feature in features.flat_map(|parent| parent.all("feature")) {
            if feature.says("name", "secure-boot") {
                let on = feature.attribute("enabled") == Some("yes");
                self.vm.secure_boot = Some(self.stated(feature, on));
            }
        }
    }

    /// The processor, the clock, what is done for Windows, and what libosinfo says is in it.
    pub(super) fn platform(&mut self) {
        // What is in these is read, or says nothing, by itself.
        for name in ["features", "pm"] {
            if let Some(group) = self.domain.child(name) {
                group.mark();
            }
        }
        self.processor();
        self.clock();
        let os = self.domain.at(&["metadata", "libosinfo", "os"]);
        let id = os.and_then(|os| Some(self.stated(os, os.attribute("id")?.to_owned())));
        self.vm.guest_os = id;
        if matches!(self.vm.system(), System::Windows | System::Unknown) {
            let windows = self.windows();
            self.vm.guest_os = self.vm.guest_os.take().or(windows);
        }
    }

    fn processor(&mut self) {
        let Some(cpu) = self.domain.child("cpu") else {
            return;
        };
        // What a guest of KVM gets anyway.
        cpu.says("mode", "host-model");
        let Some(topology) = cpu.child("topology") else {
            return;
        };
        let number = |name| topology.word(name, |number| number.parse().ok());
        if let (Some(sockets), Some(cores)) = (number("sockets"), number("cores")) {
            let laid_out = Topology {
                sockets,
                cores,
                threads: number("threads").unwrap_or(1),
            };
            self.vm.topology = Some(self.stated(topology, laid_out));
        }
    }

    fn clock(&mut self) {
        let Some(clock) = self.domain.child("clock") else {
            return;
        };
        let local = clock.word("offset", |offset| match offset {
            "localtime" => Some(true),
            "utc" => Some(false),
            _ => None,
        });
        self.vm.local_time = local.map(|local| self.stated(clock, local));
        for timer in clock.all("timer") {
            let set = |name, attribute, value| {
                timer.element.attribute("name") == Some(name)
                    && timer.says(attribute, value)
                    && timer.says("name", name)
            };
            // What every guest of KVM is advised to have.
            let _ = set("rtc", "tickpolicy", "catchup")
                || set("pit", "tickpolicy", "delay")
                || set("hpet", "present", "no")
                || set("hypervclock", "present", "yes");
        }
    }

    /// Microsoft's interface to a hypervisor, which Windows alone looks for.
    fn windows(&mut self) -> Option<crate::Value<String>> {
        let features = self.domain.child("features")?;
        let said = ["hyperv", "viridian"];
        let found = said.into_iter().find_map(|name| features.child(name))?;
        found.mark();
        for name in ["relaxed", "vapic"] {
            found.child(name).map(|child| child.says("state", "on"));
        }
        if let Some(spinlocks) = found.child("spinlocks") {
            spinlocks.says("state", "on");
            spinlocks.says("retries", "8191");
        }
        Some(self.stated(found, "Windows".to_owned()))
    }
}

/// The firmware at `path`; of a guest of Xen, hvmloader brings the one that is meant.
fn loaded(path: &str) -> Option<Option<Firmware>> {
    let path = path.to_ascii_lowercase();
    match path.as_str() {
        path if path.contains("ovmf") || path.contains("edk2") => Some(Some(Firmware::Uefi)),
        path if path.ends_with("hvmloader") => Some(None),
        _ => None,
    }
}

fn boot_device(name: &str) -> Option<BootDevice> {
    Some(match name {
        "hd" => BootDevice::Disk,
        "cdrom" => BootDevice::Cdrom,
        "network" => BootDevice::Network,
        "fd" => BootDevice::Floppy,
        _ => return None,
    })
}
