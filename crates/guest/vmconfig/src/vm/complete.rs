//! Filling gaps with guesses, and replacing what no host would take.

use std::collections::HashSet;
use std::net::IpAddr;

use super::names::{guest_name, is_guest_name, is_uuid};
use super::{
    Action, BootDevice, Disk, Firmware, Graphics, Host, Kind, Nic, Note, Screen, Vm, is_interface,
    is_mac, letters,
};
use crate::value::{Origin, Value};

/// Memory of a guest without a description, in bytes.
const MEMORY: u64 = 1 << 30;

/// The bridge that xl takes when a configuration names none.
const BRIDGE: &str = "xenbr0";

/// Sets `slot` to a guess unless it holds something.
fn fill<T>(slot: &mut Option<Value<T>>, value: T, why: &str) {
    slot.get_or_insert_with(|| Value::guess(value, why));
}

impl Vm {
    /// A guest of which nothing is known but its name and its disks: one virtual CPU, 1 GiB of memory,
    /// one network card; every value marked as a guess.
    pub fn guess(name: &str, disks: Vec<Disk>) -> Self {
        let why = Origin::guess("nothing came with the disk");
        let mut vm = Vm {
            name: Some(Value::guess(name.to_owned(), "the source's name")),
            disks,
            nics: vec![Nic::new(&why)],
            ..Vm::default()
        };
        vm.complete();
        vm
    }

    /// Fills gaps with guesses, and replaces by guesses what a host cannot take: a name
    /// with a slash in it, two disks of one name, a bridge that is none. Complete stays complete.
    pub fn complete(&mut self) {
        self.complete_name();
        self.complete_machine();
        self.complete_boot();
        self.complete_clock();
        self.complete_disks();
        self.complete_nics();
        self.complete_console();
        let destroy = "the default of xl";
        fill(&mut self.on_poweroff, Action::Destroy, destroy);
        fill(&mut self.on_reboot, Action::Restart, destroy);
        fill(&mut self.on_crash, Action::Destroy, destroy);
    }

    fn complete_name(&mut self) {
        fill(&mut self.name, "guest".to_owned(), "no name is given");
        if let Some(name) = &mut self.name
            && !is_guest_name(&name.value)
        {
            let why = format!("a host cannot take the name {:?}", name.value);
            *name = Value::guess(guest_name(&name.value), why);
        }
        if let Some(uuid) = self.uuid.take_if(|uuid| !is_uuid(&uuid.value)) {
            self.note(format!("uuid {:?} is none", uuid.value), &uuid.from);
        }
    }

    fn complete_machine(&mut self) {
        let starts_a_kernel = self.kernel.is_some() || self.bootloader.is_some();
        if starts_a_kernel && self.firmware.is_none() {
            fill(
                &mut self.kind,
                Kind::Pv,
                "the host starts its kernel, and hvm or pvh is not given",
            )
        } else {
            fill(&mut self.kind, Kind::Hvm, "most guests are made for a PC")
        }
        let memory = self.max_memory.as_ref().map_or(MEMORY, |max| max.value);
        let why = match self.max_memory {
            Some(_) => "what it may grow to",
            None => "its memory size is not given",
        };
        fill(&mut self.memory, memory, why);
        let vcpus = self.max_vcpus.as_ref().map_or(1, |max| max.value);
        fill(&mut self.vcpus, vcpus, "their number is not given");
        at_least(&mut self.max_memory, self.memory.as_ref());
        at_least(&mut self.max_vcpus, self.vcpus.as_ref());
    }

    fn complete_boot(&mut self) {
        let is_own = self.is_own;
        for slot in [&mut self.kernel, &mut self.ramdisk] {
            if let Some(file) = slot.take_if(|file| !is_own && !is_boot_file(&file.value)) {
                let text = format!("{:?} is not a file of this host to boot from", file.value);
                let from = file.from;
                self.notes.push(Note { text, from });
            }
        }
        if let Some(bootloader) = self.bootloader.as_mut().filter(|_| !is_own) {
            // It runs on the host as root: only an xl.cfg may say which program that is.
            match bootloader.value.rsplit('/').next() {
                Some("pygrub") => bootloader.value = "pygrub".to_owned(),
                _ => {
                    let why = format!("{:?} is a program of another host", bootloader.value);
                    *bootloader = Value::guess("pygrub".to_owned(), why);
                }
            }
        }
        if self.is(Kind::Hvm) {
            let why = "UEFI is not mentioned";
            fill(&mut self.firmware, Firmware::Bios, why);
            let why = "what it boots from is not given";
            fill(&mut self.boot, vec![BootDevice::Disk], why);
        } else if self.kernel.is_none() {
            let why = "the kernel is in the guest's disk";
            fill(&mut self.bootloader, "pygrub".to_owned(), why);
        }
    }

    fn complete_clock(&mut self) {
        if self.system().is_windows() {
            let why = "Windows sets its clock to local time";
            fill(&mut self.local_time, true, why);
        }
    }

    fn complete_console(&mut self) {
        if let Some(graphics) = &mut self.graphics {
            // A screen without a password is for the host alone, whatever the description says.
            let may_be_seen = self.is_own || graphics.value.password.is_some();
            let is_safe = |listen: &mut String| {
                let address = listen.parse::<IpAddr>();
                address.is_ok_and(|address| may_be_seen || address.is_loopback())
            };
            if let Some(listen) = graphics.value.listen.take_if(|listen| !is_safe(listen)) {
                let text = format!("a screen to be seen at {listen:?}");
                let from = graphics.from.clone();
                self.notes.push(Note { text, from });
            }
        }
        let is_own = self.is_own;
        let foreign = |serial: &mut Value<String>| !is_own && !is_harmless(&serial.value);
        if let Some(serial) = self.serial.take_if(foreign) {
            let text = format!(
                "serial console {:?} is something of another host",
                serial.value
            );
            self.note(text, &serial.from);
        }
        if !self.is(Kind::Hvm) {
            return;
        }
        let why = "to see it boot, from the host only";
        let screen = Graphics {
            listen: Some("127.0.0.1".to_owned()),
            ..Graphics::new(Screen::Vnc)
        };
        fill(&mut self.graphics, screen, why);
        fill(&mut self.serial, "pty".to_owned(), "for xl console");
        let seen = |graphics: &Value<Graphics>| graphics.value.screen != Screen::None;
        if self.graphics.as_ref().is_some_and(seen) {
            let why = "the pointer of a VNC viewer needs it";
            fill(&mut self.usb_tablet, true, why);
        }
    }

    /// Gives every disk a name of its own. On a PC's hardware `xvdb` and `hdb` are one thing seen
    /// twice, so their letters are never shared.
    fn complete_disks(&mut self) {
        let hvm = self.is(Kind::Hvm);
        let mut taken = HashSet::new();
        for disk in &mut self.disks {
            let unit = disk.vdev.as_ref().map(|vdev| unit(&vdev.value, hvm));
            match unit {
                Some(Some(unit)) if taken.insert(unit.clone()) => {}
                // Free to be guessed below.
                _ => disk.vdev = None,
            }
        }
        // A PC sees four of them before a driver is there, and the drive has to be one of those.
        let disks = self.disks.iter().filter(|disk| !disk.cdrom).count();
        let nameless = |disk: &&mut Disk, cdrom| disk.cdrom == cdrom && disk.vdev.is_none();
        for cdrom in [true, false] {
            let (prefix, mut next) = match cdrom && hvm {
                true => ("hd", disks.clamp(2, 3)),
                false if cdrom => ("xvd", disks),
                false => ("xvd", 0),
            };
            for disk in self.disks.iter_mut().filter(|disk| nameless(disk, cdrom)) {
                let name = loop {
                    let name = format!("{prefix}{}", letters(next));
                    next += 1;
                    if unit(&name, hvm).is_some_and(|unit| taken.insert(unit)) {
                        break name;
                    }
                };
                let why = "the next name that is free";
                disk.vdev = Some(Value::guess(name, why));
            }
        }
        for disk in self.disks.iter_mut().filter(|disk| disk.cdrom) {
            disk.read_only = true;
        }
    }

    fn complete_nics(&mut self) {
        for nic in &mut self.nics {
            let why = match &nic.network {
                Some(network) => format!("the bridge of this host that stands for {network:?}"),
                None => "xl's own choice".to_owned(),
            };
            nic.mac = nic.mac.take().filter(|mac| is_mac(&mac.value));
            nic.bridge = nic
                .bridge
                .take()
                .filter(|bridge| is_interface(&bridge.value));
            fill(&mut nic.bridge, BRIDGE.to_owned(), &why);
        }
    }

    /// Takes its network cards out of the bridges of another kind of host; on Xen, there is a bridge to
    /// put them into.
    pub(crate) fn move_to(&mut self, host: Host) {
        if self.host.is_none_or(|known| known == host) {
            return;
        }
        for nic in &mut self.nics {
            let foreign = |bridge: &mut Value<String>| bridge.from.is_stated();
            if let Some(bridge) = nic.bridge.take_if(foreign)
                && host == Host::Xen
            {
                let why = format!("in place of {:?}, a bridge of another host", bridge.value);
                nic.bridge = Some(Value::guess(BRIDGE.to_owned(), why));
            }
        }
    }

    /// Whether it is known to be of this kind.
    pub(crate) fn is(&self, kind: Kind) -> bool {
        self.kind.as_ref().is_some_and(|known| known.value == kind)
    }

    /// Whether a password is in it, so that a file with it must not be read by everyone.
    pub fn has_secrets(&self) -> bool {
        let graphics = self.graphics.as_ref();
        graphics.is_some_and(|graphics| graphics.value.password.is_some())
    }
}

/// Whether `path` is where a host keeps kernels for its guests. A ramdisk is handed to the guest
/// whatever is in it, so no other file of the host may be named as one.
fn is_boot_file(path: &str) -> bool {
    let homes = ["/boot/", "/usr/lib/", "/usr/share/", "/var/lib/xen/"];
    homes.iter().any(|home| path.starts_with(home)) && !path.split('/').any(|part| part == "..")
}

/// Whether a serial console is one without a file of the host behind it.
fn is_harmless(serial: &str) -> bool {
    matches!(serial, "pty" | "none" | "null")
}

/// Raises a maximum that is below what it is the maximum of.
fn at_least<T: Ord + Copy>(most: &mut Option<Value<T>>, start: Option<&Value<T>>) {
    if let (Some(max), Some(start)) = (most.as_mut(), start)
        && max.value < start.value
    {
        *max = Value::guess(start.value, "no less than it starts with");
    }
}

/// What a disk's name stands for: a number on a bus; `None` when it is no name at all.
fn unit(vdev: &str, hvm: bool) -> Option<String> {
    let split = ["xvd", "hd", "sd"]
        .iter()
        .find_map(|prefix| Some((*prefix, vdev.strip_prefix(prefix)?)));
    let (prefix, rest) = split?;
    let letters = rest.trim_end_matches(|c: char| c.is_ascii_digit());
    let good = (1..=3).contains(&letters.len())
        && rest.len() <= 6
        && letters.bytes().all(|byte| byte.is_ascii_lowercase());
    let prefix = match prefix {
        "hd" if hvm => "xvd",
        other => other,
    };
    good.then(|| format!("{prefix}{rest}"))
}
