//! What a configuration says about a guest.

mod devices;

use report::{Error, Result};

use super::{Config, Node, Setting, number, parse};
use crate::value::{Origin, Secret, Value};
use crate::vm::{Action, BootDevice, Firmware, Graphics, Kind, Screen, Vm};

/// Makes the best of a configuration, complete or not, called `file`. Lines that xl would refuse and
/// settings that have no place in the model become notes.
///
/// # Errors
/// [`report::Kind::Corrupt`] when nothing in it can be read, or a number in it is none.
pub fn read(text: &str, file: &str) -> Result<Vm> {
    let config = parse(text)?;
    if config.settings.is_empty() {
        return Err(match config.faults.into_iter().next() {
            Some(fault) => fault.into(),
            None => Error::corrupt("it is no configuration of xl: it sets nothing"),
        });
    }
    let mut reader = Reader {
        config: &config,
        file,
        vm: Vm::default(),
        used: Vec::new(),
    };
    reader.machine()?;
    reader.boot();
    reader.graphics()?;
    reader.console()?;
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
        Some(Value::new(text.to_owned(), &self.origin(setting.line)))
    }

    /// The number called `name`.
    fn number(&mut self, name: &'static str) -> Result<Option<Value<u64>>> {
        let Some(setting) = self.setting(name) else {
            return Ok(None);
        };
        let line = setting.line;
        let Some(text) = setting.value.text() else {
            return Err(Error::corrupt(format!(
                "line {line}: {name} is a list but should be a single value"
            )));
        };
        let value = number(text)
            .map_err(|error| Error::corrupt(format!("line {line}: {name}: {}", error.message())))?;
        Ok(Some(Value::new(value, &self.origin(line))))
    }

    /// The size called `name`, which is written in MiB, in bytes.
    fn size(&mut self, name: &'static str) -> Result<Option<Value<u64>>> {
        let Some(size) = self.number(name)? else {
            return Ok(None);
        };
        let line = self.config.get(name).map_or(0, |setting| setting.line);
        match size.value.checked_mul(1 << 20) {
            None => Err(Error::corrupt(format!(
                "line {line}: {name}: {} MiB are more than 2^64 bytes",
                size.value
            ))),
            Some(0) => Err(Error::corrupt(format!("line {line}: {name} is 0"))),
            Some(value) => Ok(Some(Value { value, ..size })),
        }
    }

    /// The number of virtual CPUs called `name`.
    fn count(&mut self, name: &'static str) -> Result<Option<Value<u32>>> {
        let Some(count) = self.number(name)? else {
            return Ok(None);
        };
        let line = self.config.get(name).map_or(0, |setting| setting.line);
        match u16::try_from(count.value) {
            Ok(value @ 1..) => Ok(Some(Value {
                value: value.into(),
                from: count.from,
            })),
            _ => Err(Error::corrupt(format!(
                "line {line}: {name}: {} is no number of virtual CPUs",
                count.value
            ))),
        }
    }

    fn flag(&mut self, name: &'static str) -> Result<Option<Value<bool>>> {
        let number = self.number(name)?;
        Ok(number.map(|number| Value {
            value: number.value != 0,
            from: number.from,
        }))
    }

    fn machine(&mut self) -> Result<()> {
        self.vm.name = self.text("name");
        self.vm.uuid = self.text("uuid").map(|mut uuid| {
            uuid.value.make_ascii_lowercase();
            uuid
        });
        self.vm.memory = self.size("memory")?;
        self.vm.max_memory = self.size("maxmem")?;
        self.vm.vcpus = self.count("vcpus")?;
        self.vm.max_vcpus = self.count("maxvcpus")?;
        self.vm.kind = self.kind()?;
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
        Ok(())
    }

    /// `type=` of Xen 4.10 and later, or what came before it.
    fn kind(&mut self) -> Result<Option<Value<Kind>>> {
        let builder = self.text("builder");
        let pvh = self.flag("pvh")?;
        if let Some(kind) = self.text("type") {
            let known = [Kind::Hvm, Kind::Pvh, Kind::Pv];
            let found = known.into_iter().find(|known| known.name() == kind.value);
            if found.is_none() {
                self.vm.note(format!("type = {:?}", kind.value), &kind.from);
            }
            return Ok(found.map(|found| Value::new(found, &kind.from)));
        }
        if let Some(pvh) = pvh.filter(|pvh| pvh.value) {
            return Ok(Some(Value::new(Kind::Pvh, &pvh.from)));
        }
        Ok(builder.and_then(|builder| {
            let kind = match builder.value.as_str() {
                "hvm" => Kind::Hvm,
                "generic" | "linux" => Kind::Pv,
                _ => return None,
            };
            Some(Value::new(kind, &builder.from))
        }))
    }

    fn boot(&mut self) {
        self.vm.bootloader = self.text("bootloader");
        self.vm.kernel = self.text("kernel");
        // Up to Xen 4.9 an HVM guest named its loader here.
        let loader = |kernel: &mut Value<String>| kernel.value.ends_with("hvmloader");
        if self.vm.kernel.take_if(loader).is_some() && self.vm.kind.is_none() {
            let line = self.config.get("kernel").map_or(0, |setting| setting.line);
            self.vm.kind = Some(Value::new(Kind::Hvm, &self.origin(line)));
        }
        self.vm.ramdisk = self.text("ramdisk");
        self.vm.root = self.text("root");
        let extra = self.text("extra");
        self.vm.extra = self.text("cmdline").or(extra);
        if let Some(boot) = self.text("boot") {
            let devices = boot.value.chars().filter_map(BootDevice::of_letter);
            let devices: Vec<_> = devices.collect();
            match devices.is_empty() {
                true => self.vm.note(format!("boot = {:?}", boot.value), &boot.from),
                false => self.vm.boot = Some(Value::new(devices, &boot.from)),
            }
        }
    }

    fn graphics(&mut self) -> Result<()> {
        let sdl = self.flag("sdl")?;
        let (vnc, spice) = (self.flag("vnc")?, self.flag("spice")?);
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
        Ok(())
    }

    fn console(&mut self) -> Result<()> {
        self.vm.serial = self.text("serial");
        // Without USB there is no tablet either.
        self.vm.usb_tablet = self.flag("usb")?.filter(|usb| !usb.value);
        let is_tablet = |node: &Node| node.text() == Some("tablet");
        if let Some(setting) = self.setting("usbdevice") {
            let tablet = match &setting.value {
                Node::List(nodes) => nodes.iter().any(is_tablet),
                node => is_tablet(node),
            };
            let from = self.origin(setting.line);
            self.vm.usb_tablet = Some(Value::new(tablet, &from));
        }
        Ok(())
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
            let from = self.origin(fault.line);
            let line = text.lines().nth(fault.line.saturating_sub(1));
            let near = match line.is_some_and(|line| line.contains("passw")) {
                true => "(hidden)".to_owned(),
                false => format!("{:?}", fault.near),
            };
            self.vm.note(format!("{near}: {}", fault.message), &from);
        }
        for setting in &self.config.settings {
            if self.used.contains(&setting.name.as_str()) {
                continue;
            }
            let from = self.origin(setting.line);
            let shown = match setting.name.contains("passw") {
                true => "(hidden)".to_owned(),
                false => setting.value.shown(),
            };
            self.vm.note(format!("{} = {shown}", setting.name), &from);
        }
        self.vm
    }
}
