//! Writing an OVF 1.1 descriptor of one guest.
//!
//! Format: DMTF DSP0243 "Open Virtualization Format Specification" 1.1.1, its schema DSP8023 1.1.1, and
//! `CIM_ResourceAllocationSettingData`, whose elements have to come in the order of their names. The
//! hardware is VMware's family, which VirtualBox, virt-v2v, XCP-ng and Proxmox read too. Every item
//! has a `Caption` beside its `ElementName`, because VirtualBox looks for the one and the schema asks
//! for the other.

mod hardware;
mod system;
#[cfg(test)]
mod tests;

use error::printable;

use crate::value::Value;
use crate::vm::Vm;
use crate::xml::{comment, escape};
use hardware::Hardware;

/// The root element's namespaces.
const NAMESPACES: [(&str, &str); 6] = [
    ("xmlns", "http://schemas.dmtf.org/ovf/envelope/1"),
    ("xmlns:ovf", "http://schemas.dmtf.org/ovf/envelope/1"),
    (
        "xmlns:rasd",
        "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData",
    ),
    (
        "xmlns:vssd",
        "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData",
    ),
    ("xmlns:vmw", "http://www.vmware.com/schema/ovf"),
    ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
];

/// The disk format's identifier.
const STREAM_OPTIMIZED: &str =
    "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized";

/// A file of the package: a streamOptimized VMDK that holds one of the guest's disks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskFile {
    /// Its name in the package. The disk in it is the one that has this place.
    pub href: String,
    /// Its size in bytes.
    pub size: u64,
    /// The size of the disk in bytes.
    pub capacity: u64,
    /// Bytes of the disk that hold data.
    pub populated: u64,
}

/// A descriptor and what it does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// The descriptor.
    pub text: String,
    /// What the guest has and the descriptor has not, a line each. It is listed in comments at the
    /// descriptor's end too.
    pub left_out: Vec<String>,
}

/// Describes `vm` as the content of a package of these `files`. What is not known is guessed
/// ([`Vm::complete`]).
///
/// What belongs to a host is left out without a word: screens, consoles, and what happens at a
/// guest's end.
pub fn write(vm: &Vm, files: &[DiskFile]) -> Descriptor {
    let mut vm = vm.clone();
    vm.complete();
    let mut writer = Writer::default();
    let hardware = Hardware::of(&vm, files);
    writer.left_out.extend(hardware.left_out.iter().cloned());
    writer.envelope(&vm, files, &hardware);
    writer.finish(&vm)
}

#[derive(Default)]
struct Writer {
    text: String,
    left_out: Vec<String>,
}

impl Writer {
    /// A line, `depth` elements deep.
    fn line(&mut self, depth: usize, text: &str) {
        self.text += &format!("{}{text}\n", "  ".repeat(depth));
    }

    /// `<name>text</name>`
    fn element(&mut self, depth: usize, name: &str, text: &str) {
        self.line(depth, &format!("<{name}>{}</{name}>", escape(text)));
    }

    fn envelope(&mut self, vm: &Vm, files: &[DiskFile], hardware: &Hardware) {
        self.line(0, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        let namespaces = NAMESPACES.map(|(name, uri)| format!(" {name}=\"{uri}\""));
        self.line(0, &format!("<Envelope{}>", namespaces.concat()));
        self.references(files);
        self.disks(files, &hardware.blank);
        self.line(1, "<NetworkSection>");
        self.element(2, "Info", "The networks that the guest is in");
        for network in hardware.networks() {
            let name = escape(network);
            self.line(2, &format!("<Network ovf:name=\"{name}\"/>"));
        }
        self.line(1, "</NetworkSection>");
        self.system(vm, hardware);
    }

    fn references(&mut self, files: &[DiskFile]) {
        self.line(1, "<References>");
        for (number, file) in (1..).zip(files) {
            let (href, size) = (escape(&file.href), file.size);
            self.line(
                2,
                &format!("<File ovf:href=\"{href}\" ovf:id=\"file{number}\" ovf:size=\"{size}\"/>"),
            );
        }
        self.line(1, "</References>");
    }

    /// The list of disks: those in `files`, and then those that are `blank`, of so many bytes.
    fn disks(&mut self, files: &[DiskFile], blank: &[u64]) {
        self.line(1, "<DiskSection>");
        self.element(2, "Info", "The disks of the guest");
        let disk = |number: usize, capacity: u64| {
            format!(
                "<Disk ovf:capacity=\"{capacity}\" ovf:capacityAllocationUnits=\"byte\" \
                 ovf:diskId=\"vmdisk{number}\" ovf:format=\"{STREAM_OPTIMIZED}\""
            )
        };
        for (number, file) in (1..).zip(files) {
            let (disk, populated) = (disk(number, file.capacity), file.populated);
            self.line(
                2,
                &format!("{disk} ovf:fileRef=\"file{number}\" ovf:populatedSize=\"{populated}\"/>"),
            );
        }
        for (number, capacity) in (files.len() + 1..).zip(blank) {
            self.line(2, &format!("{}/>", disk(number, *capacity)));
        }
        self.line(1, "</DiskSection>");
    }

    fn system(&mut self, vm: &Vm, hardware: &Hardware) {
        let name = vm.name.as_ref().map_or("guest", |name| &name.value);
        self.line(1, &format!("<VirtualSystem ovf:id=\"{}\">", escape(name)));
        self.element(2, "Info", "A guest");
        self.element(2, "Name", name);
        self.operating_system(vm.guest_os.as_ref());
        self.line(2, "<VirtualHardwareSection>");
        self.element(3, "Info", "The hardware that the guest needs");
        self.line(3, "<System>");
        self.element(4, "vssd:ElementName", "Virtual Hardware Family");
        self.element(4, "vssd:InstanceID", "0");
        self.element(4, "vssd:VirtualSystemIdentifier", name);
        self.element(4, "vssd:VirtualSystemType", hardware.family);
        self.line(3, "</System>");
        for item in &hardware.items {
            self.line(3, item.start());
            for (name, text) in item.fields() {
                self.element(4, &format!("rasd:{name}"), text);
            }
            if let Some(cores) = item.cores_per_socket {
                self.line(
                    4,
                    &format!(
                        "<vmw:CoresPerSocket ovf:required=\"false\">{cores}</vmw:CoresPerSocket>"
                    ),
                );
            }
            self.line(3, "</Item>");
        }
        for (key, value) in &hardware.settings {
            self.line(
                3,
                &format!(
                    "<vmw:Config ovf:required=\"false\" vmw:key=\"{key}\" vmw:value=\"{value}\"/>"
                ),
            );
        }
        self.line(2, "</VirtualHardwareSection>");
        if let Some(description) = &vm.description {
            self.line(2, "<AnnotationSection ovf:required=\"false\">");
            self.element(3, "Info", "What the guest is for");
            self.element(3, "Annotation", &description.value);
            self.line(2, "</AnnotationSection>");
        }
        self.line(1, "</VirtualSystem>");
    }

    fn operating_system(&mut self, said: Option<&Value<String>>) {
        let system = system::of(said.map_or("", |said| &said.value));
        let id = system.id;
        let vmware = match said {
            Some(_) => format!(" vmw:osType=\"{}\"", escape(&system.vmware)),
            // A reader would take the guess for a statement.
            None => String::new(),
        };
        self.line(
            2,
            &format!("<OperatingSystemSection ovf:id=\"{id}\"{vmware}>"),
        );
        self.element(3, "Info", "The system in the guest");
        if let Some(said) = said {
            self.element(3, "Description", &said.value);
        }
        self.line(2, "</OperatingSystemSection>");
    }

    fn finish(mut self, vm: &Vm) -> Descriptor {
        let notes = vm
            .notes
            .iter()
            .map(|note| format!("{}, {}", note.text, note.from));
        for what in self.left_out.clone().into_iter().chain(notes) {
            let what = comment(&printable(&what));
            self.line(1, &format!("<!-- Left out: {what} -->"));
        }
        self.line(0, "</Envelope>");
        Descriptor {
            text: self.text,
            left_out: self.left_out,
        }
    }
}
