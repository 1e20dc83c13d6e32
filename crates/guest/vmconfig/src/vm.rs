//! The model: what every language says about a guest, in one form.

mod complete;
mod device;
mod drivers;
mod names;
mod system;

pub use device::{Bus, Chunks, Content, Disk, Graphics, Nic, Registered, Screen, Scsi};
pub use system::System;

use error::{Error, Result};

use crate::value::{Origin, Value};

pub(crate) use drivers::{Plug, Socket};
pub(crate) use names::{is_interface, is_mac, letters, mac_address};

/// A guest. What was not said is `None`; [`Vm::complete`] fills it with guesses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vm {
    /// What it is called.
    pub name: Option<Value<String>>,
    /// What it is for, in words.
    pub description: Option<Value<String>>,
    /// Its UUID, lower case with dashes.
    pub uuid: Option<Value<String>>,
    /// What kind of virtual machine it needs.
    pub kind: Option<Value<Kind>>,
    /// What starts it.
    pub firmware: Option<Value<Firmware>>,
    /// Whether its firmware checks signatures.
    pub secure_boot: Option<Value<bool>>,
    /// Memory it starts with, in bytes.
    pub memory: Option<Value<u64>>,
    /// Memory it may grow to, in bytes.
    pub max_memory: Option<Value<u64>>,
    /// Virtual CPUs it starts with.
    pub vcpus: Option<Value<u32>>,
    /// Virtual CPUs it may have.
    pub max_vcpus: Option<Value<u32>>,
    /// How much of a processor OpenNebula reckons for it: `0.5`.
    pub cpu_share: Option<Value<String>>,
    /// How its virtual CPUs are laid out.
    pub topology: Option<Value<Topology>>,
    /// Its disks and drives, in the order it sees them.
    pub disks: Vec<Disk>,
    /// Its network cards, in the order it sees them.
    pub nics: Vec<Nic>,
    /// What it tries to boot from, first things first.
    pub boot: Option<Value<Vec<BootDevice>>>,
    /// A program of the host that fetches the guest's kernel from its disk.
    pub bootloader: Option<Value<String>>,
    /// A kernel of the host to start it with.
    pub kernel: Option<Value<String>>,
    /// The initial ramdisk that goes with the kernel.
    pub ramdisk: Option<Value<String>>,
    /// The kernel's command line, or what is added to it.
    pub extra: Option<Value<String>>,
    /// The kernel's root device.
    pub root: Option<Value<String>>,
    /// Its screen.
    pub graphics: Option<Value<Graphics>>,
    /// Its serial console, as xl names one: `pty`.
    pub serial: Option<Value<String>>,
    /// Whether it has a USB tablet, so that the pointer follows the mouse.
    pub usb_tablet: Option<Value<bool>>,
    /// What system is in it, in whatever words its file has.
    pub guest_os: Option<Value<String>>,
    /// The chipset of its mainboard.
    pub chipset: Option<Value<Chipset>>,
    /// Whether it has a TPM. What the TPM keeps is in no description.
    pub tpm: Option<Value<bool>>,
    /// Whether its clock shows local time, and not UTC.
    pub local_time: Option<Value<bool>>,
    /// The buses that it has a controller for, and so a driver, whether or not a disk is on them.
    pub buses: Vec<Bus>,
    /// Whether its processor is emulated, and not the host's own.
    pub emulated: Option<Value<bool>>,
    /// Whether its description is the user's own: it may name any file and address of this host. A stranger's
    /// may not.
    pub is_own: bool,
    /// The kind of host that it was described for; `None` for languages that any product reads.
    pub host: Option<Host>,
    /// What happens when it powers itself off.
    pub on_poweroff: Option<Value<Action>>,
    /// What happens when it restarts itself.
    pub on_reboot: Option<Value<Action>>,
    /// What happens when it crashes.
    pub on_crash: Option<Value<Action>>,
    /// Images that come with it and are none of its disks.
    pub unplugged: Vec<Unplugged>,
    /// What was there and has no place above.
    pub notes: Vec<Note>,
    /// What is said in a way that cannot be used, and why not: a size in no known unit, for instance.
    pub faults: Vec<Note>,
}

/// An image that comes with a guest and is none of its disks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unplugged {
    /// The file or member that holds it.
    pub source: String,
    /// What it is: `a disk of the snapshot "before"`.
    pub what: String,
    /// Whether it is what the guest's own hardware remembers, its firmware or its TPM.
    pub is_state: bool,
    /// Where it is now, if it has a place.
    pub place: Option<String>,
    /// Where it is described.
    pub from: Origin,
}

/// Something a description holds that the model has no place for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What it says.
    pub text: String,
    /// Where it is.
    pub from: Origin,
}

/// More notes than a user reads.
const MAX_NOTES: usize = 500;

/// What kind of virtual machine a guest needs, in Xen's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Hardware like that of a PC.
    Hvm,
    /// Virtual hardware without a PC's devices.
    Pvh,
    /// A kernel that knows Xen.
    Pv,
}

impl Kind {
    /// As xl.cfg names it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Hvm => "hvm",
            Kind::Pvh => "pvh",
            Kind::Pv => "pv",
        }
    }
}

/// What starts a guest with a PC's hardware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmware {
    /// The PC BIOS.
    Bios,
    /// UEFI.
    Uefi,
}

/// The chipset of a virtual PC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chipset {
    /// PIIX and i440FX: PCI and IDE.
    I440fx,
    /// ICH9 and Q35: PCI Express and AHCI.
    Q35,
}

/// The kind of host a description is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// Xen, whatever manages it.
    Xen,
    /// KVM, whatever manages it.
    Kvm,
    /// VMware's products.
    Vmware,
    /// VirtualBox.
    Virtualbox,
}

/// How virtual CPUs are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topology {
    /// Sockets.
    pub sockets: u32,
    /// Cores in a socket.
    pub cores: u32,
    /// Threads in a core.
    pub threads: u32,
}

/// Something to boot from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootDevice {
    /// The first disk.
    Disk,
    /// The first CD drive.
    Cdrom,
    /// The network.
    Network,
    /// A floppy.
    Floppy,
}

impl BootDevice {
    /// The letter that stands for it in xl.cfg and in QEMU.
    pub fn letter(self) -> char {
        match self {
            BootDevice::Disk => 'c',
            BootDevice::Cdrom => 'd',
            BootDevice::Network => 'n',
            BootDevice::Floppy => 'a',
        }
    }

    /// What `letter` stands for.
    pub fn of_letter(letter: char) -> Option<Self> {
        [Self::Disk, Self::Cdrom, Self::Network, Self::Floppy]
            .into_iter()
            .find(|device| device.letter() == letter)
    }
}

/// What happens to a guest that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is gone.
    Destroy,
    /// It starts again.
    Restart,
    /// It starts again, and what is left of it is kept under another name.
    RenameRestart,
    /// What is left of it stays.
    Preserve,
    /// Its memory is written to a file; then it is gone.
    CoredumpDestroy,
    /// Its memory is written to a file; then it starts again.
    CoredumpRestart,
    /// It starts again inside its own memory.
    SoftReset,
}

impl Action {
    const ALL: [(Action, &'static str); 7] = [
        (Action::Destroy, "destroy"),
        (Action::Restart, "restart"),
        (Action::RenameRestart, "rename-restart"),
        (Action::Preserve, "preserve"),
        (Action::CoredumpDestroy, "coredump-destroy"),
        (Action::CoredumpRestart, "coredump-restart"),
        (Action::SoftReset, "soft-reset"),
    ];

    /// As xl.cfg and libvirt name it.
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(action, _)| *action == self);
        found.map_or("destroy", |&(_, name)| name)
    }

    /// The action called `name`, in the spelling of xl.cfg or of XenServer's records.
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace('_', "-");
        let name = match name.as_str() {
            "coredump-and-destroy" => "coredump-destroy",
            "coredump-and-restart" => "coredump-restart",
            other => other,
        };
        let found = Self::ALL.iter().find(|(_, known)| *known == name);
        found.map(|&(action, _)| action)
    }
}

impl Vm {
    /// Puts the disk called `which` (its id, or the name it had in the appliance) at `place`.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] when the guest has no such disk.
    pub fn place(&mut self, which: &str, place: impl Into<String>) -> Result<()> {
        let named = |disk: &&mut Disk| disk.id == which || disk.source.as_deref() == Some(which);
        match self.disks.iter_mut().find(named) {
            Some(disk) => {
                disk.place = Some(place.into());
                Ok(())
            }
            None => Err(Error::usage(format!("the guest has no disk {which:?}"))),
        }
    }

    /// Puts disk number `index`, counted from 0 among what is no CD drive, at `place`.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] when the guest has fewer disks.
    pub fn place_nth(&mut self, index: usize, place: impl Into<String>) -> Result<()> {
        let mut disks = self.disks.iter_mut().filter(|disk| !disk.cdrom);
        match disks.nth(index) {
            Some(disk) => {
                disk.place = Some(place.into());
                Ok(())
            }
            None => Err(Error::usage(format!(
                "the guest has no disk number {index}, counted from 0"
            ))),
        }
    }

    /// What system is in it, as far as its description tells.
    pub fn system(&self) -> System {
        let said = self.guest_os.as_ref();
        said.map_or(System::Unknown, |said| System::of(&said.value))
    }

    /// What a configuration of it leaves out, a line each: images that are none of its disks, what cannot
    /// be used and what the model has no place for.
    pub(crate) fn left_out(&self) -> Vec<String> {
        let image = |image: &Unplugged| {
            let place = image.place.as_ref();
            let place = place.map_or(String::new(), |place| format!(", which is at {place}"));
            format!("{}, {}{place}, {}", image.source, image.what, image.from)
        };
        let note = |note: &Note| format!("{}, {}", note.text, note.from);
        let images = self.unplugged.iter().take(MAX_NOTES).map(image);
        images
            .chain(self.faults.iter().map(note))
            .chain(self.notes.iter().map(note))
            .collect()
    }

    /// Remembers that its processors are of the family `name`, where no PC has them.
    pub(crate) fn architecture(&mut self, name: &str, from: &Origin) {
        if !matches!(name, "x86_64" | "amd64" | "i686" | "i386") {
            let text = format!("a guest of the architecture {name:?} runs on no x86 processor");
            self.fault(text, from);
        }
    }

    /// Remembers something the model has no place for.
    pub(crate) fn note(&mut self, text: impl Into<String>, from: &Origin) {
        push(&mut self.notes, text.into(), from);
    }

    /// Remembers something that cannot be used, and why not.
    pub(crate) fn fault(&mut self, text: impl Into<String>, from: &Origin) {
        push(&mut self.faults, text.into(), from);
    }

    /// What `read` gives, unless it cannot be used, which is remembered.
    pub(crate) fn usable<T>(&mut self, read: Result<T>, from: &Origin) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(error.to_string(), from);
                None
            }
        }
    }

    /// Remembers that it has a controller for `bus`.
    pub(crate) fn has_bus(&mut self, bus: Bus) {
        if !self.buses.contains(&bus) {
            self.buses.push(bus);
        }
    }
}

/// Adds to `notes` unless there are more than a user reads.
fn push(notes: &mut Vec<Note>, text: String, from: &Origin) {
    let text = match notes.len() {
        count if count < MAX_NOTES => text,
        MAX_NOTES => "more than can be listed".to_owned(),
        _ => return,
    };
    let from = from.clone();
    notes.push(Note { text, from });
}
