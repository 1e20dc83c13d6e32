//! The files and disks an envelope lists.

use std::collections::HashMap;

use report::{Error, Result};

use super::{Reader, section, unit};
use crate::limits::{check_devices, shown};
use crate::value::Value;
use crate::vm::{Bus, Disk};
use crate::xml::Element;

/// A file of the appliance.
#[derive(Clone, Copy)]
struct File<'x> {
    href: &'x str,
    compression: Option<&'x str>,
}

/// The disks an envelope lists, by the names items call them.
pub(super) struct Storage {
    disks: Vec<Disk>,
    names: HashMap<String, usize>,
    files: HashMap<String, String>,
}

impl Storage {
    /// The disk that an item's `HostResource` names, and its number in the list.
    pub fn disk(&self, resource: &str) -> Option<(usize, Disk)> {
        let name = plain(resource);
        let index = *self.names.get(name)?;
        Some((index, self.disks.get(index)?.clone()))
    }

    /// The file that an item's `HostResource` names.
    pub fn file(&self, resource: &str) -> Option<&str> {
        self.files.get(plain(resource)).map(String::as_str)
    }

    /// All disks, in the order of the list.
    pub fn into_disks(self) -> Vec<Disk> {
        self.disks
    }
}

/// `resource` without what products put in front: `ovf:/disk/vmdisk1` → `vmdisk1`.
fn plain(resource: &str) -> &str {
    let name = resource.trim();
    let name = name.strip_prefix("ovf:").unwrap_or(name);
    let known = ["/disk/", "/file/", "disk/", "file/"];
    known
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name)
}

/// What oVirt calls a bus.
fn bus(name: &str) -> Option<Bus> {
    match name.to_ascii_lowercase().as_str() {
        "virtio" => Some(Bus::Virtio),
        "virtio_scsi" => Some(Bus::Scsi),
        "ide" => Some(Bus::Ide),
        "sata" => Some(Bus::Sata),
        _ => None,
    }
}

impl Reader<'_> {
    /// The envelope's lists.
    ///
    /// # Errors
    /// Sizes that are none; a file in chunks; a disk of which only a difference is there.
    pub(super) fn storage(&self) -> Result<Storage> {
        let files = self.files()?;
        let mut storage = Storage {
            disks: Vec::new(),
            names: HashMap::new(),
            files: HashMap::new(),
        };
        for (id, file) in &files {
            storage.files.insert((*id).to_owned(), file.href.to_owned());
        }
        let list = section(self.envelope, "DiskSection");
        let listed = list.map(|list| list.all("Disk").collect::<Vec<_>>());
        for element in listed.unwrap_or_default() {
            let disk = self.listed(element, &files)?;
            let index = storage.disks.len();
            // oVirt's items name a disk by its file.
            let names = [
                Some(disk.id.clone()),
                element.attribute("fileRef").map(str::to_owned),
            ];
            for name in names.into_iter().flatten() {
                storage.names.entry(name).or_insert(index);
            }
            storage.disks.push(disk);
        }
        check_devices("disks", storage.disks.len())?;
        Ok(storage)
    }

    fn files(&self) -> Result<HashMap<&str, File<'_>>> {
        let mut files = HashMap::new();
        let mut hrefs = Vec::new();
        let Some(references) = section(self.envelope, "References") else {
            return Ok(files);
        };
        for file in references.all("File") {
            let href = file.attribute("href").unwrap_or_default();
            let name = shown(href);
            if let Some(chunk) = file.attribute("chunkSize") {
                return Err(Error::unsupported(format!(
                    "file {name} comes in chunks of {} bytes",
                    shown(chunk)
                ))
                .hint("put the chunks together and leave chunkSize out of the OVF"));
            }
            let compression = match file.attribute("compression") {
                None | Some("" | "identity") => None,
                Some(compression) => Some(compression),
            };
            let id = file.attribute("id").unwrap_or_default();
            let file = File { href, compression };
            if files.insert(id, file).is_some() {
                return Err(Error::corrupt(format!(
                    "two files are called {:?}, the second is {name}",
                    shown(id)
                )));
            }
            hrefs.push(file);
        }
        // oVirt's disks name a file by where it is.
        for file in hrefs {
            files.entry(file.href).or_insert(file);
        }
        Ok(files)
    }

    fn listed(&self, element: &Element, files: &HashMap<&str, File<'_>>) -> Result<Disk> {
        let attribute = |name| {
            element
                .attribute(name)
                .filter(|value: &&str| !value.is_empty())
        };
        let id = attribute("diskId").unwrap_or("disk");
        let named = shown(id);
        if attribute("parentRef")
            .is_some_and(|parent| parent != "00000000-0000-0000-0000-000000000000")
        {
            return Err(Error::unsupported(format!(
                "disk {named} holds only what differs from another disk"
            )));
        }
        let file = match attribute("fileRef") {
            None => None,
            Some(reference) => match files.get(reference) {
                Some(file) => Some(file),
                None => {
                    return Err(Error::corrupt(format!(
                        "disk {named} lies in file {:?}, which is not among the references",
                        shown(reference)
                    )));
                }
            },
        };
        let from = self.origin("DiskSection", element);
        let what = format!("capacity of disk {named}");
        let units = attribute("capacityAllocationUnits");
        let size = match (attribute("capacity"), attribute("size")) {
            // A property of a deployment that nobody has set.
            (Some(capacity), _) if capacity.starts_with("${") => None,
            (Some(capacity), _) => Some(unit::bytes(&what, capacity, units, 1)?),
            // oVirt's own, in GiB.
            (None, Some(size)) => Some(unit::bytes(&what, size, None, 1 << 30)?),
            (None, None) => None,
        };
        Ok(Disk {
            source: file.map(|file| file.href.to_owned()),
            size,
            format: attribute("format")
                .or_else(|| attribute("volume-format"))
                .map(str::to_owned),
            compression: file.and_then(|file| file.compression).map(str::to_owned),
            // oVirt says it here, and has no controllers.
            bus: attribute("disk-interface")
                .and_then(bus)
                .map(|bus| Value::new(bus, &from)),
            bootable: attribute("boot") == Some("true"),
            ..Disk::new(id, &from)
        })
    }
}
