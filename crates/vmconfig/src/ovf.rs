//! OVF, the Open Virtualization Format, 1.x and 2.x, as VMware, VirtualBox, XenServer, XCP-ng, oVirt and
//! Nutanix write it.
//!
//! Format: DMTF DSP0243 "Open Virtualization Format Specification" 1.1.1 and 2.1.1; resource types from
//! the CIM schema's `CIM_ResourceAllocationSettingData`. Names are taken without their namespaces:
//! products do not agree on them.

mod files;
mod hardware;
mod product;
mod storage;
#[cfg(test)]
mod tests;
mod unit;

use report::{Error, Result};

pub use files::{DiskFile, disk_files};

use crate::limits::shown;

use crate::value::{Origin, Value};
use crate::vm::Vm;
use crate::xml::{self, Element};

/// Reads the description of one guest, called `file`.
///
/// # Errors
/// [`report::Kind::Corrupt`] for what contradicts the format, [`report::Kind::Refused`] for more than
/// one guest, [`report::Kind::Unsupported`] for disks in chunks and what is beyond all measure.
pub fn read(text: &str, file: &str) -> Result<Vm> {
    let envelope = xml::parse(text)?;
    if envelope.name != "Envelope" {
        return Err(Error::corrupt(format!(
            "it is no OVF: its root is <{}>, not <Envelope>",
            shown(&envelope.name)
        )));
    }
    let system = system(&envelope)?;
    let mut reader = Reader {
        envelope: &envelope,
        system,
        file,
        vm: Vm::default(),
    };
    reader.names();
    reader.product();
    reader.hardware()?;
    reader.leftovers();
    Ok(reader.vm)
}

/// The guest the envelope describes.
fn system(envelope: &Element) -> Result<&Element> {
    let mut systems = Vec::new();
    collect(envelope, &mut systems);
    match systems.as_slice() {
        [] => Err(Error::corrupt("there is no <VirtualSystem> in it")),
        [system] => Ok(system),
        many => {
            let named = |system: &&Element| {
                let name = system.text_of("Name").or_else(|| system.attribute("id"));
                shown(name.unwrap_or("(nameless)"))
            };
            let names: Vec<_> = many.iter().take(20).map(named).collect();
            Err(Error::refused(format!(
                "it describes {} guests: {}",
                many.len(),
                names.join(", ")
            ))
            .hint("export the guests one by one"))
        }
    }
}

/// Finds the guests in `element` and in the collections in it.
fn collect<'x>(element: &'x Element, systems: &mut Vec<&'x Element>) {
    for child in &element.children {
        match section_type(child) {
            "VirtualSystem" => systems.push(child),
            "VirtualSystemCollection" => collect(child, systems),
            _ => {}
        }
    }
}

/// What an element is: its name, or in the style of OVF 0.9, which oVirt keeps, its `xsi:type`.
fn section_type(element: &Element) -> &str {
    let name = element.name.as_str();
    if !matches!(name, "Section" | "Content") {
        return name;
    }
    let stated = element.attribute("type").unwrap_or(name);
    let local = stated.rsplit_once(':').map_or(stated, |(_, local)| local);
    local.strip_suffix("_Type").unwrap_or(local)
}

/// The first element of `parent` that is a `name`.
fn section<'x>(parent: &'x Element, name: &str) -> Option<&'x Element> {
    let mut children = parent.children.iter();
    children.find(|child| section_type(child) == name)
}

struct Reader<'x> {
    envelope: &'x Element,
    system: &'x Element,
    file: &'x str,
    vm: Vm,
}

impl<'x> Reader<'x> {
    /// Where `element`, which belongs to `part`, is.
    fn origin(&self, part: &str, element: &Element) -> Origin {
        Origin::stated(self.file, format!("{part}, line {}", element.line))
    }

    /// The text of `parent`'s child `name`.
    fn text(&self, parent: &Element, name: &str) -> Option<Value<String>> {
        let child = parent.child(name).filter(|child| !child.text.is_empty())?;
        let from = self.origin(name, child);
        Some(Value::new(child.text.clone(), &from))
    }

    fn names(&mut self) {
        let id = || {
            let id = self.system.attribute("id").filter(|id| !id.is_empty())?;
            let from = self.origin("VirtualSystem", self.system);
            Some(Value::new(id.to_owned(), &from))
        };
        self.vm.name = self.text(self.system, "Name").or_else(id);
        let annotation = section(self.system, "AnnotationSection")
            .and_then(|section| self.text(section, "Annotation"));
        self.vm.description = annotation.or_else(|| self.text(self.system, "Description"));
        if let Some(section) = section(self.system, "OperatingSystemSection") {
            let from = self.origin("OperatingSystemSection", section);
            let said = section
                .text_of("Description")
                .or_else(|| section.attribute("osType"))
                .or_else(|| section.text_of("OSType"));
            self.vm.guest_os = said.map(|said| Value::new(said.to_owned(), &from));
        }
    }

    /// Parts of the guest that nobody here asks for are notes.
    fn leftovers(&mut self) {
        let known = [
            "Info",
            "Name",
            "Description",
            "AnnotationSection",
            "OperatingSystemSection",
            "VirtualHardwareSection",
            "Machine",
        ];
        for child in &self.system.children {
            let name = section_type(child);
            if !name.ends_with("Section") || known.contains(&name) {
                continue;
            }
            let from = self.origin(name, child);
            let what = child.text_of("Product").or_else(|| child.text_of("Info"));
            let text = format!("{name}: {}", what.unwrap_or("not used"));
            self.vm.note(text, &from);
        }
    }
}
