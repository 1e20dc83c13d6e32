//! What of a domain XML was not read: a note for each element, with its attributes.

use super::Reader;
use super::silent::{is_silent, is_silent_attribute};
use super::view::View;
use crate::limits::shown;
use crate::secret;
use crate::xml::Element;

/// More elements in an element than a note names.
const NAMED: usize = 8;

impl<'x> Reader<'x> {
    /// Notes what was not read of `view`, which is in the elements of `path`.
    pub(super) fn unread(&mut self, view: View<'x>, path: &mut Vec<String>) {
        let is_used = view.is_used();
        if let Some(text) = unread(view, is_used) {
            let from = self.origin(view.element);
            let path: String = path.iter().map(|name| format!("{name}: ")).collect();
            self.vm.note(format!("{path}{text}"), &from);
        }
        if !is_used {
            return;
        }
        let named = !matches!(view.element.name.as_str(), "domain" | "devices");
        if named {
            path.push(label(view.element));
        }
        let said = view.children();
        for child in said.filter(|child| !is_silent(&view.element.name, child.element)) {
            self.unread(child, path);
        }
        if named {
            path.pop();
        }
    }
}

/// What was not read of an element itself, and what is in it if nothing of it was.
fn unread(view: View<'_>, is_used: bool) -> Option<String> {
    let element = view.element;
    let mut parts: Vec<_> = view
        .unread_attributes()
        .filter(|(name, value)| !is_silent_attribute(&element.name, name, value))
        .map(|(name, value)| format!("{name}=\"{}\"", discreet(name, value)))
        .collect();
    let text = view.unread_text();
    parts.extend(text.map(|text| format!("\"{}\"", discreet(&element.name, text))));
    // Its presence says something where nothing else is in it.
    let is_bare = element.attributes.is_empty() && text.is_none();
    let is_accounted_for = is_used || (!is_bare && element.children.is_empty());
    if parts.is_empty() && is_accounted_for {
        return None;
    }
    if !is_used && !element.children.is_empty() {
        parts.push(format!("({})", names(element)));
    }
    Some(
        format!("{} {}", label(element), parts.join(" "))
            .trim_end()
            .to_owned(),
    )
}

/// The names of the elements in `element`, each once.
fn names(element: &Element) -> String {
    let mut names: Vec<&str> = Vec::new();
    for child in &element.children {
        if names.len() == NAMED {
            names.push("…");
            break;
        }
        if !names.contains(&child.name.as_str()) {
            names.push(&child.name);
        }
    }
    names.join(", ")
}

/// What an element is called: a disk after what the guest calls it.
fn label(element: &Element) -> String {
    let target = (element.name == "disk").then(|| element.child("target"));
    let device = target.flatten().and_then(|target| target.attribute("dev"));
    match device {
        Some(device) => format!("{} {}", shown(&element.name), shown(device)),
        None => shown(&element.name),
    }
}

/// `value` of what is called `name`, unless it may be a password.
fn discreet(name: &str, value: &str) -> String {
    shown(&secret::shown(name, value))
}
