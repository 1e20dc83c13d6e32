//! The guests of an envelope.

use error::{Error, Result};

use super::section_type;
use crate::choice::Choice;
use crate::xml::Element;

/// The guests in `envelope` and in the collections in it, in order.
pub(super) fn of(envelope: &Element) -> Vec<&Element> {
    let mut systems = Vec::new();
    collect(envelope, &mut systems);
    systems
}

fn collect<'x>(element: &'x Element, systems: &mut Vec<&'x Element>) {
    for child in &element.children {
        match section_type(child) {
            "VirtualSystem" => systems.push(child),
            "VirtualSystemCollection" => collect(child, systems),
            _ => {}
        }
    }
}

/// What a guest is called, the name that its user gave it first.
pub(super) fn names(system: &Element) -> Vec<&str> {
    let id = system.attribute("id").filter(|id| !id.is_empty());
    let names: Vec<_> = system.text_of("Name").into_iter().chain(id).collect();
    if names.is_empty() {
        vec!["(nameless)"]
    } else {
        names
    }
}

/// The guest that is meant by `choice`.
///
/// # Errors
/// Those of [`Choice::guest_of`]; [`error::Kind::Corrupt`] when there is none at all.
pub(super) fn chosen<'x>(systems: &[&'x Element], choice: &Choice) -> Result<&'x Element> {
    let named: Vec<_> = systems.iter().map(|system| names(system)).collect();
    let none = || Error::corrupt("there is no <VirtualSystem> in it");
    if systems.is_empty() {
        Err(none())
    } else {
        let number = choice.guest_of(&named)?;
        systems.get(number).copied().ok_or_else(none)
    }
}
