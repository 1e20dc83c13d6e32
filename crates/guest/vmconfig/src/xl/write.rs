//! A complete configuration, every line of which says where it comes from.

mod devices;
mod platform;

use error::{Result, printable};

use super::quote;
use crate::value::{Origin, Value};
use crate::vm::{Action, Firmware, Graphics, Host, Kind, Screen, Vm};
pub use devices::has_format;

/// More of a description than a comment needs, in characters.
const COMMENT: usize = 200;

/// The configuration of `vm` for xl. What was not said is guessed ([`Vm::complete`]); what has no place
/// in it, disks without a place above all, is listed in comments at its end.
///
/// # Errors
/// [`error::Kind::Target`] for a place of a disk that xl.cfg cannot name.
pub fn write(vm: &Vm) -> Result<String> {
    let mut vm = vm.clone();
    vm.move_to(Host::Xen);
    vm.complete();
    let mut writer = Writer::default();
    writer.head(&vm);
    writer.machine(&vm);
    writer.boot(&vm);
    writer.platform(&vm);
    writer.disks(&vm)?;
    writer.nics(&vm);
    writer.console(&vm);
    writer.actions(&vm);
    writer.unwritten(&vm);
    Ok(writer.finish())
}

#[derive(Default)]
struct Writer {
    text: String,
    /// What found no place, and why.
    left_out: Vec<String>,
}

impl Writer {
    /// A comment of its own line.
    fn comment(&mut self, text: &str) {
        let text: String = text.chars().take(COMMENT).collect();
        self.text += format!("# {}", printable(&text)).trim_end();
        self.text.push('\n');
    }

    /// `name = value`, and where it comes from. `value` is written as it is.
    fn line(&mut self, name: &str, value: &str, from: &Origin) {
        self.text += &format!("{name} = {value}  # {from}\n");
    }

    fn string(&mut self, name: &str, value: Option<&Value<String>>) {
        if let Some(value) = value {
            self.line(name, &quote(&value.value), &value.from);
        }
    }

    fn number<T: ToString>(&mut self, name: &str, value: Option<&Value<T>>) {
        if let Some(value) = value {
            self.line(name, &value.value.to_string(), &value.from);
        }
    }

    /// A size, in MiB.
    fn size(&mut self, name: &str, size: Option<&Value<u64>>) {
        if let Some(size) = size {
            let mebibytes = size.value.div_ceil(1 << 20);
            self.line(name, &mebibytes.to_string(), &size.from);
        }
    }

    fn head(&mut self, vm: &Vm) {
        self.comment(
            "Configuration of a Xen guest, for xl. The end of every line says where it comes",
        );
        self.comment("from; look at the guesses before you start the guest.");
        if let Some(description) = &vm.description {
            self.comment(&format!("{}  ({})", description.value, description.from));
        }
        if let Some(guest_os) = &vm.guest_os {
            self.comment(&format!("In it: {}  ({})", guest_os.value, guest_os.from));
        }
        self.text.push('\n');
    }

    fn machine(&mut self, vm: &Vm) {
        self.string("name", vm.name.as_ref());
        self.string("uuid", vm.uuid.as_ref());
        if let Some(kind) = &vm.kind {
            self.line("type", &quote(kind.value.name()), &kind.from);
        }
        self.size("memory", vm.memory.as_ref());
        self.size("maxmem", vm.max_memory.as_ref());
        self.number("vcpus", vm.vcpus.as_ref());
        self.number("maxvcpus", vm.max_vcpus.as_ref());
        if let Some(topology) = &vm.topology {
            let laid_out = topology.value;
            self.left_out.push(format!(
                "sockets: {}, cores in each: {}, threads in each: {}, {}: xl lays virtual CPUs out itself",
                laid_out.sockets, laid_out.cores, laid_out.threads, topology.from
            ));
        }
    }

    fn boot(&mut self, vm: &Vm) {
        self.text.push('\n');
        match (vm.is(Kind::Hvm), &vm.firmware) {
            (true, Some(firmware)) => {
                let bios = match firmware.value {
                    Firmware::Bios => "\"seabios\"",
                    Firmware::Uefi => "\"ovmf\"",
                };
                self.line("bios", bios, &firmware.from);
            }
            (false, Some(firmware)) if firmware.from.is_stated() => self.left_out.push(format!(
                "{:?}, {}: only guests with a PC's hardware have it",
                firmware.value, firmware.from
            )),
            _ => {}
        }
        if let Some(secure) = vm.secure_boot.as_ref().filter(|secure| secure.value) {
            let from = &secure.from;
            self.left_out
                .push(format!("secure boot, {from}: xl has none"));
        }
        if let Some(boot) = vm.boot.as_ref().filter(|_| vm.is(Kind::Hvm)) {
            let letters: String = boot.value.iter().map(|device| device.letter()).collect();
            self.line("boot", &quote(&letters), &boot.from);
        }
        if vm.kernel.is_none() {
            self.string(
                "bootloader",
                vm.bootloader.as_ref().filter(|_| !vm.is(Kind::Hvm)),
            );
        }
        self.string("kernel", vm.kernel.as_ref());
        self.string("ramdisk", vm.ramdisk.as_ref());
        self.string("root", vm.root.as_ref());
        self.string("extra", vm.extra.as_ref());
    }

    fn console(&mut self, vm: &Vm) {
        if vm.is(Kind::Hvm) || vm.graphics.is_some() {
            self.text.push('\n');
        }
        if let Some(graphics) = &vm.graphics {
            match (vm.is(Kind::Hvm), vm.is(Kind::Pv)) {
                (true, _) => self.screen(&graphics.value, &graphics.from),
                (false, true) => self.framebuffer(&graphics.value, &graphics.from),
                (false, false) => {}
            }
        }
        if vm.is(Kind::Hvm) {
            self.string("serial", vm.serial.as_ref());
            match &vm.usb_tablet {
                Some(tablet) if tablet.value => {
                    self.line("usb", "1", &tablet.from);
                    self.line("usbdevice", "\"tablet\"", &tablet.from);
                }
                Some(tablet) => self.line("usb", "0", &tablet.from),
                None => {}
            }
        }
    }

    /// The screen of a guest with a PC's hardware.
    fn screen(&mut self, graphics: &Graphics, from: &Origin) {
        let (name, listen, password) = match graphics.screen {
            Screen::None => return self.line("vnc", "0", from),
            Screen::Vnc => ("vnc", "vnclisten", "vncpasswd"),
            Screen::Spice => ("spice", "spicehost", "spicepasswd"),
        };
        self.line(name, "1", from);
        if let Some(address) = &graphics.listen {
            self.line(listen, &quote(address), from);
        }
        match (&graphics.password, graphics.screen) {
            (Some(secret), _) => self.line(password, &quote(secret.reveal()), from),
            (None, Screen::Spice) => self.line("spicedisable_ticketing", "1", from),
            (None, _) => {}
        }
    }

    /// The screen of a paravirtual guest.
    fn framebuffer(&mut self, graphics: &Graphics, from: &Origin) {
        if graphics.screen != Screen::Vnc {
            return;
        }
        let mut parts = vec!["vnc=1".to_owned()];
        parts.extend(
            graphics
                .listen
                .iter()
                .map(|listen| format!("vnclisten={listen}")),
        );
        match graphics.password.as_ref().map(|secret| secret.reveal()) {
            Some(secret) if secret.contains(|c: char| c == ',' || c.is_control()) => {
                let what = "the screen's password holds a comma: vfb= cannot say it";
                self.left_out.push(what.to_owned());
                return;
            }
            Some(secret) => parts.push(format!("vncpasswd={secret}")),
            None => {}
        }
        self.line("vfb", &format!("[{}]", quote(&parts.join(","))), from);
    }

    fn actions(&mut self, vm: &Vm) {
        self.text.push('\n');
        let mut action = |name, action: &Option<Value<Action>>| {
            if let Some(action) = action {
                self.line(name, &quote(action.value.name()), &action.from);
            }
        };
        action("on_poweroff", &vm.on_poweroff);
        action("on_reboot", &vm.on_reboot);
        action("on_crash", &vm.on_crash);
    }

    fn unwritten(&mut self, vm: &Vm) {
        self.left_out.extend(vm.left_out());
    }

    fn finish(mut self) -> String {
        if !self.left_out.is_empty() {
            self.text.push('\n');
            self.comment("Left out:");
        }
        for what in std::mem::take(&mut self.left_out) {
            self.comment(&format!("- {what}"));
        }
        self.text
    }
}
