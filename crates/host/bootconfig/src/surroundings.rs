//! What a boot loader finds beside its configuration: files, devices, the machine that it runs on.

mod devices;

use std::collections::BTreeMap;

use error::Error;
use host::Files;
use hostconfig::{Known, Source, Unknown};

pub use devices::{Device, Devices};

/// What a boot loader finds beside its configuration.
///
/// There are two kinds. On a running host paths are the host's own, and nothing is known of devices: the methods with
/// a default say so, and what depends on them stays unknown. On the disks of a guest everything can be known: a path
/// may begin with a device (`(hd0,msdos1)/grub/grub.cfg`; without one it is on [`Surroundings::own_device`]), and every
/// method has an answer.
pub trait Surroundings {
    /// The file at `path`, which may be a list of blocks behind a device (`(hd0)2048+1`); `None` where there is none.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&self, path: &str) -> Known<Option<Source>>;

    /// Whether anything is at `path`.
    ///
    /// # Errors
    /// That cannot be told.
    fn exists(&self, path: &str) -> Known<bool>;

    /// Whether a directory is at `path`.
    ///
    /// # Errors
    /// That cannot be told.
    fn is_directory(&self, path: &str) -> Known<bool>;

    /// The names in the directory at `path`, sorted; none where there is no such directory.
    ///
    /// # Errors
    /// It cannot be listed.
    fn names(&self, path: &str) -> Known<Vec<String>>;

    /// The paths at which the file may be that a loader with its configuration in `directory` calls `path`, the
    /// likeliest first: on a host [`crate::candidates`], on a guest only the [`crate::exact`] one.
    fn candidates(&self, directory: &str, path: &str) -> Vec<String> {
        crate::candidates(directory, path)
    }

    /// The device that the configuration is on, as the loader calls it: `hd0,msdos1`, `lvm/vg-root`.
    ///
    /// # Errors
    /// It is known only when the loader runs.
    fn own_device(&self) -> Known<String> {
        Err(only_when_it_runs())
    }

    /// The one name of the device that a configuration calls `name` (`hd0,1`, `lvmid/…`, `mduuid/…`); `None` where there
    /// is none.
    ///
    /// # Errors
    /// It is known only when the loader runs.
    fn device(&self, name: &str) -> Known<Option<String>> {
        _ = name;
        Err(only_when_it_runs())
    }

    /// The first device with what is searched for.
    ///
    /// # Errors
    /// It is known only when the loader runs.
    fn search(&self, search: &Search<'_>) -> Known<Option<String>> {
        _ = search;
        Err(only_when_it_runs())
    }

    /// A property of a device; `None` where the device has none or is not there.
    ///
    /// # Errors
    /// It is known only when the loader runs.
    fn probe(&self, device: &str, property: Property) -> Known<Option<String>> {
        _ = (device, property);
        Err(only_when_it_runs())
    }

    /// The name by which the file system in the file at `path` can be read as a device; `None` where there is no such
    /// file.
    ///
    /// # Errors
    /// It is known only when the loader runs, or it cannot be read.
    fn loopback(&self, path: &str) -> Known<Option<String>> {
        _ = path;
        Err(only_when_it_runs())
    }

    /// What the loader runs on.
    ///
    /// # Errors
    /// It is known only when the loader runs.
    fn platform(&self) -> Known<Platform> {
        Err(only_when_it_runs())
    }
}

/// What is searched for among the devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search<'a> {
    /// What the device must have.
    pub key: Key<'a>,
    /// Devices that are looked at first, in this order (`--hint…`).
    pub hints: Vec<&'a str>,
    /// The device whose disk is the only one that is looked at (`--root-dev-only`).
    pub within: Option<&'a str>,
}

/// What a device is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// The label of its file system.
    Label(&'a str),
    /// The UUID or serial number of its file system, in letters of either case.
    Uuid(&'a str),
    /// A file on it, by its path.
    File(&'a str),
    /// The UUID of the partition.
    PartUuid(&'a str),
    /// The name of the partition in a GPT.
    PartLabel(&'a str),
}

/// What GRUB's `probe` tells of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    /// The module that reads the disk: `biosdisk`, `lvm`, `loopback`.
    Driver,
    /// The kind of its partition table: `msdos`, `gpt`.
    PartitionTable,
    /// The kind of its file system: `ext2`, `fat`, `xfs`.
    FileSystem,
    /// The UUID of its file system.
    Uuid,
    /// The label of its file system.
    Label,
    /// The UUID of the partition.
    PartUuid,
}

/// What a loader runs on, in GRUB's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Platform {
    /// `grub_platform`: `pc`, `efi`, `xen`.
    pub name: &'static str,
    /// `grub_cpu`: `i386`, `x86_64`, `arm64`.
    pub processor: &'static str,
}

impl Platform {
    /// A PC with a BIOS.
    pub const BIOS: Platform = Platform {
        name: "pc",
        processor: "i386",
    };
    /// A PC with EFI.
    pub const EFI: Platform = Platform {
        name: "efi",
        processor: "x86_64",
    };
}

fn only_when_it_runs() -> Unknown {
    Unknown::new("devices are known only when the boot loader runs")
}

impl Surroundings for Files {
    fn read(&self, path: &str) -> Known<Option<Source>> {
        Source::read(self, path).map_err(unknown)
    }

    fn exists(&self, path: &str) -> Known<bool> {
        Files::exists(self, path).map_err(unknown)
    }

    fn is_directory(&self, path: &str) -> Known<bool> {
        let status = self.status(path).map_err(unknown)?;
        Ok(status.is_some_and(|status| status.kind == host::Kind::Directory))
    }

    fn names(&self, path: &str) -> Known<Vec<String>> {
        let names = self.list(path).map_err(unknown)?;
        let text = |name: std::ffi::OsString| name.to_string_lossy().into_owned();
        Ok(names.unwrap_or_default().into_iter().map(text).collect())
    }
}

fn unknown(error: Error) -> Unknown {
    let mut why = error.to_string();
    for cause in error.causes() {
        why += &format!(": {cause}");
    }
    Unknown::new(why)
}

/// Files of a host that are only texts, by their paths.
impl Surroundings for BTreeMap<String, String> {
    fn read(&self, path: &str) -> Known<Option<Source>> {
        Ok(self.get(path).map(|text| Source::new(path, text.as_str())))
    }

    fn exists(&self, path: &str) -> Known<bool> {
        Ok(self.contains_key(path) || self.is_directory(path)?)
    }

    fn is_directory(&self, path: &str) -> Known<bool> {
        let below = format!("{}/", path.trim_end_matches('/'));
        let mut inside = self.range(below.clone()..);
        Ok(inside
            .next()
            .is_some_and(|(name, _)| name.starts_with(&below)))
    }

    fn names(&self, path: &str) -> Known<Vec<String>> {
        let below = format!("{}/", path.trim_end_matches('/'));
        let names = self.keys().filter_map(|name| name.strip_prefix(&below));
        let mut names: Vec<_> = names
            .filter_map(|name| name.split('/').next())
            .map(str::to_owned)
            .collect();
        names.dedup();
        Ok(names)
    }
}
