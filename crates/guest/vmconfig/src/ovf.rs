//! OVF, the Open Virtualization Format, 1.x and 2.x, as VMware, VirtualBox, XenServer, XCP-ng, oVirt and
//! Nutanix write it.
//!
//! Format: DMTF DSP0243 "Open Virtualization Format Specification" 1.1.1 and 2.1.1; resource types from
//! the CIM schema's `CIM_ResourceAllocationSettingData`. Names are taken without their namespaces:
//! products do not agree on them.

mod deployment;
mod files;
mod hardware;
mod product;
mod property;
mod resource;
mod storage;
mod systems;
#[cfg(test)]
mod tests;
mod unit;
mod write;

pub use files::disk_files;
pub use storage::FileReference;
pub use write::{Descriptor, DiskFile, write};

use error::{Error, Result};

use crate::choice::Choice;
use crate::limits::shown;
use crate::value::{Origin, Value};
use crate::vm::{System, Vm};
use crate::xml::{self, Element};

/// Reads the description of the only guest in `text`, called `file`.
///
/// # Errors
/// As [`choose`].
pub fn read(text: &str, file: &str) -> Result<Vm> {
    choose(text, file, &Choice::default())
}

/// Reads the description of the guest that is meant by `choice`, in a text called `file`. What cannot be
/// used is in [`Vm::faults`].
///
/// # Errors
/// [`error::Kind::Corrupt`] for what is not an OVF, [`error::Kind::Refused`] where the choice is not
/// one guest and one deployment, [`error::Kind::Unsupported`] for what is beyond all measure.
pub fn choose(text: &str, file: &str, choice: &Choice) -> Result<Vm> {
    let envelope = envelope(text)?;
    let systems = systems::of(&envelope);
    let system = systems::chosen(&systems, choice)?;
    let deployment = deployment::chosen(&envelope, choice)?;
    let mut reader = Reader {
        envelope: &envelope,
        system,
        alone: systems.len() == 1,
        deployment,
        file,
        vm: Vm::default(),
    };
    reader.names();
    reader.product();
    reader.hardware()?;
    reader.leftovers();
    Ok(reader.vm)
}

/// The files that `text` lists, in its order.
///
/// # Errors
/// [`error::Kind::Corrupt`] for what is not an OVF.
pub fn files(text: &str) -> Result<Vec<FileReference>> {
    let envelope = envelope(text)?;
    Ok(storage::files(&envelope)
        .map(|file| file.stated())
        .collect())
}

/// What `text` offers to choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// The names of its guests.
    pub guests: Vec<String>,
    /// The ids of its deployments, the default one first.
    pub deployments: Vec<String>,
}

/// The guests and deployments that `text` describes.
///
/// # Errors
/// [`error::Kind::Corrupt`] for what is not an OVF.
pub fn offer(text: &str) -> Result<Offer> {
    let envelope = envelope(text)?;
    let systems = systems::of(&envelope);
    let named = |system: &&Element| systems::names(system).first().map(|&name| name.to_owned());
    let deployments = deployment::all(&envelope);
    Ok(Offer {
        guests: systems.iter().filter_map(named).collect(),
        deployments: deployments.into_iter().map(str::to_owned).collect(),
    })
}

fn envelope(text: &str) -> Result<Element> {
    let envelope = xml::parse(text)?;
    match envelope.name.as_str() {
        "Envelope" => Ok(envelope),
        name => Err(Error::corrupt(format!(
            "it is not an OVF: its root is <{}>, not <Envelope>",
            shown(name)
        ))),
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
    /// The guest that is read.
    system: &'x Element,
    /// Whether it is the only one of the envelope.
    alone: bool,
    /// The deployment that is meant.
    deployment: Option<&'x str>,
    file: &'x str,
    vm: Vm,
}

impl<'x> Reader<'x> {
    /// Where `element`, which belongs to `part`, is.
    fn origin(&self, part: &str, element: &Element) -> Origin {
        Origin::stated(self.file, format!("{part}, line {}", element.position.line))
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
            let words = [
                section.text_of("Description"),
                section.attribute("osType"),
                section.text_of("OSType"),
                section.attribute("id").and_then(numbered_system),
            ];
            // Some descriptions say nothing: the first one in known words, or else the first one.
            let mut words = words.into_iter().flatten();
            let known = |said: &&str| System::of(said) != System::Unknown;
            let said = words.clone().find(known).or_else(|| words.next());
            self.vm.guest_os = said.map(|said| Value::new(said.to_owned(), &from));
        }
    }

    /// Parts of the guest that are not asked for here are notes.
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

/// What some numbers of `CIM_OperatingSystem.OSType` stand for.
fn numbered_system(number: &str) -> Option<&'static str> {
    Some(match number.trim() {
        "36" | "99" | "100" | "101" => "Linux",
        "42" => "FreeBSD",
        "58" => "Windows 2000",
        "67" => "Windows XP",
        "69" | "70" => "Windows Server 2003",
        "73" | "74" => "Windows Vista",
        "76" | "77" | "103" => "Windows Server 2008",
        "79" | "80" => "Red Hat Enterprise Linux",
        "82" | "83" | "84" | "85" => "SUSE Linux",
        "93" | "94" => "Ubuntu Linux",
        "95" | "96" => "Debian Linux",
        "104" => "FreeBSD",
        "105" => "Windows 7",
        "106" | "107" => "CentOS Linux",
        "108" | "109" => "Oracle Linux",
        "113" => "Windows Server 2011",
        "114" | "116" => "Windows Server 2012",
        "115" => "Windows 8",
        _ => return None,
    })
}
