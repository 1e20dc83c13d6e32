//! What a configuration says about a guest.

mod devices;

use error::{Error, Result};

use super::{Config, Node, Setting, number, parse};
use crate::value::{Origin, Secret, Value};
use crate::vm::{Action, BootDevice, Bus, Firmware, Graphics, Host, Kind, Screen, Vm};

/// Makes the best of a configuration, complete or not, called `file`. Lines that xl would refuse and
/// settings that have no place in the model become notes, and what cannot be used is in [`Vm::faults`].
///
/// # Errors
/// [`error::Kind::Corrupt`] when nothing in it can be read.
pub fn read(text: &str, file: &str) -> Result<Vm> {
    let config = parse(text)?;
    if config.settings.is_empty() {
        return Err(match config.faults.into_iter().next() {
            Some(fault) => fault.into(),
            None => Error::corrupt("it is not a configuration of xl: it sets nothing"),
        });
    }
    let mut reader = Reader {
        config: &config,
        file,
        vm: Vm::default(),
        used: Vec::new(),
    };
    reader.machine();
    reader.boot();
    reader.graphics();
    reader.console();
    reader.devices()?;
    reader.actions();
    Ok(reader.finish(text))
}

struct Reader<'c> {
    config: &'c Config,
    file: &'c str,
    vm: Vm,
    /// The settings that have found their place.
    used: Vec<&'static str>,
}

impl<'c> Reader<'c> {
    fn origin(&self, line: usize) -> Origin {
        Origin::stated(self.file, format!("line {line}"))
    }

    fn setting(&mut self, name: &'static str) -> Option<&'c Setting> {
        self.used.push(name);
        self.config.get(name)
    }

    /// The string called `name`, unless it is empty.
    fn text(&mut self, name: &'static str) -> Option<Value<String>> {
        let setting = self.setting(name)?;
        let text = setting.value.text().filter(|text| !text.is_empty())?;
        Some(Value::new(
            text.to_owned(),
            &self.origin(setting.position.line),
        ))
    }

    /// What `read` makes of the number called `name`, where it is one.
    fn number<T>(
        &mut self,
        name: &'static str,
        read: fn(u64) -> Result<T, String>,
    ) -> Option<Value<T>> {
        let setting = self.setting(name)?;
        let from = self.origin(setting.position.line);
        let value = match setting.value.text() {
            Some(text) => number(text).map_err(|error| error.message().to_owned()),
            None => Err("it is a list but should be a single value".to_owned()),
        };
        match value.and_then(read) {
            Ok(value) => Some(Value::new(value, &from)),
            Err(why) => {
                self.vm.fault(format!("{name}: {why}"), &from);
                None
            }
        }
    }

    /// The size called `name`, which is written in MiB, in bytes.
    fn size(&mut self, name: &'static str) -> Option<Value<u64>> {
        self.number(name, |size| match size.checked_mul(1 << 20) {
            None => Err(format!("{size} MiB are more than 2^64 bytes")),
            Some(0) => Err("it is 0".to_owned()),
            Some(bytes) => Ok(bytes),
        })
    }

    /// The number of virtual CPUs called `name`.
    fn count(&mut self, name: &'static str) -> Option<Value<u32>> {
        self.number(name, |count| match u16::try_from(count) {
            Ok(count @ 1..) => Ok(count.into()),
            _ => Err(format!("{count} is not a number of virtual CPUs")),
        })
    }

    fn flag(&mut self, name: &'static str) -> Option<Value<bool>> {
        self.number(name, |number| Ok(number != 0))
    }

    fn machine(&mut self) {
        self.vm.host = Some(Host::Xen);
        self.vm.name = self.text("name");
        self.vm.uuid = self.text("uuid").map(|mut uuid| {
            uuid.value.make_ascii_lowercase();
            uuid
        });
        self.vm.memory = self.size("memory");
        self.vm.max_memory = self.size("maxmem");
        self.vm.vcpus = self.count("vcpus");
        self.vm.max_vcpus = self.count("maxvcpus");
        self.vm.kind = self.kind();
        if let Some(bios) = self.text("bios") {
            let firmware = match bios.value.to_ascii_lowercase().as_str() {
                "ovmf" | "uefi" => Some(Firmware::Uefi),
                "seabios" | "rombios" | "bios" => Some(Firmware::Bios),
                _ => None,
            };
            match firmware {
                Some(firmware) => self.vm.firmware = Some(Value::new(firmware, &bios.from)),
                None => self.vm.note(format!("bios = {:?}", bios.value), &bios.from),
            }
        }
        self.vm.local_time = self.flag("localtime");
        if self.text("hdtype").is_some_and(|kind| kind.value == "ahci") {
            self.vm.has_bus(Bus::Sata);
        }
        if let Some(windows) = self.flag("viridian").filter(|flag| flag.value) {
            self.vm.guest_os = Some(Value::new("Windows".to_owned(), &windows.from));
        }
    }

    /// `type=` of Xen 4.10 and later, or what came before it.
    fn kind(&mut self) -> Option<Value<Kind>> {
        let builder = self.text("builder");
        let pvh = self.flag("pvh");
        if let Some(kind) = self.text("type") {
            let known = [Kind::Hvm, Kind::Pvh, Kind::Pv];
            let found = known.into_iter().find(|known| known.name() == kind.value);
            if found.is_none() {
                self.vm.note(format!("type = {:?}", kind.value), &kind.from);
            }
            return found.map(|found| Value::new(found, &kind.from));
        }
        if let Some(pvh) = pvh.filter(|pvh| pvh.value) {
            return Some(Value::new(Kind::Pvh, &pvh.from));
        }
        builder.and_then(|builder| {
            let kind = match builder.value.as_str() {
                "hvm" => Kind::Hvm,
                "generic" | "linux" => Kind::Pv,
                _ => return None,
            };
            Some(Value::new(kind, &builder.from))
        })
    }

    fn boot(&mut self) {
        self.vm.bootloader = self.text("bootloader");
        self.vm.kernel = self.text("kernel");
        // Up to Xen 4.9 an HVM guest named its loader here.
        let loader = |kernel: &mut Value<String>| kernel.value.ends_with("hvmloader");
        if self.vm.kernel.take_if(loader).is_some() && self.vm.kind.is_none() {
            let line = self
                .config
                .get("kernel")
                .map_or(0, |setting| setting.position.line);
            self.vm.kind = Some(Value::new(Kind::Hvm, &self.origin(line)));
        }
        self.vm.ramdisk = self.text("ramdisk");
        self.vm.root = self.text("root");
        let extra = self.text("extra");
        self.vm.extra = self.text("cmdline").or(extra);
        if let Some(boot) = self.text("boot") {
            let devices = boot.value.chars().filter_map(BootDevice::of_letter);
            let devices: Vec<_> = devices.collect();
            if devices.is_empty() {
                self.vm.note(format!("boot = {:?}", boot.value), &boot.from)
            } else {
                self.vm.boot = Some(Value::new(devices, &boot.from))
            }
        }
    }

    fn graphics(&mut self) {
        let sdl = self.flag("sdl");
        let (vnc, spice) = (self.flag("vnc"), self.flag("spice"));
        let on = |flag: &Option<Value<bool>>| flag.as_ref().is_some_and(|flag| flag.value);
        let (screen, flag, listen, password) = match (on(&vnc), on(&spice)) {
            (_, true) => (Screen::Spice, spice, "spicehost", "spicepasswd"),
            (true, false) => (Screen::Vnc, vnc, "vnclisten", "vncpasswd"),
            (false, false) => (Screen::None, vnc, "vnclisten", "vncpasswd"),
        };
        let listen = self.text(listen).map(|listen| listen.value);
        let password = self.text(password).map(|text| Secret::new(text.value));
        // The other screen's are passwords too, and stay out of the notes.
        self.used.extend(["vncpasswd", "spicepasswd"]);
        if let Some(flag) = flag.filter(|flag| flag.value || !on(&sdl)) {
            let graphics = Graphics {
                screen,
                listen,
                password,
            };
            self.vm.graphics = Some(Value::new(graphics, &flag.from));
        }
    }

    fn console(&mut self) {
        self.vm.serial = self.text("serial");
        // Without USB there is no tablet either.
        self.vm.usb_tablet = self.flag("usb").filter(|usb| !usb.value);
        let is_tablet = |node: &Node| node.text() == Some("tablet");
        if let Some(setting) = self.setting("usbdevice") {
            let tablet = match &setting.value {
                Node::List(list) => list.nodes.iter().any(is_tablet),
                node => is_tablet(node),
            };
            let from = self.origin(setting.position.line);
            self.vm.usb_tablet = Some(Value::new(tablet, &from));
        }
    }

    fn actions(&mut self) {
        self.vm.on_poweroff = self.action("on_poweroff");
        self.vm.on_reboot = self.action("on_reboot");
        self.vm.on_crash = self.action("on_crash");
    }

    fn action(&mut self, name: &'static str) -> Option<Value<Action>> {
        let text = self.text(name)?;
        let action = Action::of_name(&text.value);
        if action.is_none() {
            self.vm
                .note(format!("{name} = {:?}", text.value), &text.from);
        }
        Some(Value::new(action?, &text.from))
    }

    /// Everything that has found no place is a note.
    fn finish(mut self, text: &str) -> Vm {
        for fault in &self.config.faults {
            let from = self.origin(fault.position.line);
            let line = text.lines().nth(fault.position.line.saturating_sub(1));
            let near = if line.is_some_and(|line| line.contains("passw")) {
                "(hidden)".to_owned()
            } else {
                format!("{:?}", fault.near)
            };
            self.vm.note(format!("{near}: {}", fault.message), &from);
        }
        for setting in &self.config.settings {
            if self.used.contains(&setting.name.as_str()) {
                continue;
            }
            let from = self.origin(setting.position.line);
            let shown = if setting.name.contains("passw") {
                "(hidden)".to_owned()
            } else {
                setting.value.shown()
            };
            self.vm.note(format!("{} = {shown}", setting.name), &from);
        }
        self.vm
    }
}
