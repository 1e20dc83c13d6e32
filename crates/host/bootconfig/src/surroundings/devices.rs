//! Devices whose files are only texts: a guest's disks, for tests and measurements.

use std::collections::BTreeMap;

use hostconfig::{Known, Source};

use super::{Key, Platform, Property, Search, Surroundings};

/// Devices whose files are only texts: what the disks of a guest are to a boot loader. Paths are as they are in
/// [`Surroundings`]; the configuration is on the first device.
#[derive(Clone, Debug, Default)]
pub struct Devices {
    /// Every device, in the order in which they are searched.
    pub all: Vec<Device>,
    /// Whether the guest has EFI.
    pub has_efi: bool,
}

/// A device with a file system.
#[derive(Clone, Debug, Default)]
pub struct Device {
    /// What it is called: `hd0,gpt2`.
    pub name: String,
    /// Other names of it: `hd0,2`, `lvmid/…`.
    pub aliases: Vec<String>,
    /// The file system's label.
    pub label: String,
    /// The file system's UUID.
    pub uuid: String,
    /// The partition's UUID.
    pub part_uuid: String,
    /// The partition's name in a GPT.
    pub part_label: String,
    /// Texts by their paths.
    pub files: BTreeMap<String, String>,
}

impl Device {
    /// A device with these files.
    pub fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Device {
            name: name.to_owned(),
            files: files.iter().map(own).collect(),
            ..Device::default()
        }
    }

    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }

    fn has(&self, key: Key<'_>) -> bool {
        match key {
            Key::Label(label) => self.label == label,
            Key::Uuid(uuid) => self.uuid.eq_ignore_ascii_case(uuid),
            Key::PartUuid(uuid) => self.part_uuid.eq_ignore_ascii_case(uuid),
            Key::PartLabel(label) => self.part_label == label,
            Key::File(path) => self.files.exists(path) == Ok(true),
        }
    }

    /// The disk's name.
    fn disk(&self) -> &str {
        self.name
            .split_once(',')
            .map_or(&self.name, |(disk, _)| disk)
    }
}

impl Devices {
    fn named(&self, name: &str) -> Option<&Device> {
        self.all.iter().find(|device| device.is_called(name))
    }

    /// The device and the path on it.
    fn place<'p>(&self, path: &'p str) -> Option<(&Device, &'p str)> {
        match path.strip_prefix('(').and_then(|path| path.split_once(')')) {
            Some((device, path)) => Some((self.named(device)?, path)),
            None => Some((self.all.first()?, path)),
        }
    }
}

impl Surroundings for Devices {
    fn read(&self, path: &str) -> Known<Option<Source>> {
        let found = self.place(path);
        let text = found.and_then(|(device, inside)| device.files.get(inside));
        Ok(text.map(|text| Source::new(path, text.as_str())))
    }

    fn exists(&self, path: &str) -> Known<bool> {
        self.place(path)
            .map_or(Ok(false), |(device, inside)| device.files.exists(inside))
    }

    fn is_directory(&self, path: &str) -> Known<bool> {
        self.place(path).map_or(Ok(false), |(device, inside)| {
            device.files.is_directory(inside)
        })
    }

    fn names(&self, path: &str) -> Known<Vec<String>> {
        self.place(path).map_or(Ok(Vec::new()), |(device, inside)| {
            device.files.names(inside)
        })
    }

    fn candidates(&self, directory: &str, path: &str) -> Vec<String> {
        vec![crate::exact(directory, path)]
    }

    fn own_device(&self) -> Known<String> {
        Ok(self
            .all
            .first()
            .map(|device| device.name.clone())
            .unwrap_or_default())
    }

    fn device(&self, name: &str) -> Known<Option<String>> {
        Ok(self.named(name).map(|device| device.name.clone()))
    }

    fn search(&self, search: &Search<'_>) -> Known<Option<String>> {
        let hinted = search.hints.iter().filter_map(|hint| self.named(hint));
        let within = |device: &&Device| {
            let disk = search.within.and_then(|name| self.named(name));
            disk.is_none_or(|other| other.disk() == device.disk())
        };
        let mut all = hinted.chain(&self.all).filter(within);
        let found = all.find(|device| device.has(search.key));
        Ok(found.map(|device| device.name.clone()))
    }

    fn probe(&self, device: &str, property: Property) -> Known<Option<String>> {
        let Some(device) = self.named(device) else {
            return Ok(None);
        };
        let value = match property {
            Property::Driver => "hostdisk",
            Property::PartitionTable if device.name.contains(",gpt") => "gpt",
            Property::PartitionTable if device.name.contains(',') => "msdos",
            Property::PartitionTable => "",
            Property::FileSystem => "ext2",
            Property::Uuid => &device.uuid,
            Property::Label => &device.label,
            Property::PartUuid => &device.part_uuid,
        };
        Ok(Some(value.to_owned()).filter(|value| !value.is_empty()))
    }

    /// A device of its own stands for what is in the file: `(loop:PATH)`, if it is among the devices.
    fn loopback(&self, path: &str) -> Known<Option<String>> {
        self.device(&format!("loop:{path}"))
    }

    fn platform(&self) -> Known<Platform> {
        Ok(if self.has_efi {
            Platform::EFI
        } else {
            Platform::BIOS
        })
    }
}
