//! What is plugged in.

use report::{Error, Result};

use super::{Hypervisor, Writer};
use crate::value::Origin;
use crate::vm::{Bus, Disk, Graphics, Nic, Screen, Vm, letters};
use crate::xml::{comment, escape};

impl Writer {
    pub(super) fn devices(&mut self, vm: &Vm) -> Result<()> {
        self.line(1, "<devices>");
        let mut numbers = Numbers::default();
        for disk in &vm.disks {
            match disk.place {
                None if !disk.cdrom || !self.hvm => {
                    let (id, from) = (&disk.id, &disk.from);
                    self.left_out
                        .push(format!("disk {id}, {from}: it has no place here"));
                }
                _ => self.disk(disk, &mut numbers)?,
            }
        }
        for nic in &vm.nics {
            self.nic(nic);
        }
        if let Some(graphics) = &vm.graphics {
            self.graphics(&graphics.value, &graphics.from);
        }
        match vm
            .serial
            .as_ref()
            .filter(|serial| self.hvm && serial.value == "pty")
        {
            Some(serial) => self.said(2, "<serial type=\"pty\"/>", &serial.from),
            None => self.line(2, "<console type=\"pty\"/>"),
        }
        let tablet = vm.usb_tablet.as_ref();
        if let Some(tablet) = tablet.filter(|tablet| tablet.value && self.hvm) {
            self.said(2, "<input type=\"tablet\" bus=\"usb\"/>", &tablet.from);
        }
        self.line(1, "</devices>");
        Ok(())
    }

    fn disk(&mut self, disk: &Disk, numbers: &mut Numbers) -> Result<()> {
        let (bus, name) = self.target(disk, numbers);
        let kind = match disk.place.as_deref() {
            Some(place) if place.starts_with("/dev/") => "block",
            _ => "file",
        };
        let device = match disk.cdrom {
            true => "cdrom",
            false => "disk",
        };
        let about = comment(&format!("{}, {}", disk.id, disk.from));
        self.line(
            2,
            &format!("<disk type=\"{kind}\" device=\"{device}\"> <!-- {about} -->"),
        );
        let driver = match self.hypervisor {
            Hypervisor::Kvm => "qemu",
            Hypervisor::Xen if kind == "block" => "phy",
            Hypervisor::Xen => "qemu",
        };
        let format = disk.place_format.as_deref().unwrap_or("raw");
        if !format.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Error::target(format!(
                "a disk cannot have the format {format:?}"
            )));
        }
        self.line(3, &format!("<driver name=\"{driver}\" type=\"{format}\"/>"));
        if let Some(place) = &disk.place {
            if place.is_empty() || place.contains(char::is_control) {
                return Err(Error::target(format!(
                    "a disk of a domain cannot lie at {place:?}"
                )));
            }
            let attribute = match kind {
                "block" => "dev",
                _ => "file",
            };
            self.line(3, &format!("<source {attribute}=\"{}\"/>", escape(place)));
        }
        self.line(3, &format!("<target dev=\"{name}\" bus=\"{bus}\"/>"));
        if disk.read_only {
            self.line(3, "<readonly/>");
        }
        self.line(2, "</disk>");
        Ok(())
    }

    /// What the disk is plugged into and called. Xen's own names stay; on KVM, where those mean
    /// nothing, the bus that was said decides.
    fn target(&self, disk: &Disk, numbers: &mut Numbers) -> (&'static str, String) {
        let vdev = disk.vdev.as_ref().map(|vdev| vdev.value.as_str());
        if let (Hypervisor::Xen, Some(vdev)) = (self.hypervisor, vdev) {
            let bus = match vdev {
                vdev if vdev.starts_with("hd") => "ide",
                vdev if vdev.starts_with("sd") => "scsi",
                _ => "xen",
            };
            return (bus, escape(vdev));
        }
        match disk.bus.as_ref().map(|bus| bus.value) {
            _ if disk.cdrom => ("sata", numbers.sd()),
            Some(Bus::Ide | Bus::Sata) => ("sata", numbers.sd()),
            Some(Bus::Scsi) => ("scsi", numbers.sd()),
            _ => ("virtio", numbers.vd()),
        }
    }

    fn nic(&mut self, nic: &Nic) {
        let about = comment(&nic.from.to_string());
        self.line(2, &format!("<interface type=\"bridge\"> <!-- {about} -->"));
        if let Some(mac) = &nic.mac {
            self.line(3, &format!("<mac address=\"{}\"/>", escape(&mac.value)));
        }
        if let Some(bridge) = &nic.bridge {
            let line = format!("<source bridge=\"{}\"/>", escape(&bridge.value));
            self.said(3, &line, &bridge.from);
        }
        let known: &[&str] = match self.hypervisor {
            Hypervisor::Kvm => &["e1000", "e1000e", "rtl8139", "virtio", "vmxnet3"],
            Hypervisor::Xen => &["e1000", "e1000e", "rtl8139"],
        };
        match &nic.model {
            Some(model) if !self.hvm => self.left_out.push(format!(
                "network card {:?}, {}: the guest has Xen's own",
                model.value, model.from
            )),
            Some(model) if known.contains(&model.value.as_str()) => {
                let line = format!("<model type=\"{}\"/>", model.value);
                self.said(3, &line, &model.from);
            }
            Some(model) => self.left_out.push(format!(
                "network card {:?}, {}: libvirt takes its own",
                model.value, model.from
            )),
            None => {}
        }
        self.line(2, "</interface>");
    }

    fn graphics(&mut self, graphics: &Graphics, from: &Origin) {
        let kind = match graphics.screen {
            Screen::None => return,
            Screen::Vnc => "vnc",
            Screen::Spice => "spice",
        };
        let listen = graphics.listen.as_deref().unwrap_or("127.0.0.1");
        let listen = escape(listen);
        let secret = graphics.password.as_ref().map_or(String::new(), |secret| {
            format!(" passwd=\"{}\"", escape(secret.reveal()))
        });
        let line =
            format!("<graphics type=\"{kind}\" autoport=\"yes\" listen=\"{listen}\"{secret}/>");
        self.said(2, &line, from);
    }
}

/// Names that are given away.
#[derive(Default)]
struct Numbers {
    sd: usize,
    vd: usize,
}

impl Numbers {
    fn sd(&mut self) -> String {
        self.sd += 1;
        format!("sd{}", letters(self.sd - 1))
    }

    fn vd(&mut self) -> String {
        self.vd += 1;
        format!("vd{}", letters(self.vd - 1))
    }
}
