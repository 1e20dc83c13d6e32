//! What a boot loader offers.

use std::path::Path;
use std::sync::Arc;

use crate::cmdline::{CommandLine, Parameter, Reader};
use crate::traced::{Known, Place, Traced, Unknown};

/// A boot loader's configuration: its menu, and what it starts by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boot {
    /// Whose it is.
    pub loader: Loader,
    /// The file with which it starts.
    pub file: Arc<Path>,
    /// Every entry in the order of the menu, those of submenus in the place of their submenu.
    pub entries: Vec<Entry>,
    /// What is started at the next boot without anybody's help.
    pub default: Selection,
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
    pub initrds: Vec<Traced>,
    /// Another loader or an EFI program that it starts.
    pub chained: Option<Traced>,
    /// Why it may not be in the menu, or may load something else.
    pub doubt: Option<Unknown>,
}

/// A file that is loaded with a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Where the command is that loads it.
    pub place: Place,
    /// The file, as its loader calls it; [`super::candidates`] says where that may be on the host.
    pub path: Traced,
    /// What it is given.
    pub options: CommandLine,
}

impl Boot {
    /// The entry that is started at the next boot.
    ///
    /// # Errors
    /// Why that is not known; also when there is no entry.
    pub fn default_entry(&self) -> Known<&Entry> {
        let index = self.default.entry.clone()?;
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
    /// Whether its file is called as Xen is.
    pub fn is_xen(&self) -> bool {
        let path = self.path.as_str();
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

    pub(super) fn new(reader: Reader, place: Place, path: Traced, text: Traced) -> Self {
        let options = CommandLine { reader, text };
        Image {
            place,
            path,
            options,
        }
    }
}
