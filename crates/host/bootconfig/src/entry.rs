//! What a boot loader offers.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hostconfig::cmdline::{CommandLine, Parameter, Reader};
use hostconfig::{Known, Place, Traced, Unknown};

/// A boot loader's configuration: its menu, and what it starts by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boot {
    /// Whose it is.
    pub loader: Loader,
    /// The file with which it starts.
    pub file: Arc<Path>,
    /// Every entry in the order of the menu, those of submenus in the place of their submenu.
    pub entries: Vec<Entry>,
    /// The entry that the menu marks when it is shown.
    pub default: Selection,
    /// The number of the entry in [`Boot::entries`] that is started when nobody chooses one: the default, unless the
    /// configuration names another for that (syslinux's `ONTIMEOUT`).
    pub unattended: Known<usize>,
    /// The numbers of the entries that are tried, in this order, when the files of the one that was to be started
    /// cannot be loaded.
    pub fallback: Vec<usize>,
    /// When [`Boot::unattended`] is started.
    pub timeout: Known<Timeout>,
    /// The menu as a whole asks for a password before anything is started: where that is set.
    pub asks: Option<Place>,
    /// What in it is not understood; where entries or the default depend on that, they say so too.
    pub doubts: Vec<Unknown>,
}

/// A boot loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loader {
    /// GRUB 2.
    Grub,
    /// extlinux, syslinux or isolinux.
    Syslinux,
    /// Xen's own, started by EFI (`xen.efi` with a `.cfg` beside it).
    XenEfi,
}

/// How long a boot loader waits for a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// So long; zero starts at once, without a menu.
    After(Duration),
    /// Without an end: nothing starts unless somebody chooses it.
    Never,
}

/// What is chosen, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// What the configuration says: a number, a title, a label, wherever it was set; `None` when nothing does, and
    /// the loader takes its first.
    pub setting: Option<Traced>,
    /// The number of the entry in [`Boot::entries`], from 0.
    pub entry: Known<usize>,
    /// Whether there is no entry that the setting names. GRUB starts the first one then, syslinux a file of that name
    /// if there is one, xen.efi nothing.
    pub is_missing: bool,
}

/// An entry of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What the menu shows; the label where nothing else is to be shown.
    pub title: Traced,
    /// What it can be chosen by beside its title: GRUB's `--id`, syslinux's label, a section of xen.cfg.
    pub id: Option<Traced>,
    /// Where it begins.
    pub place: Place,
    /// The titles of the submenus it is in, the outermost first.
    pub submenus: Vec<String>,
    /// The hypervisor, where one is loaded before the kernel.
    pub hypervisor: Option<Image>,
    /// The kernel; `None` for an entry that loads none (firmware setup, another loader).
    pub kernel: Option<Image>,
    /// Initial RAM disks and microcode, in their order.
    pub initrds: Vec<FileRef>,
    /// Another loader or an EFI program that it starts.
    pub chained: Option<Traced>,
    /// Starting it asks for a user or a password: where that is set.
    pub asks: Option<Place>,
    /// Why it may not be in the menu, or may load something else.
    pub doubt: Option<Unknown>,
}

/// A file that is loaded with a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Where the command is that loads it.
    pub place: Place,
    /// The file.
    pub file: FileRef,
    /// What it is given.
    pub options: CommandLine,
}

/// A file that a boot loader loads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRef {
    /// The path as its loader calls it, without a device before it; [`super::candidates`] says where that may be on a
    /// host.
    pub path: Traced,
    /// The device that the loader takes it from, as [`Surroundings::device`](super::Surroundings::device) calls it;
    /// `None` for the one that the configuration is on, and where the device is not known.
    pub device: Option<String>,
}

impl Boot {
    /// The entry that is started at the next boot.
    ///
    /// # Errors
    /// Why that is not known; also when there is no entry.
    pub fn default_entry(&self) -> Known<&Entry> {
        let index = self.unattended.clone()?;
        let none = || Unknown::new("there is no entry");
        self.entries.get(index).ok_or_else(none)
    }

    /// The entries that start Xen.
    pub fn with_xen(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.starts_xen())
    }
}

impl Entry {
    /// An entry that loads nothing yet.
    pub(super) fn new(title: Traced, place: Place) -> Self {
        Entry {
            title,
            id: None,
            place,
            submenus: Vec::new(),
            hypervisor: None,
            kernel: None,
            initrds: Vec::new(),
            chained: None,
            asks: None,
            doubt: None,
        }
    }

    /// Whether the hypervisor that it loads is called as Xen is: `xen.gz`, `xen-4.17-amd64.gz`.
    pub fn starts_xen(&self) -> bool {
        self.hypervisor.as_ref().is_some_and(Image::is_xen)
    }

    /// A doubt, unless there is one already.
    pub(super) fn doubt(&mut self, unknown: Unknown) {
        self.doubt.get_or_insert(unknown);
    }
}

impl Image {
    /// Shorthand for its file's path.
    pub fn path(&self) -> &Traced {
        &self.file.path
    }

    /// Whether its file is called as Xen is.
    pub fn is_xen(&self) -> bool {
        let path = self.path().as_str();
        let name = path.rsplit('/').next().unwrap_or(path);
        name.to_ascii_lowercase().starts_with("xen")
    }

    /// Shorthand for the last word of its options with this name.
    ///
    /// # Errors
    /// Those of [`CommandLine::last`].
    pub fn option(&self, name: &str) -> Known<Option<Parameter>> {
        self.options.last(name)
    }

    pub(super) fn new(
        reader: Reader,
        place: Place,
        file: impl Into<FileRef>,
        text: Traced,
    ) -> Self {
        let options = CommandLine { reader, text };
        Image {
            place,
            file: file.into(),
            options,
        }
    }
}

impl From<Traced> for FileRef {
    /// A file on the device of the configuration.
    fn from(path: Traced) -> Self {
        FileRef { path, device: None }
    }
}

impl fmt::Display for FileRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.device {
            Some(device) => write!(f, "({device}){}", self.path),
            None => self.path.fmt(f),
        }
    }
}

impl PartialEq<&str> for FileRef {
    /// Compares it as it is displayed.
    fn eq(&self, other: &&str) -> bool {
        let (device, path) = match other
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'))
        {
            Some((device, path)) => (Some(device), path),
            None => (None, *other),
        };
        self.device.as_deref() == device && self.path == path
    }
}
