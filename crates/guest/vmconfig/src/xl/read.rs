//! What a configuration says about a guest.

mod defaults;
mod devices;

use error::{Error, Result};

use super::{Config, Node, kind, number, parse};
use crate::secret::{self, hide};
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
    /// The settings that have found their place whole.
    used: Vec<&'static str>,
}

impl<'c> Reader<'c> {
    fn origin(&self, line: usize) -> Origin {
        Origin::stated(self.file, format!("line {line}"))
    }

    /// The string called `name`, unless it is empty. It is used then.
    fn text(&mut self, name: &'static str) -> Option<Value<String>> {
        self.text_as(name, |text| Some(text.to_owned()))
    }

    /// What `meaning` makes of the string called `name`, unless it is empty. It is used if that is something.
    fn text_as<T>(
        &mut self,
        name: &'static str,
        meaning: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Value<T>> {
        let setting = self.config.get(name)?;
        let text = setting.value.text()?;
        let value = if text.is_empty() { None } else { meaning(text) };
        if text.is_empty() || value.is_some() {
            self.used.push(name);
        }
        Some(Value::new(value?, &self.origin(setting.position.line)))
    }

    /// What `read` makes of the number called `name`, where it is one.
    fn number<T>(
        &mut self,
        name: &'static str,
        read: fn(u64) -> Result<T, String>,
    ) -> Option<Value<T>> {
        let setting = self.config.get(name)?;
        self.used.push(name);
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
        self.firmware();
        self.vm.local_time = self.flag("localtime");
        let is_ahci = |kind: &str| (kind == "ahci").then_some(());
        if self.text_as("hdtype", is_ahci).is_some() {
            self.vm.has_bus(Bus::Sata);
        }
        self.vm.guest_os = self.windows();
    }

    /// `bios=`, which `firmware=` overrides. Another word in that is the path of a firmware of its own; the kernel
    /// of its name for a guest without a PC's hardware.
    fn firmware(&mut self) {
        let bios = self.text_as("bios", |text| match text.to_ascii_lowercase().as_str() {
            "ovmf" | "uefi" => Some(Firmware::Uefi),
            "seabios" | "rombios" | "bios" => Some(Firmware::Bios),
            _ => None,
        });
        let is_hvm = self.vm.is(Kind::Hvm);
        let firmware = self.text_as("firmware", |text| {
            let text = text.to_ascii_lowercase();
            let known = [
                ("ovmf", Firmware::Uefi),
                ("uefi", Firmware::Uefi),
                ("seabios", Firmware::Bios),
                ("rombios", Firmware::Bios),
                ("bios", Firmware::Bios),
            ];
            let found = known.into_iter().find(|(name, _)| *name == text);
            found.map(|(_, firmware)| firmware).filter(|_| is_hvm)
        });
        self.vm.firmware = firmware.or(bios);
        if self.vm.kind.is_none() && self.config.get("firmware").is_some() {
            let why = "xl's own, where no type is given";
            self.vm.kind = Some(Value::guess(Kind::Pv, why));
        }
    }

    /// Microsoft's interface to a hypervisor, which Windows alone looks for: `viridian=1`, or a list of its parts.
    fn windows(&mut self) -> Option<Value<String>> {
        let setting = self.config.get("viridian")?;
        let from = self.origin(setting.position.line);
        let Node::List(list) = &setting.value else {
            let on = self.flag("viridian").filter(|flag| flag.value)?;
            return Some(Value::new("Windows".to_owned(), &on.from));
        };
        if list
            .nodes
            .iter()
            .all(|node| node.text() == Some("defaults"))
        {
            self.used.push("viridian");
        }
        (!list.nodes.is_empty()).then(|| Value::new("Windows".to_owned(), &from))
    }

    /// `type=` of Xen 4.10 and later, or what came before it.
    fn kind(&mut self) -> Option<Value<Kind>> {
        let builder = self.text_as("builder", kind::of_builder);
        let pvh = self.flag("pvh").filter(|pvh| pvh.value);
        let pvh = pvh.map(|pvh| Value::new(Kind::Pvh, &pvh.from));
        let named = self.text_as("type", kind::of_type);
        named.or(pvh).or(builder)
    }

    fn boot(&mut self) {
        self.vm.bootloader = self.text("bootloader");
        self.vm.kernel = self.text("kernel");
        // Up to Xen 4.9 an HVM guest named its loader here.
        let loader = |kernel: &mut Value<String>| kernel.value.ends_with("hvmloader");
        if let Some(loader) = self.vm.kernel.take_if(loader)
            && self.vm.kind.is_none()
        {
            self.vm.kind = Some(Value::new(Kind::Hvm, &loader.from));
        }
        self.vm.ramdisk = self.text("ramdisk");
        self.vm.extra = self.text("cmdline");
        // Beside it xl passes over these.
        if self.config.get("cmdline").is_none() {
            self.vm.root = self.text("root");
            self.vm.extra = self.text("extra");
        }
        self.vm.boot = self.text_as("boot", |letters| {
            letters
                .chars()
                .map(BootDevice::of_letter)
                .collect::<Option<Vec<_>>>()
        });
    }

    fn graphics(&mut self) {
        let screens = [
            (Screen::Spice, "spice", "spicehost", "spicepasswd"),
            (Screen::Vnc, "vnc", "vnclisten", "vncpasswd"),
        ];
        for (screen, flag, listen, password) in screens {
            let is_seen = |known: &Value<Graphics>| known.value.screen != Screen::None;
            let other = self.vm.graphics.as_ref().is_some_and(is_seen);
            if other && self.is_on(flag) {
                continue;
            }
            let Some(flag) = self.flag(flag) else {
                continue;
            };
            let graphics = if flag.value {
                Graphics {
                    screen,
                    listen: self.text(listen).map(|listen| listen.value),
                    password: self.text(password).map(|text| Secret::new(text.value)),
                }
            } else {
                Graphics::new(Screen::None)
            };
            // One that is off says something only if there is no other.
            if !other {
                self.vm.graphics = Some(Value::new(graphics, &flag.from));
            }
        }
        if self.is_on("sdl") {
            // It has a screen, but none that can be seen over the network.
            self.vm
                .graphics
                .take_if(|known| known.value.screen == Screen::None);
        }
    }

    /// Whether the flag called `name` is set. That alone does not use it.
    fn is_on(&self, name: &str) -> bool {
        let setting = self.config.get(name);
        let number = setting.and_then(|setting| number(setting.value.text()?).ok());
        number.is_some_and(|number| number != 0)
    }

    fn console(&mut self) {
        for (text, from) in self.elements("serial") {
            if self.vm.serial.is_none() {
                self.vm.serial = Some(Value::new(text.to_owned(), &from));
            } else {
                self.vm.note(format!("serial {:?}", hide(text)), &from);
            }
        }
        self.vm.serial.take_if(|serial| serial.value.is_empty());
        // Without USB there is no tablet either.
        self.vm.usb_tablet = self.flag("usb").filter(|usb| !usb.value);
        for (text, from) in self.elements("usbdevice") {
            if text == "tablet" {
                self.vm.usb_tablet = Some(Value::new(true, &from));
            } else if !text.is_empty() {
                self.vm.note(format!("usbdevice {:?}", hide(text)), &from);
            }
        }
    }

    fn actions(&mut self) {
        self.vm.on_poweroff = self.action("on_poweroff");
        self.vm.on_reboot = self.action("on_reboot");
        self.vm.on_crash = self.action("on_crash");
    }

    fn action(&mut self, name: &'static str) -> Option<Value<Action>> {
        self.text_as(name, Action::of_name)
    }

    /// Everything that has found no place is a note.
    fn finish(mut self, text: &str) -> Vm {
        let lines = secret::lines(text);
        for fault in &self.config.faults {
            let from = self.origin(fault.position.line);
            let near = if lines.contains(&fault.position.line.saturating_sub(1)) {
                secret::HIDDEN.to_owned()
            } else {
                format!("{:?}", fault.near)
            };
            self.vm.note(format!("{near}: {}", fault.message), &from);
        }
        for setting in &self.config.settings {
            let is_used = self.used.contains(&setting.name.as_str());
            if is_used || defaults::is_default(&setting.name, &setting.value) {
                continue;
            }
            let from = self.origin(setting.position.line);
            let shown = secret::shown(&setting.name, &setting.value.shown());
            self.vm.note(format!("{} = {shown}", setting.name), &from);
        }
        self.vm
    }
}
