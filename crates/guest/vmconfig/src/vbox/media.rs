//! The images that a machine knows.

use std::collections::HashMap;

use crate::xml::Element;

/// Images by their UUIDs.
pub(super) struct Media<'x>(HashMap<String, Medium<'x>>);

/// An image.
pub(super) struct Medium<'x> {
    /// Where it is: an absolute path, or one from the machine's directory.
    pub location: &'x str,
    /// Its format, by VirtualBox's name: `VDI`.
    pub format: Option<&'x str>,
    /// The location of the image that it differs from.
    pub parent: Option<&'x str>,
    /// Whether its content is encrypted.
    pub encrypted: bool,
}

impl<'x> Media<'x> {
    /// The images that `machine` lists.
    pub fn of(machine: &'x Element) -> Self {
        let mut media = Media(HashMap::new());
        let registry = machine.child("MediaRegistry").into_iter();
        for list in registry.flat_map(|registry| &registry.children) {
            media.add(list, None);
        }
        media
    }

    /// Adds the images in `parent`, which is at `location` if it is one itself.
    fn add(&mut self, parent: &'x Element, location: Option<&'x str>) {
        let is_image = |child: &&Element| matches!(child.name.as_str(), "HardDisk" | "Image");
        for image in parent.children.iter().filter(is_image) {
            let here = image.attribute("location").unwrap_or_default();
            let is_key = |property: &Element| {
                let name = property.attribute("name");
                name.is_some_and(|name| name.starts_with("CRYPT/"))
            };
            let medium = Medium {
                location: here,
                format: image.attribute("format"),
                parent: location,
                encrypted: image.all("Property").any(is_key),
            };
            if let Some(uuid) = image.attribute("uuid") {
                self.0.insert(plain(uuid), medium);
            }
            self.add(image, Some(here));
        }
    }

    /// The image called `uuid`.
    pub fn get(&self, uuid: &str) -> Option<&Medium<'x>> {
        self.0.get(&plain(uuid))
    }
}

/// `{0D6F…}` in small letters and without its braces.
fn plain(uuid: &str) -> String {
    uuid.trim_matches(['{', '}']).to_ascii_lowercase()
}
