//! Disks, drives and their controllers.

use error::{Error, Result};

use super::{Hypervisor, Writer};
use crate::vm::{Disk, Plug, Scsi, Socket, Vm, letters};
use crate::xml::{comment, escape};

/// IDE drives a guest may have.
const IDE: usize = 4;

/// Where disks are plugged in, as they are given out.
#[derive(Default)]
pub(super) struct Sockets {
    sd: usize,
    vd: usize,
    hd: usize,
    /// SCSI controllers, and how many disks are on each.
    controllers: Vec<(Scsi, usize)>,
}

/// Where one disk is plugged in.
struct Place {
    bus: &'static str,
    name: String,
    /// The element that says which controller it is on, where it has to be said.
    address: Option<String>,
    why: Option<String>,
}

impl Sockets {
    fn sd(&mut self) -> String {
        self.sd += 1;
        format!("sd{}", letters(self.sd - 1))
    }

    /// A place in `socket`; without IDE where `q35` is.
    fn take(&mut self, socket: Socket, q35: bool) -> Place {
        let place = |bus, name| Place {
            bus,
            name,
            address: None,
            why: None,
        };
        match socket {
            Socket::Ide if !q35 && self.hd < IDE => {
                self.hd += 1;
                place("ide", format!("hd{}", letters(self.hd - 1)))
            }
            Socket::Ide | Socket::Sata => place("sata", self.sd()),
            Socket::Virtio => {
                self.vd += 1;
                place("virtio", format!("vd{}", letters(self.vd - 1)))
            }
            Socket::Scsi(scsi) => Place {
                address: Some(self.address(scsi)),
                ..place("scsi", self.sd())
            },
        }
    }

    /// The next free address on a controller of this kind. Numbers are targets, as a controller of VMware's
    /// has them, but for QEMU's oldest, where they are units.
    fn address(&mut self, scsi: Scsi) -> String {
        let room = |&(known, used): &(Scsi, usize)| known == scsi && used < most(scsi);
        let index = self.controllers.iter().position(room);
        let index = index.unwrap_or_else(|| {
            self.controllers.push((scsi, 0));
            self.controllers.len() - 1
        });
        let used = self.controllers.get_mut(index).map_or(0, |(_, used)| {
            *used += 1;
            *used - 1
        });
        let (target, unit) = match scsi {
            Scsi::Lsi53c895a => (0, used),
            _ => (used, 0),
        };
        format!(
            "<address type=\"drive\" controller=\"{index}\" bus=\"0\" target=\"{target}\" unit=\"{unit}\"/>"
        )
    }
}

/// The disks that fit on a controller.
fn most(scsi: Scsi) -> usize {
    match scsi {
        Scsi::Lsi53c895a | Scsi::LsiLogic | Scsi::BusLogic => 7,
        Scsi::LsiSas => 8,
        Scsi::PvScsi | Scsi::MegaSas => 64,
        Scsi::Virtio => 255,
    }
}

/// What libvirt calls a controller that QEMU has.
fn model(scsi: Scsi) -> &'static str {
    match scsi {
        Scsi::LsiSas => "lsisas1068",
        Scsi::PvScsi => "vmpvscsi",
        Scsi::MegaSas => "lsisas1078",
        Scsi::Virtio => "virtio-scsi",
        Scsi::Lsi53c895a | Scsi::LsiLogic | Scsi::BusLogic => "lsilogic",
    }
}

impl Writer {
    pub(super) fn disks(&mut self, vm: &Vm) -> Result<()> {
        let mut sockets = Sockets::default();
        for disk in &vm.disks {
            match disk.place {
                None if !disk.cdrom || !self.hvm => {
                    let (id, from) = (&disk.id, &disk.from);
                    self.left_out
                        .push(format!("disk {id}, {from}: it has no place here"));
                }
                _ => self.disk(vm, disk, &mut sockets)?,
            }
        }
        for (index, (scsi, _)) in sockets.controllers.iter().enumerate() {
            let model = model(*scsi);
            let line = format!("<controller type=\"scsi\" index=\"{index}\" model=\"{model}\"/>");
            self.line(2, &line);
        }
        Ok(())
    }

    fn disk(&mut self, vm: &Vm, disk: &Disk, sockets: &mut Sockets) -> Result<()> {
        let place = self.plugged(vm, disk, sockets);
        let kind = match disk.place.as_deref() {
            Some(place) if place.starts_with("/dev/") => "block",
            _ => "file",
        };
        let device = if disk.cdrom { "cdrom" } else { "disk" };
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
        self.source(disk, kind)?;
        let target = format!("<target dev=\"{}\" bus=\"{}\"/>", place.name, place.bus);
        match place.why {
            Some(why) => self.line(3, &format!("{target} <!-- {} -->", comment(&why))),
            None => self.line(3, &target),
        }
        if disk.read_only {
            self.line(3, "<readonly/>");
        }
        if let Some(address) = place.address {
            self.line(3, &address);
        }
        self.line(2, "</disk>");
        Ok(())
    }

    fn source(&mut self, disk: &Disk, kind: &str) -> Result<()> {
        let Some(place) = &disk.place else {
            return Ok(());
        };
        if place.is_empty() || place.contains(char::is_control) {
            return Err(Error::target(format!(
                "a disk of a domain cannot be at {place:?}"
            )));
        }
        let attribute = match kind {
            "block" => "dev",
            _ => "file",
        };
        self.line(3, &format!("<source {attribute}=\"{}\"/>", escape(place)));
        Ok(())
    }

    /// Where the disk is plugged in. Xen's own names stay; on KVM, where those mean nothing, it is what the
    /// guest has a driver for.
    fn plugged(&self, vm: &Vm, disk: &Disk, sockets: &mut Sockets) -> Place {
        let vdev = disk.vdev.as_ref().map(|vdev| vdev.value.as_str());
        if let (Hypervisor::Xen, Some(vdev)) = (self.hypervisor, vdev) {
            let bus = match vdev {
                vdev if vdev.starts_with("hd") => "ide",
                vdev if vdev.starts_with("sd") => "scsi",
                _ => "xen",
            };
            return Place {
                bus,
                name: escape(vdev),
                address: None,
                why: None,
            };
        }
        let plug = if disk.cdrom {
            Plug {
                socket: Socket::Ide,
                why: None,
            }
        } else {
            vm.plug(disk)
        };
        Place {
            why: plug.why,
            ..sockets.take(plug.socket, self.is_q35())
        }
    }
}
