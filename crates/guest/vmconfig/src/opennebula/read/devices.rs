//! Disks, network cards, the screen and the layout of processors.

use super::{Pairs, Reader};
use crate::value::{Origin, Secret, Value};
use crate::vm::{Bus, Disk, Graphics, Nic, Registered, Screen, Topology};

impl Reader<'_> {
    pub(super) fn disk(&mut self, pairs: &mut Pairs, from: &Origin) {
        let target = pairs.take("TARGET");
        let name = pairs.take("IMAGE");
        let registered = match name {
            Some(name) => Some(Registered::Name(name)),
            None => pairs.take("IMAGE_ID").map(Registered::Id),
        };
        let is_path = |(name, value): &(String, String)| name == "SOURCE" && value.starts_with('/');
        let source = pairs
            .pairs
            .iter()
            .any(is_path)
            .then(|| pairs.take("SOURCE"));
        let source = source.flatten();
        let named = registered.as_ref().map(|image| match image {
            Registered::Name(name) => name.clone(),
            Registered::Id(id) => format!("of image {id}"),
        });
        let id = target.clone().or_else(|| source.clone()).or(named);
        let id = id.unwrap_or_else(|| format!("disk {}", self.vm.disks.len()));
        let is_cdrom = |kind: &str| (kind == "cdrom").then_some(());
        let cdrom = pairs.word("TYPE", is_cdrom).is_some();
        let prefix = pairs.take("DEV_PREFIX").or_else(|| target.clone());
        let bus = match prefix.as_deref().and_then(|prefix| prefix.get(..2)) {
            Some("vd") => Some(Bus::Virtio),
            Some("sd") => Some(Bus::Scsi),
            Some("hd") => Some(Bus::Ide),
            Some("xv") => Some(Bus::Xen),
            _ => None,
        };
        self.vm.disks.push(Disk {
            source,
            registered,
            format: pairs.take("DRIVER").or_else(|| pairs.take("FORMAT")),
            bus: bus.map(|bus| Value::new(bus, from)),
            vdev: target.map(|target| Value::new(target, from)),
            cdrom,
            read_only: cdrom | pairs.is_set("READONLY"),
            ..Disk::new(id, from)
        });
    }

    pub(super) fn nic(&mut self, pairs: &mut Pairs, from: &Origin) {
        let mut stated = |name: &str| pairs.take(name).map(|text| Value::new(text, from));
        let nic = Nic {
            mac: stated("MAC"),
            model: stated("MODEL"),
            bridge: stated("BRIDGE"),
            ..Nic::new(from)
        };
        let network = pairs.take("NETWORK");
        let network_id = match network {
            Some(_) => None,
            None => pairs.take("NETWORK_ID"),
        };
        self.vm.nics.push(Nic {
            network,
            network_id,
            ..nic
        });
    }

    pub(super) fn graphics(&mut self, pairs: &mut Pairs, from: &Origin) {
        let screen = pairs.word("TYPE", |kind| match kind {
            "vnc" => Some(Screen::Vnc),
            "spice" => Some(Screen::Spice),
            _ => None,
        });
        let Some(screen) = screen else {
            return;
        };
        let mut graphics = Graphics::new(screen);
        graphics.listen = pairs.take("LISTEN");
        graphics.password = pairs.take("PASSWD").map(Secret::new);
        self.vm.graphics = Some(Value::new(graphics, from));
    }

    pub(super) fn topology(&mut self, pairs: &mut Pairs, from: &Origin) {
        let mut number = |name: &str| pairs.take(name).and_then(|text| text.parse().ok());
        let (sockets, cores, threads) = (number("SOCKETS"), number("CORES"), number("THREADS"));
        if sockets.is_some() || cores.is_some() {
            let topology = Topology {
                sockets: sockets.unwrap_or(1),
                cores: cores.unwrap_or(1),
                threads: threads.unwrap_or(1),
            };
            self.vm.topology = Some(Value::new(topology, from));
        }
    }
}
