//! Elements that remember what was read of them, so that the rest can be named.

use std::cell::RefCell;
use std::collections::HashSet;

use error::Position;

use crate::xml::Element;

/// What has been read of a document. An element is known by the place where it begins.
#[derive(Default)]
pub(super) struct Marks {
    parts: RefCell<HashSet<(usize, usize, Part)>>,
}

/// What an element consists of.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    /// That it is there.
    Presence,
    /// The text in it.
    Text,
    /// Its attribute of this number.
    Attribute(usize),
}

/// An element, and what has been read of its document.
#[derive(Clone, Copy)]
pub(super) struct View<'x> {
    /// The element.
    pub element: &'x Element,
    marks: &'x Marks,
}

impl<'x> View<'x> {
    /// The root of a document of which nothing has been read.
    pub fn new(element: &'x Element, marks: &'x Marks) -> Self {
        View { element, marks }
    }

    fn see(self, element: &'x Element) -> Self {
        View { element, ..self }
    }

    fn key(self, part: Part) -> (usize, usize, Part) {
        let Position { line, column } = self.element.position;
        (line, column, part)
    }

    fn add(self, part: Part) {
        let mut parts = self.marks.parts.borrow_mut();
        parts.insert(self.key(Part::Presence));
        parts.insert(self.key(part));
    }

    fn has(self, part: Part) -> bool {
        self.marks.parts.borrow().contains(&self.key(part))
    }

    /// Says that it is there was read.
    pub fn mark(self) {
        self.add(Part::Presence);
    }

    /// The attribute called `name`; it is read, whatever it says.
    pub fn attribute(self, name: &str) -> Option<&'x str> {
        self.word(name, Some)
    }

    /// What `meaning` makes of the attribute called `name`; it is read if that is something.
    pub fn word<T>(self, name: &str, meaning: impl FnOnce(&'x str) -> Option<T>) -> Option<T> {
        let mut attributes = self.element.attributes.iter();
        let index = attributes.position(|(known, _)| known == name)?;
        let (_, value) = self.element.attributes.get(index)?;
        let value = meaning(value)?;
        self.add(Part::Attribute(index));
        Some(value)
    }

    /// Whether the attribute called `name` says `value`; it is read if it does.
    pub fn says(self, name: &str, value: &str) -> bool {
        self.word(name, |said| (said == value).then_some(()))
            .is_some()
    }

    /// The text in it, unless it is empty; it is read, whatever it says.
    pub fn text(self) -> Option<&'x str> {
        self.text_as(Some)
    }

    /// What `meaning` makes of the text in it, unless that is empty; it is read if that is something.
    pub fn text_as<T>(self, meaning: impl FnOnce(&'x str) -> Option<T>) -> Option<T> {
        let text = Some(self.element.text.as_str()).filter(|text| !text.is_empty())?;
        let value = meaning(text)?;
        self.add(Part::Text);
        Some(value)
    }

    /// The first element in it called `name`. That alone reads nothing.
    pub fn child(self, name: &str) -> Option<View<'x>> {
        self.element.child(name).map(|child| self.see(child))
    }

    /// The element at the end of `path`.
    pub fn at(self, path: &[&str]) -> Option<View<'x>> {
        self.element.at(path).map(|found| self.see(found))
    }

    /// The elements in it called `name`.
    pub fn all(self, name: &'static str) -> impl Iterator<Item = View<'x>> {
        self.children()
            .filter(move |child| child.element.name == name)
    }

    /// The elements in it.
    pub fn children(self) -> impl Iterator<Item = View<'x>> {
        let children = self.element.children.iter();
        children.map(move |child| self.see(child))
    }

    /// Its attributes that were not read, and their values.
    pub fn unread_attributes(self) -> impl Iterator<Item = (&'x str, &'x str)> {
        let attributes = self.element.attributes.iter().enumerate();
        let unread = attributes.filter(move |(index, _)| !self.has(Part::Attribute(*index)));
        unread.map(|(_, (name, value))| (name.as_str(), value.as_str()))
    }

    /// The text in it, if there is one that was not read.
    pub fn unread_text(self) -> Option<&'x str> {
        let text = self.element.text.as_str();
        (!text.is_empty() && !self.has(Part::Text)).then_some(text)
    }

    /// Whether something was read of it or of an element in it.
    pub fn is_used(self) -> bool {
        self.has(Part::Presence) || self.children().any(View::is_used)
    }
}
