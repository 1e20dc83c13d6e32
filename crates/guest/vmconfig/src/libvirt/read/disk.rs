//! Disks, drives and their controllers.

use super::Reader;
use super::view::View;
use crate::value::Value;
use crate::vm::{Bus, Disk, Host, Scsi};

/// What libvirt calls a bus.
pub(super) fn bus(name: &str) -> Option<Bus> {
    let buses = [
        Bus::Ide,
        Bus::Scsi,
        Bus::Sata,
        Bus::Nvme,
        Bus::Virtio,
        Bus::Xen,
    ];
    buses.into_iter().find(|bus| bus.name() == name)
}

/// The SCSI controllers among `devices` whose model is named, by their numbers.
pub(super) fn scsi_controllers<'x>(devices: View<'x>, host: Option<Host>) -> Vec<(&'x str, Scsi)> {
    let is_scsi = |view: &View<'_>| view.element.attribute("type") == Some("scsi");
    let controllers = devices.all("controller").filter(is_scsi);
    controllers
        .filter_map(|view| {
            let index = view.attribute("index").unwrap_or("0");
            let scsi = match view.attribute("model")? {
                // QEMU has another one than VMware.
                "lsilogic" if host == Some(Host::Kvm) => Scsi::Lsi53c895a,
                model => Scsi::of_name(model)?,
            };
            Some((index, scsi))
        })
        .collect()
}

impl<'x> Reader<'x> {
    pub(super) fn disk(&mut self, view: View<'x>, controllers: &[(&str, Scsi)]) {
        let device = view.element.attribute("device").unwrap_or("disk");
        if !matches!(device, "disk" | "cdrom" | "lun") {
            return;
        }
        view.attribute("device");
        view.mark();
        let from = self.origin(view.element);
        let target = view.child("target");
        let name = target
            .and_then(|target| target.attribute("dev"))
            .unwrap_or("disk");
        let bus = target.and_then(|target| target.word("bus", bus));
        if let Some(bus) = bus {
            self.vm.has_bus(bus);
        }
        let boot = view.child("boot");
        let order = boot.and_then(|boot| boot.element.attribute("order"));
        let driver = view.child("driver");
        let format = driver.and_then(|driver| driver.attribute("type"));
        let cdrom = device == "cdrom";
        let readonly = view.child("readonly").map(View::mark).is_some();
        // Elsewhere than on Xen a name says nothing about the order.
        let vdev = bus
            .filter(|&bus| bus == Bus::Xen)
            .map(|_| Value::new(name.to_owned(), &from));
        let scsi = self.scsi(view, controllers);
        self.vm.disks.push(Disk {
            source: place(view).map(str::to_owned),
            format: format.map(str::to_owned),
            bus: bus.map(|bus| Value::new(bus, &from)),
            scsi: scsi.filter(|_| bus == Some(Bus::Scsi)),
            bootable: order == Some("1"),
            vdev,
            cdrom,
            read_only: cdrom || readonly,
            ..Disk::new(name, &from)
        });
    }

    /// The controller that a SCSI disk is on.
    fn scsi(&self, view: View<'x>, controllers: &[(&str, Scsi)]) -> Option<Scsi> {
        let address = view.child("address");
        let number = address.and_then(|address| address.element.attribute("controller"));
        let number = number.unwrap_or("0");
        let named = controllers.iter().find(|(index, _)| *index == number);
        let default = (self.vm.host == Some(Host::Kvm)).then_some(Scsi::Lsi53c895a);
        named.map(|&(_, scsi)| scsi).or(default)
    }
}

/// The file or the device of this host that is behind a disk. What is on the network or in a pool of
/// libvirt's is not a path.
fn place(view: View<'_>) -> Option<&str> {
    let local = ["file", "block"];
    let kind = view.element.attribute("type");
    if kind.is_some_and(|kind| !local.contains(&kind)) {
        return None;
    }
    view.attribute("type");
    let source = view.child("source")?;
    source.attribute("file").or_else(|| source.attribute("dev"))
}
