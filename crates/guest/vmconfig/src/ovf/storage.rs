//! The files and disks an envelope lists.

use std::collections::HashMap;

use error::Result;

use super::resource::Resource;
use super::{Reader, section, unit};
use crate::limits::{check_devices, shown};
use crate::value::{Origin, Value};
use crate::vm::{Bus, Chunks, Content, Disk, Scsi};
use crate::xml::Element;

/// A file that an envelope lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReference {
    /// Where it is, relative to the OVF; where it comes in chunks, what their names begin with.
    pub href: String,
    /// Its size in bytes, compressed and in all its chunks, where it is stated.
    pub size: Option<u64>,
    /// The pieces that it comes in, where it does.
    pub chunks: Option<Chunks>,
    /// How it is compressed: `gzip`.
    pub compression: Option<String>,
}

/// A file of the appliance.
#[derive(Clone, Copy)]
pub(super) struct Listed<'x> {
    pub id: &'x str,
    pub href: &'x str,
    size: Option<u64>,
    chunk: Option<&'x str>,
    compression: Option<&'x str>,
    element: &'x Element,
}

impl<'x> Listed<'x> {
    fn of(element: &'x Element) -> Self {
        let attribute = |name| element.attribute(name).filter(|value| !value.is_empty());
        Listed {
            id: attribute("id").unwrap_or_default(),
            href: attribute("href").unwrap_or_default(),
            size: attribute("size").and_then(unit::whole),
            chunk: attribute("chunkSize"),
            compression: attribute("compression").filter(|&name| name != "identity"),
            element,
        }
    }

    fn chunks(&self) -> Option<Chunks> {
        let size = self.chunk.and_then(unit::whole).filter(|&size| size > 0)?;
        let total = self.size;
        Some(Chunks { size, total })
    }

    pub fn stated(&self) -> FileReference {
        FileReference {
            href: self.href.to_owned(),
            size: self.size,
            chunks: self.chunks(),
            compression: self.compression.map(str::to_owned),
        }
    }
}

/// The files that `envelope` lists.
pub(super) fn files(envelope: &Element) -> impl Iterator<Item = Listed<'_>> {
    let references = section(envelope, "References").into_iter();
    references.flat_map(|list| list.all("File")).map(Listed::of)
}

/// The disks an envelope lists, by the names items call them.
pub(super) struct Storage {
    disks: Vec<Disk>,
    names: HashMap<String, usize>,
    files: HashMap<String, String>,
}

impl Storage {
    /// The disk that an item's `HostResource` names, and its number in the list.
    pub fn disk(&self, resource: &Resource<'_>) -> Option<(Option<usize>, Disk)> {
        let mut names = resource.names().into_iter();
        let index = names.find_map(|name| self.names.get(&name).copied())?;
        Some((Some(index), self.disks.get(index)?.clone()))
    }

    /// The file that an item's `HostResource` names.
    pub fn file(&self, resource: &Resource<'_>) -> Option<&str> {
        let mut names = resource.names().into_iter();
        names.find_map(|name| self.files.get(&name).map(String::as_str))
    }

    /// All disks, in the order of the list.
    pub fn into_disks(self) -> Vec<Disk> {
        self.disks
    }
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

impl<'x> Reader<'x> {
    /// The envelope's lists.
    ///
    /// # Errors
    /// [`error::Kind::Unsupported`] for more disks than any guest has.
    pub(super) fn storage(&mut self) -> Result<Storage> {
        let files = self.files();
        let named = files
            .iter()
            .map(|(&id, file)| (id.to_owned(), file.href.to_owned()));
        let mut storage = Storage {
            disks: Vec::new(),
            names: HashMap::new(),
            files: named.collect(),
        };
        let list = section(self.envelope, "DiskSection").into_iter();
        for element in list.flat_map(|list| list.all("Disk")) {
            let disk = self.listed(element, &files);
            let index = storage.disks.len();
            // oVirt's items name a disk by its file.
            let names = [
                Some(disk.id.clone()),
                element.attribute("fileRef").map(str::to_owned),
                disk.source.clone(),
            ];
            for name in names.into_iter().flatten() {
                storage.names.entry(name).or_insert(index);
            }
            storage.disks.push(disk);
        }
        check_devices("disks", storage.disks.len())?;
        Ok(storage)
    }

    /// The files by their ids and, as oVirt's disks name them, by where they are.
    fn files(&mut self) -> HashMap<&'x str, Listed<'x>> {
        let listed: Vec<_> = files(self.envelope).collect();
        let mut files = HashMap::new();
        for file in &listed {
            if file.chunk.is_some() && file.chunks().is_none() {
                let from = self.origin("References", file.element);
                let text = format!("file {} comes in chunks of no size", shown(file.href));
                self.vm.fault(text, &from);
            }
            let known = files.insert(file.id, *file);
            if let Some(known) = known.filter(|known| known.href != file.href) {
                let from = self.origin("References", file.element);
                let (id, name) = (shown(file.id), shown(file.href));
                let text = format!("two files are called {id:?}, the second is {name}");
                self.vm.fault(text, &from);
                files.insert(file.id, known);
            }
        }
        for file in listed {
            files.entry(file.href).or_insert(file);
        }
        files
    }

    fn listed(&mut self, element: &'x Element, files: &HashMap<&str, Listed<'x>>) -> Disk {
        let attribute = |name| {
            element
                .attribute(name)
                .filter(|value: &&str| !value.is_empty())
        };
        let from = self.origin("DiskSection", element);
        let id = attribute("diskId").unwrap_or("disk");
        let reference = attribute("fileRef");
        let file = reference.and_then(|reference| files.get(reference));
        if let (Some(reference), None) = (reference, file) {
            let (id, file) = (shown(id), shown(reference));
            let text = format!("disk {id} is in file {file:?}, which is not among the references");
            self.vm.fault(text, &from);
        }
        let content = self.content_of(element, id, &from);
        Disk {
            source: file.map(|file| file.href.to_owned()),
            size: self.capacity(element, id, &from),
            format: attribute("format")
                .or_else(|| attribute("volume-format"))
                .map(str::to_owned),
            compression: file.and_then(|file| file.compression).map(str::to_owned),
            chunks: file.and_then(|file| file.chunks()),
            content,
            // oVirt says it here, and has no controllers.
            bus: attribute("disk-interface")
                .and_then(bus)
                .map(|bus| Value::new(bus, &from)),
            scsi: attribute("disk-interface").and_then(Scsi::of_name),
            bootable: attribute("boot") == Some("true"),
            ..Disk::new(id, &from)
        }
    }

    /// Whether the disk has a file, is blank or only differs from another one.
    fn content_of(&mut self, element: &Element, id: &str, from: &Origin) -> Content {
        let none = ["", "00000000-0000-0000-0000-000000000000"];
        let parent = element.attribute("parentRef").unwrap_or_default();
        if !none.contains(&parent) {
            let (id, parent) = (shown(id), shown(parent));
            let text = format!("disk {id} holds only what differs from disk {parent:?}");
            self.vm.fault(text, from);
            return Content::Differences(parent);
        }
        match element.attribute("fileRef") {
            None | Some("") => Content::Blank,
            Some(_) => Content::Given,
        }
    }

    /// The disk's size, in bytes.
    fn capacity(&mut self, element: &'x Element, id: &str, from: &Origin) -> Option<u64> {
        let attribute = |name| element.attribute(name).filter(|text| !text.is_empty());
        let what = format!("capacity of disk {}", shown(id));
        // oVirt's own `size` is in GiB.
        let (said, units, default) = match (attribute("capacity"), attribute("size")) {
            (Some(capacity), _) => (capacity, attribute("capacityAllocationUnits"), 1),
            (None, Some(size)) => (size, None, 1 << 30),
            (None, None) => return None,
        };
        let Some(said) = self.resolved(said) else {
            // The file of any other disk tells its size.
            if attribute("fileRef").is_none() {
                let text = format!("{what}: {} has no value", shown(said));
                self.vm.fault(text, from);
            }
            return None;
        };
        let read = unit::bytes(&what, said, units, default);
        self.vm.usable(read, from)
    }
}
