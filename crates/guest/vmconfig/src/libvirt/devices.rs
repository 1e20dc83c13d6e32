//! What is plugged in.

use error::Result;

use super::{Hypervisor, Writer};
use crate::value::Origin;
use crate::vm::{Graphics, Host, Nic, Screen, Vm};
use crate::xml::{comment, escape};

impl Writer {
    pub(super) fn devices(&mut self, vm: &Vm) -> Result<()> {
        self.line(1, "<devices>");
        self.disks(vm)?;
        for nic in &vm.nics {
            self.nic(vm, nic);
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
        self.platform_devices(vm);
        self.line(1, "</devices>");
        Ok(())
    }

    /// A network card: in a bridge that its description names for this kind of host, or in a network that
    /// every host of the kind has.
    fn nic(&mut self, vm: &Vm, nic: &Nic) {
        let about = comment(&nic.from.to_string());
        let bridge = nic.bridge.as_ref();
        let bridge = bridge.filter(|bridge| !self.is_kvm() || bridge.from.is_stated());
        let kind = if bridge.is_some() {
            "bridge"
        } else {
            "network"
        };
        self.line(2, &format!("<interface type=\"{kind}\"> <!-- {about} -->"));
        if let Some(mac) = &nic.mac {
            self.line(3, &format!("<mac address=\"{}\"/>", escape(&mac.value)));
        }
        match bridge {
            Some(bridge) => {
                let line = format!("<source bridge=\"{}\"/>", escape(&bridge.value));
                self.said(3, &line, &bridge.from);
            }
            None => {
                let why = match &nic.network {
                    Some(network) => format!("the network of this host in place of {network:?}"),
                    None => "the network that libvirt makes itself".to_owned(),
                };
                self.said(3, "<source network=\"default\"/>", &Origin::guess(why));
            }
        }
        self.card(vm, nic);
        self.line(2, "</interface>");
    }

    /// The card's model, where one has to be named.
    fn card(&mut self, vm: &Vm, nic: &Nic) {
        let model = nic.model.as_ref();
        if let Some(model) = model.filter(|_| !self.hvm) {
            return self.left_out.push(format!(
                "network card {:?}, {}: the guest has Xen's own",
                model.value, model.from
            ));
        }
        let host = if self.is_kvm() { Host::Kvm } else { Host::Xen };
        let said = model.map(|model| model.value.as_str());
        let Some(card) = vm.card(said, host).filter(|_| self.hvm) else {
            if let Some(model) = model {
                self.left_out.push(format!(
                    "network card {:?}, {}: the guest has Xen's own",
                    model.value, model.from
                ));
            }
            return;
        };
        let line = format!("<model type=\"{}\"/>", card.model);
        match (card.why, model) {
            (None, Some(model)) => self.said(3, &line, &model.from),
            (why, _) => self.said(3, &line, &Origin::guess(why.unwrap_or_default())),
        }
    }

    fn is_kvm(&self) -> bool {
        self.hypervisor == Hypervisor::Kvm
    }

    /// A screen needs a graphics card; random numbers and a TPM are for guests of KVM.
    fn platform_devices(&mut self, vm: &Vm) {
        let seen = |graphics: &Graphics| graphics.screen != Screen::None;
        let graphics = vm.graphics.as_ref();
        if self.is_kvm() && graphics.is_some_and(|graphics| seen(&graphics.value)) {
            let why = Origin::guess("every system and firmware knows it");
            self.said(2, "<video><model type=\"vga\"/></video>", &why);
        }
        if self.is_kvm() && !vm.system().is_windows() {
            let why = Origin::guess("a guest that has a driver starts faster with it");
            self.said(
                2,
                "<rng model=\"virtio\"><backend model=\"random\">/dev/urandom</backend></rng>",
                &why,
            );
        }
        let Some(tpm) = vm.tpm.as_ref().filter(|tpm| tpm.value) else {
            return;
        };
        let from = &tpm.from;
        self.left_out.push(if self.is_kvm() {
            format!("what its TPM kept, {from}: the new one is empty")
        } else {
            format!("its TPM, {from}: Xen has none for it")
        });
        if self.is_kvm() {
            let line = "<tpm model=\"tpm-crb\"><backend type=\"emulator\" version=\"2.0\"/></tpm>";
            self.said(2, line, from);
        }
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
