//! Disks, network cards and the screen of a paravirtual guest.

use error::Result;

use super::Reader;
use crate::limits::check_devices;
use crate::secret::hide;
use crate::value::{Origin, Value};
use crate::vm::{Bus, Disk, Graphics, Nic, Screen};
use crate::xl::{Node, disk, vfb, vif};

/// What one element of a list says, and where it is.
type Said<'c> = (&'c str, Origin);

impl<'c> Reader<'c> {
    pub(super) fn devices(&mut self) -> Result<()> {
        let disks = self.elements("disk");
        check_devices("disks", disks.len())?;
        for (text, from) in disks {
            match disk::parse(text) {
                Ok(spec) => self.disk(spec, &from),
                Err(wrong) => {
                    let why = wrong.message;
                    self.vm.note(hide(&format!("disk {text:?}: {why}")), &from);
                }
            }
        }
        let nics = self.elements("vif");
        check_devices("network cards", nics.len())?;
        for (text, from) in nics {
            match vif::parse(text) {
                Ok(spec) => self.nic(spec, &from),
                Err(wrong) => self.vm.note(hide(&format!("vif {text:?}: {wrong}")), &from),
            }
        }
        for (text, from) in self.elements("vfb") {
            self.framebuffer(text, &from);
        }
        Ok(())
    }

    /// The strings of a list; a string where a list should be is one of one. The list is used: what is nested in it
    /// is a note, and the caller notes what it cannot use.
    pub(super) fn elements(&mut self, name: &'static str) -> Vec<Said<'c>> {
        let Some(setting) = self.config.get(name) else {
            return Vec::new();
        };
        self.used.push(name);
        let nodes = match &setting.value {
            Node::List(list) => list.nodes.as_slice(),
            node => std::slice::from_ref(node),
        };
        let mut said = Vec::new();
        for node in nodes {
            match node {
                Node::Text(text) => {
                    said.push((text.text.as_str(), self.origin(text.position.line)))
                }
                Node::List(_) => {
                    let from = self.origin(setting.position.line);
                    self.vm
                        .note(hide(&format!("{name}: {}", node.shown())), &from);
                }
            }
        }
        said
    }

    fn disk(&mut self, spec: disk::Spec, from: &Origin) {
        let vdev = spec.vdev.unwrap_or_default();
        let script = spec.script.map(|script| format!("script={script}"));
        let backend = spec.backend.map(|backend| format!("backend={backend}"));
        let kind = spec.backend_type.map(|kind| format!("backendtype={kind}"));
        let others = backend.into_iter().chain(kind).chain(spec.others);
        for what in others.chain(script) {
            self.vm.note(hide(&format!("disk {vdev}: {what}")), from);
        }
        let bus = match spec.specification.as_deref() {
            Some("virtio") => Some(Bus::Virtio),
            _ if vdev.starts_with("xvd") => Some(Bus::Xen),
            _ if vdev.starts_with("hd") => Some(Bus::Ide),
            _ if vdev.starts_with("sd") => Some(Bus::Scsi),
            _ => None,
        };
        self.vm.disks.push(Disk {
            source: spec.target.filter(|target| !target.is_empty()),
            format: spec.format.filter(|format| format != "empty"),
            bus: bus.map(|bus| Value::new(bus, from)),
            cdrom: spec.cdrom,
            read_only: spec.read_only,
            vdev: Some(Value::new(vdev.clone(), from)),
            ..Disk::new(vdev, from)
        });
    }

    fn nic(&mut self, spec: vif::Spec, from: &Origin) {
        let stated = |text: Option<String>| text.map(|text| Value::new(text, from));
        self.vm.nics.push(Nic {
            mac: stated(spec.mac),
            model: stated(spec.model),
            bridge: stated(spec.bridge),
            ..Nic::new(from)
        });
        let script = spec.script.map(|script| format!("script={script}"));
        let rate = spec.rate.map(|rate| format!("rate={rate}"));
        for what in spec.others.into_iter().chain(script).chain(rate) {
            self.vm.note(hide(&format!("vif: {what}")), from);
        }
        for wrong in spec.ignored {
            self.vm.note(hide(&format!("vif: {wrong}")), from);
        }
    }

    /// The screen of a paravirtual guest: `vfb=["vnc=1,vnclisten=127.0.0.1"]`.
    fn framebuffer(&mut self, text: &str, from: &Origin) {
        let spec = vfb::parse(text);
        let display = spec.vnc_display.filter(|&display| display != 0);
        let said = [
            display.map(|display| format!("vncdisplay={display}")),
            spec.keymap.map(|keymap| format!("keymap={keymap}")),
            (spec.vnc_unused == Some(false)).then(|| "vncunused=0".to_owned()),
            (spec.sdl == Some(true)).then(|| "sdl=1".to_owned()),
        ];
        let ignored = spec.ignored.into_iter().filter(|part| !part.is_empty());
        for what in said.into_iter().flatten().chain(ignored) {
            self.vm.note(hide(&format!("vfb: {what}")), from);
        }
        if self.vm.graphics.is_some() {
            return self.vm.note("vfb: a second screen", from);
        }
        let mut graphics = Graphics::new(match spec.vnc {
            Some(false) => Screen::None,
            _ => Screen::Vnc,
        });
        graphics.listen = spec.vnc_listen;
        graphics.password = spec.vnc_password;
        self.vm.graphics = Some(Value::new(graphics, from));
    }
}
