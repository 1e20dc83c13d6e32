//! Devices, and the CPUs that a guest runs on.

use super::{Judge, Verdict};
use crate::xen::Release;
use crate::xl::{Node, Text, Wrong, cpus, disk, pci, usb, vif};

/// Lists whose elements are strings.
const LISTS: [&str; 9] = [
    "cpus",
    "cpus_soft",
    "disk",
    "vif",
    "vfb",
    "pci",
    "usbctrl",
    "usbdev",
    "channel",
];

impl<'c> Judge<'c> {
    pub(super) fn devices(&mut self) {
        for name in LISTS {
            self.cut(name);
        }
        self.masks("cpus");
        self.masks("cpus_soft");
        for text in self.elements("disk") {
            match disk::parse(&text.text) {
                Ok(spec) => self.deprecated(text, &spec),
                Err(wrong) => self.refused("disk", text, &wrong),
            }
        }
        for text in self.elements("vif") {
            match vif::parse(&text.text) {
                Ok(spec) => {
                    for wrong in &spec.ignored {
                        self.about_part(Verdict::Ignored, "vif", &text.fault(wrong));
                    }
                }
                Err(wrong) => self.refused("vif", text, &wrong),
            }
        }
        self.each("pci", |text| pci::parse(text).err());
        self.each("usbctrl", |text| usb::controller(text).err());
        self.each("usbdev", |text| usb::device(text).err());
    }

    /// Says where xl ends a list: at an element that is a list itself.
    fn cut(&mut self, name: &str) {
        let Some(Node::List(list)) = self.get(name).map(|setting| &setting.value) else {
            return;
        };
        let is_list = |node: &&Node| matches!(node, Node::List(_));
        if let Some(nested) = list.nodes.iter().find(is_list) {
            let message = "xl ends the list at an element that is a list itself".to_owned();
            self.add(Verdict::Ignored, name, nested.position(), 1, message);
        }
    }

    /// The strings of a list, as far as xl reads it: up to an element that is a list itself.
    pub(super) fn elements(&self, name: &str) -> Vec<&'c Text> {
        let Some(Node::List(list)) = self.get(name).map(|setting| &setting.value) else {
            return Vec::new();
        };
        let texts = list.nodes.iter().map_while(|node| match node {
            Node::Text(text) => Some(text),
            Node::List(_) => None,
        });
        texts.collect()
    }

    fn each(&mut self, name: &str, fault: fn(&str) -> Option<Wrong>) {
        for text in self.elements(name) {
            if let Some(wrong) = fault(&text.text) {
                self.refused(name, text, &wrong);
            }
        }
    }

    pub(super) fn refused(&mut self, name: &str, text: &Text, wrong: &Wrong) {
        let mut fault = text.fault(wrong);
        if wrong.near.is_empty() {
            fault.position = text.position;
            fault.near.clone_from(&text.text);
        }
        self.about_part(Verdict::Refused, name, &fault);
    }

    fn deprecated(&mut self, text: &Text, spec: &disk::Spec) {
        for deprecated in &spec.deprecated {
            let message = if deprecated.instead.is_empty() {
                format!("{} is deprecated, and not needed", deprecated.text)
            } else {
                "this spelling is deprecated".into()
            };
            let wrong = Wrong {
                at: deprecated.at,
                near: deprecated.text.clone(),
                message: message.into(),
            };
            let finding = self.about_part(Verdict::Deprecated, "disk", &text.fault(&wrong));
            finding.instead =
                (!deprecated.instead.is_empty()).then(|| deprecated.instead.to_owned());
        }
    }

    fn masks(&mut self, name: &str) {
        let Some(setting) = self.get(name) else {
            return;
        };
        let vcpus = self.config.masked_vcpus();
        if vcpus == 0 && self.release >= Release::new(4, 5) {
            let message = "neither vcpus nor maxvcpus is set: xl applies it to no virtual CPU";
            self.about_name(Verdict::Ignored, setting, message);
            return;
        }
        let affinity = match cpus::parse(&setting.value, self.release, vcpus) {
            Ok(affinity) => affinity,
            Err(fault) => {
                self.about_part(Verdict::Refused, name, &fault);
                return;
            }
        };
        let texts = match &setting.value {
            Node::Text(text) => vec![text],
            Node::List(_) => self.elements(name),
        };
        for (mask, text) in affinity.masks().iter().zip(texts) {
            self.mask(name, mask, text);
        }
    }

    fn mask(&mut self, name: &str, mask: &cpus::Mask, text: &Text) {
        let instead = mask.portable();
        if mask.is_always_empty() {
            // Soft masks are a wish: libxl says that only the hard ones are considered.
            let (verdict, message) = if name == "cpus" {
                let message = "the mask is empty, the guest does not start";
                (Verdict::Refused, message)
            } else {
                (Verdict::Ignored, "the mask is empty and has no effect")
            };
            let length = text.span.len();
            let finding = self.add(verdict, name, text.position, length, message.to_owned());
            finding.instead = instead;
            return;
        }
        if self.release < Release::new(4, 4) {
            return;
        }
        for index in mask.exclusions_without_effect() {
            let Some(step) = mask.steps.get(index) else {
                continue;
            };
            let wrong = Wrong {
                at: step.at,
                near: step.word.clone(),
                message: "it excludes from an empty mask and has no effect".into(),
            };
            let finding = self.about_part(Verdict::Ignored, name, &text.fault(&wrong));
            finding.instead.clone_from(&instead);
        }
    }
}
