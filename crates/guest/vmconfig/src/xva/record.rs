//! Objects of an export and their fields, in XML-RPC.

use std::collections::HashMap;

use error::{Error, Result};

use crate::limits::shown;

use crate::xml::Element;

/// An object.
pub(super) struct Record<'x> {
    pub class: &'x str,
    pub id: &'x str,
    fields: HashMap<&'x str, &'x Element>,
}

impl<'x> Record<'x> {
    /// The field called `name` as text, unless it is empty.
    pub fn text(&self, name: &str) -> Option<&'x str> {
        plain(self.fields.get(name)?)
    }

    /// Whether the field called `name` is true.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.text(name), Some("1" | "true"))
    }

    /// The entry called `key` of the map called `name`.
    pub fn entry(&self, name: &str, key: &str) -> Option<&'x str> {
        plain(member(self.fields.get(name)?, key)?)
    }
}

/// The objects of an export.
///
/// # Errors
/// [`error::Kind::Corrupt`] and [`error::Kind::Unsupported`] for what is no export of version 2.
pub(super) fn records(root: &Element) -> Result<Vec<Record<'_>>> {
    if root.name == "appliance" {
        return Err(Error::unsupported(
            "it is an export of XenServer 3 (version 0), whose disks are stored in other pieces",
        ));
    }
    let objects = member(root, "objects").and_then(|value| value.at(&["array", "data"]));
    let Some(objects) = objects else {
        return Err(Error::corrupt(format!(
            "it is not an ova.xml: there are no objects in <{}>",
            shown(&root.name)
        )));
    };
    let record = |value| {
        let field = |name| member(value, name).and_then(plain);
        Some(Record {
            class: field("class")?,
            id: field("id")?,
            fields: members(member(value, "snapshot")?).collect(),
        })
    };
    objects
        .all("value")
        .map(|value| {
            record(value).ok_or_else(|| {
                Error::corrupt(format!(
                    "line {}: an object without class, id or snapshot",
                    value.position.line
                ))
            })
        })
        .collect()
}

/// The members of the struct in `value`.
fn members(value: &Element) -> impl Iterator<Item = (&str, &Element)> {
    let members = value
        .child("struct")
        .into_iter()
        .flat_map(|inner| inner.all("member"));
    members.filter_map(|member| Some((member.text_of("name")?, member.child("value")?)))
}

fn member<'x>(value: &'x Element, name: &str) -> Option<&'x Element> {
    let mut members = members(value);
    members
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// The text of a value, whatever its type, unless it is empty.
fn plain(value: &Element) -> Option<&str> {
    let inner = value.children.first().unwrap_or(value);
    Some(inner.text.as_str()).filter(|text| !text.is_empty())
}
