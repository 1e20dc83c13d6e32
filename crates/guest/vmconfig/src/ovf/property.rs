//! Values that are left to the user who deploys an appliance: `ovf:capacity="${disk.size}"`.

use super::{Reader, section_type};
use crate::xml::Element;

impl<'x> Reader<'x> {
    /// What `text` says when the properties in it have their defaults; `None` for one without.
    pub(super) fn resolved(&self, text: &'x str) -> Option<&'x str> {
        let name = text
            .trim()
            .strip_prefix("${")
            .and_then(|name| name.strip_suffix('}'));
        match name {
            Some(name) => self.property(name),
            None => Some(text),
        }
    }

    /// The default of the property `name`: its own in the deployment that is meant, or its own.
    fn property(&self, name: &str) -> Option<&'x str> {
        let sections = [self.system, self.envelope]
            .into_iter()
            .flat_map(|parent| parent.children.iter())
            .filter(|child| section_type(child) == "ProductSection");
        let mut properties = sections.flat_map(|section| {
            let named = |property: &&Element| full_name(section, property) == name;
            section.all("Property").filter(named)
        });
        let property = properties.next()?;
        let own = property.all("Value").find(|value| {
            let deployment = value.attribute("configuration");
            deployment.is_some() && deployment == self.deployment
        });
        let value = own.and_then(|value| value.attribute("value"));
        let value = value.or_else(|| property.attribute("value"));
        value.filter(|value| !value.is_empty())
    }
}

/// The name of a property: `class.key.instance` (DSP0243 2.1.1, 9.5.1).
fn full_name(section: &Element, property: &Element) -> String {
    let parts = [
        section.attribute("class"),
        property.attribute("key"),
        section.attribute("instance"),
    ];
    let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(".")
}
